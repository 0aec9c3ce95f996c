//! `inference.embed`: a vector for each text, one text at a step.

use std::rc::Rc;
use std::time::Instant;

use contract_adapter::{Context, Failure, Progress, Step, Task};
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use serde::Serialize;

use crate::LlamaAdapter;
use crate::fault::Fault;
use crate::file::Loaded;
use crate::generate::ModelData;
use crate::memory::Room;
use crate::model::{Engine, ms_since};
use crate::request::Embed;
use crate::seat::{BATCH, Purpose, Seat, Shape};

/// Data of `inference.embed`.
#[derive(Debug, Serialize)]
pub(crate) struct Embedded {
    embeddings: Vec<Vec<f32>>,
    dimensions: usize,
    usage: Usage,
    model: ModelData,
    loaded: Loaded,
    timings: Timings,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_tokens: usize,
    estimated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Timings {
    load_ms: f64,
    total_ms: f64,
}

/// An open invoke.
pub(crate) struct EmbedTask {
    seat: Option<Seat>,
    inputs: Vec<Vec<LlamaToken>>,
    embeddings: Vec<Vec<f32>>,
    normalize: bool,
    engine: Rc<Engine>,
    begin: Instant,
    load_ms: f64,
}

impl EmbedTask {
    pub(crate) fn begin(
        adapter: &mut LlamaAdapter,
        embed: Embed,
        context: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        let begin = Instant::now();
        let wanted = embed.wanted();
        let engine = adapter.models.open(&wanted, context)?;
        let load_ms = ms_since(begin);
        let most = engine.context_tokens(wanted.context_tokens)?;
        let vocabulary = engine.model.vocab();
        let mut inputs = Vec::new();
        for text in &embed.input {
            let tokens = vocabulary.tokenize(text.as_bytes(), true, false);
            if tokens.is_empty() {
                return Err(Failure::bad_input("a text of input has no tokens"));
            }
            if tokens.len() > most as usize {
                return Err(Fault::PromptTooLong { tokens: tokens.len(), context: most }.into());
            }
            inputs.push(tokens);
        }
        // A text is computed at once: its vectors are pooled within one batch.
        let longest = inputs.iter().map(Vec::len).max().unwrap_or(1) as u32;
        let size = longest.next_multiple_of(BATCH).min(most);
        let shape = Shape {
            room: Room { context: size, batch: size },
            threads: wanted.threads,
            purpose: Purpose::Embedding(embed.pooling),
        };
        let seat = adapter.models.seat(&engine, shape)?;
        let (seat, embeddings) = (Some(seat), Vec::new());
        Ok(Self { seat, inputs, embeddings, normalize: embed.normalize, engine, begin, load_ms })
    }

    fn embed(&mut self) -> Result<Vec<f32>, Fault> {
        let seat = self.seat.as_mut().expect("a task ends once");
        let tokens = &self.inputs[self.embeddings.len()];
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        for (position, &token) in (0..).zip(tokens) {
            batch.add(token, position, &[0], true).expect("a batch has room for its size");
        }
        seat.clear()?;
        crate::log::forget();
        let failed = |error: String| Fault::Engine { what: crate::log::last_complaints().unwrap_or(error) };
        seat.with(|context| {
            context.decode(&mut batch).map_err(|error| failed(error.to_string()))?;
            context.embeddings_seq_ith(0).map(<[f32]>::to_vec).map_err(|error| failed(error.to_string()))
        })
    }

    fn end(&mut self, adapter: &mut LlamaAdapter) -> Embedded {
        if let Some(seat) = self.seat.take() {
            adapter.models.give_back(seat);
        }
        let embeddings = std::mem::take(&mut self.embeddings);
        Embedded {
            dimensions: embeddings.first().map_or(0, Vec::len),
            embeddings,
            usage: Usage { prompt_tokens: self.inputs.iter().map(Vec::len).sum(), estimated: false },
            model: ModelData::of(&self.engine),
            loaded: self.engine.loaded.clone(),
            timings: Timings { load_ms: self.load_ms, total_ms: ms_since(self.begin) },
        }
    }
}

impl Task<LlamaAdapter> for EmbedTask {
    type Output = Embedded;

    fn step(
        &mut self,
        adapter: &mut LlamaAdapter,
        context: &mut Context<'_>,
    ) -> Result<Step<Embedded>, Failure> {
        context.check()?;
        let vector = self.embed()?;
        if vector.iter().any(|number| !number.is_finite()) {
            let what = "an embedding has numbers that are none (NaN or infinite); the model is damaged";
            return Err(Fault::Engine { what: what.to_owned() }.into());
        }
        self.embeddings.push(if self.normalize { normalized(vector) } else { vector });
        if self.embeddings.len() == self.inputs.len() {
            return Ok(Step::Done(self.end(adapter)));
        }
        let done = self.embeddings.len() as f64 / self.inputs.len() as f64;
        context.tell(Progress::new().fraction(done).message("embedding"))?;
        Ok(Step::More)
    }
}

/// Of length 1; a vector of zeros stays one.
fn normalized(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|&number| f64::from(number).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number = (f64::from(*number) / length) as f32);
    }
    vector
}
