//! Which roots may be given away. The rules are those of the contracts; what is added here needs a file system.

use std::path::{Path, PathBuf};

use contract_check::{Rule, judge_root, places};
use serde::Serialize;

use crate::file_system::FileSystem;
use crate::request::{Request, Root};
use crate::way::{Lost, Step, Way};

/// A rule that a root breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Id of the rule, as in docs/rules.md.
    pub rule: &'static str,
    /// The argument that names the root; empty when none does.
    pub argument: String,
    /// The path as it was given.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub mend: String,
}

/// What was seen of a root that may be given away.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its way through the file system.
    pub way: Way,
    /// The real path as text.
    pub real: String,
    /// The file system on which it lies, or will lie.
    pub file_system: FileSystem,
    /// The first folder on the way in which anyone may replace the next.
    pub open_to_everyone: Option<PathBuf>,
}

/// The verdict on all roots together.
#[derive(Debug)]
pub enum Judged {
    /// What was seen of each root, in order.
    Allowed(Vec<Seen>),
    /// All that is wrong.
    Refused(Vec<Violation>),
}

/// The home folder: as it was given, and where that leads.
struct Home<'r> {
    spelled: Option<&'r str>,
    real: Option<String>,
    way: Option<Way>,
}

impl<'r> Home<'r> {
    fn of(spelled: Option<&'r str>) -> Self {
        let way = spelled.and_then(|home| Way::of(Path::new(home)).ok());
        let real = way.as_ref().and_then(|way| way.real.to_str()).map(str::to_owned);
        Self { spelled, real, way }
    }

    /// The home folder and all above it, which are there.
    fn steps(&self) -> &[Step] {
        self.way.as_ref().map_or(&[], Way::steps)
    }
}

/// Judges every root of a request.
#[must_use]
pub fn judge(request: &Request) -> Judged {
    let home = Home::of(request.home.as_deref());
    let mut violations = Vec::new();
    if request.roots.is_empty() {
        let message = "no root is named".to_owned();
        let Rule { id, mend, .. } = rule("MOUNT_ROOT_MISSING");
        let nothing = String::new;
        let (argument, path) = (nothing(), nothing());
        violations.push(Violation { rule: id, argument, path, message, mend: (*mend).to_owned() });
    }
    let ways: Vec<Option<Way>> = request
        .roots
        .iter()
        .map(|root| {
            let mut examination = Examination { root, home: &home, found: Vec::new() };
            let way = examination.examine();
            violations.append(&mut examination.found);
            way
        })
        .collect();
    overlaps(&request.roots, &ways, &mut violations);
    if !violations.is_empty() {
        return Judged::Refused(violations);
    }
    Judged::Allowed(ways.into_iter().flatten().map(seen).collect())
}

/// A rule of contract-check.
fn rule(id: &str) -> &'static Rule {
    contract_check::rule(id).expect("every id in this file is one of contract-check")
}

/// One root, and what was found about it.
struct Examination<'r> {
    root: &'r Root,
    home: &'r Home<'r>,
    found: Vec<Violation>,
}

impl Examination<'_> {
    /// Its way, when it can be followed.
    fn examine(&mut self) -> Option<Way> {
        let spelled = &*self.root.spelled;
        if spelled.trim().is_empty() {
            self.add(rule("MOUNT_ROOT_MISSING"), "the value is empty".to_owned());
            return None;
        }
        self.judge(spelled, |what| format!("{spelled:?} {what}"));
        if places::has_control_character(spelled) {
            let message = format!("{spelled:?} cannot be written into a unit");
            self.add(rule("MOUNT_ROOT_CONTROL_CHARACTER"), message);
            return None;
        }
        if !spelled.starts_with('/') {
            // What the rules of contracts say of a relative path is about the steps of a lane.
            let unresolved = rule("MOUNT_ROOT_UNRESOLVED");
            self.found.retain(|violation| violation.rule != unresolved.id);
            if self.found.is_empty() {
                let message = format!("{spelled:?} is no absolute path");
                self.add_with(unresolved, message, "Write the path from the root.".to_owned());
            }
            return None;
        }
        match Way::of(Path::new(spelled)) {
            Ok(way) => {
                self.way(&way);
                Some(way)
            }
            Err(Lost { at, why }) => {
                let message = format!("{spelled:?} cannot be known: at {at:?}, {why}");
                let mend = "Name a folder whose way is open to you from the root.".to_owned();
                self.add_with(rule("MOUNT_ROOT_UNRESOLVED"), message, mend);
                None
            }
        }
    }

    fn way(&mut self, way: &Way) {
        let spelled = &*self.root.spelled;
        // What is no UTF-8 can only come from a link, which is refused; known names are ASCII.
        let real = way.real.to_string_lossy();
        self.judge(&real, |what| format!("{spelled:?} leads to {real:?}, which {what}"));
        for (path, alias) in self.aliases(way) {
            self.judge(&alias, |what| {
                format!("{spelled:?} leads to {real:?}: {path:?} is mounted twice, and {alias:?} {what}")
            });
        }
        if let Some(link) = way.links.first() {
            let message = format!("{spelled:?} leads over the link {:?} to {:?}", link.at, link.target);
            let mend = format!("{} It leads to {real:?}.", rule("MOUNT_ROOT_LINK").mend);
            self.add_with(rule("MOUNT_ROOT_LINK"), message, mend);
        }
        if let Some(name) = unexpanded(way) {
            let message = format!("{spelled:?} is not there, and no shell has expanded {name:?} in it");
            let mend = "Write the path out, or take the quotes away.".to_owned();
            self.add_with(rule("MOUNT_ROOT_UNRESOLVED"), message, mend);
        }
        let kind = way.last().file_type();
        if way.exists && kind != "folder" {
            self.add(rule("MOUNT_ROOT_NOT_A_FOLDER"), format!("{real:?} is a {kind}"));
        }
    }

    /// Other paths of the same root: a folder on its way is also the home or one above it, by a bind mount.
    fn aliases(&self, way: &Way) -> Vec<(PathBuf, String)> {
        let mut aliases = Vec::new();
        for step in way.steps() {
            let same = |known: &&Step| known.identity == step.identity && known.path != step.path;
            for known in self.home.steps().iter().filter(same) {
                let rest = way.real.strip_prefix(&step.path).unwrap_or(Path::new(""));
                aliases.push((step.path.clone(), known.path.join(rest).to_string_lossy().into_owned()));
            }
        }
        aliases
    }

    /// By the rules of contracts, for the home as it was given and for where it leads.
    fn judge(&mut self, path: &str, tell: impl Fn(&str) -> String) {
        let homes = [self.home.spelled, self.home.real.as_deref()];
        for home in homes.iter().filter(|home| home.is_some() || homes == [None, None]) {
            if let Some(fault) = judge_root(path, *home)
                && self.found.iter().all(|violation| violation.rule != fault.rule.id)
            {
                self.add(fault.rule, tell(&fault.what));
            }
        }
    }

    fn add(&mut self, rule: &'static Rule, message: String) {
        self.add_with(rule, message, rule.mend.to_owned());
    }

    fn add_with(&mut self, rule: &'static Rule, message: String, mend: String) {
        let Root { argument, spelled, .. } = self.root;
        let (argument, path) = (argument.clone(), spelled.clone());
        self.found.push(Violation { rule: rule.id, argument, path, message, mend });
    }
}

/// A name that is not there and reads as a home or a variable: `~` in quotes becomes a folder of that name.
fn unexpanded(way: &Way) -> Option<String> {
    let missing = way.real.strip_prefix(&way.last().path).unwrap_or(Path::new(""));
    let names = missing.iter().map(|name| name.to_string_lossy());
    names.into_iter().find(|name| name.starts_with(['~', '$'])).map(Into::into)
}

/// Two roots that are one folder, or one below the other: by their real paths, or by a bind mount.
fn overlaps(roots: &[Root], ways: &[Option<Way>], violations: &mut Vec<Violation>) {
    let known: Vec<(&Root, &Way)> =
        roots.iter().zip(ways).filter_map(|(root, way)| Some((root, way.as_ref()?))).collect();
    for (index, (root, way)) in known.iter().enumerate() {
        for (earlier, other) in &known[..index] {
            let named = places::overlap(&way.real.to_string_lossy(), &other.real.to_string_lossy());
            if !named && !ends_on(way, other) && !ends_on(other, way) {
                continue;
            }
            let message = format!(
                "{:?} ({}) and {:?} ({}) are the same folder, or one lies below the other",
                root.spelled, root.argument, earlier.spelled, earlier.argument
            );
            let Rule { id, mend, .. } = rule("MOUNT_ROOT_OVERLAP");
            let (argument, path) = (root.argument.clone(), root.spelled.clone());
            violations.push(Violation { rule: id, argument, path, message, mend: (*mend).to_owned() });
        }
    }
}

/// Whether the folder at the end of one way is on the other, by whatever path.
fn ends_on(way: &Way, other: &Way) -> bool {
    way.exists && other.steps().iter().any(|step| step.identity == way.last().identity)
}

fn seen(way: Way) -> Seen {
    // The path was given as text, and no link has added to it.
    let real =
        way.real.to_str().expect("a way without links is made of the names that were given").to_owned();
    let file_system = FileSystem::of(&way.last().path);
    let open_to_everyone =
        way.steps().iter().find(|step| step.is_open_to_everyone()).map(|step| step.path.clone());
    Seen { way, real, file_system, open_to_everyone }
}
