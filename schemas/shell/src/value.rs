//! What a variable holds, and what was declared about it.

use crate::command::Word;
use crate::text::{Text, Why};

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Unset,
    Scalar(Text),
    /// Elements by key, in order; an indexed array has its numbers as keys. One element may stand for several.
    Array(Vec<(String, Word)>),
}

impl Value {
    pub(crate) fn unknown(why: Why) -> Self {
        Self::Scalar(Text::unknown(why))
    }

    /// The elements; a scalar is its own only one.
    pub(crate) fn elements(&self) -> Vec<Word> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(text) => vec![Word::of(text.clone())],
            Self::Array(elements) => elements.iter().map(|(_, word)| word.clone()).collect(),
        }
    }

    /// What a copy costs, in sixteenths of a step.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::Unset => 1,
            Self::Scalar(text) => 1 + text.len() / 16,
            Self::Array(elements) => elements.iter().map(|(_, word)| 1 + word.text.len() / 16).sum(),
        }
    }

    /// Whether it is an array of which not even the number of elements is known.
    pub(crate) fn is_loose(&self) -> bool {
        matches!(self, Self::Array(elements) if elements.iter().any(|(_, word)| word.splits))
    }

    /// What `$name` gives; an array gives its first element.
    pub(crate) fn scalar(&self) -> Option<Text> {
        match self {
            Self::Unset => None,
            Self::Scalar(text) => Some(text.clone()),
            Self::Array(elements) => {
                elements.iter().find(|(key, _)| key == "0").map(|(_, word)| word.text.clone())
            }
        }
    }
}

/// A variable: every value it may have here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) values: Vec<Value>,
    /// Certainly known to child processes.
    pub(crate) exported: bool,
    /// What is assigned to it may not arrive.
    pub(crate) readonly: bool,
    /// `declare -i` and its like: what is assigned to it becomes something else.
    pub(crate) changes: bool,
    /// `declare -A`.
    pub(crate) keyed: bool,
    pub(crate) reference: Reference,
}

impl Variable {
    pub(crate) fn new(values: Vec<Value>, exported: bool) -> Self {
        Self { values, exported, readonly: false, changes: false, keyed: false, reference: Reference::None }
    }
}

/// `declare -n`: where what is assigned arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    None,
    To(String),
    Any,
}
