//! A path walked name by name, so that links are seen and no mount of another machine is touched.

use std::collections::VecDeque;

use serde::Serialize;

use crate::fact::Fact;
use crate::mounts::{Mount, Reach, reach_in};
use crate::tree::{Meta, Tree, is_absent};

/// As many links as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;
/// Type bits of a mode and that of a link (inode(7)), and the bits that a folder for everyone has.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;

/// What is on the way to a path, and at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The path without links, as far as it could be followed.
    pub real: String,
    /// Links on the way.
    pub links: Vec<Link>,
    /// Folders on the way in which everyone may rename what is there.
    pub open_parents: Vec<String>,
    /// What is at the end.
    pub end: Ending,
}

/// A link on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where it is.
    pub path: String,
    /// User id of its owner.
    pub uid: u32,
}

/// How a walk ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Something is there.
    Found(Meta),
    /// Nothing is there, or not all of the way is.
    Missing,
    /// The way leads to a mount that is not touched.
    Foreign,
    /// It could not be followed.
    Unknown(String),
}

/// Walks `path`.
pub fn walk(tree: &Tree, table: &[Mount], path: &str) -> Walked {
    let mut walked =
        Walked { real: String::new(), links: Vec::new(), open_parents: Vec::new(), end: Ending::Missing };
    let mut names: VecDeque<String> = names(path).collect();
    while let Some(name) = names.pop_front() {
        if name == ".." {
            walked.real.truncate(walked.real.rfind('/').unwrap_or(0));
            continue;
        }
        let here = format!("{}/{name}", walked.real);
        if reach_in(table, &here) == Reach::Foreign {
            walked.real = here;
            walked.end = Ending::Foreign;
            return walked;
        }
        let meta = match tree.meta(&here) {
            Fact::Known(meta) => meta,
            Fact::Unknown(reason) => {
                walked.end = if is_absent(&reason) { Ending::Missing } else { Ending::Unknown(reason) };
                // The rest of the names tells where it would be.
                walked.real = names.iter().fold(here, |real, name| format!("{real}/{name}"));
                return walked;
            }
        };
        walked.end = Ending::Found(meta);
        if meta.mode & TYPE != LINK {
            if !names.is_empty() && meta.mode & OTHERS_WRITE != 0 && meta.mode & STICKY == 0 {
                walked.open_parents.push(here.clone());
            }
            walked.real = here;
            continue;
        }
        walked.links.push(Link { path: here.clone(), uid: meta.uid });
        let Some(target) = tree.link(&here).filter(|_| walked.links.len() <= MAX_LINKS) else {
            walked.end = Ending::Unknown("a link that cannot be followed".to_owned());
            return walked;
        };
        if target.starts_with('/') {
            walked.real.clear();
        }
        self::names(&target).collect::<Vec<_>>().into_iter().rev().for_each(|name| names.push_front(name));
    }
    walked
}

fn names(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split('/').filter(|name| !name.is_empty() && *name != ".").map(str::to_owned)
}
