//! The parser: one pass over the bytes, one flat tape of nodes, no recursion.

use crate::error::{JsonError, JsonErrorKind as E};
use crate::number::scan_number;
use crate::string::{scan_string, unescape};
use crate::value::Value;

/// Bounds on what one text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most arrays and objects open at a time.
    pub max_depth: usize,
    /// Most values and keys in one text; each costs 16 bytes of memory while the text is read.
    pub max_nodes: usize,
    /// Whether integers beyond 64 bits are taken. RFC 8785 prints doubles up to 1e21 as plain digits, so evidence in
    /// canonical form is read with this on; messages are read with it off.
    pub wide_integers: bool,
}

impl Limits {
    /// For text that this project wrote in canonical form.
    #[must_use]
    pub fn evidence() -> Self {
        Self { max_depth: 512, max_nodes: usize::MAX, wide_integers: true }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 128, max_nodes: 4_194_304, wide_integers: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    True,
    False,
    Integer,
    Float,
    /// Equal to its own bytes: no escape in it.
    PlainString,
    EscapedString,
    Array,
    Object,
}

/// One value or key. Members of an object are key, value, key, value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) tag: Tag,
    /// First byte of the value, the quote of a string included.
    pub(crate) start: u32,
    /// One past its last byte.
    pub(crate) end: u32,
    /// Index of the node after this value and all that it holds.
    pub(crate) next: u32,
}

/// Memory for one parsed text, used again by the next.
#[derive(Debug, Default)]
pub struct Tape {
    nodes: Vec<Node>,
    open: Vec<u32>,
    keys: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one JSON value that fills `text`.
    ///
    /// # Errors
    /// The first rule of the text that is broken, with its place; see [`crate::JsonErrorKind`].
    pub fn parse<'a>(&'a mut self, text: &'a [u8], limits: &Limits) -> Result<Value<'a>, JsonError> {
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError::new(E::TooLarge, 0));
        }
        let checked = simdutf8::compat::from_utf8(text)
            .map_err(|error| JsonError::new(E::InvalidUtf8, error.valid_up_to()))?;
        if text.starts_with("\u{feff}".as_bytes()) {
            return Err(JsonError::new(E::ByteOrderMark, 0));
        }
        self.nodes.clear();
        self.open.clear();
        let end = self.values(text, limits)?;
        match skip_space(text, end) {
            at if at == text.len() => Ok(Value::root(checked, &self.nodes)),
            at => Err(JsonError::new(E::TrailingText, at)),
        }
    }

    fn values(&mut self, text: &[u8], limits: &Limits) -> Result<usize, JsonError> {
        let mut at = 0;
        let mut expect = Expect::Value;
        loop {
            at = skip_space(text, at);
            let Some(&byte) = text.get(at) else {
                let kind = if self.nodes.is_empty() { E::Empty } else { E::UnexpectedEnd };
                return Err(JsonError::new(kind, at));
            };
            (at, expect) = match (expect, byte) {
                (Expect::CommaOrEnd, b',') => (at + 1, self.after_comma()),
                (Expect::CommaOrEnd | Expect::ValueOrEnd, b']') => {
                    (self.close(text, at, Tag::Array)?, Expect::CommaOrEnd)
                }
                (Expect::CommaOrEnd | Expect::KeyOrEnd, b'}') => {
                    (self.close(text, at, Tag::Object)?, Expect::CommaOrEnd)
                }
                (Expect::Key | Expect::KeyOrEnd, b'"') => (self.key(text, at)?, Expect::Value),
                (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                    if self.open.len() >= limits.max_depth {
                        return Err(JsonError::new(E::TooDeep, at));
                    }
                    let (tag, expect) = if byte == b'{' {
                        (Tag::Object, Expect::KeyOrEnd)
                    } else {
                        (Tag::Array, Expect::ValueOrEnd)
                    };
                    self.open.push(index(self.nodes.len()));
                    self.push(tag, at, at);
                    (at + 1, expect)
                }
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    (self.scalar(text, at, byte, limits)?, Expect::CommaOrEnd)
                }
                _ => return Err(JsonError::new(E::UnexpectedCharacter, at)),
            };
            if self.nodes.len() > limits.max_nodes {
                return Err(JsonError::new(E::TooLarge, at));
            }
            if self.open.is_empty() {
                return Ok(at);
            }
        }
    }

    fn after_comma(&self) -> Expect {
        match self.open.last().map(|&open| self.nodes[open as usize].tag) {
            Some(Tag::Object) => Expect::Key,
            _ => Expect::Value,
        }
    }

    fn push(&mut self, tag: Tag, start: usize, end: usize) {
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node { tag, start: index(start), end: index(end), next });
    }

    fn string(&mut self, text: &[u8], at: usize) -> Result<usize, JsonError> {
        let (end, escaped) = scan_string(text, at)?;
        self.push(if escaped { Tag::EscapedString } else { Tag::PlainString }, at, end);
        Ok(end)
    }

    fn key(&mut self, text: &[u8], at: usize) -> Result<usize, JsonError> {
        let end = self.string(text, at)?;
        let colon = skip_space(text, end);
        match text.get(colon) {
            Some(b':') => Ok(colon + 1),
            Some(_) => Err(JsonError::new(E::UnexpectedCharacter, colon)),
            None => Err(JsonError::new(E::UnexpectedEnd, colon)),
        }
    }

    fn scalar(&mut self, text: &[u8], at: usize, byte: u8, limits: &Limits) -> Result<usize, JsonError> {
        let (word, tag): (&[u8], Tag) = match byte {
            b'"' => return self.string(text, at),
            b'-' | b'0'..=b'9' => {
                let (end, float) = scan_number(text, at, limits.wide_integers)?;
                self.push(if float { Tag::Float } else { Tag::Integer }, at, end);
                return Ok(end);
            }
            b't' => (b"true", Tag::True),
            b'f' => (b"false", Tag::False),
            b'n' => (b"null", Tag::Null),
            b'N' | b'I' => return Err(JsonError::new(E::InvalidNumber, at)),
            _ => return Err(JsonError::new(E::UnexpectedCharacter, at)),
        };
        if !text[at..].starts_with(word) {
            return Err(JsonError::new(E::UnexpectedCharacter, at));
        }
        self.push(tag, at, at + word.len());
        Ok(at + word.len())
    }

    fn close(&mut self, text: &[u8], at: usize, tag: Tag) -> Result<usize, JsonError> {
        let Some(open) = self.open.pop() else {
            return Err(JsonError::new(E::UnexpectedCharacter, at));
        };
        if self.nodes[open as usize].tag != tag {
            return Err(JsonError::new(E::UnexpectedCharacter, at));
        }
        if tag == Tag::Object {
            self.refuse_duplicates(text, open as usize + 1)?;
        }
        let next = index(self.nodes.len());
        let node = &mut self.nodes[open as usize];
        node.end = index(at + 1);
        node.next = next;
        Ok(at + 1)
    }

    /// Looks for equal keys among the members that start at node `first`.
    fn refuse_duplicates(&mut self, text: &[u8], first: usize) -> Result<(), JsonError> {
        self.keys.clear();
        let mut at = first;
        let mut plain = true;
        while let Some(node) = self.nodes.get(at) {
            plain &= node.tag == Tag::PlainString;
            self.keys.push((node.start, node.end));
            at = self.nodes[at + 1].next as usize;
        }
        if self.keys.len() < 2 {
            return Ok(());
        }
        let raw = |&(start, end): &(u32, u32)| &text[start as usize..end as usize];
        let second = if !plain {
            let mut names: Vec<_> = self.keys.iter().map(|key| (unescape(raw(key)), key.0)).collect();
            names.sort_unstable();
            names.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1)
        } else if self.keys.len() <= 8 {
            (1..self.keys.len())
                .find(|&i| self.keys[..i].iter().any(|key| raw(key) == raw(&self.keys[i])))
                .map(|i| self.keys[i].0)
        } else {
            self.keys.sort_unstable_by(|a, b| raw(a).cmp(raw(b)).then(a.0.cmp(&b.0)));
            self.keys.windows(2).find(|pair| raw(&pair[0]) == raw(&pair[1])).map(|pair| pair[1].0)
        };
        second.map_or(Ok(()), |offset| Err(JsonError::new(E::DuplicateKey, offset as usize)))
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("parse refuses texts beyond 4 GiB, and a node stands for at least one byte")
}
