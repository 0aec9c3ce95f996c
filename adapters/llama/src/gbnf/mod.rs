//! Grammars in GBNF, read and followed here and not by llama.cpp: its reader and its search for left recursion descend as deep
//! as the text says and prints the text to stderr, and its stacks can double with each character. Here depth, size and the
//! work for one token are bounded, and a fault names a place and never the text, which is private.
//!
//! The language: <https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md>, without tokens by name or number, and
//! without `[]`, which is nothing at all there. A rule that begins with itself is taken where that ends its alternate
//! (`root ::= root | "y"`): it adds nothing.

mod parse;
mod ways;

pub(crate) use ways::{State, TooMuch, Ways};

/// Deepest nesting of groups. What is made of a JSON schema nests one for each character of a property's name.
const DEEPEST: usize = 256;
/// Most elements of a grammar: characters, classes and references, after repetitions are written out.
const MOST_ELEMENTS: usize = 1 << 20;
/// Most repetitions of one item.
const MOST_REPETITIONS: u32 = 2000;

/// A grammar that was read whole and has every rule that it names.
#[derive(Debug)]
pub(crate) struct Grammar {
    /// All alternates one after another, each with an [`Element::End`].
    elements: Vec<Element>,
    /// Of each rule, where its alternates begin.
    rules: Vec<Vec<u32>>,
    classes: Vec<Class>,
    root: u32,
}

/// One element of an alternate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Char(u32),
    Class(u32),
    Rule(u32),
    End,
}

/// Ranges of characters, sorted and apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Class(Vec<(u32, u32)>);

/// What is wrong with a grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrammarFault {
    #[error("at byte {at}: {why}")]
    At { at: usize, why: &'static str },
    #[error("it has no rule `root`")]
    NoRoot,
    #[error("it has more than {MOST_ELEMENTS} elements when repetitions are written out")]
    TooLarge,
}

impl Class {
    fn new(mut ranges: Vec<(u32, u32)>, negated: bool) -> Self {
        ranges.retain(|(low, high)| low <= high);
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        if !negated {
            return Self(merged);
        }
        let mut gaps = Vec::new();
        let mut next = 0;
        for (low, high) in merged {
            if next < low {
                gaps.push((next, low - 1));
            }
            next = high.saturating_add(1);
        }
        if next <= u32::from(char::MAX) {
            gaps.push((next, u32::from(char::MAX)));
        }
        Self(gaps)
    }

    /// Whether any character from `low` to `high` is in it.
    fn meets(&self, low: u32, high: u32) -> bool {
        let at = self.0.partition_point(|range| range.1 < low);
        self.0.get(at).is_some_and(|range| range.0 <= high)
    }
}

impl Grammar {
    fn at(&self, position: u32) -> Element {
        self.elements[position as usize]
    }

    /// Whether an element takes any character from `low` to `high`.
    fn meets(&self, position: u32, low: u32, high: u32) -> bool {
        match self.at(position) {
            Element::Char(char) => (low..=high).contains(&char),
            Element::Class(class) => self.classes[class as usize].meets(low, high),
            Element::Rule(_) | Element::End => false,
        }
    }
}
