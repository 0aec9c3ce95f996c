//! Kinds of documents: their schema, their rules, and how one is recognised.

use std::borrow::Cow;

use contract_json::{Kind as JsonKind, Value};

use crate::exchange::Exchange;
use crate::node::Node;
use crate::report::Report;

/// One kind of document.
#[derive(Debug)]
pub struct Kind {
    /// What `--kind` takes, and the name of its schema file.
    pub name: &'static str,
    /// Its name as the field writes it.
    pub title: &'static str,
    /// The folder of its schema below `schemas/json`.
    pub family: &'static str,
    /// The text of its schema.
    pub schema: &'static str,
    /// How a document of this kind is recognised: all of them hold.
    pub marks: &'static [Mark],
    /// Its rules.
    pub check: Check,
}

/// The rules of a kind beyond its schema.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// There are none.
    Structure,
    /// Over one document.
    Document(fn(Node<'_>, &mut Report<'_>)),
    /// Over a message, and what was said before it in the same file.
    Message(fn(Node<'_>, &mut Exchange, &mut Report<'_>)),
}

impl Kind {
    /// How a document of the kind is recognised, in words.
    #[must_use]
    pub fn recognised_by(&self) -> String {
        let words = self.marks.iter().map(|mark| match mark {
            Mark::Is(member, value) => format!("{member}: {value}"),
            Mark::Named(member, value) => format!("{member}: {value}, or"),
            Mark::Has(member) => format!("has {member}"),
            Mark::HasAny(members) => format!("has {}", members.join(" or ")),
            Mark::Lacks(member) => format!("no {member}"),
            Mark::Array => "a list".to_owned(),
            Mark::EachHas(member) => format!("items have {member}"),
        });
        words.collect::<Vec<_>>().join(", ").replace(", or,", " or")
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

/// A sign by which a kind is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The member of the document is this string.
    Is(&'static str, &'static str),
    /// The member of the document may be absent. When it is this string, no other mark is needed; any other string names another kind.
    Named(&'static str, &'static str),
    /// The document has the member.
    Has(&'static str),
    /// The document has one of the members.
    HasAny(&'static [&'static str]),
    /// The document does not have the member.
    Lacks(&'static str),
    /// The document is an array.
    Array,
    /// The document is an array, and its first element has the member.
    EachHas(&'static str),
}

impl Kind {
    /// Whether a document that says this names the kind. What it has beside that is not looked at.
    pub(crate) fn is_named(&self, said: &Said<'_>) -> Naming {
        let mut naming = Naming::Open;
        for mark in self.marks {
            match mark {
                Mark::Named(name, text) => match said.value(name) {
                    Some(value) if value == *text => return Naming::Certain,
                    Some(_) => return Naming::Other,
                    None => {}
                },
                Mark::Is(name, text) if said.value(name) == Some(text) => naming = Naming::This,
                Mark::Is(..) => return Naming::Other,
                _ => {}
            }
        }
        naming
    }

    /// Whether the document has what this kind has.
    pub(crate) fn fits(&self, document: Value<'_>) -> bool {
        self.marks.iter().all(|mark| matches!(mark, Mark::Is(..) | Mark::Named(..)) || mark.holds(document))
    }
}

/// What a document says of itself, held against one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    /// It says that it is of another kind.
    Other,
    /// It says nothing about that.
    Open,
    /// It says that it is of this kind.
    This,
    /// It says that it is of this kind, and needs no other mark.
    Certain,
}

/// Members by which documents say what they are, the most telling first.
const SAYING: &[&str] =
    &["kind", "type", "schemaVersion", "api_version", "apiVersion", "schema", "@type", "v"];

/// What a document says of itself, found in one pass over its members: the member and its string, the most telling first.
#[derive(Debug, Default)]
pub(crate) struct Said<'a>(Vec<(&'static str, Cow<'a, str>)>);

impl<'a> Said<'a> {
    pub(crate) fn by(document: Value<'a>) -> Self {
        let rank = |name: &str| SAYING.iter().position(|known| *known == name);
        let mut said: Vec<_> = document
            .entries()
            .filter_map(|(key, value)| Some((rank(&key.as_str()?)?, value.as_str()?)))
            .collect();
        said.sort_unstable_by_key(|(rank, _)| *rank);
        Self(said.into_iter().map(|(rank, text)| (SAYING[rank], text)).collect())
    }

    /// The string of a member that says something; marks name no others.
    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, text)| &**text)
    }

    /// The most telling member.
    pub(crate) fn first(&self) -> Option<(&'static str, &str)> {
        self.0.first().map(|(name, text)| (*name, &**text))
    }
}

impl Mark {
    pub(crate) fn holds(self, document: Value<'_>) -> bool {
        match self {
            Self::Is(name, text) => document.get(name).is_some_and(|value| value.is_str(text)),
            // It was absent.
            Self::Named(..) => true,
            Self::Has(name) => document.get(name).is_some(),
            Self::HasAny(names) => names.iter().any(|name| document.get(name).is_some()),
            Self::Lacks(name) => document.kind() == JsonKind::Object && document.get(name).is_none(),
            Self::Array => document.kind() == JsonKind::Array,
            Self::EachHas(name) => document.items().next().is_some_and(|first| first.get(name).is_some()),
        }
    }
}
