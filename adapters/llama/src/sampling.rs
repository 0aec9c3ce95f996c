//! Which token comes next.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use crate::fault::Fault;
use crate::request::Generate;

/// Chooses tokens by the logits of the last decoded one.
pub(crate) struct Sampling {
    /// `None`: the largest logit, found without a copy of them.
    chain: Option<LlamaSampler>,
    grammar: Option<LlamaSampler>,
    candidates: LlamaTokenDataArray,
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
        Self { chain, grammar, candidates: LlamaTokenDataArray::new(Vec::new(), false) }
    }

    /// Tokens of the prompt, for the repeat penalty.
    pub(crate) fn see_prompt(&mut self, tokens: &[LlamaToken]) {
        if let Some(chain) = &mut self.chain {
            chain.accept_many(tokens);
        }
    }

    /// The next token; `None` when the grammar lets nothing follow that this model can write.
    pub(crate) fn next(&mut self, context: &LlamaContext<'_>) -> Result<Option<LlamaToken>, Fault> {
        let logits = context.get_logits_ith(-1);
        let Self { chain: Some(chain), grammar, candidates } = self else {
            return Ok(largest(logits));
        };
        fill(candidates, logits);
        candidates.apply_sampler(chain);
        let mut chosen = candidates.selected_token();
        if let Some(grammar) = grammar {
            // Most tokens fit; asking for one is much cheaper than for the whole vocabulary.
            if !chosen.is_some_and(|token| fits(grammar, token)) {
                fill(candidates, logits);
                candidates.apply_sampler(grammar);
                candidates.data.retain(|candidate| candidate.logit() > f32::NEG_INFINITY);
                if candidates.data.is_empty() {
                    return Ok(None);
                }
                candidates.apply_sampler(chain);
                chosen = candidates.selected_token();
            }
            if let Some(token) = chosen {
                grammar.try_accept(token).map_err(|error| Fault::Engine { what: error.to_string() })?;
            }
        }
        if let Some(token) = chosen {
            chain.accept(token);
        }
        Ok(chosen)
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

fn fits(grammar: &mut LlamaSampler, token: LlamaToken) -> bool {
    let mut one = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 0.0, 0.0)], false);
    one.apply_sampler(grammar);
    one.data.first().is_some_and(|candidate| candidate.logit() > f32::NEG_INFINITY)
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
