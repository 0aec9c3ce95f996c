//! Lists that name the same thing twice, or the document itself.

use std::collections::HashSet;

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

pub(crate) static CARRY_LIST_DUPLICATE: Rule = Rule {
    id: "CARRY_LIST_DUPLICATE",
    severity: Severity::Warning,
    kinds: &[
        "sourceos-carry-ref",
        "sourceos-model-carry-ref",
        "local-model-profile",
        "model-carry-manifest",
        "model-carry-pack",
        "portable-ai-root",
    ],
    what: "A list names the same thing twice.",
    why: "The second one changes nothing; something else was probably meant.",
    mend: "Remove one of the two, or correct it.",
    source: "ours: the original accepts it",
    example: Example {
        base: "model-carry/portable-ai-root.json",
        at: "/surfaces",
        good: r#"["local-web"]"#,
        bad: r#"["local-web", "local-web"]"#,
    },
};

pub(crate) static CARRY_FALLBACK_SELF: Rule = Rule {
    id: "CARRY_FALLBACK_SELF",
    severity: Severity::Error,
    kinds: &["local-model-profile", "sourceos-model-carry-ref"],
    what: "A document names itself as its fallback.",
    why: "When it cannot be used, its fallback cannot be used either.",
    mend: "Name another one, or remove the fallback.",
    source: "gap: the original accepts it",
    example: Example {
        base: "model-carry/local-model-profile.json",
        at: "/policy/fallbackProfileRefs",
        good: r#"["urn:srcos:model-profile:train-desk-large"]"#,
        bad: r#"["urn:srcos:model-profile:train-desk-triage"]"#,
    },
};

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[&CARRY_LIST_DUPLICATE, &CARRY_FALLBACK_SELF];

/// A name. What has another form is the matter of the schema.
pub(super) fn urn(node: Node<'_>) -> Option<&str> {
    node.str().filter(|text| text.starts_with("urn:srcos:"))
}

/// The elements that occurred before.
pub(super) fn repeated<'a>(list: Node<'a>) -> impl Iterator<Item = (Node<'a>, &'a str)> {
    let mut seen = HashSet::new();
    list.items().filter_map(move |item| {
        let text = item.str()?;
        (!seen.insert(text)).then_some((item, text))
    })
}

pub(super) fn check_repeated(list: Node<'_>, report: &mut Report<'_>) {
    for (item, text) in repeated(list) {
        report.add(&CARRY_LIST_DUPLICATE, item, format!("{text} is in the list already"));
    }
}

pub(super) fn check_fallback_self(own: Node<'_>, fallbacks: Node<'_>, report: &mut Report<'_>) {
    let Some(own) = own.str() else { return };
    for fallback in fallbacks.items().filter(|fallback| fallback.is(own)) {
        report.add(&CARRY_FALLBACK_SELF, fallback, format!("{own} is this document"));
    }
}
