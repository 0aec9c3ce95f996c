//! Redirections, and the files whose text is known because a step wrote it.

use super::Machine;
use crate::place::{Place, Root};
use crate::state::{Descriptor, State, join};
use crate::syntax::{Action, Redirect, RedirectKind, Word as Written};
use crate::text::Text;
use std::rc::Rc;

/// Most texts that a file may hold.
const MAX_TEXTS: usize = 8;

/// Most files whose text is kept.
const MAX_FILES: usize = 64;

/// Where standard output goes: where it went before, to files, or away from whoever reads it.
#[derive(Clone)]
struct Output {
    usual: bool,
    /// Files, and whether what is there before is kept.
    files: Vec<(Place, bool)>,
}

impl Output {
    fn to(descriptor: &Descriptor) -> Self {
        let files = descriptor.files.iter().map(|place| (place.clone(), true)).collect();
        Self { usual: descriptor.usual, files }
    }

    fn as_descriptor(&self) -> Descriptor {
        let files = self.files.iter().map(|(place, _)| place.clone()).collect();
        Descriptor { usual: self.usual, files, input: None }
    }

    fn is_usual(&self) -> bool {
        self.usual && self.files.is_empty()
    }
}

const USUAL: Output = Output { usual: true, files: Vec::new() };
const GONE: Output = Output { usual: false, files: Vec::new() };

/// Stands for the descriptors of `{name}>file`.
const NAMED: u32 = u32::MAX;

impl Machine<'_> {
    /// Runs a command with its redirections. What `exec` without a command redirects stays so.
    pub(super) fn redirected(
        &mut self,
        redirects: &[Redirect],
        is_simple: bool,
        state: &mut State,
        run: impl FnOnce(&mut Self, &mut State),
    ) {
        if redirects.is_empty() && !(is_simple && state.descriptors.contains_key(&1)) {
            run(self, state);
            self.keeps_redirects = false;
            return;
        }
        let input = state.input.clone();
        let outer = Rc::clone(&state.descriptors);
        let mut output = state.descriptors.get(&1).map_or(USUAL, Output::to);
        for redirect in redirects {
            self.redirect(redirect, &mut output, state);
        }
        let printed = if output.is_usual() { None } else { Some(state.capture()) };
        if printed.is_none() && state.descriptors.contains_key(&1) {
            Rc::make_mut(&mut state.descriptors).remove(&1);
        }
        run(self, state);
        let texts = match printed {
            Some(printed) => std::mem::replace(&mut state.printed, printed),
            None => None,
        };
        let keeps = std::mem::take(&mut self.keeps_redirects);
        for (place, append) in &output.files {
            self.write_place(place.clone(), texts.as_deref().unwrap_or_default(), *append);
        }
        if output.usual
            && !output.files.is_empty()
            && let Some(texts) = &texts
        {
            self.print_texts(&Some(texts.clone()), "a descriptor", state);
        }
        if !keeps {
            state.input = input;
            state.descriptors = outer;
            return;
        }
        let descriptors = Rc::make_mut(&mut state.descriptors);
        match output.is_usual() {
            true => _ = descriptors.remove(&1),
            false => _ = descriptors.insert(1, output.as_descriptor()),
        }
    }

    fn redirect(&mut self, redirect: &Redirect, output: &mut Output, state: &mut State) {
        let (reads, prints) = (redirect.descriptor.unwrap_or(0), redirect.descriptor.unwrap_or(1));
        match &redirect.kind {
            RedirectKind::Read(word) => {
                let texts = self.read_files(word, state);
                give_input(reads, texts, state);
            }
            RedirectKind::HereString(word) => {
                let mut texts = self.texts(word, state);
                texts.iter_mut().for_each(|text| text.push_str("\n"));
                give_input(reads, Some(texts), state);
            }
            RedirectKind::HereDocument(body) => {
                let texts = body.get().map(|body| self.texts(body, state));
                give_input(reads, Some(texts.unwrap_or_else(|| vec![Text::default()])), state);
            }
            RedirectKind::Write(word) | RedirectKind::Append(word) | RedirectKind::Both(word) => {
                let append = matches!(redirect.kind, RedirectKind::Append(_));
                let opened = self.opened(word, append, output, state);
                if matches!(redirect.kind, RedirectKind::Both(_)) {
                    open(2, opened.as_descriptor(), state);
                }
                if prints == 1 {
                    *output = opened;
                    return;
                }
                // The file is empty from now on, whatever is written to it later.
                for (place, append) in &opened.files {
                    if !append && (prints > 2 || self.files.contains_key(place)) {
                        self.write_place(place.clone(), &[Text::default()], false);
                    }
                }
                open(prints, opened.as_descriptor(), state);
            }
            RedirectKind::ReadWrite(word) => {
                let texts = self.read_files(word, state);
                let opened = self.opened(word, true, output, state);
                if prints == 1 && redirect.descriptor.is_some() {
                    *output = opened;
                } else if reads == 0 {
                    state.input = texts;
                } else {
                    open(prints, Descriptor { input: texts, ..opened.as_descriptor() }, state);
                }
            }
            RedirectKind::Duplicate(word) => {
                let texts = self.texts(word, state);
                let number = match texts.as_slice() {
                    [text] => text.known().map(|text| text.trim_end_matches('-').to_owned()),
                    _ => None,
                };
                self.duplicate(redirect.descriptor.unwrap_or(1), number.as_deref(), output, state);
            }
        }
    }

    /// `2>&1`, `<&3`, `>&-`; `None` for one that is not known.
    fn duplicate(&self, to: u32, from: Option<&str>, output: &mut Output, state: &mut State) {
        let source = match from.map(str::parse::<u32>) {
            Some(Ok(1)) => Some(output.as_descriptor()),
            Some(Ok(0)) => Some(Descriptor { input: state.input.clone(), ..Descriptor::default() }),
            Some(Ok(number)) => state.descriptors.get(&number).cloned(),
            // `>&-`, and what is no number.
            Some(Err(_)) => Some(Descriptor::default()),
            None => {
                let mut any = Descriptor { usual: true, ..Descriptor::default() };
                for descriptor in state.descriptors.values() {
                    join(&mut any.files, descriptor.files.clone());
                    if let Some(texts) = &descriptor.input {
                        join(any.input.get_or_insert_default(), texts.clone());
                    }
                }
                Some(any)
            }
        };
        match (to, source) {
            (0, source) => state.input = source.and_then(|source| source.input),
            // Messages of a program are nobody's input.
            (1, None) if from == Some("2") => *output = GONE,
            (1, None) => {}
            (1, Some(source)) => *output = Output::to(&source),
            (to, Some(source)) => open(to, source, state),
            (_, None) => {}
        }
    }

    /// Where a path for output leads.
    fn opened(&mut self, word: &Written, append: bool, output: &Output, state: &mut State) -> Output {
        let mut opened = GONE;
        for path in self.texts(word, state) {
            match path.known().and_then(descriptor_named) {
                Some(1) => {
                    opened.usual |= output.usual;
                    opened.files.extend(output.files.iter().map(|(place, _)| (place.clone(), true)));
                }
                Some(number) => {
                    let files = state.descriptors.get(&number).map(Output::to);
                    opened.files.extend(files.into_iter().flat_map(|output| output.files));
                }
                None if path.known().is_some_and(|path| path.starts_with("/dev/")) => {}
                None => {
                    opened.files.extend(self.places(&path, state).into_iter().map(|place| (place, append)))
                }
            }
        }
        opened
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
        if let Some(descriptor) =
            path.known().and_then(descriptor_named).and_then(|n| state.descriptors.get(&n))
        {
            return descriptor.input.clone();
        }
        let mut texts = Vec::new();
        for place in self.places(path, state) {
            join(&mut texts, self.files.get(&place).cloned().unwrap_or_default());
            // `*.sh` may name what a step wrote, alone or with others.
            if place.names.iter().any(|name| name.known().is_none() && name.why_unknown().is_none()) {
                let matching = self.files.iter().filter(|(file, _)| place.may_be(file));
                let matching: Vec<&Vec<Text>> = matching.map(|(_, texts)| texts).collect();
                let mut all = Text::default();
                for held in &matching {
                    join(&mut texts, held.to_vec());
                    held.first().into_iter().for_each(|text| all.append(text));
                }
                if matching.len() > 1 {
                    join(&mut texts, vec![all]);
                }
            }
        }
        (!texts.is_empty()).then_some(texts)
    }

    /// The scripts that a path may name: where it is not known, every one that a step wrote and that it may be.
    pub(super) fn scripts_in(&mut self, path: &Text, state: &State) -> Option<Vec<Text>> {
        if path.known().is_some() || self.files.is_empty() {
            return self.file_texts(path, state);
        }
        let mut texts = Vec::new();
        for place in self.places(path, state) {
            join(&mut texts, self.files.get(&place).cloned().unwrap_or_default());
            let others = self.files.iter().filter(|(file, _)| **file != place && place.may_be(file));
            let others: Vec<Text> = others.flat_map(|(_, texts)| texts.iter().cloned()).collect();
            for text in others {
                // It need not be a script at all.
                match crate::again::read(&text) {
                    Ok(_) => join(&mut texts, vec![text]),
                    Err(_) => _ = self.looked_at(&super::wrapper::as_written(&text), state),
                }
            }
        }
        (!texts.is_empty()).then_some(texts)
    }

    /// Scripts that a step wrote under the name of a program.
    pub(super) fn scripts_named(&self, name: &str) -> Vec<Text> {
        let named =
            self.files.iter().filter(|(place, _)| place.names.last().and_then(Text::known) == Some(name));
        named.flat_map(|(_, texts)| texts.iter().cloned()).collect()
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
        if let Some(path) = path.known().filter(|path| path.starts_with("/dev/")) {
            let descriptor = descriptor_named(path).and_then(|number| state.descriptors.get(&number));
            for place in descriptor.map(|descriptor| descriptor.files.clone()).unwrap_or_default() {
                self.write_place(place, texts, true);
            }
            return;
        }
        for place in self.places(path, state) {
            self.write_place(place, texts, append);
        }
    }

    pub(super) fn write_place(&mut self, place: Place, texts: &[Text], append: bool) {
        if texts.is_empty() {
            return;
        }
        self.writes += 1;
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
            held.truncate(MAX_TEXTS);
            self.give_up("more texts of one file than are followed");
        }
    }
}

/// The number in `/dev/fd/3` and the like.
fn descriptor_named(path: &str) -> Option<u32> {
    match path {
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => path.strip_prefix("/dev/fd/").or(path.strip_prefix("/proc/self/fd/"))?.parse().ok(),
    }
}

fn open(number: u32, descriptor: Descriptor, state: &mut State) {
    let descriptors = Rc::make_mut(&mut state.descriptors);
    if number == NAMED
        && let Some(before) = descriptors.get_mut(&NAMED)
    {
        // Several names share the number.
        join(&mut before.files, descriptor.files);
        if let Some(texts) = descriptor.input {
            join(before.input.get_or_insert_default(), texts);
        }
        return;
    }
    descriptors.insert(number, descriptor);
}

fn give_input(number: u32, texts: Option<Vec<Text>>, state: &mut State) {
    match number {
        0 => state.input = texts,
        number => open(number, Descriptor { input: texts, ..Descriptor::default() }, state),
    }
}
