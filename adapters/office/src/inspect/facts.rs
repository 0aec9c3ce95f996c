//! What a file says of itself, and how it is shown.

use contract_json::Digest;
use serde::Serialize;

/// Most characters of a text that a file may bring into a result.
const MAX_TEXT: usize = 512;

/// Facts as they were read.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) title: Option<String>,
    pub(super) author: Option<String>,
    pub(super) last_modified_by: Option<String>,
    pub(super) created: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) application: Option<String>,
    pub(super) counts: Counts,
    pub(super) encrypted: bool,
    pub(super) macros: bool,
    pub(super) embedded_files: u64,
    pub(super) external_links: Links,
    /// What could not be said, and why.
    pub(super) notes: Vec<&'static str>,
}

/// Counts, as far as the file has them.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slides: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sheets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<u64>,
}

/// Links to the outside.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Links {
    pub(super) total: u64,
    /// Those that are no hyperlinks: a program may follow them without being asked.
    pub(super) loaded: u64,
}

impl Links {
    pub(super) fn add(&mut self, hyperlink: bool) {
        self.total += 1;
        self.loaded += u64::from(!hyperlink);
    }
}

/// Facts as a result shows them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_modified_by: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) application: Option<String>,
    pub(super) counts: Counts,
    pub(super) encrypted: bool,
    pub(super) macros: bool,
    pub(super) embedded_files: u64,
    pub(super) external_links: Links,
    pub(super) notes: Vec<&'static str>,
}

/// A person, by name only when that was asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Person {
    Name(String),
    Digest(String),
}

impl Facts {
    pub(super) fn shown(self, names: bool) -> Shown {
        let person = |name: Option<String>| {
            clean(name).map(|name| match names {
                true => Person::Name(name),
                false => Person::Digest(Digest::of(name.as_bytes()).sha256_uri()),
            })
        };
        Shown {
            title: clean(self.title),
            author: person(self.author),
            last_modified_by: person(self.last_modified_by),
            created: clean(self.created).filter(|text| is_time(text)),
            modified: clean(self.modified).filter(|text| is_time(text)),
            application: clean(self.application),
            counts: self.counts,
            encrypted: self.encrypted,
            macros: self.macros,
            embedded_files: self.embedded_files,
            external_links: self.external_links,
            notes: self.notes,
        }
    }
}

/// One line that is safe on a terminal; `None` when nothing is left of it.
fn clean(text: Option<String>) -> Option<String> {
    let text: String = text?
        .chars()
        .map(|character| if is_unseen(character) { ' ' } else { character })
        .take(MAX_TEXT)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Control characters, and those that turn the direction of what follows (<https://www.unicode.org/reports/tr9/>).
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Whether it looks like a date of RFC 3339 or of W3C, with or without a time.
fn is_time(text: &str) -> bool {
    (4..=40).contains(&text.len())
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_files_cannot_steer_a_terminal() {
        assert_eq!(clean(Some("a\u{1b}[2J\nb\u{202e}c".to_owned())).unwrap(), "a [2J b c");
        assert_eq!(clean(Some("\u{7}\n".to_owned())), None);
        assert_eq!(clean(Some("x".repeat(9999))).unwrap().len(), MAX_TEXT);
    }

    #[test]
    fn only_what_looks_like_a_time_is_told_as_one() {
        for good in ["2026-01-31T12:00:00Z", "2026-01-31", "2026-01-31T12:00:00.5+01:00", "2026"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["", "yesterday", "202", "2026 or so"] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
