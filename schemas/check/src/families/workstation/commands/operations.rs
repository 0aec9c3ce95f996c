//! Workspace operations: audit, scope of captures, and the gate before an agent.

use contract_shell::{Text, Why};

use super::governed::{Action, Flag, Given, Governed, Item};
use super::{Steps, rules, shown};
use crate::node::Node;

/// Values that switch something off.
const OFF: &[&str] = &["0", "disable", "disabled", "false", "n", "no", "none", "off"];

/// Fewest characters of abbreviations: one less could be another option.
const SHORTEST_NO_AUDIT: usize = "--no-a".len();
const SHORTEST_NO_GATE: usize = "--no-p".len();
const SHORTEST_SCOPE: usize = "--ca".len();
const SHORTEST_GATE: usize = "--policy-g".len();

/// What the lane has done so far.
#[derive(Debug, Default)]
pub(super) struct Operations {
    gates: Vec<Gate>,
    /// A browser session was opened with a scope.
    has_scope: bool,
}

/// A recorded decision of a policy gate.
#[derive(Debug)]
struct Gate {
    operation: Option<String>,
    result: GateResult,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum GateResult {
    Allow,
    Other(String),
    Unknown(String),
}

/// A setting that an option may switch off.
enum Switch {
    Off(String),
    Unknown(String),
}

/// Checks a workspace operation.
pub(super) fn check(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) {
    match governed.action {
        Action::TerminalRun => {
            audit(steps, governed, run);
            denied(steps, governed, run);
        }
        Action::SessionOpen => {
            scope(steps, governed, run);
            denied(steps, governed, run);
        }
        Action::CaptureTake => {
            let none = !scope(steps, governed, run);
            if none && !steps.operations.has_scope && !governed.asks_for_help() {
                let message =
                    format!("neither it nor a session before it has a scope: {}", shown(governed.command));
                steps.add(&rules::WEB_CAPTURE_SCOPE_MISSING, run, message);
            }
            denied(steps, governed, run);
        }
        Action::AgentRun => agent(steps, governed, run),
        Action::GateRecord => record(steps, governed),
        _ => {}
    }
}

/// The command that a terminal command runs, as text.
pub(super) fn terminal_text(governed: &Governed<'_>) -> Option<String> {
    let command = governed.value("--command")?;
    let arguments = governed.value("--args").unwrap_or_default();
    Some(format!("{} {}", command.known()?, arguments.known()?))
}

/// Whether one of the flags switches `--name` off.
fn switched_off(governed: &Governed<'_>, name: &str, no_name: &str, shortest: [usize; 2]) -> Option<Switch> {
    let mut unknown = None;
    for item in governed.items() {
        match item {
            Item::Flag(flag) if flag.is(no_name, shortest[1]) => {
                // `--no-audit=false` leaves it on.
                let value = flag.joined.as_ref().and_then(Text::known);
                if !value.is_some_and(is_off) {
                    return Some(Switch::Off(flag.name.to_owned()));
                }
            }
            Item::Flag(flag) if flag.is(name, shortest[0]) => match flag.given() {
                Given::Value(text) if text.known().is_some_and(is_off) => {
                    return Some(Switch::Off(format!("{} {text}", flag.name)));
                }
                Given::Value(text) | Given::Any(text) => {
                    unknown = text.why_unknown().map(|why| Switch::Unknown(why.to_string())).or(unknown);
                }
                Given::Nothing => {}
            },
            Item::Anything(why) => unknown = Some(Switch::Unknown(why.to_string())),
            _ => {}
        }
    }
    unknown
}

fn is_off(value: &str) -> bool {
    OFF.contains(&value.trim().to_ascii_lowercase().as_str())
}

fn audit(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) {
    let command = shown(governed.command);
    let shortest = ["--audit".len(), SHORTEST_NO_AUDIT];
    match switched_off(governed, "--audit", "--no-audit", shortest) {
        Some(Switch::Off(how)) => {
            steps.add(&rules::TERMINAL_AUDIT_OFF, run, format!("`{how}` switches the audit off: {command}"));
        }
        Some(Switch::Unknown(why)) => {
            let message = format!("whether there is an audit depends on {why}: {command}");
            steps.add(&rules::TERMINAL_AUDIT_UNRESOLVED, run, message);
        }
        None => {}
    }
}

/// Checks the scope of a session or a capture; false when none is named.
fn scope(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) -> bool {
    let command = shown(governed.command);
    let mut named = false;
    for item in governed.items() {
        let given = match &item {
            Item::Flag(flag) if flag.is("--capture-scope", SHORTEST_SCOPE) => flag.given(),
            Item::Anything(why) => Given::Any(Text::unknown(Why::clone(why))),
            _ => continue,
        };
        named = true;
        match given {
            Given::Value(text)
                if text.known().is_some_and(|text| text.trim().eq_ignore_ascii_case("none")) =>
            {
                let message = format!("the scope is `{text}`: {command}");
                steps.add(&rules::WEB_CAPTURE_SCOPE_NONE, run, message);
            }
            Given::Value(text) if text.known().is_some_and(|text| text.trim().is_empty()) => {
                let message = format!("the scope is empty: {command}");
                steps.add(&rules::WEB_CAPTURE_SCOPE_MISSING, run, message);
            }
            Given::Nothing => {
                let message = format!("the scope has no value: {command}");
                steps.add(&rules::WEB_CAPTURE_SCOPE_MISSING, run, message);
            }
            Given::Value(text) | Given::Any(text) => match text.why_unknown() {
                Some(why) => {
                    let message = format!("the scope depends on {why}: {command}");
                    steps.add(&rules::WEB_CAPTURE_SCOPE_UNRESOLVED, run, message);
                }
                None if governed.action == Action::SessionOpen => steps.operations.has_scope = true,
                None => {}
            },
        }
    }
    named
}

fn record(steps: &mut Steps<'_, '_>, governed: &Governed<'_>) {
    let anything = governed.items().into_iter().find_map(|item| match item {
        Item::Anything(why) => Some(why.to_string()),
        _ => None,
    });
    let results: Vec<Flag<'_>> = governed.flags().filter(|flag| flag.is("--result", "--re".len())).collect();
    let mut result = anything.map_or(GateResult::Other("no result".to_owned()), GateResult::Unknown);
    for flag in results {
        result = match flag.given() {
            Given::Value(text) | Given::Any(text) => match (text.known(), text.why_unknown()) {
                (Some("allow"), _) => GateResult::Allow,
                (Some(other), _) => GateResult::Other(format!("the result `{other}`")),
                (None, why) => GateResult::Unknown(why.map(ToString::to_string).unwrap_or_default()),
            },
            Given::Nothing => GateResult::Other("no result".to_owned()),
        };
    }
    let operation = operation_of(governed);
    steps.operations.gates.push(Gate { operation, result });
}

/// The operation that the command belongs to, when it is known.
fn operation_of(governed: &Governed<'_>) -> Option<String> {
    governed.value("--operation-id")?.known().map(str::to_owned)
}

/// What the last gate for the operation said; a gate or a command without an operation goes with all.
fn last_gate(steps: &Steps<'_, '_>, operation: Option<&str>) -> Option<GateResult> {
    let concerns = |gate: &&Gate| match (&gate.operation, operation) {
        (Some(gated), Some(operation)) => gated == operation,
        _ => true,
    };
    steps.operations.gates.iter().rev().find(concerns).map(|gate| gate.result.clone())
}

fn denied(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) {
    if let Some(GateResult::Other(result)) = last_gate(steps, operation_of(governed).as_deref()) {
        let message = format!("the gate before it has {result}: {}", shown(governed.command));
        steps.add(&rules::POLICY_GATE_DENIED, run, message);
    }
}

fn agent(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, run: Node<'_>) {
    let command = shown(governed.command);
    match switched_off(governed, "--policy-gate", "--no-policy-gate", [SHORTEST_GATE, SHORTEST_NO_GATE]) {
        Some(Switch::Off(how)) => {
            return steps.add(
                &rules::AGENT_POLICY_GATE_OFF,
                run,
                format!("`{how}` passes the gate by: {command}"),
            );
        }
        Some(Switch::Unknown(why)) => {
            let message = format!("whether there is a gate depends on {why}: {command}");
            steps.add(&rules::AGENT_POLICY_GATE_UNRESOLVED, run, message);
        }
        None => {}
    }
    match last_gate(steps, operation_of(governed).as_deref()) {
        Some(GateResult::Allow) => {}
        Some(GateResult::Unknown(why)) => {
            let message = format!("the result of the gate before it depends on {why}: {command}");
            steps.add(&rules::AGENT_POLICY_GATE_UNRESOLVED, run, message);
        }
        Some(GateResult::Other(_)) => denied(steps, governed, run),
        None if governed.asks_for_help() => {}
        None => {
            let message = format!("no step before it records a gate: {command}");
            steps.add(&rules::AGENT_POLICY_GATE_MISSING, run, message);
        }
    }
}
