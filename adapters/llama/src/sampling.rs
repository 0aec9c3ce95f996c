//! Which token comes next.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use crate::fault::Fault;
use crate::gbnf::{Grammar, State, TooMuch, Ways};
use crate::model::Engine;
use crate::request::Generate;
use crate::seat::Seat;
use crate::vocabulary::is_fitting;

/// Chooses tokens by the logits of the last decoded one.
pub(crate) struct Sampling {
    /// `None`: the largest logit, found without a copy of them.
    chain: Option<LlamaSampler>,
    constraint: Option<Constraint>,
    candidates: LlamaTokenDataArray,
}

/// A grammar, and where the text is in it.
pub(crate) struct Constraint {
    ways: Ways,
    state: State,
}

impl Sampling {
    pub(crate) fn new(generate: &Generate, vocabulary: i32, constraint: Option<Constraint>) -> Self {
        let mut samplers = Vec::new();
        let repeat = generate.repeat_penalty;
        if repeat != 1.0 && generate.repeat_last_tokens > 0 {
            samplers.push(LlamaSampler::penalties(vocabulary, generate.repeat_last_tokens, repeat, 0.0, 0.0));
        }
        if generate.temperature > 0.0 {
            // The order of llama.cpp's own programs.
            if generate.top_k > 0 {
                samplers.push(LlamaSampler::top_k(generate.top_k));
            }
            samplers.push(LlamaSampler::top_p(generate.top_p, 1));
            samplers.push(LlamaSampler::min_p(generate.min_p, 1));
            samplers.push(LlamaSampler::temp(generate.temperature));
            samplers.push(LlamaSampler::dist(generate.seed));
        } else if !samplers.is_empty() || constraint.is_some() {
            samplers.push(LlamaSampler::greedy());
        }
        let chain = (!samplers.is_empty()).then(|| LlamaSampler::chain(samplers, true));
        Self { chain, constraint, candidates: LlamaTokenDataArray::new(Vec::new(), false) }
    }

    /// Tokens of the prompt, for the repeat penalty.
    pub(crate) fn see_prompt(&mut self, tokens: &[LlamaToken]) {
        if let Some(chain) = &mut self.chain {
            chain.accept_many(tokens);
        }
    }

    /// The next token; `None` when the grammar lets nothing follow that this model can write.
    pub(crate) fn next(&mut self, seat: &Seat) -> Result<Option<LlamaToken>, Fault> {
        let logits = seat.context().get_logits_ith(-1);
        let Self { chain: Some(chain), constraint, candidates } = self else {
            return Ok(largest(logits));
        };
        fill(candidates, logits);
        candidates.apply_sampler(chain);
        let mut chosen = candidates.selected_token();
        if let Some(constraint) = constraint {
            let engine = seat.engine();
            // Most tokens fit; asking for one is much cheaper than for the whole vocabulary.
            let fits = match chosen {
                Some(token) => constraint.take(token, engine)?,
                None => false,
            };
            if !fits {
                fill(candidates, logits);
                constraint.filter(candidates, engine)?;
                if candidates.data.is_empty() {
                    return Ok(None);
                }
                candidates.apply_sampler(chain);
                chosen = candidates.selected_token();
                if let Some(token) = chosen
                    && !constraint.take(token, engine)?
                {
                    let what = "a token was drawn that the grammar does not let follow";
                    return Err(Fault::Engine { what: what.to_owned() });
                }
            }
        }
        if let Some(token) = chosen {
            chain.accept(token);
        }
        Ok(chosen)
    }
}

impl Constraint {
    /// At the begin of a text.
    pub(crate) fn new(grammar: Grammar) -> Result<Self, TooMuch> {
        let (ways, state) = Ways::new(grammar)?;
        Ok(Self { ways, state })
    }

    /// Leaves what may follow.
    fn filter(&mut self, candidates: &mut LlamaTokenDataArray, engine: &Engine) -> Result<(), Fault> {
        self.ways.begin_token(&mut self.state).map_err(too_much)?;
        let fits = engine.vocabulary().fitting(&mut self.ways, self.state).map_err(too_much)?;
        let may_end = self.ways.may_end(self.state);
        let vocabulary = engine.model.vocab();
        candidates.data.retain(|candidate| {
            let token = candidate.id();
            is_fitting(&fits, token) || may_end && vocabulary.is_eog(token)
        });
        Ok(())
    }

    /// Goes on by a token, if that can follow.
    fn take(&mut self, token: LlamaToken, engine: &Engine) -> Result<bool, Fault> {
        let vocabulary = engine.model.vocab();
        if vocabulary.is_eog(token) {
            return Ok(self.ways.may_end(self.state));
        }
        let mut bytes = Vec::with_capacity(16);
        vocabulary.token_to_piece_into(token, &mut bytes, false, None);
        self.ways.begin_token(&mut self.state).map_err(too_much)?;
        let mut state = (!bytes.is_empty()).then_some(self.state);
        for byte in bytes {
            let Some(before) = state else { break };
            state = self.ways.step(before, byte).map_err(too_much)?;
        }
        self.state = state.unwrap_or(self.state);
        Ok(state.is_some())
    }
}

fn too_much(error: TooMuch) -> Fault {
    Fault::Grammar { what: format!("the grammar cannot be followed: {error}") }
}

fn fill(candidates: &mut LlamaTokenDataArray, logits: &[f32]) {
    candidates.data.clear();
    candidates.data.extend(
        (0_i32..).zip(logits).map(|(id, logit)| LlamaTokenData::new(LlamaToken::new(id), *logit, 0.0)),
    );
    candidates.sorted = false;
    candidates.selected = None;
}

/// The first of the largest, as llama.cpp's greedy sampler has it.
fn largest(logits: &[f32]) -> Option<LlamaToken> {
    let mut best = (0_i32, *logits.first()?);
    for (id, &logit) in (0_i32..).zip(logits) {
        if logit > best.1 {
            best = (id, logit);
        }
    }
    Some(LlamaToken::new(best.0))
}
