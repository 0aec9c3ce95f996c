//! Branches and loops. Which branch is taken is not known, so all of them run; a loop runs until it changes nothing more.

use super::{Frame, Machine, either};
use crate::pattern;
use crate::state::{Arguments, Function, State};
use crate::syntax::{Arm, List, Piece, Stage, Word};
use crate::text::Text;
use std::rc::Rc;

/// Most words that a loop goes through one by one.
const MAX_WORDS: usize = 64;

/// Rounds after which what still changes is taken to be unknown.
const MAX_ROUNDS: usize = 16;

impl Machine<'_> {
    pub(super) fn if_clause(
        &mut self,
        branches: &[(List, List)],
        otherwise: Option<&List>,
        state: &mut State,
    ) {
        let mut ends: Option<State> = None;
        for (condition, branch) in branches {
            let Some((last, first)) = condition.items.split_last() else { break };
            self.leniently(|machine| machine.items(first, true, state));
            let before = state.clone();
            self.leniently(|machine| machine.items(std::slice::from_ref(last), false, state));
            if state.dead || self.exhausted() {
                break;
            }
            let undone = last.rest.is_empty().then_some(&last.first);
            let (succeeded, failed) = self.outcomes(state.clone(), before, undone);
            if let Some(mut taken) = succeeded {
                self.list(branch, &mut taken);
                ends = either(ends, Some(taken));
            }
            match failed {
                Some(failed) => *state = failed,
                None => {
                    state.dead = true;
                    break;
                }
            }
        }
        if let Some(list) = otherwise {
            self.list(list, state);
        }
        if let Some(ends) = ends {
            state.merge_in(ends);
        }
    }

    pub(super) fn while_clause(&mut self, condition: &List, until: bool, body: &List, state: &mut State) {
        self.frames.push(Frame::Loop { broken: None, continued: None });
        let mut ends: Option<State> = None;
        for round in 0.. {
            self.spend(2 * (state.weight() - 1));
            let before = state.clone();
            self.leniently(|machine| machine.list(condition, state));
            if state.dead || self.exhausted() {
                break;
            }
            if !condition.items.is_empty() {
                self.may_have_stayed(before.cwd.clone(), state);
            }
            let goes_on = state.status.map(|success| success != until);
            // `for ((;;))` has no condition here, but ends.
            if goes_on != Some(true) || condition.items.is_empty() {
                self.spend(state.weight());
                ends = either(ends, Some(state.clone()));
            }
            if goes_on == Some(false) && !condition.items.is_empty() {
                state.dead = true;
                break;
            }
            self.list(body, state);
            self.take_continued(state);
            if state.dead || self.exhausted() || *state == before {
                break;
            }
            if round >= MAX_ROUNDS {
                if round > MAX_ROUNDS + 2 {
                    break;
                }
                state.widen(&before);
            }
        }
        // What has not ended is as good as ended: the rounds go on elsewhere.
        if !state.dead {
            ends = either(ends, Some(state.clone()));
        }
        self.end_loop(ends, state);
    }

    fn take_continued(&mut self, state: &mut State) {
        if let Some(Frame::Loop { continued, .. }) = self.frames.last_mut()
            && let Some(continued) = continued.take()
        {
            *state = continued.merge(state.clone());
        }
    }

    fn end_loop(&mut self, ends: Option<State>, state: &mut State) {
        let broken = match self.frames.pop() {
            Some(Frame::Loop { broken, .. }) => broken,
            _ => None,
        };
        match either(ends, broken) {
            Some(after) => *state = after,
            None => state.dead = true,
        }
        state.status = None;
    }

    pub(super) fn for_clause(&mut self, name: &str, words: Option<&[Word]>, body: &List, state: &mut State) {
        let lists = self.loop_words(words, state);
        self.frames.push(Frame::Loop { broken: None, continued: None });
        let mut ends: Option<State> = None;
        for words in lists {
            let mut path = state.clone();
            let mut may_be_none = false;
            for (index, word) in words.iter().enumerate() {
                if index > MAX_WORDS || path.dead || self.exhausted() {
                    break;
                }
                if word.splits() && !may_be_none {
                    // Perhaps there is no word at all.
                    ends = either(ends, Some(path.clone()));
                    may_be_none = true;
                }
                if index == MAX_WORDS {
                    path.forget(name);
                } else {
                    path.assign_text(name, word.text.clone());
                }
                self.spend(2 * (path.weight() - 1));
                let before = path.clone();
                self.list(body, &mut path);
                self.take_continued(&mut path);
                if word.splits() && !path.dead {
                    // Perhaps there are several words: what changes from round to round is not known.
                    let mut again = path.clone();
                    again.widen(&before);
                    again.assign_text(name, word.text.clone());
                    self.list(body, &mut again);
                    self.take_continued(&mut again);
                    path = path.merge(again);
                }
            }
            ends = either(ends, Some(path));
        }
        self.end_loop(ends, state);
    }

    fn loop_words(&mut self, words: Option<&[Word]>, state: &mut State) -> Vec<Vec<crate::Word>> {
        match words {
            Some(words) => {
                let words: Vec<&Word> = words.iter().collect();
                self.fields(&words, state)
            }
            None => match &state.arguments {
                Arguments::Known(arguments) => {
                    vec![arguments.iter().cloned().map(crate::Word::of).collect()]
                }
                Arguments::Unknown => vec![vec![super::parameter::unknown_arguments()]],
            },
        }
    }

    /// `select`: what the user picks is not known, but it is one of the words.
    pub(super) fn select_clause(
        &mut self,
        name: &str,
        words: Option<&[Word]>,
        body: &List,
        state: &mut State,
    ) {
        let texts: Vec<Text> =
            self.loop_words(words, state).into_iter().flatten().map(|word| word.text).collect();
        state.assign(name, texts.into_iter().map(crate::state::Value::Scalar).collect());
        state.forget("REPLY");
        self.while_clause(&List::default(), false, body, state);
    }

    pub(super) fn case_clause(&mut self, subject: &Word, arms: &[Arm], state: &mut State) {
        let subjects = self.texts(subject, state);
        let mut ends: Option<State> = None;
        let mut none_taken = false;
        for subject in &subjects {
            let mut may_go_on = true;
            // An arm that ended in `;&` runs on into this one.
            let mut falling: Option<State> = None;
            for arm in arms {
                if self.exhausted() {
                    break;
                }
                let taken = if may_go_on { self.arm_taken(subject, arm, state) } else { Some(false) };
                let entered = match taken {
                    Some(false) => falling.take(),
                    _ => either(falling.take(), Some(state.clone())),
                };
                if let Some(mut path) = entered {
                    self.spend(path.weight() - 1);
                    self.list(&arm.body, &mut path);
                    if arm.goes_on {
                        falling = Some(path);
                    } else {
                        ends = either(ends, Some(path));
                    }
                }
                if taken == Some(true) && !arm.goes_on {
                    may_go_on = false;
                }
            }
            ends = either(ends, falling);
            none_taken |= may_go_on;
        }
        let after = if none_taken { either(ends, Some(state.clone())) } else { ends };
        match after {
            Some(after) => *state = after,
            None => state.dead = true,
        }
        state.status = None;
    }

    /// Whether one of the patterns matches, as far as that is certain.
    fn arm_taken(&mut self, subject: &Text, arm: &Arm, state: &mut State) -> Option<bool> {
        let mut certain = Some(false);
        for word in &arm.patterns {
            if matches!(word.pieces.as_slice(), [Piece::Text(all)] if all == "*") {
                return Some(true);
            }
            let patterns = self.patterns(word, state);
            let matched = match (subject.known(), patterns.as_slice()) {
                (Some(text), [Some(pattern)]) => {
                    let matched = pattern::matches(pattern, text);
                    // With `nocasematch` more matches.
                    if state.any_case && matched == Some(false) { None } else { matched }
                }
                _ => None,
            };
            match matched {
                Some(true) => return if certain.is_none() { None } else { Some(true) },
                Some(false) => {}
                None => certain = None,
            }
        }
        certain
    }

    pub(super) fn define(&mut self, name: &str, body: &Rc<Stage>, state: &mut State) {
        let function = Function { body: Rc::clone(body), exported: state.export_all };
        Rc::make_mut(&mut state.functions).insert(name.to_owned(), vec![function]);
        state.status = Some(true);
    }
}
