//! Texts that are no JSON: what is wrong, in the words of somebody who wrote them by hand.

use contract_json::{JsonError, JsonErrorKind as Kind};

use super::inputs::{Source, Text, Unreadable};

/// What is said of a text that is no JSON.
pub(super) fn malformed<'a>(text: &Text<'a>, error: &JsonError) -> Unreadable<'a> {
    let mut at = error.position(text.bytes);
    at.line += text.first_line - 1;
    let (why, mend) = explain(text.bytes, error);
    Unreadable {
        file: text.file.to_owned(),
        at: Some(at),
        why,
        mend,
        source: Some(Source { text: *text, offset: error.offset.min(text.bytes.len()) }),
    }
}

fn explain(text: &[u8], error: &JsonError) -> (String, Option<&'static str>) {
    let plain = error.kind.to_string();
    match error.kind {
        Kind::UnexpectedCharacter => unexpected(text, error.offset),
        Kind::DuplicateKey => {
            let key = text.get(error.offset..).unwrap_or_default().strip_prefix(b"\"").unwrap_or_default();
            let key = String::from_utf8_lossy(key.split(|&byte| byte == b'"').next().unwrap_or_default());
            (format!("duplicate key `{key}`"), Some("Keep one of the two."))
        }
        Kind::InvalidUtf8 => (plain, Some("Write the file in UTF-8.")),
        Kind::ByteOrderMark => (plain, Some("Write the file without it.")),
        Kind::UnexpectedEnd => (plain, Some("Close every brace, bracket and quote.")),
        Kind::TrailingText => {
            (plain, Some("Write one document; several are one a line, in a file that is named .ndjson."))
        }
        _ => (plain, None),
    }
}

fn unexpected(text: &[u8], offset: usize) -> (String, Option<&'static str>) {
    let (before, after) = text.split_at(offset.min(text.len()));
    let before = before.trim_ascii_end().last();
    let Some(found) = String::from_utf8_lossy(&after[..after.len().min(4)]).chars().next() else {
        return ("unexpected end of text".to_owned(), None);
    };
    let mend = match (before, found) {
        (Some(b','), '}' | ']') => Some("Remove the comma before it."),
        (_, '/' | '#') => Some("JSON has no comments: remove it."),
        (_, '\'') => Some("Write strings in double quotes."),
        (None, _) => Some("Write JSON; YAML and other forms are not read."),
        (Some(b'"' | b'}' | b']' | b'0'..=b'9' | b'e' | b'l'), '"' | '{' | '[') => {
            Some("Write a comma, or after a name a colon, before it.")
        }
        (Some(b'{' | b','), _) if found.is_ascii_alphabetic() => {
            Some("Write names and texts in double quotes.")
        }
        _ => None,
    };
    (format!("unexpected `{found}`"), mend)
}
