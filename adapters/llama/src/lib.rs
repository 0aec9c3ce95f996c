//! Runs a language model of the local disk with llama.cpp: text, embeddings, tokens, and what a GGUF file says of itself.
//!
//! One model is loaded at a time and stays loaded. Each open request has a context of its own, and all of them have one
//! token each in turn. What one of them answers does not depend on the others, nor on what was asked before: no batch
//! holds tokens of two requests, and nothing of a request is left in a context for the next one.

mod backend;
mod constrain;
mod cpu;
mod effort;
mod embed;
mod facts;
mod fault;
mod file;
mod gbnf;
mod generate;
mod generation;
mod gguf;
mod inspect;
mod log;
mod lora;
mod memory;
mod model;
mod prompt;
mod quiet;
mod references;
mod request;
mod sampling;
mod schema;
mod seat;
mod state;
mod stop;
mod template;
mod tokens;
mod vocabulary;

use contract_adapter::{Adapter, Offer};

use crate::embed::EmbedTask;
use crate::generate::GenerateTask;
use crate::model::Models;

/// The adapter, with the model that it has loaded.
#[derive(Default)]
pub struct LlamaAdapter {
    models: Models,
}

impl Adapter for LlamaAdapter {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .stepped_operation("inference.generate", GenerateTask::begin)
            .stepped_operation("inference.embed", EmbedTask::begin)
            .operation("inference.tokenize", tokens::tokenize)
            .operation("model.inspect", inspect::inspect)
            .operation("model.state.save", state::save)
            .operation("model.state.load", state::load_into)
    }
}
