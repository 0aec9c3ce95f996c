//! Where two JSON values differ.

use contract_json::{Kind, Value};

/// How much of a value is shown.
const SHOWN_BYTES: usize = 200;

/// One place where two documents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// The value there in the first document, cut when long.
    pub a: String,
    /// The value there in the second.
    pub b: String,
}

/// What is shown for a value that is not there.
const ABSENT: &str = "(absent)";

/// The first `most` places, in the order of the pointers' members.
pub(crate) fn differences(a: Value<'_>, b: Value<'_>, most: usize) -> Vec<Difference> {
    let mut walk = Walk { found: Vec::new(), pointer: String::new(), most };
    walk.compare(a, b);
    walk.found
}

struct Walk {
    found: Vec<Difference>,
    pointer: String,
    most: usize,
}

impl Walk {
    fn compare(&mut self, a: Value<'_>, b: Value<'_>) {
        if self.found.len() >= self.most {
            return;
        }
        match (a.kind(), b.kind()) {
            (Kind::Object, Kind::Object) => self.objects(a, b),
            (Kind::Array, Kind::Array) => {
                let (mut left, mut right) = (a.items(), b.items());
                for index in 0.. {
                    match (left.next(), right.next()) {
                        (None, None) => break,
                        (a, b) => self.below(&index.to_string(), a, b),
                    }
                }
            }
            _ if same(a, b) => {}
            _ => self.push(Some(a), Some(b)),
        }
    }

    fn objects(&mut self, a: Value<'_>, b: Value<'_>) {
        fn sorted<'v>(value: Value<'v>) -> Vec<(std::borrow::Cow<'v, str>, Value<'v>)> {
            let mut members: Vec<_> =
                value.entries().filter_map(|(key, value)| Some((key.as_str()?, value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members
        }
        let (left, right) = (sorted(a), sorted(b));
        let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a.0.cmp(&b.0),
            };
            let a = if order.is_le() { left.next() } else { None };
            let b = if order.is_ge() { right.next() } else { None };
            if let Some((name, _)) = a.or(b) {
                self.below(name, a.map(|member| member.1), b.map(|member| member.1));
            }
        }
    }

    fn below(&mut self, token: &str, a: Option<Value<'_>>, b: Option<Value<'_>>) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        match (a, b) {
            (Some(a), Some(b)) => self.compare(a, b),
            (a, b) => self.push(a, b),
        }
        self.pointer.truncate(length);
    }

    fn push(&mut self, a: Option<Value<'_>>, b: Option<Value<'_>>) {
        if self.found.len() < self.most {
            let text = |value: Option<Value<'_>>| value.map_or_else(|| ABSENT.to_owned(), shown);
            self.found.push(Difference { pointer: self.pointer.clone(), a: text(a), b: text(b) });
        }
    }
}

fn same(a: Value<'_>, b: Value<'_>) -> bool {
    if a.raw() == b.raw() {
        return true;
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    a.write_canonical(&mut left);
    b.write_canonical(&mut right);
    left == right
}

/// A value as it stands in the text, cut.
pub(crate) fn shown(value: Value<'_>) -> String {
    cut(value.raw())
}

pub(crate) fn cut(text: &str) -> String {
    if text.len() <= SHOWN_BYTES {
        return text.to_owned();
    }
    let end = (0..=SHOWN_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}... ({} bytes)", &text[..end], text.len())
}
