//! Mounts of a lane of version 0.2: their sources are roots as those of commands are.

use contract_shell::{Part, Place, Root, Text, Why};

use super::commands::judge_root;
use crate::node::Node;
use crate::report::Report;
use crate::rule::Rule;

/// The rules are those of the roots of commands.
pub(super) static RULES: &[&Rule] = &[];

/// Checks the sources of the mounts of a lane.
pub(super) fn check(lane: Node<'_>, report: &mut Report<'_>) {
    for mount in lane.get("mounts").items() {
        let source = mount.get("source");
        let Some(text) = source.str() else { continue };
        if is_volume(text) {
            continue;
        }
        let start = Place::of(Root::Start);
        if let Some((rule, what)) = judge_root(&path(text), |path| vec![start.join(path)], report.home()) {
            report.add(rule, source, format!("{text:?} {what}"));
        }
    }
}

/// A name without a path is a volume that the container engine keeps.
fn is_volume(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric()) && !text.contains(['/', '$', '{', '%', '<'])
}

/// The source as a path; a variable or a template in it is not known.
fn path(text: &str) -> Text {
    let home = ["${HOME}", "$HOME"].into_iter().find(|home| text.starts_with(home)).map_or(0, str::len);
    match text[home..].find(['$', '{', '%', '<']) {
        Some(at) => {
            let (known, rest) = text.split_at(home + at);
            let unknown = Part::Unknown(Why::Template(rest.to_owned()));
            [Part::Text(known.to_owned()), unknown].into_iter().collect()
        }
        None => Text::from(text),
    }
}
