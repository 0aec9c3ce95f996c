//! Where a path leads, without a file system: from the home, from `/`, or from somewhere unknown.

use crate::text::{Part, Text, Why};
use std::collections::BTreeMap;
use std::fmt;

/// Most places a path is followed to when links have several targets.
const MAX_PLACES: usize = 8;

/// Most names of one path; a deeper one is not known.
const MAX_NAMES: usize = 64;

/// Most links followed on one path.
const MAX_LINKS: usize = 8;

/// Links that steps made: where they stand, and what they may point to.
pub(crate) type Links = BTreeMap<Place, Vec<Place>>;

/// Where a path starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Root {
    /// The home folder of the user who runs the lane.
    Home,
    /// The home folder of a named user.
    HomeOf(String),
    /// `/`.
    FileSystem,
    /// The folder in which the step starts, which the contract does not say.
    Start,
    /// Not to be known.
    Unknown(Why),
}

/// A normalised path: no `.`, no `..`, no empty name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Where it starts.
    pub root: Root,
    /// How many folders above the root it starts; 0 for [`Root::FileSystem`].
    pub above: usize,
    /// The names below. A name that is not wholly known may stand for several names, `..` among them.
    pub names: Vec<Text>,
}

impl Place {
    /// A root itself.
    #[must_use]
    pub fn of(root: Root) -> Self {
        Self { root, above: 0, names: Vec::new() }
    }

    /// The place that an absolute path names; `None` for a relative one.
    #[must_use]
    pub fn absolute(path: &str) -> Option<Self> {
        path.starts_with('/').then(|| Self::of(Root::FileSystem).join(&Text::from(path)))
    }

    /// The place that `path` names for a program in this folder.
    #[must_use]
    pub fn join(&self, path: &Text) -> Self {
        let mut walk = Walk { places: vec![self.clone()], links: None };
        walk.path(path);
        walk.places.swap_remove(0)
    }

    /// Root and names are known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self.root, Root::Start | Root::Unknown(_)) && self.known_names().is_some()
    }

    /// The names, when all of them are known.
    #[must_use]
    pub fn known_names(&self) -> Option<Vec<&str>> {
        self.names.iter().map(Text::known).collect()
    }

    /// Why it is not known.
    #[must_use]
    pub fn why_unknown(&self) -> Option<Why> {
        match &self.root {
            Root::Start => Some(Why::StartFolder),
            Root::Unknown(why) => Some(why.clone()),
            _ => {
                self.names.iter().find(|name| name.known().is_none()).map(|name| {
                    name.why_unknown().cloned().unwrap_or_else(|| Why::Expansion(name.to_string()))
                })
            }
        }
    }

    /// The places that `path` may name for a program in this folder, links followed.
    pub(crate) fn resolve(&self, path: &Text, links: &Links) -> Vec<Self> {
        if links.is_empty() {
            return vec![self.join(path)];
        }
        let mut walk = Walk { places: vec![Self { names: Vec::new(), ..self.clone() }], links: Some(links) };
        for name in &self.names {
            walk.name(name.clone(), false);
        }
        walk.path(path);
        walk.places
    }

    /// Whether both may be one place: a name that is not known may be any, and an unknown start may lead anywhere.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let anywhere = |place: &Self| matches!(place.root, Root::Unknown(_));
        if anywhere(self) || anywhere(other) {
            // Both end with the names that are behind the unknown start.
            let ends = self.names.iter().rev().zip(other.names.iter().rev());
            let shorter = match (anywhere(self), anywhere(other)) {
                (true, false) => self.names.len() <= other.names.len(),
                (false, true) => other.names.len() <= self.names.len(),
                _ => true,
            };
            let deep = |place: &Self| place.names.iter().any(may_be_several);
            return deep(self) || deep(other) || shorter && ends.into_iter().all(|(a, b)| same(a, b));
        }
        self.root == other.root && self.above == other.above && paired(&self.names, &other.names)
    }

    /// Where this place is when `old` went to `new`, when it stands there or below.
    pub(crate) fn moved(&self, old: &Self, new: &Self) -> Option<Self> {
        if self.root != old.root || self.above != old.above {
            return None;
        }
        let below = self.names.strip_prefix(old.names.as_slice())?;
        let mut place = new.clone();
        below.iter().for_each(|name| place.enter(name.clone()));
        Some(place)
    }

    /// The names may stand for other places: one of them is a pattern or not known.
    fn is_vague(&self) -> bool {
        matches!(self.root, Root::Unknown(_)) || self.names.iter().any(|name| name.known().is_none())
    }

    fn enter(&mut self, name: Text) {
        match name.known() {
            Some("" | ".") => {}
            Some("..") => self.leave(),
            _ if self.names.len() >= MAX_NAMES => *self = Self::of(Root::Unknown(Why::TooMany)),
            _ => self.names.push(name),
        }
    }

    /// One folder up.
    pub(crate) fn leave(&mut self) {
        match self.names.last() {
            Some(name) if name.known().is_some() || matches!(name.parts(), [Part::Glob(_)]) => {
                self.names.pop();
            }
            // What the unknown name stands for may be several folders deep.
            Some(_) => {}
            None if self.root == Root::FileSystem => {}
            None => self.above = self.above.saturating_add(1),
        }
    }

    /// The path as text, for `$PWD`, `pwd` and the like.
    pub(crate) fn to_text(&self) -> Text {
        let mut text = Text::default();
        match &self.root {
            Root::Home => text.push(Part::Home),
            Root::HomeOf(user) => text.push(Part::HomeOf(user.clone())),
            Root::FileSystem if self.names.is_empty() => text.push_str("/"),
            Root::FileSystem => {}
            Root::Start => text.push(Part::Unknown(Why::StartFolder)),
            Root::Unknown(why) => text.push(Part::Unknown(why.clone())),
        }
        for _ in 0..self.above {
            text.push_str("/..");
        }
        for name in &self.names {
            text.push_str("/");
            text.append(name);
        }
        text
    }
}

/// An unknown name may be several names, or none.
fn may_be_several(name: &Text) -> bool {
    name.why_unknown().is_some()
}

fn paired(mine: &[Text], theirs: &[Text]) -> bool {
    match (mine, theirs) {
        ([], []) => true,
        ([first, ..], _) if may_be_several(first) => true,
        (_, [first, ..]) if may_be_several(first) => true,
        ([a, mine @ ..], [b, theirs @ ..]) => same(a, b) && paired(mine, theirs),
        _ => false,
    }
}

/// Whether two names may be one.
fn same(one: &Text, other: &Text) -> bool {
    if one == other {
        return true;
    }
    let (pattern, text) = match (one.known(), other.known()) {
        (Some(_), Some(_)) => return false,
        (None, Some(text)) => (one, text),
        (Some(text), None) => (other, text),
        // Two patterns: as good as any.
        (None, None) => return true,
    };
    let mut glob = String::new();
    for part in pattern.parts() {
        match part {
            Part::Text(text) => {
                for character in text.chars() {
                    if matches!(character, '*' | '?' | '[' | '\\') {
                        glob.push('\\');
                    }
                    glob.push(character);
                }
            }
            Part::Glob(pattern) => glob.push_str(pattern),
            _ => glob.push('*'),
        }
    }
    crate::pattern::matches(&glob, text).unwrap_or(true)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_text().fmt(f)
    }
}

/// A path on the way: the places reached so far.
struct Walk<'l> {
    places: Vec<Place>,
    links: Option<&'l Links>,
}

impl Walk<'_> {
    fn path(&mut self, path: &Text) {
        let mut name = Text::default();
        let parts = path.parts();
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => {
                    for (piece, slice) in text.split('/').enumerate() {
                        if piece > 0 {
                            if index == 0 && piece == 1 && name.is_empty() {
                                self.places = vec![Place::of(Root::FileSystem)];
                            }
                            self.name(std::mem::take(&mut name), false);
                        }
                        name.push_str(slice);
                    }
                }
                part if name.is_empty() && self.may_start(part, index) => {
                    self.start(part, parts.get(index + 1), &mut name);
                }
                part => name.push(part.clone()),
            }
        }
        self.name(name, true);
    }

    /// Whether the part says where the path starts: it is the first, or a home after nothing but slashes.
    fn may_start(&self, part: &Part, index: usize) -> bool {
        let home = matches!(part, Part::Home | Part::HomeOf(_));
        let start_folder = *part == Part::Unknown(Why::StartFolder);
        index == 0 && (home || start_folder || matches!(part, Part::Unknown(_)))
            || home && self.places.iter().all(|at| at.root == Root::FileSystem && at.names.is_empty())
    }

    fn start(&mut self, part: &Part, next: Option<&Part>, name: &mut Text) {
        let root = match part {
            Part::HomeOf(user) => Root::HomeOf(user.clone()),
            Part::Unknown(Why::StartFolder) => Root::Start,
            Part::Unknown(why) => Root::Unknown(why.clone()),
            _ => Root::Home,
        };
        let mut place = Place::of(root);
        let goes_on = match next {
            None => false,
            Some(Part::Text(text)) => !text.starts_with('/'),
            Some(_) => true,
        };
        if goes_on && !matches!(place.root, Root::Unknown(_)) {
            // `$HOME-old`: a neighbour of the folder, its name not known.
            place.above = 1;
            name.push(part.clone());
        }
        self.places = vec![place];
    }

    fn name(&mut self, name: Text, is_last: bool) {
        for place in &mut self.places {
            place.enter(name.clone());
        }
        let Some(links) = self.links else { return };
        // A link was perhaps made inside of a folder of that name instead.
        let mut folders = Vec::new();
        for round in 0..MAX_LINKS {
            // A link by a name that is not known may be here; what is here may then still be no link.
            let vague = |place: &Place| {
                let may_be = |(at, _): &(&Place, &Vec<Place>)| {
                    (place.is_vague() || at.is_vague()) && *at != place && place.may_be(at)
                };
                links.iter().filter(may_be).flat_map(|(_, targets)| targets.clone()).collect::<Vec<_>>()
            };
            let others: Vec<Place> =
                if round == 0 { self.places.iter().flat_map(vague).collect() } else { Vec::new() };
            let certain = self.places.iter().any(|place| links.contains_key(place));
            if !certain && others.is_empty() {
                break;
            }
            let mut next = others;
            for place in self.places.drain(..) {
                match links.get(&place) {
                    Some(targets) => {
                        next.extend(targets.iter().cloned());
                        let below = |at: &Place| *at != place && at.moved(&place, &place).is_some();
                        if !is_last && links.keys().any(below) {
                            folders.push(place);
                        }
                    }
                    None => next.push(place),
                }
            }
            next.sort_unstable();
            next.dedup();
            if next.len() > MAX_PLACES {
                next = vec![Place::of(Root::Unknown(Why::TooMany))];
            }
            self.places = next;
        }
        crate::state::join(&mut self.places, folders);
    }
}
