//! Which commands are governed, and how their words are read.

use contract_shell::{Command, Text, Why, Word};

/// What a governed command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// `agent-machine mounts …`; `plan` and `apply` need roots.
    Mounts {
        plans: bool,
    },
    /// `office …`, but for `office doctor`.
    Office,
    TerminalRun,
    SessionOpen,
    CaptureTake,
    AgentRun,
    GateRecord,
    FileCheck,
    CardRecord,
}

impl Action {
    /// Its words, for a message.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Mounts { .. } => "agent-machine mounts",
            Self::Office => "office",
            Self::TerminalRun => "terminal-command run",
            Self::SessionOpen => "browser-session open",
            Self::CaptureTake => "web-capture take",
            Self::AgentRun => "local-agent-execution run",
            Self::GateRecord => "policy-gate record",
            Self::FileCheck => "file-availability check",
            Self::CardRecord => "decision-card record",
        }
    }
}

/// The words of each governed command, and what it does. `None` stands for any further word.
const COMMANDS: &[(&[Option<&str>], Action)] = &[
    (&[Some("agent-machine"), Some("mounts"), Some("plan")], Action::Mounts { plans: true }),
    (&[Some("agent-machine"), Some("mounts"), Some("apply")], Action::Mounts { plans: true }),
    (&[Some("agent-machine"), Some("mounts"), None], Action::Mounts { plans: false }),
    (&[Some("workspace-ops"), Some("terminal-command"), Some("run")], Action::TerminalRun),
    (&[Some("workspace-ops"), Some("browser-session"), Some("open")], Action::SessionOpen),
    (&[Some("workspace-ops"), Some("web-capture"), Some("take")], Action::CaptureTake),
    (&[Some("workspace-ops"), Some("local-agent-execution"), Some("run")], Action::AgentRun),
    (&[Some("workspace-ops"), Some("policy-gate"), Some("record")], Action::GateRecord),
    (&[Some("workspace-ops"), Some("file-availability"), Some("check")], Action::FileCheck),
    (&[Some("workspace-ops"), Some("decision-card"), Some("record")], Action::CardRecord),
    (&[Some("office"), None], Action::Office),
];

/// Most words of a governed command.
const MOST: usize = 3;

/// A governed command, its own words found.
#[derive(Debug)]
pub(super) struct Governed<'c> {
    pub(super) command: &'c Command,
    pub(super) action: Action,
    /// Where its own words stand; everything else after the name is an option or an operand.
    own: [usize; MOST],
    /// One of them may be the value of an option.
    pub(super) doubtful: bool,
}

/// Every way in which the command may be governed: as which one, or why that cannot be known.
pub(super) fn find(command: &Command) -> Vec<Result<Governed<'_>, &Why>> {
    if command.name() == Some("sourceosctl") {
        return Readings::of(command, 1, true);
    }
    // By another name, or a name that is not known: the words themselves must show it.
    let named = command.name().is_some();
    let shows = |word: &Word| match word.known() {
        Some("agent-machine" | "workspace-ops") => true,
        Some("office") => !named,
        _ => false,
    };
    let Some(at) = command.words.iter().skip(1).position(shows) else { return Vec::new() };
    // `uv run sourceosctl …`: that one stands in the analysis by itself.
    let is_ours =
        |word: &Word| word.known().is_some_and(|word| word.rsplit('/').next() == Some("sourceosctl"));
    if command.words[..=at].iter().any(is_ours) {
        return Vec::new();
    }
    // What is governed cannot be taken for a program that happens to have an argument of that name.
    let mut readings = Readings::of(command, at + 1, false);
    readings.retain(|found| found.as_ref().is_ok_and(|governed| governed.action != Action::Office || !named));
    readings
}

/// Words that are looked at for all readings of one command together.
const MOST_LOOKS: usize = 50_000;

/// The readings of a command. Whether a word after an option is its value or the command's own, nobody knows who does not
/// know the option; so it is read both ways.
struct Readings<'c> {
    command: &'c Command,
    ours: bool,
    looks: usize,
    found: Vec<Result<Governed<'c>, &'c Why>>,
}

/// One reading on the way.
#[derive(Clone, Copy, Default)]
struct Reading<'c> {
    own: [usize; MOST],
    met: [&'c str; MOST],
    count: usize,
    after_option: bool,
    doubtful: bool,
}

impl<'c> Readings<'c> {
    fn of(command: &'c Command, from: usize, ours: bool) -> Vec<Result<Governed<'c>, &'c Why>> {
        let mut readings = Self { command, ours, looks: 0, found: Vec::new() };
        readings.follow(from, Reading::default());
        readings.found
    }

    fn follow(&mut self, from: usize, mut reading: Reading<'c>) {
        for (at, word) in self.command.words.iter().enumerate().skip(from) {
            self.looks += 1;
            if self.looks > MOST_LOOKS {
                return self.found.push(Err(&Why::TooMany));
            }
            let Some(text) = word.known() else {
                // Quoted and after an option it is the value of that option.
                let value = reading.after_option && !word.splits();
                let option = word.text().known_start().starts_with('-');
                if value || option {
                    reading.after_option = false;
                    continue;
                }
                let why = word.why_unknown().filter(|_| self.ours || reading.count > 0);
                return self.found.extend(why.map(Err));
            };
            if text.starts_with('-') {
                reading.after_option = !text.contains('=');
                continue;
            }
            let may_be_value = std::mem::take(&mut reading.after_option);
            match reading.next(text) {
                Some((words, action)) => {
                    let mut own = reading;
                    (own.own[own.count], own.met[own.count]) = (at, text);
                    own.count += 1;
                    own.doubtful |= may_be_value;
                    if words < own.count + 1 {
                        self.end(&own, action, text);
                    } else if may_be_value {
                        self.follow(at + 1, own);
                    } else {
                        reading = own;
                        continue;
                    }
                    if !may_be_value {
                        return;
                    }
                }
                None if may_be_value => {}
                None => return,
            }
        }
    }

    fn end(&mut self, reading: &Reading<'c>, action: Action, last: &str) {
        if action != Action::Office || last != "doctor" {
            let Reading { own, doubtful, .. } = *reading;
            self.found.push(Ok(Governed { command: self.command, action, own, doubtful }));
        }
    }
}

impl Reading<'_> {
    /// The governed command that goes on with this word: how many words it has, and what it does.
    fn next(&self, text: &str) -> Option<(usize, Action)> {
        let fits = |words: &[Option<&str>]| {
            words.len() > self.count
                && words[..self.count]
                    .iter()
                    .zip(self.met)
                    .all(|(word, met)| word.is_none_or(|word| word == met))
                && words[self.count].is_none_or(|word| word == text)
        };
        COMMANDS.iter().find(|(words, _)| fits(words)).map(|(words, action)| (words.len(), *action))
    }
}

/// The command only prints how it is used: nothing that it lacks is missed.
pub(super) fn asks_for_help(command: &Command) -> bool {
    let mut words = command.words.iter().map(Word::known).take_while(|word| *word != Some("--"));
    words.any(|word| matches!(word, Some("--help" | "-h" | "--version")))
}

/// An option with its value, if it has one.
#[derive(Debug, Clone)]
pub(super) struct Flag<'c> {
    /// The word as it stands.
    pub(super) word: &'c Word,
    /// The name without the value.
    pub(super) name: &'c str,
    /// What stands behind `=`.
    pub(super) joined: Option<Text>,
    /// The word after it, which may be its value.
    pub(super) next: Option<&'c Word>,
}

/// What is given to an option.
#[derive(Debug, Clone)]
pub(super) enum Given {
    Value(Text),
    /// Nothing, or another option.
    Nothing,
    /// Perhaps no word, perhaps several.
    Any(Text),
}

impl Flag<'_> {
    /// Whether it is this option, or may be short for it: programs take what is unique.
    pub(super) fn is(&self, name: &str, shortest: usize) -> bool {
        // Some programs take `_` for `-`.
        let given = self.name.replace('_', "-");
        given == name || given.len() >= shortest && name.starts_with(&given)
    }

    /// What is given to it, when it takes a value.
    pub(super) fn given(&self) -> Given {
        if let Some(text) = &self.joined {
            return if self.word.splits() { Given::Any(text.clone()) } else { Given::Value(text.clone()) };
        }
        match self.next {
            None => Given::Nothing,
            Some(word) if word.splits() => Given::Any(word.text().clone()),
            Some(word) if word.text().known_start().starts_with("--") => Given::Nothing,
            Some(word) => Given::Value(word.text().clone()),
        }
    }
}

/// A word that is neither the name nor one of its own words.
#[derive(Debug)]
pub(super) enum Item<'c> {
    Flag(Flag<'c>),
    /// It may hold any options at all.
    Anything(&'c Why),
    /// Something else, and whether it may be the value of the option before it.
    Operand(&'c Word, bool),
}

impl<'c> Governed<'c> {
    /// Its words, read as options, operands and what may be either.
    pub(super) fn items(&self) -> Vec<Item<'c>> {
        let words = &self.command.words;
        let mut items = Vec::new();
        let mut value_may_follow = false;
        for (at, word) in words.iter().enumerate().skip(1) {
            if self.own.contains(&at) {
                value_may_follow = false;
                continue;
            }
            let start = word.text().known_start();
            if start.starts_with("--") && start.len() > 2 {
                let Some((name, joined)) = name_and_value(word) else {
                    // `--na$X`: which option it is, is not known.
                    items.extend(word.why_unknown().map(Item::Anything));
                    continue;
                };
                // The value of an option is not the next own word of the command.
                let next = words.get(at + 1).filter(|_| !self.own.contains(&(at + 1)));
                value_may_follow = joined.is_none();
                items.push(Item::Flag(Flag { word, name, joined, next }));
                continue;
            }
            match word.why_unknown() {
                // The folder in which the step starts is a path, and no option.
                Some(why)
                    if start.is_empty()
                        && *why != Why::StartFolder
                        && (word.splits() || !value_may_follow) =>
                {
                    items.push(Item::Anything(why));
                }
                _ => items.push(Item::Operand(word, value_may_follow)),
            }
            value_may_follow = false;
        }
        items
    }

    /// The flags.
    pub(super) fn flags(&self) -> impl Iterator<Item = Flag<'c>> + use<'c> {
        self.items().into_iter().filter_map(|item| match item {
            Item::Flag(flag) => Some(flag),
            _ => None,
        })
    }

    /// The known value of the last option of that name.
    pub(super) fn value(&self, name: &str) -> Option<Text> {
        let values = self.flags().filter(|option| option.name == name);
        values.last().and_then(|option| match option.given() {
            Given::Value(text) => Some(text),
            _ => None,
        })
    }

    /// It only prints how it is used.
    pub(super) fn asks_for_help(&self) -> bool {
        asks_for_help(self.command)
    }

    /// The evidence that it leaves.
    pub(super) fn evidence(&self) -> Option<&'static str> {
        if self.asks_for_help() {
            return None;
        }
        match self.action {
            Action::Mounts { plans: true } => Some("agent-machine.mount.evidence"),
            Action::Office => Some("office.artifact.evidence"),
            Action::TerminalRun => Some("terminal.command.evidence"),
            Action::SessionOpen | Action::CaptureTake => Some("browser.capture.evidence"),
            Action::AgentRun => Some("agent.execution.evidence"),
            Action::FileCheck | Action::CardRecord => Some("file.conflict.evidence"),
            Action::Mounts { plans: false } | Action::GateRecord => None,
        }
    }
}

/// Cuts `--name=value`; the value may be unknown, the name may not.
fn name_and_value(word: &Word) -> Option<(&str, Option<Text>)> {
    if let Some((name, value)) = word.text().split_equals() {
        return Some((name, Some(value)));
    }
    word.text().known().map(|name| (name, None))
}
