//! What commands a run string may execute, with words resolved as far as they can be known.
//!
//! A run string is read as POSIX shells and bash read it, and then walked as they would: assignments, `cd`, functions, loops,
//! aliases, here-documents, `sh -c`, `eval`, `sudo` and their like. Nothing is executed and nothing is looked up: the home folder is
//! a symbol, and what only a machine can tell is [`Part::Unknown`]. Where several values are possible, several commands are given.
//!
//! ```
//! use contract_shell::{Shell, Start};
//!
//! let mut shell = Shell::new(Start::default());
//! let analysis = shell.run("dir=~/dev; cd $dir && sudo tool --root \"$PWD\"/x/..");
//! let tool = analysis.commands.iter().find(|command| command.name() == Some("tool")).unwrap();
//! assert_eq!(tool.words[2].to_string(), "~/dev/x/..");
//! assert_eq!(tool.places(tool.words[2].text())[0].to_string(), "~/dev");
//! ```
//!
//! The bounds: [`MAX_BYTES`] of text, [`MAX_STEPS`] commands, 50 levels of nesting. What goes beyond is
//! [`Analysis::unread`]. Why there is a reader of our own: `docs/decisions/0006-own-shell-reader.md`.

mod again;
mod arithmetic;
mod command;
mod loose;
mod machine;
mod pattern;
mod place;
mod read;
mod state;
mod straight;
mod syntax;
mod tables;
mod text;
mod value;

pub use command::{Analysis, Command, Role, Word};
pub use place::{Place, Root};
pub use read::Fault;
pub use straight::straight;
pub use text::{Part, Text, Why};

use machine::Machine;
use place::Links;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most bytes of a run string that are read.
pub const MAX_BYTES: usize = 64 * 1024;

/// Most commands, copies and expansions that are walked for one run string.
pub const MAX_STEPS: usize = 20_000;

/// Text that steps wrote to files.
pub(crate) type Files = BTreeMap<Place, Vec<Text>>;

/// What is known before the first step.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The folder in which every step starts.
    pub cwd: Option<Place>,
    /// Names of programs. One that stands as an argument of a command which may start programs counts as started.
    pub watched: &'static [&'static str],
}

/// A lane: every step has its own shell, but links and files that a step made are there in the next.
#[derive(Debug)]
pub struct Shell {
    cwd: Place,
    watched: &'static [&'static str],
    links: Arc<Links>,
    files: Files,
}

impl Shell {
    /// Before the first step.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self {
            cwd: start.cwd.unwrap_or_else(|| Place::of(Root::Start)),
            watched: start.watched,
            links: Arc::default(),
            files: Files::new(),
        }
    }

    /// The commands that the run string of the next step may execute.
    pub fn run(&mut self, text: &str) -> Analysis {
        if text.len() > MAX_BYTES {
            let fault = Fault { line: 1, what: "the text is longer than 64 KiB" };
            return self.unread(text, fault, Vec::new());
        }
        // A NUL ends an argument, and a carriage return before a line feed is an accident of the file.
        if text.contains('\0') {
            let fault = Fault { line: 1, what: "there is a NUL in the text" };
            return self.unread(text, fault, Vec::new());
        }
        if text.contains("\\\r\n") {
            // For a shell, the backslash protects the carriage return, and the line ends.
            let kept: Vec<String> = text.split("\\\r\n").map(|piece| piece.replace("\r\n", "\n")).collect();
            let mut analysis = self.walk(&kept.join("\\\n"));
            let other = self.walk(&kept.join("\\\r\n"));
            analysis.commands.extend(other.commands);
            analysis.unread = analysis.unread.or(other.unread);
            return analysis;
        }
        self.walk(&text.replace("\r\n", "\n"))
    }

    fn walk(&mut self, text: &str) -> Analysis {
        let list = match read::Reader::new(text, &[]).script() {
            Ok(list) => list,
            Err(fault) => return self.unread(text, fault, Vec::new()),
        };
        let mut machine = Machine::new(self);
        machine.run(&list);
        let (commands, unread) = machine.finish();
        match unread {
            Some(fault) => self.unread(text, fault, commands),
            None => Analysis { commands, unread: None },
        }
    }

    fn unread(&self, text: &str, fault: Fault, mut commands: Vec<Command>) -> Analysis {
        commands.extend(loose::commands(text, &self.cwd, &self.links, self.watched));
        Analysis { commands, unread: Some(fault) }
    }
}
