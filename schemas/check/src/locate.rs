//! From the address of a value, or a pointer, to bytes, line and column of the text: one walk for all violations of a document.

use std::collections::HashMap;
use std::ops::Range;

use contract_json::{Position, Value};
use serde_json::Value as Tree;

use crate::report::Violation;
use crate::rule::Rule;

/// A violation whose place in the text is not known yet.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rule: &'static Rule,
    pub(crate) place: Place,
    pub(crate) message: String,
}

/// Where a violation is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The value at this address in the tree.
    Address(*const Tree),
    /// The value at this pointer.
    Value(String),
    /// The name of the member at this pointer.
    Name(String),
}

/// Gives each violation its place, in the order of the text. `tree` is `document` as a tree.
pub(crate) fn locate(
    text: &[u8],
    document: Value<'_>,
    tree: Option<&Tree>,
    found: Vec<Found>,
) -> Vec<Violation> {
    let mut places: HashMap<Place, Option<(String, Range<usize>)>> =
        found.iter().map(|found| (found.place.clone(), None)).collect();
    walk(document, tree, &mut String::new(), &mut places);
    let whole = || (String::new(), document.span());
    let mut violations: Vec<Violation> = found
        .into_iter()
        .map(|Found { rule, place, message }| {
            let (pointer, span) = places.get(&place).cloned().flatten().unwrap_or_else(whole);
            Violation { rule, pointer, span, at: Position { line: 1, column: 1 }, message }
        })
        .collect();
    set_positions(text, &mut violations);
    violations
}

// Recursion is bounded by the depth that the reader allows.
fn walk(
    value: Value<'_>,
    tree: Option<&Tree>,
    pointer: &mut String,
    places: &mut HashMap<Place, Option<(String, Range<usize>)>>,
) {
    let mut set = |place: Place, pointer: &str, span: Range<usize>| {
        if let Some(found) = places.get_mut(&place) {
            *found = Some((pointer.to_owned(), span));
        }
    };
    set(Place::Value(pointer.clone()), pointer, value.span());
    if let Some(tree) = tree {
        set(Place::Address(tree), pointer, value.span());
    }
    let length = pointer.len();
    for (index, item) in value.items().enumerate() {
        pointer.push_str(&format!("/{index}"));
        walk(item, tree.and_then(|tree| tree.get(index)), pointer, places);
        pointer.truncate(length);
    }
    for (key, member) in value.entries() {
        let name = key.as_str().unwrap_or_default();
        pointer.push('/');
        pointer.push_str(&escape(&name));
        if let Some(found) = places.get_mut(&Place::Name(pointer.clone())) {
            *found = Some((pointer.clone(), key.span()));
        }
        walk(member, tree.and_then(|tree| tree.get(&*name)), pointer, places);
        pointer.truncate(length);
    }
}

/// Puts violations in the order of the text, and gives each its line and column, in one pass.
fn set_positions(text: &[u8], violations: &mut [Violation]) {
    violations.sort_by_key(|violation| violation.span.start);
    let (mut done, mut at) = (0, Position { line: 1, column: 1 });
    for violation in violations {
        for &byte in &text[done..violation.span.start] {
            if byte == b'\n' {
                at = Position { line: at.line + 1, column: 1 };
            } else if byte & 0xc0 != 0x80 {
                at.column += 1;
            }
        }
        done = violation.span.start;
        violation.at = at;
    }
}

/// A name as a token of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
