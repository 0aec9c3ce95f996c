//! Titles, rooms and work rooms: texts of people that end up in documents and on terminals.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Most characters of a title.
const MAX_TITLE: usize = 256;

/// Most bytes of an id.
const MAX_ID: usize = 128;

/// A title on one line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Title(String);

/// The id of a work room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct WorkroomId(String);

/// A room of agent-term, such as `!prophet-workspace`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Room(String);

impl TryFrom<String> for Title {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        let why = match text.chars().count() {
            _ if text.trim().is_empty() => "is empty",
            count if count > MAX_TITLE => "has more than 256 characters",
            _ if text.contains(char::is_control) => "has a control character",
            _ => return Ok(Self(text)),
        };
        Err(Fault::BadText { what: "the title", why })
    }
}

impl TryFrom<String> for WorkroomId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        match is_id(&text) {
            true => Ok(Self(text)),
            false => Err(Fault::BadText { what: "the id of the work room", why: ID }),
        }
    }
}

impl TryFrom<String> for Room {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        match is_id(text.strip_prefix(['!', '#']).unwrap_or(&text)) {
            true => Ok(Self(text)),
            false => Err(Fault::BadText { what: "the name of the room, after a leading ! or #,", why: ID }),
        }
    }
}

const ID: &str = "is not 1 to 128 letters, digits, `.`, `_`, `:` and `-` that begin with a letter or digit";

fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

impl Title {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl WorkroomId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Room {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        title.0
    }
}

impl From<WorkroomId> for String {
    fn from(id: WorkroomId) -> Self {
        id.0
    }
}

impl From<Room> for String {
    fn from(room: Room) -> Self {
        room.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rooms_hold_nothing_that_leads_elsewhere() {
        for good in ["!prophet-workspace", "#team", "room:1", "workroom-demo-0001"] {
            assert!(Room::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "!", "../a", "a/b", "a b", "!!a", ".a", "é", "a\n"] {
            assert!(Room::try_from(bad.to_owned()).is_err(), "{bad}");
            assert!(WorkroomId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_title_is_one_line_of_text() {
        assert!(Title::try_from("Demo — ☃".to_owned()).is_ok());
        for bad in ["", "  ", "a\nb", "a\u{1b}[2J"] {
            assert!(Title::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
