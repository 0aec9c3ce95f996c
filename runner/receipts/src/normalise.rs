//! Foreign payloads as the canonical layer has them: secrets, volatile and private values replaced.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use contract_json::{Digest, Kind, Value, write_canonical_string};

use crate::marks::{Mark, VOLATILE_MARK, private_mark};
use crate::redact::Redactor;

/// What is replaced while a canonical form is written.
pub(crate) struct Normaliser<'r> {
    pub(crate) redactor: &'r Redactor,
    /// Places in the text of the value, and why they are not written.
    pub(crate) marked: Vec<(Range<usize>, Mark)>,
}

impl Normaliser<'_> {
    /// Appends the canonical form of `value`; true when it has an integer outside +-(2^53 - 1).
    pub(crate) fn write(&self, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        if self.redactor.is_empty() && self.marked.is_empty() {
            return value.write_canonical(out).wide_integers;
        }
        let span = value.span();
        match self.marked.iter().find(|(marked, _)| *marked == span) {
            Some((_, Mark::Volatile)) => {
                write_canonical_string(out, VOLATILE_MARK);
                return false;
            }
            Some((_, Mark::Private)) => {
                write_canonical_string(out, &private_mark(&self.sha256(value)));
                return false;
            }
            None => {}
        }
        match value.kind() {
            Kind::Object => self.write_object(value, out),
            Kind::Array => {
                let mut wide = false;
                out.push(b'[');
                for (index, item) in value.items().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    wide |= self.write(item, out);
                }
                out.push(b']');
                wide
            }
            Kind::String => {
                let text = value.as_str().expect("the kind is string");
                write_canonical_string(out, &self.redactor.text(&text));
                false
            }
            Kind::Integer | Kind::Float => self.write_number(value, out),
            Kind::Null | Kind::Bool => value.write_canonical(out).wide_integers,
        }
    }

    /// Digest of a private value, its secrets redacted: of the text of a string, of the canonical form of another.
    fn sha256(&self, value: Value<'_>) -> String {
        if let Some(text) = value.as_str() {
            return Digest::of(self.redactor.text(&text).as_bytes()).sha256_uri();
        }
        let mut text = Vec::new();
        Normaliser { redactor: self.redactor, marked: Vec::new() }.write(value, &mut text);
        Digest::of(&text).sha256_uri()
    }

    /// A number that shows a secret becomes a string.
    fn write_number(&self, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let wide = value.write_canonical(out).wide_integers;
        match self.redactor.first_mark(&out[start..]) {
            None => wide,
            Some(mark) => {
                out.truncate(start);
                write_canonical_string(out, &mark);
                false
            }
        }
    }

    /// Replaced names are sorted anew, and kept apart when they have become equal.
    fn write_object(&self, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        let mut replaced = false;
        let mut members: Vec<(Cow<'_, str>, Value<'_>)> = value
            .entries()
            .map(|(key, member)| {
                let key = key.as_str().expect("keys are strings");
                match self.redactor.text(&key) {
                    Cow::Borrowed(_) => (key, member),
                    Cow::Owned(name) => {
                        replaced = true;
                        (Cow::Owned(name), member)
                    }
                }
            })
            .collect();
        if replaced {
            keep_apart(&mut members);
        }
        members.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
        let mut wide = false;
        out.push(b'{');
        for (index, (name, member)) in members.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_canonical_string(out, &name);
            out.push(b':');
            wide |= self.write(member, out);
        }
        out.push(b'}');
        wide
    }
}

fn keep_apart(members: &mut [(Cow<'_, str>, Value<'_>)]) {
    let mut used = HashSet::new();
    for (name, _) in members {
        let mut copy = 2;
        let mut free = name.clone().into_owned();
        while !used.insert(free.clone()) {
            free = format!("{name}#{copy}");
            copy += 1;
        }
        *name = Cow::Owned(free);
    }
}
