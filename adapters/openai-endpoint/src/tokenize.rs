//! `inference.tokenize`: the tokens of a text, by llama-server's own `/tokenize`. The API of OpenAI has nothing of the kind.

use contract_adapter::{Context, Failure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::EndpointAdapter;
use crate::place::Place;
use crate::request::{Accepts, Request};
use crate::server::{Server, default_base_path, default_idle_ms};
use crate::usage::Model;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tokenize {
    endpoint: String,
    #[serde(default = "default_base_path")]
    base_path: String,
    api_key_env: Option<String>,
    #[serde(default = "default_idle_ms")]
    idle_timeout_ms: u64,
    model: String,
    text: String,
    #[serde(default = "yes")]
    add_special: bool,
    #[serde(default)]
    parse_special: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Listed {
    tokens: Vec<u32>,
}

#[derive(Serialize)]
pub(crate) struct Tokens {
    tokens: Vec<u32>,
    count: usize,
    model: Model,
}

pub(crate) fn tokenize(
    adapter: &mut EndpointAdapter,
    input: Tokenize,
    context: &mut Context<'_>,
) -> Result<Tokens, Failure> {
    let names = (&*input.endpoint, &*input.base_path, input.api_key_env.as_deref());
    let server = Server::new(adapter, context, names, input.idle_timeout_ms)?;
    let request = Request {
        path: server.address().path_beside("/tokenize"),
        // tools/server/README.md of llama.cpp, POST /tokenize. `model` is for its router.
        body: Some(json!({
            "model": input.model,
            "content": input.text,
            "add_special": input.add_special,
            "parse_special": input.parse_special,
        })),
        accepts: Accepts::Json,
        private: vec![input.text],
    };
    let (listed, _): (Listed, Place) = server.ask(adapter, context, request).map_err(only_llama_server)?;
    Ok(Tokens { count: listed.tokens.len(), tokens: listed.tokens, model: Model::named(None) })
}

/// Says plainly what a server that has no such path cannot do.
fn only_llama_server(failure: Failure) -> Failure {
    let text = failure.to_string();
    match text.strip_prefix("ADAPTER_ENDPOINT_STATUS: ") {
        Some(text) if ["HTTP 404", "HTTP 405", "HTTP 501"].iter().any(|status| text.contains(status)) => {
            Failure::new(
                "ADAPTER_ENDPOINT_STATUS",
                format!(
                    "{text}. This server cannot count tokens for others: of the servers that are known, only llama-server has POST /tokenize"
                ),
            )
        }
        _ => failure,
    }
}
