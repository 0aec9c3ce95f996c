//! A place in a document that may be absent: what rules look at.

use std::slice;

use serde_json::Value;

use crate::time::Time;

/// A value of a document, or the absence of one. Cheap to copy.
///
/// A rule asks for the shape that it needs; any other shape answers like an absent value, because the schema reports shapes.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    /// The value itself, or where it is missed.
    nearest: &'a Value,
}

impl<'a> Node<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(value: &'a Value) -> Self {
        Self { value: Some(value), nearest: value }
    }

    /// The value itself, for rules that need all of it.
    pub(crate) fn value(self) -> Option<&'a Value> {
        self.value
    }

    fn child(self, value: Option<&'a Value>) -> Self {
        Self { value, nearest: value.unwrap_or(self.nearest) }
    }

    /// The value, or the value in which it is missed: where a violation is shown.
    pub(crate) fn nearest(self) -> &'a Value {
        self.nearest
    }

    /// The member called `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Self {
        self.child(self.value.and_then(Value::as_object).and_then(|members| members.get(name)))
    }

    /// The element at `index`, from 0.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        self.child(self.value.and_then(Value::as_array).and_then(|items| items.get(index)))
    }

    /// The elements of an array.
    pub fn items(self) -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator + Clone {
        let items: slice::Iter<'a, Value> =
            self.value.and_then(Value::as_array).map_or_else(Default::default, |items| items.iter());
        items.map(Self::root)
    }

    /// The members of an object: name and value.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = self.value.and_then(Value::as_object).into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), Self::root(value)))
    }

    /// The strings of an array; other elements are passed over.
    pub fn strings(self) -> impl Iterator<Item = &'a str> + Clone {
        self.items().filter_map(Self::str)
    }

    /// The characters of a string.
    #[must_use]
    pub fn str(self) -> Option<&'a str> {
        self.value.and_then(Value::as_str)
    }

    /// The truth value.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        self.value.and_then(Value::as_bool)
    }

    /// An integer of 0 or more; `1.0` is one, as JSON Schema counts.
    #[must_use]
    pub fn uint(self) -> Option<u64> {
        let value = self.value?;
        value.as_u64().or_else(|| {
            let number = value.as_f64()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked in this line"
            )]
            ((0.0..9e15).contains(&number) && number.fract() == 0.0).then_some(number as u64)
        })
    }

    /// Any number.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        self.value.and_then(Value::as_f64)
    }

    /// Whether it is the string `text`.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.str() == Some(text)
    }

    /// Whether it is a string in which nothing can be seen.
    #[must_use]
    pub fn is_blank(self) -> bool {
        // Whitespace, and the characters without width of the blocks General Punctuation and below.
        let unseen = |c: char| {
            c.is_whitespace()
                || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
        };
        self.str().is_some_and(|text| text.chars().all(unseen))
    }

    /// Whether it is `true`.
    #[must_use]
    pub fn is_true(self) -> bool {
        self.bool() == Some(true)
    }

    /// Whether there is a value, `null` included.
    #[must_use]
    pub fn exists(self) -> bool {
        self.value.is_some()
    }

    /// Whether it is there and `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.value.is_some_and(Value::is_null)
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.value.is_some_and(Value::is_object)
    }

    /// The instant that an RFC 3339 date-time names. Two spellings of one instant are equal.
    #[must_use]
    pub fn time(self) -> Option<Time<'a>> {
        Time::parse(self.str()?)
    }
}
