//! Which kind a document says it is.

use std::fmt;

use contract_json::Value;

use crate::kind::{Kind, Mark, Naming, Said};
use crate::rule::Rule;
use crate::structure::nearest;
use crate::structure_rules::{KIND_UNKNOWN, KIND_VERSION_UNKNOWN};

/// Why no kind was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unrecognised {
    /// The document says what it is, but not in a version that is known.
    Version { title: &'static str, member: &'static str, found: String, known: Vec<&'static str> },
    /// It says something that no kind is called.
    Name { member: &'static str, found: String, meant: Option<(&'static str, &'static str)> },
    /// It says nothing.
    Nothing,
}

/// The kind whose marks all hold; of several the one that the document names, and then the one with most marks.
pub(crate) fn recognise(
    document: Value<'_>,
    kinds: impl Iterator<Item = &'static Kind> + Clone,
) -> Result<&'static Kind, Unrecognised> {
    let said = Said::by(document);
    let surest = |naming: fn(Naming) -> bool| {
        let sure = kinds.clone().filter_map(|kind| {
            let named = kind.is_named(&said);
            (naming(named) && (named == Naming::Certain || kind.fits(document))).then_some((named, kind))
        });
        sure.max_by_key(|(named, kind)| (*named, kind.marks.len())).map(|(_, kind)| kind)
    };
    // What a document says counts more than what it has, and is found sooner.
    surest(|naming| naming >= Naming::This)
        .or_else(|| surest(|naming| naming == Naming::Open))
        .ok_or_else(|| why_not(document, &said, kinds.clone()))
}

fn why_not(
    document: Value<'_>,
    said: &Said<'_>,
    kinds: impl Iterator<Item = &'static Kind> + Clone,
) -> Unrecognised {
    for kind in kinds.clone() {
        let holds = |mark: &&Mark| mark.holds(document);
        let named = kind.marks.iter().filter(holds).any(|mark| matches!(mark, Mark::Is("kind" | "type", _)));
        let Some(Mark::Is(member, _)) = kind.marks.iter().find(|mark| !mark.holds(document)) else {
            continue;
        };
        if named {
            let known =
                kinds.filter(|other| other.title == kind.title).filter_map(|other| value(other, member));
            return Unrecognised::Version {
                title: kind.title,
                member,
                found: document
                    .get(member)
                    .and_then(Value::as_str)
                    .map_or("missing".to_owned(), |text| format!("\"{text}\"")),
                known: known.collect(),
            };
        }
    }
    match said.first() {
        Some((member, found)) => {
            Unrecognised::Name { member, found: found.to_owned(), meant: meant(member, found, kinds) }
        }
        None => Unrecognised::Nothing,
    }
}

/// What stands in another member, or nearly so in this one, when a document is named as it is recognised.
fn meant(
    member: &str,
    found: &str,
    kinds: impl Iterator<Item = &'static Kind>,
) -> Option<(&'static str, &'static str)> {
    let names: Vec<(&str, &str)> = kinds
        .flat_map(|kind| kind.marks)
        .filter_map(|mark| match mark {
            Mark::Is(name, value) | Mark::Named(name, value) => Some((*name, *value)),
            _ => None,
        })
        .collect();
    let elsewhere = names.iter().find(|(_, value)| *value == found).copied();
    elsewhere.or_else(|| {
        let here: Vec<&str> =
            names.iter().filter(|(name, _)| *name == member).map(|(_, value)| *value).collect();
        let near = nearest(found, &here)?;
        names.into_iter().find(|(name, value)| *name == member && *value == near)
    })
}

fn value(kind: &Kind, member: &str) -> Option<&'static str> {
    kind.marks.iter().find_map(|mark| match mark {
        Mark::Is(name, value) if *name == member => Some(*value),
        _ => None,
    })
}

impl Unrecognised {
    pub(crate) fn rule(&self) -> &'static Rule {
        match self {
            Self::Version { .. } => &KIND_VERSION_UNKNOWN,
            Self::Name { .. } | Self::Nothing => &KIND_UNKNOWN,
        }
    }

    /// The member that is wrong, where one is.
    pub(crate) fn member(&self) -> Option<&'static str> {
        match self {
            Self::Version { member, found, .. } if found != "missing" => Some(member),
            Self::Name { member, .. } => Some(member),
            Self::Version { .. } | Self::Nothing => None,
        }
    }
}

impl fmt::Display for Unrecognised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { title, member, found, known } => {
                write!(f, "a {title} whose `{member}` is {found}; known: {}", known.join(", "))
            }
            Self::Name { member, found, meant } => {
                write!(f, "no kind of document has `{member}` \"{found}\"")?;
                meant.map_or(Ok(()), |(member, value)| write!(f, "; did you mean `{member}` \"{value}\"?"))
            }
            Self::Nothing => f.write_str("nothing in it says what kind of document it is"),
        }
    }
}
