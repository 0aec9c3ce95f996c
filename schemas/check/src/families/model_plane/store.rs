//! What lies in the model store.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::licence;

pub(crate) static MODEL_ADAPTER_IS_BASE: Rule = Rule {
    id: "MODEL_ADAPTER_IS_BASE",
    severity: Severity::Error,
    kinds: &["model-adapter-manifest"],
    what: "The adapter has the digest of its base model.",
    why: "An adapter is a file of its own; the same digest means that one of the two was copied.",
    mend: "Write the digest of the adapter and the digest of the base model.",
    source: "gap: the original does not compare the two",
    example: Example {
        base: "model-plane/model-adapter-manifest.json",
        at: "/adapterDigest",
        good: r#""sha256:23e96a03e0a2de939e2aeb0ad05682dd5c08690d38177af744c6da6274419071""#,
        bad: r#""sha256:4c5b536b6380525d5c0fcbc063a9b755a566fcddfe4c2773d1c006627e69cac6""#,
    },
};

pub(super) fn check_model(manifest: Node<'_>, report: &mut Report<'_>) {
    licence::check(manifest.get("license"), report);
}

pub(super) fn check_adapter(manifest: Node<'_>, report: &mut Report<'_>) {
    licence::check(manifest.get("license"), report);
    let (adapter, base) = (manifest.get("adapterDigest"), manifest.get("baseModelDigest"));
    if let (Some(one), Some(other)) = (adapter.str(), base.str())
        && one.eq_ignore_ascii_case(other)
    {
        report.add(&MODEL_ADAPTER_IS_BASE, adapter, "it is the same as `baseModelDigest`");
    }
}
