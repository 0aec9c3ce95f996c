//! Keeps a session up, on the main thread: the adapter's life is bound to it.

use std::path::Path;
use std::sync::Arc;

use contract_engine::{Answer, EarlySignals, Failure, Note, Request, Surroundings, Watcher, prepare, run_id};
use contract_inference::{EMBED, GENERATE};
use contract_ipc::{Exit, Seed};
use contract_receipts::RUNS_FOLDER;

use crate::args::ServeArgs;
use crate::desk::Desk;
use crate::say;

/// Processor time of a session, unless the operator sets another: it ends by its number of requests before that.
const CPU: &str = "720h";
/// Sessions that may end one after the other without a single answer.
const FRUITLESS_SESSIONS: u32 = 3;

/// Serves until a signal comes.
///
/// # Errors
/// The session cannot be brought up.
pub(crate) fn keep(desk: &Arc<Desk>, args: &ServeArgs, around: &Surroundings) -> Result<Exit, Failure> {
    // A signal between two sessions ends the next one as it begins.
    EarlySignals::catch()?.hand_over();
    let kept = keep_up(desk, args, around);
    // Calls may wait for a session that will not come.
    desk.end_all(kept.as_ref().err());
    kept
}

fn keep_up(desk: &Arc<Desk>, args: &ServeArgs, around: &Surroundings) -> Result<Exit, Failure> {
    let mut fruitless = 0;
    loop {
        let (session, calls) = desk.next_session();
        // One process has many sessions.
        let run = format!("{}-{session}", run_id());
        let out = Path::new(RUNS_FOLDER).join(&run);
        // Plans of sessions are alike; their ids are not to be, for receipts name them.
        let seed = Seed::of_plan(run.as_bytes());
        let prepared = match prepare(&request(desk, args, &seed), around, &out) {
            Ok(prepared) => prepared,
            Err(refusal) => {
                desk.end_session(session, Some(&refusal.failure));
                return Err(refusal.failure);
            }
        };
        desk.begin_session(session, &prepared.plan().session.id);
        let mut watcher = Keeper { desk, session, most: args.session_requests, answers: 0 };
        let ended = prepared.serve(calls, &mut watcher);
        let answers = watcher.answers;
        match ended {
            Err(refusal) => {
                desk.end_session(session, Some(&refusal.failure));
                return Err(refusal.failure);
            }
            Ok(outcome) => {
                desk.end_session(session, outcome.failure.as_ref());
                if matches!(outcome.exit, Exit::Interrupted | Exit::Terminated) {
                    return Ok(outcome.exit);
                }
                desk.metrics.session_ended();
                let Some(failure) = outcome.failure else {
                    fruitless = 0;
                    continue;
                };
                fruitless = if answers == 0 { fruitless + 1 } else { 0 };
                if fruitless == FRUITLESS_SESSIONS {
                    return Err(failure);
                }
                let (code, message) = (failure.code_text(), &failure.message);
                say(&format!("the session ended ({code}: {message}); a new one begins"));
            }
        }
    }
}

fn request(desk: &Desk, args: &ServeArgs, seed: &Seed) -> Request {
    let mut request = Request {
        allow: args.allow.clone(),
        limits: args.limit.clone(),
        grants: args.grant.clone(),
        accept_gaps: args.accept_gap.clone(),
        seed: Some(seed.as_str().to_owned()),
        in_flight: usize::from(args.parallel),
        record_private: args.store_texts,
        ..Request::default()
    };
    desk.gate.complete(&mut request, &[GENERATE, EMBED], CPU);
    request
}

struct Keeper<'d> {
    desk: &'d Arc<Desk>,
    session: u64,
    most: u64,
    answers: u64,
}

impl Watcher for Keeper<'_> {
    fn progress(&mut self, call: u64, note: &Note<'_>) {
        self.desk.hear(self.session, call, note);
    }

    fn expired(&mut self, call: u64) {
        self.desk.expire(self.session, call);
    }

    fn answer(&mut self, call: u64, answer: &Answer<'_>) {
        self.answers += u64::from(matches!(answer, Answer::Result { .. }));
        self.desk.answer(self.session, call, answer);
        self.desk.turn_over_after(self.session, self.most);
    }
}
