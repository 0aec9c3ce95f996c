//! Licences of weights: MIT and Apache-2.0 only.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static MODEL_LICENCE: Rule = Rule {
    id: "MODEL_LICENCE",
    severity: Severity::Error,
    kinds: &["model-manifest", "model-adapter-manifest"],
    what: "The licence is neither MIT nor Apache-2.0.",
    why: "Only weights under these two may be wired; others put conditions on whoever uses them.",
    mend: "Use weights under MIT or Apache-2.0, or write the licence in SPDX form: Apache-2.0, not Apache 2.",
    source: "gap: the texts of the original allow only these two, its tool accepts any",
    example: Example {
        base: "model-plane/model-manifest.json",
        at: "/license",
        good: r#""MIT OR GPL-3.0-only""#,
        bad: r#""GPL-3.0-only""#,
    },
};

pub(super) fn check(licence: Node<'_>, report: &mut Report<'_>) {
    if let Some(text) = licence.str()
        && !text.is_empty()
        && !is_allowed(text)
    {
        report.add(
            &MODEL_LICENCE,
            licence,
            format!("\"{text}\" does not leave a choice of MIT or Apache-2.0"),
        );
    }
}

/// Whether an SPDX expression can be kept with MIT and Apache-2.0 alone. `AND` binds closer than `OR`.
fn is_allowed(expression: &str) -> bool {
    let of_both = |part: &str| part.split(" AND ").all(is_permissive);
    if expression.contains(['(', ')']) {
        // With brackets every licence counts: stricter than SPDX, never laxer.
        let words = expression.split(|c: char| c.is_whitespace() || c == '(' || c == ')');
        let mut licences = words.filter(|word| !matches!(*word, "" | "AND" | "OR")).peekable();
        return licences.peek().is_some() && licences.all(is_permissive);
    }
    expression.split(" OR ").any(of_both)
}

fn is_permissive(licence: &str) -> bool {
    let licence = licence.trim();
    licence.eq_ignore_ascii_case("MIT") || licence.eq_ignore_ascii_case("Apache-2.0")
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn only_what_can_be_kept_with_both_is_allowed() {
        for allowed in [
            "MIT",
            "apache-2.0",
            "MIT OR Apache-2.0",
            "MIT AND Apache-2.0",
            "(MIT OR Apache-2.0)",
            "GPL-3.0-only OR MIT",
        ] {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR GPL-3.0-only) AND GPL-2.0-only",
            "LicenseRef-Gemma",
            "MIT-0",
            "Apache 2",
            "MITOR",
            "()",
            " ",
        ] {
            assert!(!is_allowed(refused), "{refused}");
        }
    }
}
