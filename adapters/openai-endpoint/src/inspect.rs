//! `model.inspect`: the models that the server offers.

use std::fmt::Write as _;

use contract_adapter::{Answer, Context, Failure};
use serde::{Deserialize, Serialize};

use crate::EndpointAdapter;
use crate::bounds::MODELS;
use crate::place::Place;
use crate::request::{Accepts, Request};
use crate::server::{Server, default_base_path, default_idle_ms};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Inspect {
    endpoint: String,
    #[serde(default = "default_base_path")]
    base_path: String,
    api_key_env: Option<String>,
    #[serde(default = "default_idle_ms")]
    idle_timeout_ms: u64,
    model: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    owned_by: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Models {
    summary: String,
    models: Vec<ShownModel>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownModel {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owned_by: Option<String>,
}

pub(crate) fn inspect(
    adapter: &mut EndpointAdapter,
    input: Inspect,
    context: &mut Context<'_>,
) -> Result<Answer<Models>, Failure> {
    let names = (&*input.endpoint, &*input.base_path, input.api_key_env.as_deref());
    let server = Server::new(adapter, context, names, input.idle_timeout_ms)?;
    let request = Request {
        path: server.address().path("/models"),
        body: None,
        accepts: Accepts::Json,
        private: Vec::new(),
    };
    let (listed, place): (Listed, Place) = server.ask(adapter, context, request)?;
    if listed.data.len() > MODELS {
        return Err(place.protocol(&format!("it lists more than {MODELS} models")));
    }
    let models: Vec<_> =
        listed.data.into_iter().map(|model| ShownModel { id: model.id, owned_by: model.owned_by }).collect();
    let missing = input.model.filter(|wanted| models.iter().all(|model| model.id != *wanted));
    let summary = summary(server.address().authority(), &models, missing.as_deref());
    let answer = Models { summary, models };
    Ok(if missing.is_none() { Answer::Yes(answer) } else { Answer::No(answer) })
}

fn summary(authority: &str, models: &[ShownModel], missing: Option<&str>) -> String {
    let count = models.len();
    let mut text = format!("{authority} offers {count} model{}", if count == 1 { "" } else { "s" });
    for model in models {
        let owner = model.owned_by.as_ref().map(|owner| format!(" (of {owner})")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}{owner}", model.id);
    }
    if let Some(missing) = missing {
        let _ = write!(text, "\n{missing} is not among them");
    }
    text
}
