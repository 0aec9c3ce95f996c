//! Which token comes next.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llama_cpp_2::vocab::LlamaVocab;

use crate::fault::Fault;
use crate::request::Generate;
use crate::seat::Seat;

/// Chooses tokens by the logits of the last decoded one.
pub(crate) struct Sampling {
    /// `None`: the largest logit, found without a copy of them.
    chain: Option<LlamaSampler>,
    constraint: Option<Constraint>,
    candidates: LlamaTokenDataArray,
}

/// A grammar, and the rule that text is UTF-8, which a grammar of llama.cpp does not hold: to it, any byte that is no ASCII
/// is as good as a character.
struct Constraint {
    grammar: LlamaSampler,
    /// Bytes of a character that is not complete yet.
    partial: Vec<u8>,
}

impl Sampling {
    pub(crate) fn new(generate: &Generate, vocabulary: i32, grammar: Option<LlamaSampler>) -> Self {
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
        } else if !samplers.is_empty() || grammar.is_some() {
            samplers.push(LlamaSampler::greedy());
        }
        let chain = (!samplers.is_empty()).then(|| LlamaSampler::chain(samplers, true));
        let constraint = grammar.map(|grammar| Constraint { grammar, partial: Vec::new() });
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
            let vocabulary = seat.engine().model.vocab();
            // Most tokens fit; asking for one is much cheaper than for the whole vocabulary.
            if !chosen.is_some_and(|token| constraint.allows(token, &vocabulary)) {
                fill(candidates, logits);
                constraint.filter(candidates, &vocabulary);
                if candidates.data.is_empty() {
                    return Ok(None);
                }
                candidates.apply_sampler(chain);
                chosen = candidates.selected_token();
            }
            if let Some(token) = chosen {
                constraint.accept(token, &vocabulary)?;
            }
        }
        if let Some(token) = chosen {
            chain.accept(token);
        }
        Ok(chosen)
    }
}

impl Constraint {
    fn allows(&mut self, token: LlamaToken, vocabulary: &LlamaVocab<'_>) -> bool {
        let mut one = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 0.0, 0.0)], false);
        self.filter(&mut one, vocabulary);
        !one.data.is_empty()
    }

    /// Leaves what may follow.
    fn filter(&mut self, candidates: &mut LlamaTokenDataArray, vocabulary: &LlamaVocab<'_>) {
        candidates.apply_sampler(&mut self.grammar);
        candidates.data.retain(|candidate| {
            candidate.logit() > f32::NEG_INFINITY && self.after(candidate.id(), vocabulary).is_some()
        });
    }

    fn accept(&mut self, token: LlamaToken, vocabulary: &LlamaVocab<'_>) -> Result<(), Fault> {
        self.partial = self.after(token, vocabulary).unwrap_or_default();
        self.grammar.try_accept(token).map_err(|error| Fault::Engine { what: error.to_string() })
    }

    /// What of a character is open after a token; `None` when the text would be no UTF-8.
    fn after(&self, token: LlamaToken, vocabulary: &LlamaVocab<'_>) -> Option<Vec<u8>> {
        if vocabulary.is_eog(token) {
            return self.partial.is_empty().then(Vec::new);
        }
        let mut bytes = self.partial.clone();
        bytes.reserve(16);
        vocabulary.token_to_piece_into(token, &mut bytes, false, None);
        match std::str::from_utf8(&bytes) {
            Ok(_) => Some(Vec::new()),
            Err(error) if error.error_len().is_none() => Some(bytes.split_off(error.valid_up_to())),
            Err(_) => None,
        }
    }
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
