//! Characters that do something else than be read: control characters and overrides of the direction of writing.

use contract_json::{Kind as JsonKind, Value};

use crate::kind::Kind;
use crate::locate::{Found, Place, escape};
use crate::rule::{Example, Rule, Severity};

/// Families whose documents quote the output of programs, byte for byte.
const QUOTING: &[&str] = &["ipc", "receipt"];

pub(crate) static TEXT_CONTROL_CHARACTER: Rule = Rule {
    id: "TEXT_CONTROL_CHARACTER",
    severity: Severity::Error,
    kinds: &[],
    what: "A string holds a control character, or one that changes the direction of writing.",
    why: "Such a text reads as something else than it is: on a terminal, in a log, in a review (CVE-2021-42574).",
    mend: "Remove the character. Line feed, carriage return and tab are allowed.",
    source: "ours; Unicode TR 36. The formats let every character pass",
    example: Example {
        base: "authority/grant.v0.json",
        at: "/issuer",
        good: r#""release-lane""#,
        bad: r#""release\u001b[2K-lane""#,
    },
};

/// Every string and name with such a character.
pub(crate) fn violations(kind: &Kind, document: Value<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    if !QUOTING.contains(&kind.family) && may_have_some(document.raw()) {
        walk(document, &mut String::new(), &mut found);
    }
    found
}

/// Most texts are plain ASCII without escapes.
fn may_have_some(text: &str) -> bool {
    text.bytes().any(|byte| byte == b'\\' || byte >= 0x7f)
}

// Recursion is bounded by the depth that the reader allows.
fn walk(value: Value<'_>, pointer: &mut String, found: &mut Vec<Found>) {
    let length = pointer.len();
    match value.kind() {
        JsonKind::String => judge(value, Place::Value, pointer, found),
        JsonKind::Array => {
            for (index, item) in value.items().enumerate() {
                pointer.push_str(&format!("/{index}"));
                walk(item, pointer, found);
                pointer.truncate(length);
            }
        }
        JsonKind::Object => {
            for (key, member) in value.entries() {
                pointer.push('/');
                pointer.push_str(&escape(&key.as_str().unwrap_or_default()));
                judge(key, Place::Name, pointer, found);
                walk(member, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn judge(string: Value<'_>, place: fn(String) -> Place, pointer: &str, found: &mut Vec<Found>) {
    let text = string.as_str().unwrap_or_default();
    if let Some(bad) = text.chars().find(|&c| acts(c)) {
        let message = format!("U+{:04X} stands in it", u32::from(bad));
        found.push(Found { rule: &TEXT_CONTROL_CHARACTER, place: place(pointer.to_owned()), message });
    }
}

pub(crate) fn acts(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
