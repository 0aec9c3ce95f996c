//! `infer`

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use contract_engine::{
    Answer, Caller as Calling, Failure, LiveCalls, Note, Outcome, Prepared, Refusal, Request, Surroundings,
    Watcher, live_calls, now, prepare,
};
use contract_inference::egress::LeaseRef;
use contract_inference::{
    AdapterFacts, Appended, Ask, Basis, Caller, EgressPapers, Ending, Finder, Finished, Gate, Heard, Input,
    Message, MessageRole, Profile, Records, RouteRequest, RunPlace, RunRef, Sampling, Shelf, Stop, Tracker,
    Wanted, Why,
};
use contract_ipc::{Code, Exit};
use serde_json::{Value, json};

use super::run::{mark_latest, out_folder};
use super::{failure_json, note, print_json, printed, request, usage};
use crate::args::{Format, InferArgs, Output};
use crate::progress::Spinner;
use crate::{show, style};

/// A prompt from stdin is read up to this size, in bytes.
const MAX_PROMPT_BYTES: u64 = 8 << 20;
/// Processor time of one answer, unless the operator sets another.
const CPU: &str = "1h";
/// A schema or a grammar is read up to this size, in bytes.
const MAX_FORM_BYTES: u64 = 1 << 20;

pub(crate) fn infer(args: &InferArgs, output: Output) -> Result<Exit, Failure> {
    let around = Surroundings::of_process()?;
    let ask = ask(args, &around.root)?;
    let folder =
        around.root.join(args.records.as_deref().unwrap_or(Path::new(contract_inference::DEFAULT_FOLDER)));
    // First of all: what cannot be put on record is not done.
    let mut records = Records::open(&folder)?;
    let mut door = Door {
        basis: Basis {
            caller: caller(args)?,
            gate: None,
            named: named(args),
            adapter: None,
            memory_bytes: None,
            route: None,
            fallback: None,
            keep_texts: args.store_texts,
        },
        around,
        output,
    };
    let done = match door.run(args, &ask) {
        Ok(done) => done,
        Err(failure) => {
            let appended = records.append(&door.basis.refused(&ask, &failure), now())?;
            return Ok(door.tell_refused(&failure, &appended, &folder));
        }
    };
    let run = done.outcome.as_ref().map(|outcome| RunRef {
        id: outcome.receipt.session.id.clone(),
        subject_digest: outcome.receipt.digests.subject.blake3_uri(),
    });
    let completion = door.basis.finished(&ask, done.place.clone(), &done.finished, run);
    let appended = records.append(&completion, now())?;
    let exit = door.tell(&ask, &done, &appended, &folder)?;
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
    outcome: Option<Outcome>,
    folder: PathBuf,
    /// What became of the text that was streamed.
    printed: Result<(), Failure>,
}

impl Door {
    /// # Errors
    /// What refuses the request before anything is started.
    fn run(&mut self, args: &InferArgs, ask: &Ask) -> Result<Done, Failure> {
        let papers = EgressPapers::read(
            args.lease.as_deref(),
            args.decision.as_deref(),
            &args.authority.grant,
            &self.around.root,
        )?;
        let wanted_model = self.choose(args)?;
        let spinner = self.spinner("reading the model");
        let gate = Gate::open(&wanted_model, &self.around, now(), &mut |done, total| {
            if let Some(spinner) = &spinner {
                #[expect(clippy::cast_precision_loss, reason = "a bar of 20 cells")]
                let fraction = done as f64 / total.max(1) as f64;
                spinner.note(Some(fraction), "computing its digest");
            }
        })?;
        drop(spinner);
        self.basis.named.clone_from(&gate.model.name);
        self.basis.gate = Some(gate.clone());
        let mut wanted =
            Request { in_flight: 1, record_private: args.store_texts, ..request("", &args.authority) };
        gate.complete(&mut wanted, &[ask.op()], CPU);
        let command = contract_engine::find(&wanted.adapter, &self.around)?;
        let digest = contract_engine::digest_command(&command)?;
        self.basis.adapter = Some(AdapterFacts { name: command.name.clone(), digest: Some(digest.clone()) });
        let place = gate.judge(ask, &papers, &digest, now())?;
        let (out, is_new) = out_folder(args.out.as_deref());
        let prepared = prepare(&wanted, &self.around, &out).map_err(|refusal| refusal.failure)?;
        self.basis.memory_bytes = Some(prepared.plan().budget.limits.memory_bytes);
        let folder = prepared.folder().to_owned();
        note(self.output, &style::dim(&show::may_line(prepared.plan())));
        let done = self.serve(prepared, &gate, ask, place, folder)?;
        if is_new {
            mark_latest(&out, &self.around, self.output);
        }
        Ok(done)
    }

    /// The model that is named, or the one that a route chooses; the decision goes on record.
    fn choose(&mut self, args: &InferArgs) -> Result<Wanted, Failure> {
        let mut wanted = args.model.wanted();
        let folder = match (&args.profiles, args.task) {
            (Some(folder), _) => folder.as_path(),
            (None, Some(_)) => Path::new("."),
            (None, None) => return Ok(wanted),
        };
        let root = &self.around.root;
        let shelf = Shelf::read(&root.join(folder))?;
        let named = match &wanted.profile {
            Some(path) => Some(Profile::open(&root.join(path))?.reference),
            None => None,
        };
        let finder = Finder::new(&shelf, &self.around, args.keys.as_deref(), now())?;
        let decision = finder.decide(RouteRequest { task: args.task, profile: named.as_deref() });
        self.basis.route = Some(decision.clone());
        let Some(chosen) = decision.chosen.as_deref().and_then(|chosen| shelf.profiles.get(chosen)) else {
            return Err(Failure::new(Code::InferenceNoRoute, "no profile can serve the request")
                .cause(decision.to_string().trim_end().to_owned()));
        };
        if named.as_ref().is_some_and(|named| *named != chosen.reference) {
            self.basis.fallback = Some(finder.standing(chosen));
            note(self.output, &format!("{} stands in", style::tame(&chosen.reference)));
        }
        wanted.profile = shelf.path(&chosen.reference).map(Path::to_owned);
        Ok(wanted)
    }

    fn serve(
        &self,
        prepared: Prepared,
        gate: &Gate,
        ask: &Ask,
        place: RunPlace,
        folder: PathBuf,
    ) -> Result<Done, Failure> {
        let (calling, calls): (Calling, LiveCalls) = live_calls();
        let number = calling.number();
        calling.call(number, ask.op(), &gate.args(ask), ask.timeout_ms)?;
        let streams = self.output.format == Format::Human && !ask.is_constrained();
        let mut listener = Listener {
            tracker: Some(Tracker::new(ask)),
            calling: Some(calling),
            number,
            gate,
            finished: None,
            streams,
            printed: Ok(()),
            spinner: self.spinner(&gate.model.name),
        };
        let ran = prepared.serve(calls, &mut listener);
        let Listener { finished, printed, tracker, .. } = listener;
        let outcome = match ran {
            Ok(outcome) => Some(outcome),
            Err(Refusal { failure, .. }) => return Err(failure),
        };
        // Whoever called was told of the end, also when there was none.
        let finished = finished.or_else(|| {
            let nothing = Answer::Error { code: Code::AdapterExited.as_str().into(), message: "".into() };
            tracker.map(|tracker| tracker.end(&nothing))
        });
        let finished = finished.expect("a tracker is there until the end is");
        Ok(Done { finished, place, outcome, folder, printed })
    }

    fn spinner(&self, what: &str) -> Option<Spinner> {
        (!self.output.quiet && style::is_terminal()).then(|| Spinner::start(style::tame(what)))
    }

    fn tell_refused(&self, failure: &Failure, appended: &Appended, folder: &Path) -> Exit {
        if self.output.format == Format::Json {
            let text = json!({
                "v": "infer-outcome.v0",
                "exit": failure.code.exit().status(),
                "outcome": "refused",
                "situation": appended.evidence.situation,
                "text": Value::Null,
                "error": failure_json(failure),
                "receipt": receipt_json(appended, folder),
            });
            if print_json(&text).is_ok() {
                return failure.code.exit();
            }
        }
        let exit = super::report(failure, self.output);
        self.say_receipt("refused", appended, folder);
        exit
    }

    fn tell(&self, ask: &Ask, done: &Done, appended: &Appended, folder: &Path) -> Result<Exit, Failure> {
        let failure = done.outcome.as_ref().and_then(|outcome| outcome.failure.as_ref());
        let exit = match (&done.finished.ending, &done.outcome) {
            (Ending::Answered(_), _) => Exit::Satisfied,
            (Ending::Rejected(..), _) => Exit::Violated,
            (_, Some(outcome)) if outcome.exit != Exit::Satisfied => outcome.exit,
            _ => Exit::Failed,
        };
        let good = exit == Exit::Satisfied;
        if self.output.format == Format::Json {
            let told = json!({
                "v": "infer-outcome.v0",
                "exit": exit.status(),
                "outcome": appended.evidence.outcome,
                "situation": appended.evidence.situation,
                "text": good.then_some(&done.finished.output),
                "finishReason": appended.evidence.finish_reason,
                "usage": done.finished.usage,
                "timings": done.finished.timings,
                "error": failure.map(failure_json),
                "receipt": receipt_json(appended, folder),
                "run": show::short(&done.folder, &self.around.root).to_string(),
            });
            print_json(&told)?;
        } else if good && ask.is_constrained() {
            printed(writeln!(std::io::stdout(), "{}", done.finished.output))?;
        }
        if let (Some(outcome), Some(failure)) = (&done.outcome, failure) {
            show::failure(failure);
            show::stderr(&outcome.stderr, self.output.verbose);
            show::cure(failure);
        }
        if let Ending::Rejected(..) = done.finished.ending {
            let what = "the output was cut before it was whole, so it is not printed; raise --max-tokens";
            note(self.output, what);
        }
        self.say_receipt(appended.evidence.outcome.as_str(), appended, folder);
        Ok(exit)
    }

    /// The last lines for people.
    fn say_receipt(&self, outcome: &str, appended: &Appended, folder: &Path) {
        let tokens = match (appended.evidence.usage.prompt_tokens, appended.evidence.usage.output_tokens) {
            (Some(prompt), Some(output)) => format!(", {prompt} tokens in, {output} out"),
            (None, Some(output)) => format!(", {output} tokens"),
            _ => String::new(),
        };
        let painted = match outcome {
            "answered" => style::green(outcome),
            "rejected" => style::yellow(outcome),
            _ => style::red(outcome),
        };
        let records = show::short(folder, &self.around.root);
        let evidence = &appended.evidence;
        note(
            self.output,
            &format!(
                "{painted} ({}){tokens}; receipt {} in {records}",
                evidence.situation, appended.sequence
            ),
        );
        if evidence.stored.prompt {
            note(
                self.output,
                &format!("  prompt and output are kept in {records}/{}", contract_inference::STORED),
            );
        }
    }
}

fn receipt_json(appended: &Appended, folder: &Path) -> Value {
    json!({
        "id": appended.receipt_id,
        "sequence": appended.sequence,
        "head": appended.head,
        "evidenceHash": appended.evidence_hash.as_str(),
        "folder": folder.display().to_string(),
    })
}

/// Prints what the model says, and ends it when its file is another one.
struct Listener<'g> {
    tracker: Option<Tracker>,
    /// The session ends when this is gone.
    calling: Option<Calling>,
    number: u64,
    gate: &'g Gate,
    finished: Option<Finished>,
    streams: bool,
    printed: Result<(), Failure>,
    spinner: Option<Spinner>,
}

impl Listener<'_> {
    fn print(&mut self, text: &str) {
        if self.streams && self.printed.is_ok() {
            let mut out = std::io::stdout().lock();
            self.printed =
                printed(out.write_all(style::text_for_stdout(text).as_bytes()).and_then(|()| out.flush()));
        }
    }
}

impl Watcher for Listener<'_> {
    fn progress(&mut self, _: u64, said: &Note<'_>) {
        let Some(tracker) = &mut self.tracker else { return };
        let is_first = !tracker.has_begun();
        match tracker.hear(said) {
            Some(Heard::Loading(fraction)) => {
                if let Some(spinner) = &self.spinner {
                    spinner.note(fraction, "loading the model");
                }
            }
            Some(Heard::Text { text, .. }) => {
                // Bytes that changed after their digest was taken are noticed before the first token is.
                if is_first {
                    self.spinner = None;
                    if let Err(failure) = self.gate.check_unchanged() {
                        tracker.stop(Stop::Broken(Why::from(&failure)));
                        self.streams = false;
                        if let Some(calling) = &self.calling {
                            calling.cancel(self.number);
                        }
                    }
                }
                self.print(&text);
            }
            None => {}
        }
    }

    fn expired(&mut self, _: u64) {
        if let Some(tracker) = &mut self.tracker {
            tracker.stop(Stop::Expired);
        }
    }

    fn answer(&mut self, _: u64, answer: &Answer<'_>) {
        self.spinner = None;
        let Some(tracker) = self.tracker.take() else { return };
        let any = tracker.has_begun();
        self.finished = Some(tracker.end(answer));
        if any {
            self.print("\n");
        }
        self.calling = None;
    }
}

fn ask(args: &InferArgs, root: &Path) -> Result<Ask, Failure> {
    let prompt = match &args.prompt {
        Some(prompt) => prompt.clone(),
        None => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(MAX_PROMPT_BYTES + 1).read_to_end(&mut bytes);
            read.map_err(|error| unreadable(format!("standard input: {error}")))?;
            text(bytes, MAX_PROMPT_BYTES, "standard input")?
        }
    };
    if prompt.is_empty() {
        return Err(usage("the prompt is empty; give it as an argument or on standard input"));
    }
    let input = if args.raw {
        if args.system.is_some() {
            return Err(usage("--system is a message, and --raw uses no messages"));
        }
        Input::Prompt(prompt)
    } else {
        let system = args.system.clone().map(|content| Message { role: MessageRole::System, content });
        let user = Message { role: MessageRole::User, content: prompt };
        Input::Chat(system.into_iter().chain([user]).collect())
    };
    let json_schema = args
        .json_schema
        .as_ref()
        .map(|path| {
            let text = read_text(&root.join(path), MAX_FORM_BYTES)?;
            contract_json::from_slice::<Value>(text.as_bytes())
                .map_err(|error| unreadable(format!("{}:{error}", path.display())))
        })
        .transpose()?;
    let grammar =
        args.grammar.as_ref().map(|path| read_text(&root.join(path), MAX_FORM_BYTES)).transpose()?;
    let sampling = Sampling {
        max_tokens: args.max_tokens,
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        min_p: args.min_p,
        repeat_penalty: args.repeat_penalty,
        seed: args.seed,
        stop: args.stop.clone(),
        json_schema,
        grammar,
        context_tokens: args.context_tokens,
        threads: args.threads,
    };
    Ok(Ask { input, sampling, timeout_ms: None })
}

fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let (file, _) = contract_engine::open_regular(path)
        .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
    text(bytes, limit, &path.display().to_string())
}

fn text(bytes: Vec<u8>, limit: u64, name: &str) -> Result<String, Failure> {
    if bytes.len() as u64 > limit {
        return Err(unreadable(format!("{name}: more than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| unreadable(format!("{name}: no UTF-8: {}", error.utf8_error())))
}

fn unreadable(what: String) -> Failure {
    Failure::new(Code::ContractInputUnreadable, what)
}

fn caller(args: &InferArgs) -> Result<Caller, Failure> {
    match (&args.agent, args.agent_class, &args.lease) {
        (None, None, _) => Ok(Caller::local("contract-runner")),
        (Some(agent), Some(class), Some(lease)) => {
            Caller::agent(agent, class.into(), LeaseRef::parse(lease)?)
        }
        _ => Err(usage("an agent asks with all of --agent, --agent-class and --lease")),
    }
}

fn named(args: &InferArgs) -> String {
    let file = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let model = args.model.model.as_deref().map(Path::new).and_then(file);
    let named = model.or_else(|| args.model.profile.as_deref().and_then(file));
    // A route has not chosen yet.
    named.unwrap_or_else(|| "none".to_owned())
}
