//! Documents and files that are damaged on purpose, for tests and fuzzers. The generator is the caller's: one with the same seed makes the
//! same damage again.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::{Value, json};

/// Bytes at the ends of ranges.
const ODD_BYTES: [u8; 5] = [0, 1, 0x7f, 0x80, 0xff];
/// What has a meaning in JSON.
const SIGNS: &[u8] = b"{}[],:\"\\";

/// JSON pointers (RFC 6901) to all values of a document. The first is that of the document itself; what is in a value comes after it.
#[must_use]
pub fn places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(document, "", &mut found);
    found
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(member, &format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Values that few documents have: of each type, at the ends of ranges, too long, and texts that mean something elsewhere.
#[must_use]
pub fn odd_values() -> &'static [Value] {
    static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
        vec![
            Value::Null,
            json!(true),
            json!(false),
            json!(0),
            json!(-1),
            json!(1.0),
            json!(1e300),
            json!(u64::MAX),
            json!(""),
            json!("\u{0}"),
            json!("\u{202e}../x"),
            json!("a".repeat(70_000)),
            json!("0".repeat(64)),
            json!(">=1.x"),
            json!("sha256:é"),
            json!("urn:srcos:agent-machine:"),
            json!("/../~/./\u{0}"),
            json!("9999-12-31T23:59:60.999999999+23:59"),
            json!([]),
            json!({}),
            json!(["any", "any", 1]),
        ]
    });
    &VALUES
}

/// Puts at one place of a document an odd value, or the value of another place.
pub fn change(random: &mut Rng, document: &mut Value) {
    let found = places(document);
    let to = &found[random.usize(..found.len())];
    let new = if random.bool() {
        odd_values()[random.usize(..odd_values().len())].clone()
    } else {
        let from = &found[random.usize(..found.len())];
        document.pointer(from).expect("it is a place of this document").clone()
    };
    *document.pointer_mut(to).expect("it is a place of this document") = new;
}

/// The text of a document with one to three changes, or with damage to the text itself.
#[must_use]
pub fn mutant(random: &mut Rng, document: &Value) -> Vec<u8> {
    let mut document = document.clone();
    if random.u8(..3) > 0 {
        for _ in 0..random.usize(1..=3) {
            change(random, &mut document);
        }
        return text_of(&document);
    }
    let mut text = damaged(random, &text_of(&document), usize::MAX);
    if random.bool() {
        text.insert(random.usize(..=text.len()), SIGNS[random.usize(..SIGNS.len())]);
    }
    text
}

fn text_of(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("a value serialises")
}

/// A file with one to three damages: bytes changed, taken out, or cut off, nine of ten among its first `head` bytes. An empty file stays
/// as it is.
#[must_use]
pub fn damaged(random: &mut Rng, whole: &[u8], head: usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    for _ in 0..random.usize(1..4) {
        let end = if random.u8(..10) < 9 { head.clamp(1, bytes.len()) } else { bytes.len() };
        let at = random.usize(..end);
        match random.u8(..5) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(..8),
            2 => bytes[at] = ODD_BYTES[random.usize(..ODD_BYTES.len())],
            3 => drop(bytes.drain(at..(at + random.usize(1..20)).min(bytes.len()))),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.len() < 2 {
            break;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_place_also_below_a_name_with_signs_of_pointers() {
        let document = json!({"a/b": {"m~n": [1, {"~1": 2}]}, "": 3});
        let found = places(&document);
        assert_eq!(
            found,
            ["", "/", "/a~1b", "/a~1b/m~0n", "/a~1b/m~0n/0", "/a~1b/m~0n/1", "/a~1b/m~0n/1/~01"]
        );
        assert!(found.iter().all(|place| document.pointer(place).is_some()));
        assert_eq!(places(&json!(1)), [""]);
    }

    #[test]
    fn one_seed_makes_the_same_damage_again_and_most_of_it_is_damage() {
        let document = json!({"name": "x", "list": [1, 2, 3], "of": {"a": null}});
        let text = text_of(&document);
        let all = |seed| {
            let mut random = Rng::with_seed(seed);
            let mutants = (0..200).map(|_| mutant(&mut random, &document)).collect::<Vec<_>>();
            let files = (0..200).map(|_| damaged(&mut random, &text, 8)).collect::<Vec<_>>();
            (mutants, files)
        };
        let (mutants, files) = all(7);
        assert_eq!((&mutants, &files), (&all(7).0, &all(7).1));
        assert_ne!(mutants, all(8).0);
        let changed = |texts: &[Vec<u8>]| texts.iter().filter(|one| **one != text).count();
        assert!(changed(&mutants) > 150 && changed(&files) > 150);
        let whole = |one: &&Vec<u8>| serde_json::from_slice::<Value>(one).is_ok();
        assert!(mutants.iter().filter(whole).count() > 100, "two of three are documents still");
    }

    #[test]
    fn what_has_nothing_to_damage_stays_as_it_is() {
        let mut random = Rng::with_seed(1);
        assert_eq!(damaged(&mut random, b"", 8), b"");
        for _ in 0..100 {
            assert!(damaged(&mut random, b"x", 0).len() < 2);
        }
    }
}
