//! Redirections, and the files whose text is known because a step wrote it.

use super::Machine;
use crate::place::{Place, Root};
use crate::state::{State, join, limit};
use crate::syntax::{Action, Redirect, RedirectKind, Word as Written};
use crate::text::{Text, Why};
use std::sync::Arc;

/// Most texts that a file may hold.
const MAX_TEXTS: usize = 8;

/// Most links of a lane.
const MAX_LINKS: usize = 64;

/// Most files whose text is kept.
const MAX_FILES: usize = 64;

/// Where standard output goes.
enum Output {
    Usual,
    /// Away from whoever reads it.
    Gone,
    Files {
        paths: Vec<Text>,
        append: bool,
    },
}

impl Machine<'_> {
    /// Runs a command with its redirections.
    pub(super) fn redirected(
        &mut self,
        redirects: &[Redirect],
        state: &mut State,
        run: impl FnOnce(&mut Self, &mut State),
    ) {
        if redirects.is_empty() {
            return run(self, state);
        }
        let input = state.input.clone();
        let mut output = Output::Usual;
        for redirect in redirects {
            self.redirect(redirect, &mut output, state);
        }
        let printed = match output {
            Output::Usual => None,
            _ => Some(state.printed.replace(vec![Text::default()])),
        };
        run(self, state);
        state.input = input;
        let Some(printed) = printed else { return };
        let texts = std::mem::replace(&mut state.printed, printed);
        if let (Output::Files { paths, append }, Some(texts)) = (output, texts) {
            for path in paths {
                self.write(&path, &texts, append, state);
            }
        }
    }

    fn redirect(&mut self, redirect: &Redirect, output: &mut Output, state: &mut State) {
        let reads = redirect.descriptor.is_none_or(|descriptor| descriptor == 0);
        let prints = redirect.descriptor.is_none_or(|descriptor| descriptor == 1);
        match &redirect.kind {
            RedirectKind::Read(word) => {
                let texts = self.read_files(word, state);
                if reads {
                    state.input = texts;
                }
            }
            RedirectKind::HereString(word) => {
                let mut texts = self.texts(word, state);
                texts.iter_mut().for_each(|text| text.push_str("\n"));
                if reads {
                    state.input = Some(texts);
                }
            }
            RedirectKind::HereDocument(body) => {
                let texts = body.get().map(|body| self.texts(body, state));
                if reads {
                    state.input = Some(texts.unwrap_or_else(|| vec![Text::default()]));
                }
            }
            RedirectKind::Write(word) | RedirectKind::Append(word) | RedirectKind::Both(word) => {
                let paths = self.texts(word, state);
                if prints {
                    let append = matches!(redirect.kind, RedirectKind::Append(_));
                    *output = Output::Files { paths, append };
                }
            }
            RedirectKind::ReadWrite(word) => {
                self.texts(word, state);
            }
            RedirectKind::Duplicate(word) => {
                let texts = self.texts(word, state);
                if prints && texts.iter().any(|text| matches!(text.known(), Some("2" | "-"))) {
                    *output = Output::Gone;
                }
            }
        }
    }

    fn read_files(&mut self, word: &Written, state: &mut State) -> Option<Vec<Text>> {
        let mut found = Vec::new();
        for path in self.texts(word, state) {
            join(&mut found, self.file_texts(&path, state)?);
        }
        Some(found)
    }

    /// `$(< file)`: the text of the file.
    pub(super) fn print_input(&self, action: &Action, redirects: &[Redirect], state: &mut State) {
        let nothing = matches!(action, Action::Simple(simple) if simple.words.is_empty() && simple.assignments.is_empty());
        if nothing && super::simple::reads_file(redirects) {
            self.print_texts(&state.input.clone(), "a file", state);
        }
    }

    /// What a file may hold, when a step wrote it.
    pub(super) fn file_texts(&self, path: &Text, state: &State) -> Option<Vec<Text>> {
        match path.known() {
            Some("/dev/null") => return Some(vec![Text::default()]),
            Some("-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") => return state.input.clone(),
            _ => {}
        }
        let mut texts = Vec::new();
        for place in self.places(path, state) {
            join(&mut texts, self.files.get(&place).cloned().unwrap_or_default());
        }
        (!texts.is_empty()).then_some(texts)
    }

    pub(super) fn places(&self, path: &Text, state: &State) -> Vec<Place> {
        let mut places = Vec::new();
        for cwd in &state.cwd {
            join(&mut places, cwd.resolve(path, self.links));
        }
        places
    }

    /// Keeps what was written to a file.
    pub(super) fn write(&mut self, path: &Text, texts: &[Text], append: bool, state: &State) {
        if path.known().is_some_and(|path| path.starts_with("/dev/")) {
            return;
        }
        for place in self.places(path, state) {
            if self.files.len() >= MAX_FILES && !self.files.contains_key(&place) {
                self.give_up("more files than are followed");
                return;
            }
            let known = place.is_known() || place.root == Root::Start && place.known_names().is_some();
            let held = self.files.entry(place).or_default();
            if append && !held.is_empty() {
                let joined = held.iter().flat_map(|old| {
                    texts.iter().map(move |new| {
                        let mut text = old.clone();
                        text.append(new);
                        text
                    })
                });
                *held = joined.collect();
            } else if known && !append {
                *held = texts.to_vec();
            } else {
                // Several files may hide behind a name that is not known.
                join(held, texts.to_vec());
            }
            if held.len() > MAX_TEXTS {
                held.drain(..held.len() - MAX_TEXTS);
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
            if self.links.len() >= MAX_LINKS && !self.links.contains_key(&place) {
                self.give_up("more links than are followed");
                return;
            }
            let held = Arc::make_mut(self.links).entry(place).or_default();
            join(held, targets.clone());
            limit(held, || Place::of(Root::Unknown(Why::TooMany)));
        }
    }
}
