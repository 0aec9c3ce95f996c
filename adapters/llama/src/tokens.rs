//! `inference.tokenize`: which tokens a text is.

use contract_adapter::{Context, Failure};
use serde::Serialize;

use crate::LlamaAdapter;
use crate::generate::ModelData;
use crate::request::{Tokenize, Wanted};

/// Data of `inference.tokenize`.
#[derive(Debug, Serialize)]
pub(crate) struct Tokens {
    tokens: Vec<i32>,
    count: usize,
    model: ModelData,
}

/// Does it.
pub(crate) fn tokenize(
    adapter: &mut LlamaAdapter,
    tokenize: Tokenize,
    context: &mut Context<'_>,
) -> Result<Tokens, Failure> {
    let wanted = Wanted { model: tokenize.model, adapters: Vec::new(), context_tokens: None, threads: 1 };
    let engine = adapter.models.open(&wanted, context)?;
    let text = tokenize.text.as_bytes();
    let tokens = engine.model.vocab().tokenize(text, tokenize.add_special, tokenize.parse_special);
    let tokens: Vec<i32> = tokens.iter().map(|token| token.0).collect();
    Ok(Tokens { count: tokens.len(), tokens, model: ModelData::of(&engine) })
}
