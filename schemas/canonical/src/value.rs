//! A parsed value: a place on a tape, cheap to copy.

use std::borrow::Cow;
use std::ops::Range;

use crate::number::parse_double;
use crate::reader::{Node, Tag};
use crate::string::unescape;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number written without fraction and exponent.
    Integer,
    /// A number written with a fraction or an exponent.
    Float,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One value of a parsed text.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub(crate) text: &'a str,
    pub(crate) nodes: &'a [Node],
    pub(crate) at: usize,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw())
    }
}

impl<'a> Value<'a> {
    pub(crate) fn root(text: &'a str, nodes: &'a [Node]) -> Self {
        Self { text, nodes, at: 0 }
    }

    pub(crate) fn node(self) -> Node {
        self.nodes[self.at]
    }

    fn sibling(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// What this value is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.node().tag {
            Tag::Null => Kind::Null,
            Tag::True | Tag::False => Kind::Bool,
            Tag::Integer => Kind::Integer,
            Tag::Float => Kind::Float,
            Tag::PlainString | Tag::EscapedString => Kind::String,
            Tag::Array => Kind::Array,
            Tag::Object => Kind::Object,
        }
    }

    /// Its bytes in the text.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.node().start as usize..self.node().end as usize
    }

    /// Its text as it was written.
    #[must_use]
    pub fn raw(self) -> &'a str {
        &self.text[self.span()]
    }

    /// The characters, when it is a string.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        match self.node().tag {
            Tag::PlainString => {
                let span = self.span();
                Some(Cow::Borrowed(&self.text[span.start + 1..span.end - 1]))
            }
            Tag::EscapedString => Some(unescape(self.raw().as_bytes())),
            _ => None,
        }
    }

    /// The truth value, when it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.node().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The number, when it is written as an integer of 0 or more.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        (self.node().tag == Tag::Integer).then(|| self.raw().parse().ok()).flatten()
    }

    /// The number as a double, rounded when it is a wide integer.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        matches!(self.node().tag, Tag::Integer | Tag::Float).then(|| parse_double(self.raw()))
    }

    /// The members of an object, in the order written; nothing for any other value.
    #[must_use]
    pub fn entries(self) -> Entries<'a> {
        let range =
            if self.node().tag == Tag::Object { self.at + 1..self.node().next as usize } else { 0..0 };
        Entries { value: self, range }
    }

    /// The elements of an array; nothing for any other value.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        let range = if self.node().tag == Tag::Array { self.at + 1..self.node().next as usize } else { 0..0 };
        Items { value: self, range }
    }

    /// The member called `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.entries().find(|(key, _)| key.is_str(name)).map(|(_, value)| value)
    }

    /// Whether it is the string `text`.
    #[must_use]
    pub fn is_str(self, text: &str) -> bool {
        self.as_str().is_some_and(|string| string == text)
    }

    /// The value at a JSON pointer (RFC 6901), `""` being the value itself.
    #[must_use]
    pub fn pointer(self, pointer: &str) -> Option<Value<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value.kind() {
            Kind::Object => value.get(&token.replace("~1", "/").replace("~0", "~")),
            Kind::Array if token == "0" || !token.starts_with('0') => value.items().nth(token.parse().ok()?),
            _ => None,
        })
    }

    /// The same value as a `serde_json` tree, for libraries that want one. Integers beyond 64 bits are rounded to a double.
    #[must_use]
    pub fn to_serde(self) -> serde_json::Value {
        // Not by serde_json's own parser, which stops at a nesting of 127. Recursion is bounded by `Limits::max_depth`.
        match self.node().tag {
            Tag::Null => serde_json::Value::Null,
            Tag::True => serde_json::Value::Bool(true),
            Tag::False => serde_json::Value::Bool(false),
            Tag::Integer | Tag::Float => serde_json::Value::Number(self.to_number()),
            Tag::PlainString | Tag::EscapedString => {
                serde_json::Value::String(self.as_str().unwrap_or_default().into_owned())
            }
            Tag::Array => self.items().map(Self::to_serde).collect(),
            Tag::Object => self
                .entries()
                .map(|(key, value)| (key.as_str().unwrap_or_default().into_owned(), value.to_serde()))
                .collect(),
        }
    }

    fn to_number(self) -> serde_json::Number {
        let text = self.raw();
        if self.node().tag == Tag::Integer && text != "-0" {
            if let Ok(number) = text.parse::<u64>() {
                return number.into();
            }
            if let Ok(number) = text.parse::<i64>() {
                return number.into();
            }
        }
        // An integer of more than 308 digits, which only `Limits::wide_integers` lets in, has no double.
        let number = parse_double(text);
        let finite = if number.is_finite() { number } else { f64::MAX.copysign(number) };
        serde_json::Number::from_f64(finite).expect("it is finite")
    }
}

/// Iterator over the members of an object: key and value.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    value: Value<'a>,
    range: Range<usize>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.range.start;
        if key >= self.range.end {
            return None;
        }
        let value = self.value.sibling(key + 1);
        self.range.start = value.node().next as usize;
        Some((self.value.sibling(key), value))
    }
}

/// Iterator over the elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    value: Value<'a>,
    range: Range<usize>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.range.start;
        if at >= self.range.end {
            return None;
        }
        let value = self.value.sibling(at);
        self.range.start = value.node().next as usize;
        Some(value)
    }
}
