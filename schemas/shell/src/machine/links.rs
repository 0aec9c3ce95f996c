//! Links that steps make, and the folders that they lead to.

use super::{Machine, options};
use crate::command::Word;
use crate::place::{Place, Root};
use crate::state::{State, join, limit};
use crate::text::{Part, Text, Why};
use std::sync::Arc;

/// Most links of a lane.
const MAX_LINKS: usize = 64;

impl Machine<'_> {
    /// `ln`, with targets in the last folder or in that of `-t`.
    pub(super) fn make_link(&mut self, words: &[Word], state: &mut State) {
        let (folder, operands) = operands(words, &["-S", "--suffix", "-t", "--target-directory"]);
        // `-n` and `-T`: never into a folder.
        let no_folder = words[1..].iter().any(|word| match word.text.known_start().strip_prefix('-') {
            Some(long) if long.starts_with('-') => long.starts_with("-no-"),
            Some(letters) => letters.contains(['n', 'T', 'h']),
            None => false,
        });
        let symbolic = true;
        match (folder, operands.as_slice()) {
            (Some(folder), targets) => {
                for target in targets {
                    self.link_inside(&folder, target, symbolic, state);
                }
            }
            (None, [target]) => self.link_inside(&Text::from("."), target, symbolic, state),
            (None, [target, link]) => {
                if !is_folder(link) {
                    self.link(link, target, symbolic, state);
                    self.gets_name(link);
                }
                // The link may be a folder that exists; then the new link stands in it.
                if !no_folder && !is_folder(&last_name(target)) {
                    self.link_inside(link, target, symbolic, state);
                }
            }
            (None, [targets @ .., folder]) => {
                for target in targets {
                    self.link_inside(folder, target, symbolic, state);
                }
            }
            (None, []) => {}
        }
    }

    /// A link in a folder, by the name of what it leads to.
    fn link_inside(&mut self, folder: &Text, target: &Text, symbolic: bool, state: &State) {
        let inside = inside(folder, target);
        self.link(&inside, target, symbolic, state);
        self.gets_name(&inside);
    }

    /// A program may now be called by the last name of the path.
    fn gets_name(&mut self, path: &Text) {
        if let Some(name) = last_name(path).known().filter(|name| !name.is_empty()) {
            self.renamed.insert(name.to_owned());
        }
    }

    /// One folder shown in the place of another.
    pub(super) fn mount(&mut self, name: &str, words: &[Word], state: &mut State) {
        let valued = ["-t", "--types", "-o", "--options", "-O", "-L", "-U", "-N", "-p", "-u", "-g"];
        let (given, mut at) = options::read(words, &valued);
        let mut operands: Vec<Text> = Vec::new();
        let mut options: Vec<Text> = given.iter().filter_map(|option| option.value.clone()).collect();
        let mut binds =
            name != "mount" || options::has(&given, &["-B", "--bind", "-R", "--rbind", "-M", "--move"]);
        // Options may stand behind the folders, too.
        while let Some(word) = words.get(at) {
            let start = word.text.known_start();
            if start.starts_with('-') {
                binds |= matches!(start, "--bind" | "--rbind" | "--move" | "-B" | "-R" | "-M");
                if valued.contains(&start) {
                    at += 1;
                    options.extend(words.get(at).map(|word| word.text.clone()));
                }
            } else {
                operands.push(word.text.clone());
            }
            at += 1;
        }
        let Some(to) = operands.pop() else { return };
        let mut from: Vec<Text> = Vec::new();
        for option in options.iter().flat_map(|option| cut(option, ',')) {
            binds |= matches!(option.known(), Some("bind" | "rbind"));
            if let Some(("lowerdir" | "upperdir" | "dirs" | "br", folders)) = option.split_equals() {
                from.extend(cut(&folders, ':'));
            }
        }
        if binds {
            from.extend(operands.iter().flat_map(|folders| cut(folders, ':')));
        }
        for folder in from {
            self.link(&to, &folder, false, state);
        }
    }

    /// `cp`, `mv` and the like: texts that were written and links go along, alone and with their folder.
    pub(super) fn copy(&mut self, words: &[Word], state: &mut State) {
        let (folder, operands) =
            operands(words, &["-S", "--suffix", "-t", "--target-directory", "-m", "-o", "-g", "-e"]);
        let (to, from) = match (&folder, operands.split_last()) {
            (Some(folder), _) => (folder.clone(), operands.as_slice()),
            (None, Some((to, from))) => (to.clone(), from),
            (None, None) => return,
        };
        self.gets_name(&to);
        for file in from {
            self.gets_name(file);
            if let Some(texts) = self.file_texts(file, state) {
                self.write(&to, &texts, false, state);
                self.write(&inside(&to, file), &texts, false, state);
            }
            for old in self.places(file, state) {
                for to in [&to, &inside(&to, file)] {
                    for new in state.cwd.iter().map(|cwd| cwd.join(to)).collect::<Vec<_>>() {
                        self.move_below(&old, &new);
                    }
                }
            }
            // The link itself goes along, not what it leads to.
            for cwd in state.cwd.clone() {
                let old = cwd.join(file);
                for new in [cwd.join(&to), cwd.join(&inside(&to, file))] {
                    self.move_below(&old, &new);
                }
            }
        }
        state.status = None;
    }

    /// What stands in one place now stands in the other, too.
    fn move_below(&mut self, old: &Place, new: &Place) {
        if old == new {
            return;
        }
        let links: Vec<(Place, Vec<Place>)> =
            self.links.iter().map(|(at, to)| (at.clone(), to.clone())).collect();
        for (at, targets) in links {
            if let Some(place) = at.moved(old, new) {
                self.keep_link(place, targets);
            }
        }
        let files: Vec<(Place, Vec<Text>)> = self
            .files
            .iter()
            .filter(|(at, _)| **at != *old)
            .map(|(at, texts)| (at.clone(), texts.clone()))
            .collect();
        for (at, texts) in files {
            if let Some(place) = at.moved(old, new) {
                self.write_place(place, &texts, false);
            }
        }
    }

    /// Keeps that `link` leads to `target`, which a symbolic link gives from the folder it stands in.
    pub(super) fn link(&mut self, link: &Text, target: &Text, symbolic: bool, state: &State) {
        for cwd in &state.cwd {
            let place = cwd.join(link);
            let mut from = cwd.clone();
            if symbolic {
                from.clone_from(&place);
                from.leave();
            }
            let targets = from.resolve(target, self.links);
            if targets.contains(&place) {
                continue;
            }
            self.keep_link(place, targets);
        }
    }

    fn keep_link(&mut self, place: Place, targets: Vec<Place>) {
        if self.links.len() >= MAX_LINKS && !self.links.contains_key(&place) {
            self.give_up("more links than are followed");
            return;
        }
        let held = Arc::make_mut(self.links).entry(place).or_default();
        join(held, targets);
        limit(held, || Place::of(Root::Unknown(Why::TooMany)));
    }
}

/// The folder of `-t`, and the words that are no options.
fn operands(words: &[Word], valued: &[&str]) -> (Option<Text>, Vec<Text>) {
    let (mut operands, mut folder) = (Vec::new(), None);
    let mut rest = words.to_vec();
    // Options may stand behind the files, too.
    while rest.len() > 1 {
        let (given, at) = options::read(&rest, valued);
        folder = options::value(&given, &["-t", "--target-directory"]).cloned().or(folder);
        operands.extend(rest.get(at).map(|word| word.text.clone()));
        rest.drain(1..rest.len().min(at + 1));
    }
    (folder, operands)
}

/// Whether the path names a folder for certain: its last name is empty, `.` or `..`.
fn is_folder(path: &Text) -> bool {
    let known = path.known();
    known.is_some_and(|path| matches!(path.rsplit('/').next(), Some("" | "." | "..")))
}

/// The last name of the path, without slashes behind it; unknown where a symbol stands for it.
fn last_name(path: &Text) -> Text {
    let mut name = Text::default();
    for part in path.parts() {
        match part {
            Part::Text(text) => match text.trim_end_matches('/').rsplit_once('/') {
                Some((_, last)) => name = Text::from(last),
                None if text.starts_with('/') && text.len() > 1 => name = Text::from(text.trim_matches('/')),
                None => name.push_str(text.trim_end_matches('/')),
            },
            Part::Glob(_) | Part::Unknown(_) => name.push(part.clone()),
            Part::Home | Part::HomeOf(_) => name = Text::unknown(Why::Variable("HOME".to_owned())),
        }
    }
    name
}

/// The path in that folder by the last name of another.
fn inside(folder: &Text, path: &Text) -> Text {
    let mut inside = folder.clone();
    inside.push_str("/");
    inside.append(&last_name(path));
    inside
}

/// The parts of a list.
fn cut(text: &Text, separator: char) -> Vec<Text> {
    let mut parts = vec![Text::default()];
    for part in text.parts() {
        let Part::Text(text) = part else {
            parts.iter_mut().last().into_iter().for_each(|last| last.push(part.clone()));
            continue;
        };
        for (index, piece) in text.split(separator).enumerate() {
            if index > 0 {
                parts.push(Text::default());
            }
            parts.iter_mut().last().into_iter().for_each(|last| last.push_str(piece));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
