//! Inference by a server that speaks the HTTP API of OpenAI: llama-server, Ollama, vLLM, SGLang, contract-serve.
//!
//! Plain HTTP/1.1 over a connection that the runner hands over; one connection for each invoke.

mod address;
mod answer;
mod bounds;
mod chunk;
mod embed;
mod events;
mod exchange;
mod generate;
mod inspect;
mod key;
mod patience;
mod place;
mod quoted;
mod request;
mod schema;
mod server;
mod stop;
mod tokenize;
mod turns;
mod usage;

use std::net::TcpStream;
use std::time::Duration;

use contract_adapter::{Adapter, Context, Failure, Offer};

use crate::embed::EmbedTask;
use crate::generate::GenerateTask;

/// Gives a connection to `HOST:PORT`.
type Connect = Box<dyn Fn(&mut Context<'_>, &str) -> Result<TcpStream, Failure>>;
/// Gives the value of a variable.
type Variable = Box<dyn Fn(&str) -> Option<String>>;

/// The adapter that asks a server.
pub struct EndpointAdapter {
    connect: Connect,
    variable: Variable,
    sign_of_life: Duration,
    turns: turns::Turns,
}

impl EndpointAdapter {
    /// Connections come from the runner, API keys from the environment.
    #[must_use]
    pub fn new() -> Self {
        Self {
            connect: Box::new(|context, to| context.connect(to)),
            #[expect(
                clippy::disallowed_methods,
                reason = "an API key is a granted variable, and named by the caller"
            )]
            variable: Box::new(|name| std::env::var(name).ok()),
            sign_of_life: bounds::SIGN_OF_LIFE,
            turns: turns::Turns::default(),
        }
    }

    /// The same with connections of `connect`.
    #[must_use]
    pub fn with_connections(
        self,
        connect: impl Fn(&mut Context<'_>, &str) -> Result<TcpStream, Failure> + 'static,
    ) -> Self {
        Self { connect: Box::new(connect), ..self }
    }

    /// The same with variables of `variable`.
    #[must_use]
    pub fn with_variables(self, variable: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { variable: Box::new(variable), ..self }
    }

    /// The same, telling more or less often that a silent server is waited for.
    #[must_use]
    pub fn with_signs_of_life(self, every: Duration) -> Self {
        Self { sign_of_life: every, ..self }
    }
}

impl Default for EndpointAdapter {
    fn default() -> Self {
        Self::new()
    }
}

impl Adapter for EndpointAdapter {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .stepped_operation("inference.generate", GenerateTask::begin)
            .stepped_operation("inference.embed", EmbedTask::begin)
            .operation("inference.tokenize", tokenize::tokenize)
            .operation("model.inspect", inspect::inspect)
    }
}
