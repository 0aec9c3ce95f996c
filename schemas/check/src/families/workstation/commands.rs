//! Commands in the steps of a lane. The steps are read as a shell reads them; rules see commands, never text.

mod governed;
mod office;
mod operations;
mod roots;
mod rules;

use std::collections::BTreeSet;

use contract_shell::{Analysis, Command, Place, Role, Shell, Start};

use crate::node::Node;
use crate::report::Report;
use crate::rule::Rule;

use super::evidence;
use governed::{Action, Governed};
use operations::Operations;
pub(super) use roots::judge_root;
pub use roots::{RootFault, judge_written_root};
pub(super) use rules::RULES;

/// Commands within the words of `terminal-command run` that are followed.
const MAX_NESTED: usize = 4;

/// Checks the steps of a lane of a contract with these labels.
pub(super) fn check_lane(lane: Node<'_>, labels: Node<'_>, report: &mut Report<'_>) {
    let workdir = lane.get("backend").get("container").get("workdir").str();
    let start = Start { cwd: workdir.and_then(Place::absolute), watched: &["sourceosctl"] };
    let mut steps = Steps {
        shell: Shell::new(start),
        operations: Operations::default(),
        evidence: BTreeSet::new(),
        told: Vec::new(),
        doubtful: false,
        report,
    };
    for step in lane.get("steps").items() {
        let run = step.get("run");
        let Some(text) = run.str() else { continue };
        let analysis = steps.shell.run(text);
        steps.told.clear();
        steps.analysis(&analysis, run, 0);
    }
    let emitted = lane.get("evidence").get("emit");
    for (key, what) in steps.evidence {
        // What a label demands too is told there.
        if !emitted.strings().any(|emitted| emitted == key) && !evidence::is_demanded(labels, key) {
            let message = format!("{what} leaves {key}, which the lane does not emit");
            report.add(&rules::LANE_EVIDENCE_FOR_COMMAND, emitted, message);
        }
    }
}

/// The steps of a lane on the way.
struct Steps<'r, 'a> {
    shell: Shell,
    operations: Operations,
    /// Evidence that the commands leave, and which command it was.
    evidence: BTreeSet<(&'static str, &'static str)>,
    /// What was said of this step: a loop says nothing twice.
    told: Vec<(&'static str, String)>,
    /// The reading of the command is not the only one, and the less likely one.
    doubtful: bool,
    report: &'r mut Report<'a>,
}

impl Steps<'_, '_> {
    fn analysis(&mut self, analysis: &Analysis, run: Node<'_>, nested: usize) {
        if let Some(fault) = &analysis.unread {
            let governed = analysis.commands.iter().find(|command| !governed::find(command).is_empty());
            if let Some(command) = governed {
                let message = format!("{fault}; it names `{}`", shortened(command));
                self.add(&rules::RUN_UNREAD, run, message);
            }
            return;
        }
        for command in &analysis.commands {
            office::check_readers(self, command, run);
            if command.role != Role::Runs {
                continue;
            }
            let readings = governed::find(command);
            let sure = readings.iter().flatten().any(|governed| !governed.doubtful);
            for reading in readings {
                match reading {
                    Ok(governed) => {
                        self.doubtful = sure && governed.doubtful;
                        self.governed(&governed, run, nested);
                        self.doubtful = false;
                    }
                    Err(why) if !governed::asks_for_help(command) => {
                        let message =
                            format!("which command runs depends on {why}: `{}`", shortened(command));
                        self.add(&rules::COMMAND_UNRESOLVED, run, message);
                    }
                    Err(_) => {}
                }
            }
        }
    }

    fn governed(&mut self, governed: &Governed<'_>, run: Node<'_>, nested: usize) {
        if let Some(key) = governed.evidence().filter(|_| !self.doubtful) {
            self.evidence.insert((key, governed.action.words()));
        }
        match governed.action {
            Action::Mounts { plans } => roots::check(self, governed, plans, run),
            Action::Office => office::check(self, governed, run),
            _ => operations::check(self, governed, run),
        }
        if governed.action == Action::TerminalRun
            && nested < MAX_NESTED
            && let Some(text) = operations::terminal_text(governed)
        {
            let analysis = self.shell.run(&text);
            self.analysis(&analysis, run, nested + 1);
        }
    }

    fn add(&mut self, rule: &'static Rule, run: Node<'_>, message: String) {
        // A reading that is the less likely one shows what is forbidden, and not what is missing.
        if self.doubtful && !rules::FORBIDDING.contains(&rule) {
            return;
        }
        let told = (rule.id, message);
        if !self.told.contains(&told) {
            self.report.add(rule, run, told.1.clone());
            self.told.push(told);
        }
    }

    fn home(&self) -> Option<&str> {
        self.report.home()
    }
}

/// The command for a message, with where it stands.
fn shown(command: &Command) -> String {
    let text = shortened(command);
    if command.line > 1 { format!("line {}: `{text}`", command.line) } else { format!("`{text}`") }
}

/// The first words of the command.
fn shortened(command: &Command) -> String {
    const LENGTH: usize = 80;
    let text = command.to_string().replace('\n', " ");
    match text.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
