//! What an analysis gives: the commands that may run.

use crate::place::{Links, Place};
use crate::read::Fault;
use crate::text::{Text, Why};
use std::fmt;
use std::sync::Arc;

/// A word that a command gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Word {
    pub(crate) text: Text,
    pub(crate) splits: bool,
}

impl Word {
    /// What it holds.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The characters, when all of them are known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        if self.splits { None } else { self.text.known() }
    }

    /// It is unknown and unquoted: it may be no word, or several.
    #[must_use]
    pub fn splits(&self) -> bool {
        self.splits
    }

    /// It is unknown as a whole and may be any words at all.
    #[must_use]
    pub fn may_be_any(&self) -> bool {
        self.splits && self.text.is_wholly_unknown()
    }

    /// Why it is not known.
    #[must_use]
    pub fn why_unknown(&self) -> Option<&Why> {
        self.text.why_unknown()
    }

    pub(crate) fn of(text: Text) -> Self {
        Self { text, splits: false }
    }

    /// The last name of a path that is known to its end.
    pub(crate) fn base_name(&self) -> Option<&str> {
        if self.splits {
            return None;
        }
        let last = match self.text.parts().last()? {
            crate::text::Part::Text(text) => text.as_str(),
            _ => return None,
        };
        match last.rsplit_once('/') {
            Some((_, name)) => Some(name),
            None => self.text.known(),
        }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::of(Text::from(text))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// What a command does with its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It runs, and its words are its own business.
    Runs,
    /// It only prints, stores or compares its words, as `echo` does.
    Looks,
    /// It starts another command, which stands in the analysis by itself, as `sudo` does.
    Starts,
}

/// A simple command that may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its name and arguments; never empty.
    pub words: Vec<Word>,
    /// The folder it runs in.
    pub cwd: Place,
    /// The line of the run string, from 1, that makes it run.
    pub line: usize,
    /// What it does with its words.
    pub role: Role,
    pub(crate) links: Arc<Links>,
}

impl Command {
    /// The last name of the path of the program, when that is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.words.first().and_then(Word::base_name)
    }

    /// The places that `path` may name for this command; links that earlier commands made are followed.
    #[must_use]
    pub fn places(&self, path: &Text) -> Vec<Place> {
        self.cwd.resolve(path, &self.links)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            word.fmt(f)?;
        }
        Ok(())
    }
}

/// What a run string may do.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// The commands that may run, in the order in which they were found.
    pub commands: Vec<Command>,
    /// The text, or a part of it, is no script that a POSIX shell or bash reads, or is more than is followed. The
    /// commands then also hold what the words look like line by line.
    pub unread: Option<Fault>,
}
