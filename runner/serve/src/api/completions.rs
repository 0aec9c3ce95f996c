//! `POST /v1/completions`: a text goes on, as it is, without a template.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract_inference::{Ask, Input};
use serde::Deserialize;
use serde_json::{Value, json};

use super::sampling::Wished;
use super::{Server, created};
use crate::answer::{self, Answered, Chunks};
use crate::fault::Fault;
use crate::line::Delivery;

#[derive(Deserialize)]
struct TextRequest {
    model: String,
    prompt: Prompt,
    #[serde(flatten)]
    wished: Wished,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    Text(String),
    Texts(Vec<String>),
}

pub(super) async fn completions(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let TextRequest { model, prompt, wished } = server.read(&headers, body).await?;
    server.check_model(&model)?;
    let prompt = match prompt {
        Prompt::Text(prompt) => prompt,
        Prompt::Texts(mut prompts) if prompts.len() == 1 => prompts.remove(0),
        Prompt::Texts(_) => return Err(Fault::bad_request(Some("prompt"), "one prompt a request")),
    };
    if prompt.is_empty() {
        return Err(Fault::bad_request(Some("prompt"), "the prompt is empty"));
    }
    let (delivery, tells_usage) = (wished.delivery(), wished.tells_usage());
    let ask = Ask { input: Input::Prompt(prompt), sampling: wished.sampling()?, timeout_ms: None };
    let text = Text { model, created: created(), id: super::id("cmpl"), tells_usage };
    let pieces = server.begin(ask, delivery)?;
    if delivery == Delivery::Streamed {
        return answer::stream(pieces, text).await;
    }
    let answered = answer::whole(pieces).await?;
    let finished = &answered.finished;
    let mut body = text.body(&finished.output, answer::finish_reason(&finished.ending));
    body["usage"] = answer::usage(&finished.usage);
    Ok(answer::json_with_receipt(&body, &answered))
}

struct Text {
    id: String,
    created: i64,
    model: String,
    tells_usage: bool,
}

impl Text {
    fn body(&self, text: &str, reason: Option<&str>) -> Value {
        let mut body = json!({
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": reason}],
        });
        if self.tells_usage {
            body["usage"] = Value::Null;
        }
        body
    }
}

impl Chunks for Text {
    fn begin(&self) -> Option<Value> {
        None
    }

    fn text(&self, text: &str) -> Value {
        self.body(text, None)
    }

    fn end(&self, reason: &str, answered: &Answered) -> Vec<Value> {
        let mut last = self.body("", Some(reason));
        last["receipt"] = json!(answered.appended.receipt_id);
        let usage = self.tells_usage.then(|| {
            let mut usage = self.body("", None);
            usage["choices"] = json!([]);
            usage["usage"] = answer::usage(&answered.finished.usage);
            usage
        });
        std::iter::once(last).chain(usage).collect()
    }
}
