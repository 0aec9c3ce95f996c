//! Lists and pipelines: what runs after what, and in which states.

use super::{Machine, either, may_fail};
use crate::place::{Place, Root};
use crate::state::State;
use crate::syntax::{Action, Item, Join, List, Pipeline};
use crate::text::Why;

impl Machine<'_> {
    pub(super) fn list(&mut self, list: &List, state: &mut State) {
        self.items(&list.items, false, state);
    }

    /// Items of a list; `follows` says whether more of it follow.
    pub(super) fn items(&mut self, items: &[Item], follows: bool, state: &mut State) {
        for (index, item) in items.iter().enumerate() {
            if state.dead || self.exhausted() {
                return;
            }
            let before =
                (self.goes_on(state) && (follows || index + 1 < items.len())).then(|| state.cwd.clone());
            self.item(item, state);
            if let Some(before) = before {
                self.may_have_stayed(before, state);
            }
        }
    }

    /// A command that fails does not end the script here.
    pub(super) fn goes_on(&self, state: &State) -> bool {
        self.lenient > 0 || state.errors_go_on
    }

    /// Runs something whose failure does not end the script.
    pub(super) fn leniently(&mut self, run: impl FnOnce(&mut Self)) {
        self.lenient += 1;
        run(self);
        self.lenient -= 1;
    }

    /// After a `cd` that may have failed, the folder may be the one before.
    pub(super) fn may_have_stayed(&self, before: Vec<Place>, state: &mut State) {
        if self.entered && state.status.is_none() {
            let unknown = || Place::of(Root::Unknown(Why::Folder));
            crate::state::join(&mut state.cwd, before);
            crate::state::limit(&mut state.cwd, unknown);
        }
    }

    fn item(&mut self, item: &Item, state: &mut State) {
        if item.background {
            let after = self.in_subshell(state, |machine, state| machine.joined(item, state));
            state.printed = after.printed;
            state.status = Some(true);
        } else {
            self.joined(item, state);
        }
    }

    /// `a && b || c`: the states in which the left side succeeded and failed go different ways.
    fn joined(&mut self, item: &Item, state: &mut State) {
        let is_whole = std::mem::take(&mut self.is_whole);
        let before = (!item.rest.is_empty()).then(|| state.clone());
        let Some(before) = before else { return self.pipeline(&item.first, state) };
        self.leniently(|machine| machine.pipeline(&item.first, state));
        if state.dead {
            return;
        }
        let or_follows = |from: usize| item.rest[from..].iter().any(|(join, _)| *join == Join::Or);
        self.assume(or_follows(0), is_whole, state);
        let undone = or_follows(0).then_some(&item.first);
        let (mut succeeded, mut failed) = self.outcomes(state.clone(), before, undone);
        for (index, (join, pipeline)) in item.rest.iter().enumerate() {
            let taken = if *join == Join::And { &mut succeeded } else { &mut failed };
            let Some(mut path) = taken.take() else { continue };
            let before = path.clone();
            let is_last = index + 1 == item.rest.len();
            match is_last {
                true => self.pipeline(pipeline, &mut path),
                false => self.leniently(|machine| machine.pipeline(pipeline, &mut path)),
            }
            if path.dead {
                continue;
            }
            let may_end = is_last && !self.goes_on(&path) || is_whole;
            self.assume(or_follows(index + 1), may_end, &mut path);
            let undone = or_follows(index + 1).then_some(pipeline);
            let (success, failure) = self.outcomes(path, before, undone);
            succeeded = either(succeeded, success);
            failed = either(failed, failure);
        }
        match either(succeeded, failed) {
            Some(after) => *state = after,
            None => state.dead = true,
        }
    }

    /// `cd` and `mkdir` are taken to succeed, unless an `||` follows that says what happens otherwise, or a `cd` that failed
    /// would not end the script.
    fn assume(&self, or_follows: bool, may_end: bool, state: &mut State) {
        let may_stay = self.entered && !may_end;
        if self.assumed && !or_follows && !may_stay && state.status.is_none() {
            state.status = Some(true);
        }
    }

    /// The state after success and after failure. A `cd` that failed has gone nowhere, and a command that the script
    /// expects to fail may have done nothing.
    pub(super) fn outcomes(
        &mut self,
        state: State,
        mut before: State,
        undone: Option<&Pipeline>,
    ) -> (Option<State>, Option<State>) {
        match state.status {
            Some(true) => (Some(state), None),
            Some(false) => (None, Some(state)),
            None => {
                self.spend(state.weight());
                let (mut succeeded, mut failed) = (state.clone(), state);
                if undone.is_some_and(may_do_nothing) {
                    before.status = None;
                    // What was printed and read, was.
                    before.printed.clone_from(&failed.printed);
                    before.input.clone_from(&failed.input);
                    if undone.is_some_and(|pipeline| pipeline.negated) {
                        succeeded.merge_in(before.clone());
                    }
                    failed.merge_in(before);
                } else {
                    crate::state::join(&mut failed.cwd, before.cwd);
                }
                (Some(succeeded), Some(failed))
            }
        }
    }

    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, state: &mut State) {
        // The program `time` changes nothing in this shell.
        let before = pipeline.timed.then(|| state.clone());
        if let [stage] = pipeline.stages.as_slice() {
            if pipeline.negated {
                let before = state.cwd.clone();
                self.leniently(|machine| machine.stage(stage, state));
                self.may_have_stayed(before, state);
            } else {
                self.stage(stage, state);
            }
        } else {
            let mut input = state.input.clone();
            let last = pipeline.stages.len() - 1;
            let mut status = None;
            for (index, stage) in pipeline.stages.iter().enumerate() {
                let mut piped = state.clone();
                piped.input = input.take();
                if index < last {
                    piped.capture();
                }
                let after = self.in_subshell(&piped, |machine, state| machine.stage(stage, state));
                if index < last {
                    input = after.printed;
                } else {
                    status = after.status;
                    if state.last_here {
                        state.printed.clone_from(&after.printed);
                        state.merge_in(after);
                    } else {
                        state.printed = after.printed;
                    }
                }
            }
            state.status = status;
        }
        if pipeline.negated {
            state.status = state.status.map(|success| !success);
        }
        if let Some(before) = before {
            state.merge_in(before);
            state.status = None;
        }
    }
}

/// Whether the command, when it fails, may have changed nothing at all.
fn may_do_nothing(pipeline: &Pipeline) -> bool {
    let [stage] = pipeline.stages.as_slice() else { return false };
    let plain = match &stage.action {
        Action::Simple(simple) if simple.words.is_empty() => simple.assignments.iter().all(|assignment| {
            let scalar = matches!(assignment.value, crate::syntax::Assigned::Scalar(_));
            scalar && !assignment.append && assignment.index.is_none()
        }),
        Action::Simple(_) => false,
        _ => true,
    };
    !plain || stage.redirects.iter().any(may_fail)
}
