//! A value that was observed, or the reason why it was not.

use serde::{Serialize, Serializer};

/// What was observed. Not knowing is an answer of its own, never a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// It was observed.
    Known(T),
    /// It was not, and why.
    Unknown(String),
}

impl<T> Fact<T> {
    /// Not observed, because of `reason`.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }

    /// The value, if it was observed.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why it was not observed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(reason),
        }
    }

    /// What follows from the value.
    pub fn map<U>(self, follow: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(follow(value)),
            Self::Unknown(reason) => Fact::Unknown(reason),
        }
    }

    /// What follows from the value, where that may be unknown, too.
    pub fn and_then<U>(self, follow: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => follow(value),
            Self::Unknown(reason) => Fact::Unknown(reason),
        }
    }

    /// The value, or `reason` where there is none.
    pub fn from_option(value: Option<T>, reason: &str) -> Self {
        value.map_or_else(|| Self::unknown(reason), Self::Known)
    }
}

#[derive(Serialize)]
struct Unknown<'a> {
    unknown: &'a str,
}

/// The value itself, or `{"unknown": reason}`.
impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown(reason) => Unknown { unknown: reason }.serialize(serializer),
        }
    }
}
