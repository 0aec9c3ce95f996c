//! Places that may not be given away as a root: a home, what holds homes, and what is private.
//!
//! A place is judged without a file system. What is forbidden is data, in `places/tables.rs`.

mod tables;

use std::fmt;

use contract_shell::{Part, Place, Root, Text, Why};

use crate::text::acts;
use tables::{HOMES, OWNED, PRIVATE, SYSTEM};

/// Why a place may not be a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is the home folder.
    WholeHome,
    /// It holds home folders.
    AboveHome,
    /// It is the home folder of a named user.
    OtherHome,
    /// It is Downloads as a whole.
    WholeDownloads,
    /// It is the part of Downloads that agents share.
    SharedDownloads,
    /// It is Documents as a whole.
    WholeDocuments,
    /// It is the part of Documents that agents share.
    SharedDocuments,
    /// It is or is in something private, which is named.
    Private(&'static str),
    /// It holds something private, which is named.
    AbovePrivate(&'static str),
}

/// What the place is, as the end of a sentence about it.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeHome => f.write_str("is the whole home folder"),
            Self::AboveHome => f.write_str("holds home folders"),
            Self::OtherHome => f.write_str("is a home folder"),
            Self::WholeDownloads => f.write_str("is the whole of Downloads"),
            Self::SharedDownloads => f.write_str("is the part of Downloads that all agents share"),
            Self::WholeDocuments => f.write_str("is the whole of Documents"),
            Self::SharedDocuments => f.write_str("is the part of Documents that all agents share"),
            Self::Private(what) => write!(f, "is private: {what}"),
            Self::AbovePrivate(what) => write!(f, "holds what is private: {what}"),
        }
    }
}

/// What is said of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing forbidden.
    Fine,
    /// It may not be a root.
    Forbidden(Reason),
    /// Where it leads depends on what the contract does not say.
    Unknown(Why),
}

/// Judges a place as a root. `home` is the folder that the home stands for, when it is known.
#[must_use]
pub fn judge(place: &Place, home: Option<&str>) -> Judgement {
    let mut known: Vec<&str> = place.names.iter().map_while(Text::known).collect();
    let complete = known.len() == place.names.len();
    let home = home.and_then(Place::absolute);
    let home: Option<Vec<&str>> = home.as_ref().and_then(Place::known_names);
    let judgement = match (&place.root, &home) {
        (Root::Unknown(why), _) => return Judgement::Unknown(why.clone()),
        (Root::Start, _) => return Judgement::Unknown(Why::StartFolder),
        (Root::Home, Some(home)) => {
            let mut path = home[..home.len().saturating_sub(place.above)].to_vec();
            path.append(&mut known);
            absolute(&path, Some(home))
        }
        (Root::Home, None) => from_home(place.above, &known, complete, Reason::WholeHome),
        (Root::HomeOf(_), _) => from_home(place.above, &known, complete, Reason::OtherHome),
        (Root::FileSystem, home) => absolute(&known, home.as_deref()),
    };
    // An unknown name leads further down, or anywhere: only what is private all the way down is certain.
    match judgement {
        Judgement::Forbidden(Reason::Private(_)) => judgement,
        judgement if complete => judgement,
        _ => Judgement::Unknown(place.why_unknown().unwrap_or(Why::Folder)),
    }
}

/// A place given from a home: `above` folders up, then `names` down.
fn from_home(above: usize, names: &[&str], complete: bool, whole: Reason) -> Judgement {
    match (above, names) {
        (0, names) => below_home(names, whole),
        // More names may follow.
        (_, []) if !complete => Judgement::Unknown(Why::Folder),
        (_, []) => Judgement::Forbidden(Reason::AboveHome),
        // A neighbour of the home.
        (1, [_, names @ ..]) => below_home(names, Reason::OtherHome),
        _ => Judgement::Unknown(Why::Folder),
    }
}

/// A place by its names below a home.
fn below_home(names: &[&str], whole: Reason) -> Judgement {
    if names.is_empty() {
        return Judgement::Forbidden(whole);
    }
    if let Some((_, reason)) = OWNED.iter().find(|(path, _)| same(path, names)) {
        return Judgement::Forbidden(*reason);
    }
    private(names, PRIVATE)
}

fn private(names: &[&str], table: &'static [tables::Private]) -> Judgement {
    for tables::Private { path, what } in table {
        if starts(names, path) {
            return Judgement::Forbidden(Reason::Private(what));
        }
        if starts(path, names) {
            return Judgement::Forbidden(Reason::AbovePrivate(what));
        }
    }
    Judgement::Fine
}

/// A place by its names below `/`.
fn absolute(names: &[&str], home: Option<&[&str]>) -> Judgement {
    let names = from_root(names);
    if let Some(home) = home {
        if starts(names, home) {
            let judgement = below_home(&names[home.len()..], Reason::WholeHome);
            // A home may hold those of others: that of a container is often `/`.
            if judgement != Judgement::Fine {
                return judgement;
            }
        } else if starts(home, names) {
            return Judgement::Forbidden(Reason::AboveHome);
        }
    }
    for homes in HOMES {
        let folder = homes.folder;
        let user = usize::from(homes.of_users);
        if names.len() >= folder.len() + user && starts(names, folder) {
            return below_home(&names[folder.len() + user..], Reason::OtherHome);
        }
        if names.len() >= homes.from && starts(folder, names) {
            return Judgement::Forbidden(Reason::AboveHome);
        }
    }
    private(names, SYSTEM)
}

/// The same place without a detour that leads back to `/`.
fn from_root<'a, 'b>(names: &'a [&'b str]) -> &'a [&'b str] {
    match names {
        // On a Mac, /var and /etc are links into /private.
        ["private", rest @ ..] if matches!(rest.first(), Some(&("var" | "etc" | "tmp"))) => rest,
        // The root of a process (proc_pid_root(5)), of the host of a Flatpak, and of a mounted ostree deployment.
        ["proc", _, "root", rest @ ..]
        | ["proc", _, "task", _, "root", rest @ ..]
        | ["run", "host", rest @ ..] => from_root(rest),
        ["sysroot", rest @ ..] if !rest.is_empty() => from_root(rest),
        names => names,
    }
}

fn starts(names: &[&str], with: &[&str]) -> bool {
    names.len() >= with.len() && same(&names[..with.len()], with)
}

/// Letters count as on a Mac, where case does not.
fn same(one: &[&str], other: &[&str]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The data of an application that the names of a path show.
#[must_use]
pub fn application_data(place: &Place) -> Option<&'static str> {
    named_data(place, tables::APPLICATION_DATA)
}

/// As [`application_data`], but only by names that mean nothing else anywhere.
#[must_use]
pub fn certain_application_data(place: &Place) -> Option<&'static str> {
    named_data(place, &tables::APPLICATION_DATA[..tables::CERTAIN])
}

/// What is private about a place that is to be read as a file, or about where a pattern in it may lead.
///
/// `home` is the folder that the home stands for, when it is known.
#[must_use]
pub fn private_input(place: &Place, home: Option<&str>) -> Option<&'static str> {
    if !place.names.iter().all(is_known_or_pattern) {
        return None;
    }
    let known = place.names.iter().take_while(|name| name.known().is_some()).count();
    let start = Place { names: place.names[..known].to_vec(), ..place.clone() };
    match judge(&start, home) {
        // A file that stands beside what is private is not meant; what a pattern matches may be.
        Judgement::Forbidden(Reason::Private(what)) => Some(what),
        Judgement::Forbidden(Reason::AbovePrivate(what)) if known < place.names.len() => Some(what),
        _ => None,
    }
}

fn is_known_or_pattern(name: &Text) -> bool {
    name.parts().iter().all(|part| matches!(part, Part::Text(_) | Part::Glob(_)))
}

fn named_data(place: &Place, table: &'static [tables::Data]) -> Option<&'static str> {
    table.iter().find_map(|data| {
        let found = place
            .names
            .windows(data.names.len())
            .any(|window| window.iter().zip(data.names).all(|(name, pattern)| name_matches(name, pattern)));
        found.then_some(data.what)
    })
}

/// A path as a program may read it: `~`, `$HOME` and `${HOME}` in quotes still mean the home to many.
#[must_use]
pub fn as_programs_read(path: &Text) -> Text {
    let Some(Part::Text(first)) = path.parts().first() else { return path.clone() };
    let first = first.trim_start();
    let home = ["$HOME", "${HOME}"].into_iter().find_map(|home| first.strip_prefix(home));
    let (part, rest) = match (home, first.strip_prefix('~')) {
        (Some(rest), _) if rest.is_empty() || rest.starts_with('/') => (Part::Home, rest),
        (None, Some(rest)) => {
            let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let part = if user.trim_end().is_empty() { Part::Home } else { Part::HomeOf(user.to_owned()) };
            (part, rest)
        }
        _ => return path.clone(),
    };
    [part, Part::Text(rest.to_owned())].into_iter().chain(path.parts()[1..].iter().cloned()).collect()
}

/// Whether a name that may hold patterns can be one that `pattern` describes: a name, or `*` before or after a part of it.
fn name_matches(name: &Text, pattern: &str) -> bool {
    let wanted = pattern.trim_matches('*').to_ascii_lowercase();
    let mut characters = 0;
    let mut rest = wanted.as_str();
    let mut exact = true;
    for part in name.parts() {
        match part {
            Part::Text(text) => {
                let text = text.to_ascii_lowercase();
                characters += text.len();
                if exact && name.parts().len() == 1 {
                    return match (pattern.starts_with('*'), pattern.ends_with('*')) {
                        (true, true) => text.contains(&wanted),
                        (true, false) => text.ends_with(&wanted),
                        (false, true) => text.starts_with(&wanted),
                        (false, false) => text == wanted,
                    };
                }
                let Some(at) = rest.find(&text) else { return false };
                rest = &rest[at + text.len()..];
            }
            Part::Glob(_) => exact = false,
            _ => return false,
        }
    }
    // `*` alone may be anything; four letters of the name are no accident.
    characters >= 4
}

/// Whether a path holds what no line of a unit or of a log may hold.
#[must_use]
pub fn has_control_character(path: &str) -> bool {
    path.contains(|c: char| acts(c) || matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}'))
}

/// Whether two absolute paths without `.` and `..` are the same folder, or one lies below the other.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    names(one).zip(names(other)).all(|(one, other)| one == other)
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}
