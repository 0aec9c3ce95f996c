//! Walking through the XML of a part, within bounds. Entities of a document type are never looked up.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::damage::Damage;

/// Elements in elements. Documents of programs have some dozen.
const MAX_DEPTH: usize = 256;
/// Longest text of a field.
const MAX_FIELD_BYTES: usize = 4096;
/// Fields of a part of properties.
const MAX_FIELDS: usize = 128;
/// Longest name of a field.
const MAX_FIELD_NAME_BYTES: usize = 64;

/// What is seen on the way.
pub(super) enum Seen<'a> {
    Open(&'a BytesStart<'a>),
    Text(&'a str),
    Close,
}

/// Walks through a part and tells what it sees; `depth` is that of the element that was opened, from 1.
pub(super) fn walk(
    part: &str,
    xml: &[u8],
    mut see: impl FnMut(usize, Seen<'_>) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let broken = |what: &str| Damage::broken(format!("`{part}`: {what}"));
    let mut reader = Reader::from_reader(xml);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|error| broken(&error.to_string()))? {
            Event::Start(start) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Damage::bomb(format!("`{part}`: elements are nested {MAX_DEPTH} deep")));
                }
                see(depth, Seen::Open(&start))?;
            }
            Event::Empty(start) => {
                see(depth + 1, Seen::Open(&start))?;
                see(depth + 1, Seen::Close)?;
            }
            Event::End(_) => {
                see(depth, Seen::Close)?;
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|_| broken("it is not UTF-8"))?;
                see(depth, Seen::Text(&text))?;
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| broken("it is not UTF-8"))?;
                see(depth, Seen::Text(&text))?;
            }
            Event::GeneralRef(name) => {
                let character = match name.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    Ok(None) => name.decode().ok().and_then(|name| predefined(&name)),
                    Err(_) => None,
                };
                let mut buffer = [0; 4];
                if let Some(character) = character {
                    see(depth, Seen::Text(character.encode_utf8(&mut buffer)))?;
                }
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(broken("it ends in the middle")),
            _ => {}
        }
    }
}

/// The five entities that XML itself has; any other may be a bomb, and is left out.
fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "apos" => '\'',
        "gt" => '>',
        "lt" => '<',
        "quot" => '"',
        _ => return None,
    })
}

/// The name of an element without its prefix.
pub(super) fn local<'a>(start: &'a BytesStart<'_>) -> &'a [u8] {
    start.local_name().into_inner()
}

/// The value of the attribute whose name, without a prefix, is this.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start.attributes().with_checks(false).filter_map(Result::ok).find_map(|attribute| {
        if attribute.key.local_name().as_ref() != name.as_bytes() {
            return None;
        }
        let raw = std::str::from_utf8(&attribute.value).ok()?;
        Some(quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), |text| text.into_owned()))
    })
}

/// Texts of the elements of a part of properties, by their names without prefix; the first of each name.
pub(super) fn fields(part: &str, xml: &[u8]) -> Result<BTreeMap<String, String>, Damage> {
    let mut fields = BTreeMap::<String, String>::new();
    let mut open: Vec<Option<String>> = Vec::new();
    walk(part, xml, |_, seen| {
        match seen {
            Seen::Open(start) => {
                let name = std::str::from_utf8(local(start)).unwrap_or_default();
                let is_new = name.len() <= MAX_FIELD_NAME_BYTES
                    && fields.len() < MAX_FIELDS
                    && !fields.contains_key(name);
                if is_new {
                    fields.insert(name.to_owned(), String::new());
                }
                open.push(is_new.then(|| name.to_owned()));
            }
            Seen::Text(text) => {
                if let Some(field) =
                    open.last().and_then(Option::as_ref).and_then(|name| fields.get_mut(name))
                    && field.len() + text.len() <= MAX_FIELD_BYTES
                {
                    field.push_str(text);
                }
            }
            Seen::Close => {
                open.pop();
            }
        }
        Ok(())
    })?;
    fields.retain(|_, text| !text.trim().is_empty());
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_the_first_of_their_name_and_entities_are_not_looked_up() {
        let xml = br#"<?xml version="1.0"?><!DOCTYPE p [<!ENTITY boom "boom">]>
            <p xmlns:dc="d"><dc:title>A &amp; B&#33; &boom;</dc:title><dc:title>other</dc:title><e/></p>"#;
        let fields = fields("core", xml).unwrap();
        assert_eq!(fields["title"], "A & B! ");
        assert!(!fields.contains_key("e"));
    }

    #[test]
    fn refuses_deep_nesting_and_early_ends() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert!(matches!(fields("x", deep.as_bytes()), Err(Damage::Bomb(_))));
        for cut in ["<a>", "<a><b></b>", "<a", "<a></b>", "</a>"] {
            assert!(matches!(fields("x", cut.as_bytes()), Err(Damage::Broken(_))), "{cut}");
        }
    }
}
