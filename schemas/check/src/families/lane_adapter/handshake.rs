//! hello: versions and capabilities.

use super::BOTH;
use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const BASE: &str = "lane-adapter/m2-message.agent-machine.hello.json";
const BASE_RESPONSE: &str = "lane-adapter/m2-message.workstation.hello-response.json";

pub(super) static M2_CAPABILITY_DUPLICATE: Rule = Rule {
    id: "M2_CAPABILITY_DUPLICATE",
    severity: Severity::Warning,
    kinds: BOTH,
    what: "A capability is asked for twice.",
    why: "One of the two was probably meant to be another one.",
    mend: "Remove one of the two.",
    source: "gap: the original accepts duplicates",
    example: Example {
        base: BASE,
        at: "/required_capabilities",
        good: r#"["lock_hash", "task_run"]"#,
        bad: r#"["lock_hash", "lock_hash"]"#,
    },
};

pub(super) static M2_CAPABILITY_MISSING_WITH_OK: Rule = Rule {
    id: "M2_CAPABILITY_MISSING_WITH_OK",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A handshake succeeded although a capability that the runner needs is missing.",
    why: "The runner would fail later, in the middle of its work.",
    mend: "Set `ok` to false and add E_CAPABILITY_MISSING; the result may stay.",
    source: "M2 IPC 1.0, example of a missing capability",
    example: Example {
        base: BASE_RESPONSE,
        at: "/result/capabilities/missing_required",
        good: "[]",
        bad: r#"["env_realize"]"#,
    },
};

pub(super) static M2_VERSION_UNSUPPORTED: Rule = Rule {
    id: "M2_VERSION_UNSUPPORTED",
    severity: Severity::Error,
    kinds: BOTH,
    what: "The adapter has selected a version that it does not support by its own list.",
    why: "Messages of a version that one side does not speak are misread.",
    mend: "Select a version of `protocol.supported`, or answer E_PROTOCOL_INCOMPATIBLE.",
    source: "M2 IPC 1.0, handshake",
    example: Example {
        base: BASE_RESPONSE,
        at: "/result/protocol/selected",
        good: r#""1.1""#,
        bad: r#""2.0""#,
    },
};

/// The rules about the handshake.
pub(super) static RULES: &[&Rule] =
    &[&M2_CAPABILITY_DUPLICATE, &M2_CAPABILITY_MISSING_WITH_OK, &M2_VERSION_UNSUPPORTED];

/// Checks what a runner asks for. `holder` has the capabilities: the request, or its params.
pub(super) fn check_request(holder: Node<'_>, report: &mut Report<'_>) {
    for name in ["required_capabilities", "optional_capabilities"] {
        for (first, capability) in duplicates(holder.get(name), |capability| capability) {
            let message = format!("it is entry {} of `{name}`, too", first + 1);
            report.add(&M2_CAPABILITY_DUPLICATE, capability, message);
        }
    }
}

/// Checks what an adapter says of itself.
pub(super) fn check_result(response: Node<'_>, report: &mut Report<'_>) {
    let result = response.get("result");
    let missing = result.get("capabilities").get("missing_required");
    if let Some(first) = missing.strings().next()
        && response.get("ok").is_true()
    {
        report.add(&M2_CAPABILITY_MISSING_WITH_OK, missing, format!("ok is true, and {first:?} is missing"));
    }
    let protocol = result.get("protocol");
    let (selected, supported) = (protocol.get("selected"), protocol.get("supported"));
    if let Some(version) = selected.str()
        && supported.exists()
        && !supported.strings().any(|other| other == version)
    {
        report.add(&M2_VERSION_UNSUPPORTED, selected, format!("{version:?} is not in `supported`"));
    }
}
