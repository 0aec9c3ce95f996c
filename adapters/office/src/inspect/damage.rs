//! What can be wrong inside of a file, before its path is named.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::input::InputPath;

/// A fault of the content.
#[derive(Debug)]
pub(super) enum Damage {
    /// It contradicts its format.
    Broken(Cow<'static, str>),
    /// It is of no kind that is read.
    Unknown(&'static str),
    /// Nothing of it can be read without a password.
    Encrypted(&'static str),
    /// It takes more than a document may.
    Bomb(Cow<'static, str>),
    /// It is the database of an application.
    ApplicationData(&'static str),
}

impl Damage {
    pub(super) fn broken(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Broken(what.into())
    }

    pub(super) fn bomb(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Bomb(what.into())
    }

    pub(super) fn of(self, path: &InputPath) -> Fault {
        let path = path.owned();
        match self {
            Self::Broken(what) => Fault::Damaged { path, what: what.into_owned() },
            Self::Unknown(what) => Fault::Unknown { path, what },
            Self::Encrypted(what) => Fault::Encrypted { path, what },
            Self::Bomb(what) => Fault::Bomb { path, what: what.into_owned() },
            Self::ApplicationData(what) => Fault::ApplicationData { path, what: what.to_owned() },
        }
    }
}
