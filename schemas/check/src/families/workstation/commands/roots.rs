//! The roots of `agent-machine mounts`: folders that an agent gets.

use contract_shell::{Part, Place, Root, Text};

use super::governed::{Flag, Given, Governed, Item};
use super::{Steps, rules, shown};
use crate::node::Node;
use crate::places::{Judgement, Reason, as_programs_read, judge};
use crate::rule::Rule;

/// The options that name a root.
const ROOTS: &[&str] = &["--dev-root", "--docs-root", "--downloads-root"];

/// Fewest characters of an abbreviation.
const SHORTEST: usize = "--d".len();

/// What options that give a folder away are called.
const LIKE_ROOTS: &[&str] = &["--bind", "--mount", "--mounts", "--share", "--volume", "--workspace"];

/// Checks the roots that a command names.
pub(super) fn check(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, plans: bool, run: Node<'_>) {
    let (mut any, mut after_root) = (false, false);
    for item in governed.items() {
        let is_value = std::mem::take(&mut after_root);
        match item {
            Item::Flag(flag) if ROOTS.iter().any(|root| flag.is(root, SHORTEST)) => {
                (any, after_root) = (true, flag.joined.is_none());
                root(steps, governed, &flag, run);
            }
            Item::Flag(flag) if is_like_a_root(flag.name) => {
                (any, after_root) = (true, flag.joined.is_none());
                let message = format!("{} is no option for a root: {}", flag.name, shown(governed.command));
                steps.add(&rules::MOUNT_FLAG_UNKNOWN, run, message);
            }
            Item::Flag(flag) => {
                if let Some(path) = &flag.joined {
                    unnamed(steps, governed, path, run);
                }
            }
            Item::Anything(_) if is_value => {}
            Item::Anything(why) => {
                any = true;
                let message = format!("{why} may hold any root: {}", shown(governed.command));
                steps.add(&rules::MOUNT_ROOT_UNRESOLVED, run, message);
            }
            Item::Operand(..) if is_value => {}
            // A path that no option names.
            Item::Operand(word, _) => unnamed(steps, governed, &behind_letter(word.text()), run),
        }
    }
    if plans && !any && !governed.asks_for_help() {
        let message = format!("no root is named: {}", shown(governed.command));
        steps.add(&rules::MOUNT_ROOT_MISSING, run, message);
    }
}

/// A path that no known option names is refused for what it is, and not for what is unknown of it.
fn unnamed(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, path: &Text, run: Node<'_>) {
    let found = judge_root(path, |path| governed.command.places(path), steps.home());
    if let Some((rule, what)) = found.filter(|(rule, _)| *rule != &rules::MOUNT_ROOT_UNRESOLVED) {
        steps.add(rule, run, format!("`{path}` {what}: {}", shown(governed.command)));
    }
}

/// `-d/home`: the value of an option of one letter.
fn behind_letter(text: &Text) -> Text {
    match text.parts().split_first() {
        Some((Part::Text(start), rest))
            if start.starts_with('-') && start.is_char_boundary(2) && start.len() > 1 =>
        {
            let value = Part::Text(start[2..].trim_start_matches('=').to_owned());
            std::iter::once(value).chain(rest.iter().cloned()).collect()
        }
        _ => text.clone(),
    }
}

fn is_like_a_root(name: &str) -> bool {
    let name = &*name.replace('_', "-");
    name.ends_with("-root") || name.ends_with("-roots") || name == "--root" || LIKE_ROOTS.contains(&name)
}

fn root(steps: &mut Steps<'_, '_>, governed: &Governed<'_>, flag: &Flag<'_>, run: Node<'_>) {
    let command = shown(governed.command);
    let text = match flag.given() {
        Given::Nothing => {
            let message = format!("{} has no value: {command}", flag.name);
            return steps.add(&rules::MOUNT_ROOT_MISSING, run, message);
        }
        Given::Any(text) => {
            // Quoting would not make it known.
            let why = text.why_unknown().map(ToString::to_string).unwrap_or_default();
            let message = format!("{} gets {why}: {command}", flag.name);
            return steps.add(&rules::MOUNT_ROOT_UNRESOLVED, run, message);
        }
        Given::Value(text) => text,
    };
    if text.known().is_some_and(|text| text.trim().is_empty()) {
        let message = format!("{} has an empty value: {command}", flag.name);
        return steps.add(&rules::MOUNT_ROOT_MISSING, run, message);
    }
    let found = judge_root(&text, |path| governed.command.places(path), steps.home());
    if let Some((rule, what)) = found {
        steps.add(rule, run, format!("{} `{text}` {what}: {command}", flag.name));
    }
}

/// Why a folder may not be a root that an agent gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFault {
    /// The rule that it breaks.
    pub rule: &'static Rule,
    /// What the folder is, as the end of a sentence about it: `is the whole home folder`.
    pub what: String,
}

/// Judges a path that is written out as a root, by the rules for the roots of commands.
///
/// ```
/// let fault = contract_check::judge_root("/data/me/dev/..", Some("/data/me")).unwrap();
/// assert_eq!((fault.rule.id, &*fault.what), ("MOUNT_ROOT_WHOLE_HOME", "is the whole home folder"));
/// assert_eq!(contract_check::judge_root("/data/me/dev", Some("/data/me")), None);
/// ```
#[must_use]
pub fn judge_written_root(path: &str, home: Option<&str>) -> Option<RootFault> {
    let start = Place::of(Root::Start);
    let as_read = judge_root(&Text::from(path), |path| vec![start.join(path)], home);
    // A program may read it as a list, or with blanks cut off; who gives the folder itself means it to the letter.
    let found = match Place::absolute(path).map(|place| judge(&place, home)) {
        Some(Judgement::Fine) => as_read.filter(|(rule, _)| *rule != &rules::MOUNT_ROOT_UNRESOLVED),
        Some(Judgement::Forbidden(reason)) => Some((rule_for(reason), reason.to_string())),
        Some(Judgement::Unknown(_)) | None => as_read,
    };
    found.map(|(rule, what)| RootFault { rule, what })
}

/// The rule that a path breaks as a root, and how: `is the whole home folder`.
pub(in super::super) fn judge_root(
    path: &Text,
    places: impl Fn(&Text) -> Vec<Place>,
    home: Option<&str>,
) -> Option<(&'static Rule, String)> {
    let mut unknown = None;
    for path in listed(path) {
        for place in places(&as_programs_read(&path)) {
            match judge(&place, home) {
                Judgement::Fine => {}
                Judgement::Forbidden(reason) => return Some((rule_for(reason), reason.to_string())),
                Judgement::Unknown(why) => {
                    unknown.get_or_insert_with(|| {
                        (&rules::MOUNT_ROOT_UNRESOLVED, format!("cannot be known: it depends on {why}"))
                    });
                }
            }
        }
    }
    unknown
}

/// The path, and its parts when it may be a list.
fn listed(path: &Text) -> Vec<Text> {
    let mut paths = vec![path.known().map_or_else(|| path.clone(), |path| Text::from(path.trim()))];
    let mut parts: Vec<Vec<Part>> = vec![Vec::new()];
    for part in path.parts() {
        let Part::Text(text) = part else {
            parts.iter_mut().last().into_iter().for_each(|last| last.push(part.clone()));
            continue;
        };
        for (index, piece) in text.split([':', ',']).enumerate() {
            if index > 0 {
                parts.push(Vec::new());
            }
            parts.iter_mut().last().into_iter().for_each(|last| last.push(Part::Text(piece.to_owned())));
        }
    }
    if parts.len() > 1 {
        let texts = parts.into_iter().map(|parts| parts.into_iter().collect::<Text>());
        paths.extend(texts.filter(|text| match text.parts().first() {
            Some(Part::Text(text)) => text.starts_with(['/', '~', '$']),
            part => matches!(part, Some(Part::Home | Part::HomeOf(_))),
        }));
    }
    paths
}

fn rule_for(reason: Reason) -> &'static Rule {
    match reason {
        Reason::WholeHome => &rules::MOUNT_ROOT_WHOLE_HOME,
        Reason::AboveHome => &rules::MOUNT_ROOT_ABOVE_HOME,
        Reason::OtherHome => &rules::MOUNT_ROOT_OTHER_HOME,
        Reason::WholeDownloads | Reason::SharedDownloads => &rules::MOUNT_ROOT_WHOLE_DOWNLOADS,
        Reason::WholeDocuments | Reason::SharedDocuments => &rules::MOUNT_ROOT_WHOLE_DOCUMENTS,
        Reason::Private(_) | Reason::AbovePrivate(_) => &rules::MOUNT_ROOT_PRIVATE,
    }
}
