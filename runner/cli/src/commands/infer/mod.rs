//! `infer`

mod asking;
mod listener;
mod telling;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract_engine::{
    Answer, Caller as Calling, EarlySignals, Failure, LiveCalls, Outcome, Prepared, Request, Surroundings,
    live_calls, now, prepare,
};
use contract_inference::{
    AdapterFacts, Ask, Basis, EgressPapers, Finder, Finished, Gate, Profile, Reading, Records, RouteRequest,
    RunPlace, RunRef, Shelf, Standing, Tracker, Wanted,
};
use contract_ipc::{Code, Exit};

use self::listener::Listener;
use self::telling::Teller;
use super::run::{mark_latest, out_folder};
use super::{note, request};
use crate::args::{Format, InferArgs, Output};
use crate::progress::Spinner;
use crate::{show, style};

/// Processor time of one answer, unless the operator sets another.
const CPU: &str = "1h";
/// The number of the only call.
const CALL: u64 = 0;

pub(crate) fn infer(args: &InferArgs, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let ask = asking::ask(args, &around.root)?;
    let mut early = EarlySignals::catch()?;
    // A receipt that cannot be written is an error with a code.
    contract_engine::survive_full_files()?;
    let folder =
        around.root.join(args.records.as_deref().unwrap_or(Path::new(contract_inference::DEFAULT_FOLDER)));
    // First of all: what cannot be put on record is not done.
    let mut records = Records::open(&folder)?;
    let mut door = Door {
        basis: Basis {
            caller: asking::caller(args)?,
            gate: None,
            named: asking::named(args),
            adapter: None,
            memory_bytes: None,
            route: None,
            fallback: None,
            keep_texts: args.store_texts,
        },
        around,
        output,
    };
    let opened = door.open(args, &ask, &early);
    // Whatever a signal has led to, it is the reason.
    let opened = early.check().and(opened);
    early.hand_over();
    let ran = opened.and_then(|opened| door.serve(&ask, opened));
    let teller = Teller { output, root: &door.around.root, folder: &folder };
    let done = match ran {
        Ok(done) => done,
        Err(failure) => {
            let appended = records.append(&door.basis.refused(&ask, &failure), now())?;
            return Ok(teller.refused(&failure, &appended));
        }
    };
    let run = RunRef {
        id: done.outcome.receipt.session.id.clone(),
        // A run whose evidence was lost has no digest of it.
        subject_digest: done
            .outcome
            .evidence_lost
            .is_none()
            .then(|| done.outcome.receipt.digests.subject.blake3_uri()),
    };
    let completion = door.basis.finished(&ask, done.place.clone(), &done.finished, Some(run));
    let appended = records.append(&completion, now())?;
    let exit = teller.done(&ask, &done, &appended)?;
    // The model has run, and that is on record; that its text was lost is told after that.
    done.printed.map(|()| exit)
}

/// The model, and what is known of it so far: a refusal is recorded with that.
struct Door {
    basis: Basis,
    around: Surroundings,
    output: Output,
}

/// A run that is over.
struct Done {
    finished: Finished,
    place: RunPlace,
    outcome: Outcome,
    folder: PathBuf,
    /// What became of the text that was streamed.
    printed: Result<(), Failure>,
}

/// A run that may begin.
struct Opened {
    gate: Gate,
    place: RunPlace,
    prepared: Prepared,
    /// Its folder, when it is a new one.
    new_folder: Option<PathBuf>,
}

impl Door {
    /// # Errors
    /// What refuses the request before anything is started.
    fn open(&mut self, args: &InferArgs, ask: &Ask, early: &EarlySignals) -> Result<Opened, Failure> {
        let papers = EgressPapers::read(
            args.lease.as_deref(),
            args.decision.as_deref(),
            &args.authority.grant,
            &self.around.root,
        )?;
        let spinner = self.spinner("reading the model");
        let mut reading = |done: u64, total: u64| {
            if let Some(spinner) = &spinner {
                #[expect(clippy::cast_precision_loss, reason = "a bar of 20 cells")]
                let fraction = done as f64 / total.max(1) as f64;
                spinner.note(Some(fraction), "computing its digest");
            }
            if early.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let wanted_model = self.choose(args, &mut reading)?;
        let gate = Gate::open(&wanted_model, &self.around, now(), &mut reading)?;
        drop(spinner);
        self.basis.named.clone_from(&gate.model.name);
        self.basis.gate = Some(gate.clone());
        let mut wanted = Request { record_private: args.store_texts, ..request("", &args.authority) };
        gate.complete(&mut wanted, &[ask.op()], CPU);
        let command = contract_engine::find(&wanted.adapter, &self.around)?;
        let digest = contract_engine::digest_command(&command)?;
        self.basis.adapter = Some(AdapterFacts { name: command.name.clone(), digest: Some(digest.clone()) });
        let place = gate.judge(ask, &papers, &digest, now())?;
        let (out, is_new) = out_folder(args.out.as_deref());
        let prepared = prepare(&wanted, &self.around, &out).map_err(|refusal| refusal.failure)?;
        self.basis.memory_bytes = Some(prepared.plan().budget.limits.memory_bytes);
        note(self.output, &style::dim(&show::may_line(prepared.plan())));
        Ok(Opened { gate, place, prepared, new_folder: is_new.then_some(out) })
    }

    /// The model that is named, or the one that a route chooses; the decision goes on record.
    fn choose(&mut self, args: &InferArgs, reading: Reading<'_>) -> Result<Wanted, Failure> {
        let mut wanted = args.model.wanted();
        let folder = match (&args.profiles, args.task) {
            (Some(folder), _) => folder.as_path(),
            (None, Some(_)) => Path::new("."),
            (None, None) => return Ok(wanted),
        };
        let root = &self.around.root;
        let mut shelf = Shelf::read(&root.join(folder))?;
        let named = match wanted.profile.as_ref().map(|path| root.join(path)) {
            Some(path) => {
                let profile = Profile::open(&path)?;
                let reference = profile.reference.clone();
                // What the user names is what is meant, also beside a folder that has it elsewhere.
                shelf.add(&path, profile)?;
                Some(reference)
            }
            None => None,
        };
        let finder = Finder::new(&shelf, &self.around, args.keys.as_deref(), now())?;
        let request = RouteRequest { task: args.task, profile: named.as_deref() };
        let decision = finder.decide(request, reading);
        self.basis.route = Some(decision.clone());
        let Some(chosen) = decision.chosen.as_deref().and_then(|chosen| shelf.profiles.get(chosen)) else {
            return Err(Failure::new(Code::InferenceNoRoute, "no profile can serve the request")
                .cause(decision.to_string().trim_end().to_owned()));
        };
        if decision.chosen().is_some_and(|chosen| chosen.depth > 0) {
            self.basis.fallback = Some(Standing::FULL);
            note(self.output, &format!("{} stands in", style::tame(&chosen.reference)));
            // A key is for the server of the profile that was named.
            wanted.api_key_env = None;
        }
        wanted.profile = shelf.path(&chosen.reference).map(Path::to_owned);
        Ok(wanted)
    }

    fn serve(&self, ask: &Ask, opened: Opened) -> Result<Done, Failure> {
        let Opened { gate, place, prepared, new_folder } = opened;
        let folder = prepared.folder().to_owned();
        let (calling, calls): (Calling, LiveCalls) = live_calls();
        let until = ask.timeout_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
        calling.call(CALL, ask.op(), &gate.args(ask), until)?;
        let streams = self.output.format == Format::Human && !ask.is_constrained();
        let mut listener = Listener {
            tracker: Some(Tracker::new(ask)),
            calling: Some(calling),
            gate: &gate,
            finished: None,
            streams,
            printed: Ok(()),
            spinner: self.spinner(&gate.model.name),
        };
        let outcome = prepared.serve(calls, &mut listener).map_err(|refusal| refusal.failure)?;
        if let Some(out) = new_folder {
            mark_latest(&out, &self.around, self.output);
        }
        let Listener { finished, printed, tracker, .. } = listener;
        // Whoever called was told of the end, also when there was none.
        let finished = finished.or_else(|| {
            let nothing = Answer::Error { code: Code::AdapterExited.as_str().into(), message: "".into() };
            tracker.map(|tracker| tracker.end(&nothing, &gate))
        });
        let finished = finished.expect("a tracker is there until the end is");
        Ok(Done { finished, place, outcome, folder, printed })
    }

    fn spinner(&self, what: &str) -> Option<Spinner> {
        (!self.output.quiet && style::is_terminal()).then(|| Spinner::start(style::tame(what)))
    }
}
