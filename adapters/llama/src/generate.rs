//! `inference.generate`: a generation with its messages to the runner and its result.

use std::time::Instant;

use contract_adapter::{Answer, Context, Failure, Progress, Step, Task};
use serde::Serialize;

use crate::LlamaAdapter;
use crate::constrain::Form;
use crate::fault::Fault;
use crate::file::Loaded;
use crate::generation::{Finish, Generation, Stepped};
use crate::model::{Engine, ms_since};
use crate::prompt::Then;
use crate::request::Generate;
use crate::sampling::Sampling;
use crate::seat::Shape;
use crate::state;

/// The model of a result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelData {
    architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    tokenizer_digest: String,
}

impl ModelData {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self {
            architecture: engine.facts.architecture.clone(),
            name: engine.facts.name.clone(),
            tokenizer_digest: engine.facts.tokenizer_digest.clone(),
        }
    }
}

/// Data of `inference.generate`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generated {
    text: String,
    finish_reason: Finish,
    usage: Usage,
    model: ModelData,
    loaded: Loaded,
    timings: Timings,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<i32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_tokens: usize,
    cached_tokens: usize,
    output_tokens: usize,
    estimated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Timings {
    load_ms: f64,
    prompt_ms: f64,
    first_token_ms: f64,
    total_ms: f64,
}

/// The `data` of a progress message.
#[derive(Debug, Serialize)]
struct PieceData<'a> {
    text: &'a str,
    tokens: usize,
}

/// The `data` of the progress message that comes before all text: which files are in use, so that the runner can look whether
/// they are those that it had in mind.
#[derive(Debug, Serialize)]
struct LoadedData<'a> {
    loaded: &'a Loaded,
}

/// An open invoke.
pub(crate) struct GenerateTask {
    /// Gone when it has ended.
    generation: Option<Generation>,
    form: Form,
    model: ModelData,
    loaded: Loaded,
    wants_tokens: bool,
    begin: Instant,
    load_ms: f64,
}

impl GenerateTask {
    /// Loads what is needed, and reads nothing of the prompt yet.
    pub(crate) fn begin(
        adapter: &mut LlamaAdapter,
        mut generate: Generate,
        context: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        let begin = Instant::now();
        let prompt = generate.take_prompt()?;
        let wanted = generate.wanted();
        let models = &mut adapter.models;
        let engine = models.open(&wanted, context)?;
        let load_ms = ms_since(begin);
        context.tell(Progress::new().data(LoadedData { loaded: &engine.loaded }))?;
        let room = engine.context_tokens(wanted.context_tokens)?;
        let tokens = engine.tokens_of(&prompt, Then::Answer)?;
        if tokens.len() >= room as usize {
            return Err(Fault::PromptTooLong { tokens: tokens.len(), context: room }.into());
        }
        let (form, constraint) = Form::of(&generate)?;
        let mut seat = models.seat(&engine, Shape::of_text(room, wanted.threads))?;
        if let (Some(file), Some(key)) = (&generate.state, &generate.state_key) {
            models.prefix = Some(state::load(&mut seat, file, key, &wanted)?.0);
        }
        let cached = match &models.prefix {
            Some(prefix) => prefix.restore(&mut seat, &tokens)?,
            None => 0,
        };
        let sampling = Sampling::new(&generate, engine.model.n_vocab(), constraint);
        let generation =
            Generation::new(seat, tokens, cached, sampling, generate.stop.clone(), generate.max_tokens);
        Ok(Self {
            generation: Some(generation),
            form,
            model: ModelData::of(&engine),
            loaded: engine.loaded.clone(),
            wants_tokens: generate.return_tokens,
            begin,
            load_ms,
        })
    }

    fn end(&mut self, adapter: &mut LlamaAdapter, finish: Finish) -> Answer<Generated> {
        let generation = self.generation.take().expect("a task ends once");
        let times = generation.times;
        let usage = Usage {
            prompt_tokens: generation.prompt_tokens(),
            cached_tokens: generation.cached,
            output_tokens: generation.tokens.len(),
            estimated: false,
        };
        let since = |moment: Option<Instant>, from: Instant| {
            moment.map_or(0.0, |moment| (moment - from).as_micros() as f64 / 1000.0)
        };
        let timings = Timings {
            load_ms: self.load_ms,
            prompt_ms: since(times.prompt_read, times.begin),
            first_token_ms: since(times.first_token, self.begin),
            total_ms: ms_since(self.begin),
        };
        let (seat, text, tokens) = generation.into_parts();
        adapter.models.give_back(seat);
        let whole = match finish {
            Finish::Stop | Finish::StopString => true,
            Finish::Length => self.form.may_be_cut(),
            Finish::Cancelled => false,
        };
        let is_stopped = finish == Finish::StopString;
        let violation = if whole { self.form.violation(&text, is_stopped) } else { None };
        let data = Generated {
            text,
            finish_reason: finish,
            usage,
            model: self.model.clone(),
            loaded: self.loaded.clone(),
            timings,
            tokens: self.wants_tokens.then(|| tokens.iter().map(|token| token.0).collect()),
            violation,
        };
        if whole && data.violation.is_none() { Answer::Yes(data) } else { Answer::No(data) }
    }
}

impl Task<LlamaAdapter> for GenerateTask {
    type Output = Answer<Generated>;

    fn step(
        &mut self,
        adapter: &mut LlamaAdapter,
        context: &mut Context<'_>,
    ) -> Result<Step<Self::Output>, Failure> {
        let generation = self.generation.as_mut().expect("a task that has ended has no more steps");
        let stepped = if context.cancelled() { generation.cancel() } else { generation.step()? };
        let tokens = generation.tokens.len();
        let mut tell = |text: &str| {
            if text.is_empty() {
                return Ok(());
            }
            context.tell(Progress::new().data(PieceData { text, tokens }))
        };
        match stepped {
            Stepped::Prompt(fraction) => {
                context.tell(Progress::new().fraction(fraction).message("reading the prompt"))?;
                Ok(Step::More)
            }
            Stepped::Token(text) => {
                tell(&text)?;
                Ok(Step::More)
            }
            Stepped::Ended(finish, rest) => {
                tell(&rest)?;
                Ok(Step::Done(self.end(adapter, finish)))
            }
        }
    }
}
