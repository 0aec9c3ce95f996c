//! What a word or a variable holds: text, with symbols where a machine decides.

use std::fmt::{self, Write};

/// Most bytes of one text; a longer one is unknown.
const MAX_BYTES: usize = 64 * 1024;

/// Most parts of one text.
const MAX_PARTS: usize = 256;

/// Why a part of a text cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A variable that comes from the environment, or that cannot be followed.
    Variable(String),
    /// What a command prints.
    Output(String),
    /// What is read from standard input.
    Input,
    /// A template that another program fills in, as `${{ matrix.x }}`.
    Template(String),
    /// A calculation.
    Arithmetic,
    /// An expansion that no shell would take, or that is not modelled.
    Expansion(String),
    /// A name that another command puts in, as `find` does for `{}`.
    Found,
    /// The folder in which the step starts.
    StartFolder,
    /// A folder that an earlier command entered.
    Folder,
    /// More possible values than are followed.
    TooMany,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the value of ${name}"),
            Self::Output(command) => write!(f, "what {command} prints"),
            Self::Input => f.write_str("what comes from standard input"),
            Self::Template(text) => write!(f, "the template {text}"),
            Self::Arithmetic => f.write_str("the result of a calculation"),
            Self::Expansion(text) => write!(f, "the expansion {text}"),
            Self::Found => f.write_str("a name that the outer command puts in"),
            Self::StartFolder => f.write_str("the folder in which the step starts"),
            Self::Folder => f.write_str("the folder that an earlier command entered"),
            Self::TooMany => f.write_str("one of too many values"),
        }
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// These characters.
    Text(String),
    /// The home folder of the user who runs the lane.
    Home,
    /// The home folder of a named user.
    HomeOf(String),
    /// An unquoted pattern that the shell replaces by the names that match it: `*`, `?` or `[…]`. It holds no `/`.
    Glob(String),
    /// Not to be known from the contract.
    Unknown(Why),
}

/// A text in parts. Neighbouring characters are one part, and no part is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text {
    parts: Vec<Part>,
    /// Of all known characters.
    bytes: usize,
}

impl Text {
    /// A text that is one unknown.
    #[must_use]
    pub fn unknown(why: Why) -> Self {
        Self { parts: vec![Part::Unknown(why)], bytes: 0 }
    }

    /// The parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The characters, when all of them are known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The known characters at the start, up to the first symbol.
    #[must_use]
    pub fn known_start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Nothing in it is known.
    #[must_use]
    pub fn is_wholly_unknown(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| matches!(part, Part::Unknown(_)))
    }

    /// The first reason why it is not known.
    #[must_use]
    pub fn why_unknown(&self) -> Option<&Why> {
        self.parts.iter().find_map(|part| match part {
            Part::Unknown(why) => Some(why),
            _ => None,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many bytes of it are known.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.bytes += text.len();
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
        self.bound();
    }

    pub(crate) fn push(&mut self, part: Part) {
        match part {
            Part::Text(text) if self.parts.is_empty() && !text.is_empty() => {
                self.bytes += text.len();
                self.parts.push(Part::Text(text))
            }
            Part::Text(text) => self.push_str(&text),
            // Two unknowns in a row tell no more than one.
            Part::Unknown(_) if matches!(self.parts.last(), Some(Part::Unknown(_))) => {}
            part => {
                if let Part::Glob(pattern) | Part::HomeOf(pattern) = &part {
                    self.bytes += pattern.len();
                }
                self.parts.push(part);
            }
        }
        self.bound();
    }

    pub(crate) fn append(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Text(text) => self.push_str(text),
                part => self.push(part.clone()),
            }
        }
    }

    /// Repeated doubling must not fill the memory.
    fn bound(&mut self) {
        if self.bytes > MAX_BYTES || self.parts.len() > MAX_PARTS {
            *self = Self::unknown(Why::TooMany);
        }
    }

    /// Without the line feeds at its end, as a command substitution gives it.
    pub(crate) fn without_final_newlines(mut self) -> Self {
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            let kept = last.trim_end_matches('\n').len();
            self.bytes -= last.len() - kept;
            last.truncate(kept);
            if last.is_empty() {
                self.parts.pop();
            }
        }
        self
    }

    /// Cut at white space, as `xargs` and `read` do; an unknown stays with its neighbours.
    pub(crate) fn split_blank(&self) -> Vec<Self> {
        let (mut fields, mut current) = (Vec::new(), Self::default());
        for part in &self.parts {
            let Part::Text(text) = part else {
                current.push(part.clone());
                continue;
            };
            for (index, piece) in text.split([' ', '\t', '\n']).enumerate() {
                if index > 0 && !current.is_empty() {
                    fields.push(std::mem::take(&mut current));
                }
                current.push_str(piece);
            }
        }
        if !current.is_empty() {
            fields.push(current);
        }
        fields
    }

    /// The first line and the rest, when the first line feed is known to be the first.
    pub(crate) fn split_line(&self) -> (Self, Option<Self>) {
        let mut line = Self::default();
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => {
                    if let Some((before, after)) = text.split_once('\n') {
                        line.push_str(before);
                        let mut rest = Self::from(after);
                        for part in &self.parts[index + 1..] {
                            rest.push(part.clone());
                        }
                        return (line, Some(rest));
                    }
                    line.push_str(text);
                }
                part => line.push(part.clone()),
            }
        }
        (line, None)
    }

    /// Cut once at the first `=` that is known to be the first.
    #[must_use]
    pub fn split_equals(&self) -> Option<(&str, Self)> {
        let Some(Part::Text(first)) = self.parts.first() else { return None };
        let (name, rest) = first.split_once('=')?;
        let mut value = Self::from(rest);
        for part in &self.parts[1..] {
            value.push(part.clone());
        }
        Some((name, value))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut new = Self::default();
        new.push_str(text);
        new
    }
}

impl FromIterator<Part> for Text {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        let mut new = Self::default();
        parts.into_iter().for_each(|part| new.push(part));
        new
    }
}

impl From<Part> for Text {
    fn from(part: Part) -> Self {
        let mut new = Self::default();
        new.push(part);
        new
    }
}

/// As a person would write it: the home as `~`, an unknown as `?`.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) | Part::Glob(text) => f.write_str(text)?,
                Part::Home => f.write_char('~')?,
                Part::HomeOf(user) => write!(f, "~{user}")?,
                Part::Unknown(Why::Variable(name)) => write!(f, "${name}")?,
                Part::Unknown(Why::StartFolder) => f.write_char('.')?,
                Part::Unknown(_) => f.write_char('?')?,
            }
        }
        Ok(())
    }
}
