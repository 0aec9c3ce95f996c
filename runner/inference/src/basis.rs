//! What all completions of one model have in common, and how a completion is made of it.

use contract_engine::Failure;
use contract_ipc::{Code, Exit};

use crate::ask::Ask;
use crate::completion::{
    AdapterFacts, Caller, Completion, Ending, KeptTexts, Limits, Model, ModelDigest, RunPlace, RunRef, Usage,
    Why,
};
use crate::gate::Gate;
use crate::route::RouteDecision;
use crate::sha256::Sha256;
use crate::situation::{Situation, SituationFacts, Standing, Way};
use crate::tracker::Finished;

/// What is the same for all completions of a model.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Who asks.
    pub caller: Caller,
    /// The model; none when it could not even be looked at.
    pub gate: Option<Gate>,
    /// What the user called the model: in records, when nothing more is known.
    pub named: String,
    /// What runs it.
    pub adapter: Option<AdapterFacts>,
    /// Bytes of memory that it may use.
    pub memory_bytes: Option<u64>,
    /// Why this model.
    pub route: Option<RouteDecision>,
    /// What it has to stand in for the model that was asked for; none when it is that one.
    pub fallback: Option<Standing>,
    /// The user wants prompts and outputs kept.
    pub keep_texts: bool,
}

impl Basis {
    /// A completion that was run.
    #[must_use]
    pub fn finished(
        &self,
        ask: &Ask,
        place: RunPlace,
        finished: &Finished,
        run: Option<RunRef>,
    ) -> Completion {
        let way = Some(match &place {
            RunPlace::OnDevice(_) => Way::OnDevice,
            RunPlace::OffDevice(permit) => Way::OffDevice(permit),
        });
        let situation = Situation::of(SituationFacts { refused: false, way, fallback: self.fallback });
        let mut completion = self.completion(ask, situation, finished.ending.clone());
        completion.output_hash = Sha256::of(&finished.output);
        completion.model.tokenizer.clone_from(&finished.tokenizer);
        completion.usage = finished.usage;
        completion.timings = finished.timings;
        completion.latency_ms = finished.latency_ms;
        completion.place = place;
        completion.run = run;
        if self.keep_texts {
            completion.kept.output = Some(finished.output.clone());
        }
        completion
    }

    /// A request that was refused, or given up, before anything ran.
    #[must_use]
    pub fn refused(&self, ask: &Ask, failure: &Failure) -> Completion {
        // Without a model that could answer nobody said no.
        let refused = matches!(failure.code.exit(), Exit::Denied | Exit::Violated)
            && failure.code != Code::InferenceNoRoute;
        let situation = Situation::of(SituationFacts { refused, way: None, fallback: None });
        let why = Why::from(failure);
        let ending = match failure.code.exit() {
            Exit::Interrupted | Exit::Terminated => Ending::Cancelled(why),
            _ => Ending::Refused(why),
        };
        self.completion(ask, situation, ending)
    }

    fn completion(&self, ask: &Ask, situation: Situation, ending: Ending) -> Completion {
        let input = ask.input_text();
        let model = self.gate.as_ref().map(|gate| gate.model.clone());
        Completion {
            kind: ask.kind(),
            input_hash: Sha256::of(&input),
            output_hash: Sha256::of(""),
            ending,
            situation,
            caller: self.caller.clone(),
            model: model.unwrap_or_else(|| Model {
                name: self.named.clone(),
                digest: ModelDigest::Unknown,
                tokenizer: None,
                loras: Vec::new(),
            }),
            adapter: self.adapter.clone(),
            limits: Limits {
                max_tokens: ask.sampling.max_tokens,
                context_tokens: ask.sampling.context_tokens,
                timeout_ms: ask.timeout_ms,
                memory_bytes: self.memory_bytes,
            },
            usage: Usage::default(),
            timings: None,
            latency_ms: 0,
            place: RunPlace::OnDevice(None),
            route: self.route.clone(),
            profile: self
                .gate
                .as_ref()
                .and_then(|gate| gate.profile.as_ref())
                .map(|profile| profile.reference.clone()),
            run: None,
            kept: KeptTexts { prompt: self.keep_texts.then_some(input), output: None },
        }
    }
}
