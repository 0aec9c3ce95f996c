//! `POST /v1/chat/completions`

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract_inference::{Ask, Input, Message, MessageRole};
use serde::Deserialize;
use serde_json::{Value, json};

use super::sampling::Wished;
use super::{Server, created};
use crate::answer::{self, Answered, Chunks};
use crate::fault::Fault;
use crate::line::Delivery;

#[derive(Deserialize)]
struct ChatRequest {
    model: String,
    messages: Vec<WrittenMessage>,
    #[serde(flatten)]
    wished: Wished,
}

#[derive(Deserialize)]
struct WrittenMessage {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

impl WrittenMessage {
    fn read(self) -> Result<Message, Fault> {
        let role = match self.role.as_str() {
            // The newer name of the same.
            "system" | "developer" => MessageRole::System,
            "user" => MessageRole::User,
            "assistant" => MessageRole::Assistant,
            other => {
                let what = format!("`{other}` is no role here; system, user and assistant are");
                return Err(Fault::bad_request(Some("messages"), what));
            }
        };
        let content = match self.content {
            Content::Text(text) => text,
            Content::Parts(parts) => parts
                .into_iter()
                .map(|part| match (part.kind.as_str(), part.text) {
                    ("text", Some(text)) => Ok(text),
                    (kind, _) => Err(Fault::bad_request(
                        Some("messages"),
                        format!("a part of the kind `{kind}`: only text is read here"),
                    )),
                })
                .collect::<Result<String, _>>()?,
        };
        Ok(Message { role, content })
    }
}

pub(super) async fn chat(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let ChatRequest { model, messages, wished } = server.read(&headers, body).await?;
    server.check_model(&model)?;
    if messages.is_empty() {
        return Err(Fault::bad_request(Some("messages"), "there is no message"));
    }
    let messages = messages.into_iter().map(WrittenMessage::read).collect::<Result<_, _>>()?;
    let (delivery, tells_usage) = (wished.delivery(), wished.tells_usage());
    let ask = Ask { input: Input::Chat(messages), sampling: wished.sampling()?, timeout_ms: None };
    let chat = Chat { model, created: created(), id: super::id("chatcmpl"), tells_usage };
    let pieces = server.begin(ask, delivery)?;
    if delivery == Delivery::Streamed {
        return answer::stream(pieces, chat).await;
    }
    let answered = answer::whole(pieces).await?;
    let finished = &answered.finished;
    let body = json!({
        "id": chat.id,
        "object": "chat.completion",
        "created": chat.created,
        "model": chat.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": finished.output, "refusal": null},
            "logprobs": null,
            "finish_reason": answer::finish_reason(&finished.ending),
        }],
        "usage": answer::usage(&finished.usage),
    });
    Ok(answer::json_with_receipt(&body, &answered))
}

struct Chat {
    id: String,
    created: i64,
    model: String,
    tells_usage: bool,
}

impl Chat {
    fn chunk(&self, choices: &Value, usage: Option<Value>) -> Value {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if self.tells_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        chunk
    }

    fn choice(&self, delta: &Value, reason: Option<&str>) -> Value {
        let choice = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
        self.chunk(&choice, None)
    }
}

impl Chunks for Chat {
    fn begin(&self) -> Option<Value> {
        Some(self.choice(&json!({"role": "assistant", "content": ""}), None))
    }

    fn text(&self, text: &str) -> Value {
        self.choice(&json!({"content": text}), None)
    }

    fn end(&self, reason: &str, answered: &Answered) -> Vec<Value> {
        let mut last = self.choice(&json!({}), Some(reason));
        last["receipt"] = json!(answered.appended.receipt_id);
        let usage =
            self.tells_usage.then(|| self.chunk(&json!([]), Some(answer::usage(&answered.finished.usage))));
        std::iter::once(last).chain(usage).collect()
    }
}
