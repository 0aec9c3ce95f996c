//! Keeps a session up, on the main thread: the adapter's life is bound to it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract_engine::{
    Answer, EarlySignals, Failure, LiveCalls, Note, Outcome, Plan, Request, Surroundings, Watcher, prepare,
    run_id,
};
use contract_inference::{AdapterFacts, EMBED, GENERATE};
use contract_ipc::{Code, Exit, Seed};
use contract_receipts::RUNS_FOLDER;

use crate::args::ServeArgs;
use crate::desk::Desk;
use crate::line::Session;
use crate::say;

/// Processor time of a session, unless the operator sets another: it ends by its number of requests before that.
const CPU: &str = "720h";
/// Sessions that may end one after the other without a single answer.
const FRUITLESS_SESSIONS: u32 = 3;
/// The number of the first session.
const FIRST: u64 = 0;
/// Before the next try, when one could not even begin.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until a signal comes.
///
/// # Errors
/// The session cannot be brought up.
pub(crate) fn keep(desk: &Arc<Desk>, args: &ServeArgs, around: &Surroundings) -> Result<Exit, Failure> {
    // A signal between two sessions ends the next one as it begins.
    let mut signals = EarlySignals::catch()?;
    signals.hand_over();
    let kept = keep_up(desk, args, around, &signals);
    // Calls may wait for a session that will not come.
    desk.end_all(kept.as_ref().err());
    kept
}

fn keep_up(
    desk: &Arc<Desk>,
    args: &ServeArgs,
    around: &Surroundings,
    signals: &EarlySignals,
) -> Result<Exit, Failure> {
    let mut fruitless = 0;
    loop {
        let (session, calls) = desk.next_session();
        let mut keeper = Keeper { desk, session, most: args.session_requests, facts: None, answers: 0 };
        let ended = run_session(&mut keeper, calls, args, around);
        let answers = keeper.answers;
        let failure = match &ended {
            // What the operator asked for cannot be had.
            Err(failure) if session == FIRST => return Err(failure.clone()),
            Err(failure) => {
                desk.skip_session(session, failure);
                desk.metrics.session_ended();
                Some(failure)
            }
            Ok(outcome) => {
                // What became of single requests does not concern the session.
                let failure = outcome.failure.as_ref().filter(|_| outcome.broke);
                desk.end_session(session, failure);
                if matches!(outcome.exit, Exit::Interrupted | Exit::Terminated) {
                    desk.end_all(failure);
                    return Ok(outcome.exit);
                }
                desk.metrics.session_ended();
                if outcome.evidence_lost.is_some() {
                    desk.metrics.record_lost();
                }
                failure
            }
        };
        let Some(failure) = failure else {
            fruitless = 0;
            continue;
        };
        fruitless = if answers == 0 { fruitless + 1 } else { 0 };
        if fruitless == FRUITLESS_SESSIONS {
            return Err(failure.clone());
        }
        let (code, message) = (failure.code_text(), &failure.message);
        let became = if ended.is_ok() { "ended" } else { "could not begin" };
        say(&format!("the session {became} ({code}: {message}); a new one begins"));
        // Memory or processes may be short for a moment.
        if ended.is_err()
            && let Some(code) = pause(desk, signals, failure)
        {
            return Ok(code.exit());
        }
    }
}

/// Waits for a better moment, or until a signal comes: its code then. Meanwhile time runs for those who wait.
fn pause(desk: &Desk, signals: &EarlySignals, failure: &Failure) -> Option<Code> {
    let end = Instant::now() + PAUSE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let next = desk.expire_waiting(failure).unwrap_or(left);
        if left.is_zero() {
            return None;
        }
        if let Some(code) = signals.pause(left.min(next)) {
            return Some(code);
        }
    }
}

fn run_session(
    keeper: &mut Keeper<'_>,
    calls: LiveCalls,
    args: &ServeArgs,
    around: &Surroundings,
) -> Result<Outcome, Failure> {
    // One process has many sessions.
    let run = format!("{}-{}", run_id(), keeper.session);
    let out = Path::new(RUNS_FOLDER).join(&run);
    // Plans of sessions are alike; their ids are not to be, for receipts name them.
    let seed = Seed::of_plan(run.as_bytes());
    let prepared = prepare(&request(keeper.desk, args, &seed), around, &out)?;
    keeper.facts = Some(facts(prepared.plan())?);
    Ok(prepared.serve(calls, keeper)?)
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

/// What records are to say of a session.
fn facts(plan: &Plan) -> Result<Session, Failure> {
    Ok(Session {
        run: plan.session.id.clone(),
        adapter: AdapterFacts {
            name: plan.command.name.clone(),
            digest: Some(contract_engine::digest_command(&plan.command)?),
        },
        memory_bytes: plan.budget.limits.memory_bytes,
        total_ms: plan.budget.total_ms,
    })
}

struct Keeper<'d> {
    desk: &'d Arc<Desk>,
    session: u64,
    most: u64,
    /// Handed over when the session is up.
    facts: Option<Session>,
    answers: u64,
}

impl Watcher for Keeper<'_> {
    fn serving(&mut self, _calls: u64) {
        if let Some(facts) = self.facts.take() {
            self.desk.begin_session(facts);
        }
    }

    fn progress(&mut self, call: u64, note: &Note<'_>) {
        self.desk.hear(call, note);
    }

    fn expired(&mut self, call: u64) {
        self.desk.expire(call);
    }

    fn answer(&mut self, call: u64, answer: &Answer<'_>) {
        self.answers += u64::from(matches!(answer, Answer::Result { .. }));
        self.desk.answer(call, answer);
        self.desk.turn_over_after(self.session, self.most);
    }

    fn unasked(&mut self, call: u64, answer: &Answer<'_>) {
        self.desk.unasked(call, answer);
    }
}
