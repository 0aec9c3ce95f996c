//! One request for text: a prompt that is read, and tokens that are made one by one.

use std::time::Instant;

use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use crate::fault::Fault;
use crate::sampling::Sampling;
use crate::seat::{BATCH, Seat};
use crate::stop::Output;

/// A request that is being done. A step of it is short, so that several can take turns.
pub(crate) struct Generation {
    pub(crate) seat: Seat,
    prompt: Vec<LlamaToken>,
    /// Tokens whose keys and values are in the context.
    done: usize,
    /// Of these, how many a saved state gave.
    pub(crate) cached: usize,
    sampling: Sampling,
    output: Output,
    pub(crate) tokens: Vec<LlamaToken>,
    most_tokens: usize,
    batch: LlamaBatch<'static>,
    piece: Vec<u8>,
    pub(crate) times: Times,
}

/// When what was done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) begin: Instant,
    pub(crate) prompt_read: Option<Instant>,
    pub(crate) first_token: Option<Instant>,
}

/// What a step did.
#[derive(Debug, PartialEq)]
pub(crate) enum Stepped {
    /// A part of the prompt was read. What is done of it.
    Prompt(f64),
    /// A token was made. Text that may go out; often empty.
    Token(String),
    /// The end, with what was held back.
    Ended(Finish, String),
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Finish {
    /// The model said so.
    Stop,
    StopString,
    /// As many tokens as were wanted, or as the context has room for.
    Length,
    Cancelled,
}

impl Generation {
    /// `prompt` fits into the seat with one more token; the seat holds the first `cached` tokens of it.
    pub(crate) fn new(
        seat: Seat,
        prompt: Vec<LlamaToken>,
        cached: usize,
        mut sampling: Sampling,
        stops: Vec<String>,
        most_tokens: usize,
    ) -> Self {
        sampling.see_prompt(&prompt);
        let room = (seat.shape.room.context as usize).saturating_sub(prompt.len());
        Self {
            batch: LlamaBatch::new(BATCH as usize, 1),
            output: Output::new(stops),
            most_tokens: most_tokens.min(room),
            tokens: Vec::new(),
            piece: Vec::new(),
            done: cached,
            times: Times { begin: Instant::now(), prompt_read: None, first_token: None },
            seat,
            prompt,
            cached,
            sampling,
        }
    }

    pub(crate) fn prompt_tokens(&self) -> usize {
        self.prompt.len()
    }

    /// Ends it: the context for the next one, the text, and the tokens.
    pub(crate) fn into_parts(self) -> (Seat, String, Vec<LlamaToken>) {
        (self.seat, self.output.into_text(), self.tokens)
    }

    /// Reads at most 64 tokens of the prompt, or makes one token.
    pub(crate) fn step(&mut self) -> Result<Stepped, Fault> {
        if self.done < self.prompt.len() {
            self.read_prompt()?;
            if self.done < self.prompt.len() {
                return Ok(Stepped::Prompt(self.done as f64 / self.prompt.len() as f64));
            }
            self.times.prompt_read = Some(Instant::now());
        } else if let Some(&last) = self.tokens.last() {
            self.decode(&[last], true)?;
        }
        self.make_token()
    }

    /// Batches end at multiples of their size, whatever was cached: the shape of a batch can change the last bits of sums,
    /// and the same prompt is to give the same answer.
    fn read_prompt(&mut self) -> Result<(), Fault> {
        let size = self.seat.shape.room.batch as usize;
        let end = ((self.done / size + 1) * size).min(self.prompt.len());
        let is_last = end == self.prompt.len();
        let part = self.prompt[self.done..end].to_vec();
        self.decode(&part, is_last)
    }

    fn decode(&mut self, tokens: &[LlamaToken], wants_logits: bool) -> Result<(), Fault> {
        self.seat.decode(&mut self.batch, tokens, self.done, wants_logits)?;
        self.done += tokens.len();
        Ok(())
    }

    fn make_token(&mut self) -> Result<Stepped, Fault> {
        let Some(token) = self.sampling.next(&self.seat)? else {
            return Err(Fault::Grammar {
                what: "the grammar lets nothing follow that this model can write".to_owned(),
            });
        };
        self.times.first_token.get_or_insert_with(Instant::now);
        let vocabulary = self.seat.engine().model.vocab();
        if vocabulary.is_eog(token) {
            return Ok(Stepped::Ended(Finish::Stop, self.output.finish().text));
        }
        self.piece.clear();
        vocabulary.token_to_piece_into(token, &mut self.piece, false, None);
        self.tokens.push(token);
        let piece = self.output.push(&self.piece);
        if piece.stopped {
            return Ok(Stepped::Ended(Finish::StopString, piece.text));
        }
        if self.tokens.len() >= self.most_tokens {
            let rest = self.output.finish();
            let finish = if rest.stopped { Finish::StopString } else { Finish::Length };
            return Ok(Stepped::Ended(finish, piece.text + &rest.text));
        }
        Ok(Stepped::Token(piece.text))
    }

    /// The end from outside; what was held back goes out.
    pub(crate) fn cancel(&mut self) -> Stepped {
        Stepped::Ended(Finish::Cancelled, self.output.finish().text)
    }
}
