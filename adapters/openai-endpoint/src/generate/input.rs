//! Arguments of `inference.generate`, and the request that they make.

use contract_adapter::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::request::{Accepts, Request};
use crate::server::{default_base_path, default_idle_ms};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Generate {
    pub(crate) endpoint: String,
    #[serde(default = "default_base_path")]
    pub(crate) base_path: String,
    pub(crate) api_key_env: Option<String>,
    #[serde(default = "default_idle_ms")]
    pub(crate) idle_timeout_ms: u64,
    model: String,
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    #[serde(default = "default_max_tokens")]
    max_tokens: u32,
    #[serde(default)]
    temperature: f64,
    #[serde(default)]
    seed: u32,
    #[serde(default)]
    pub(crate) stop: Vec<String>,
    pub(crate) json_schema: Option<Map<String, Value>>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    min_p: Option<f64>,
    repeat_penalty: Option<f64>,
    repeat_last_tokens: Option<u32>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: Role,
    content: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
}

fn default_max_tokens() -> u32 {
    256
}

impl Generate {
    /// # Errors
    /// `ADAPTER_BAD_INPUT` when there is not exactly one of prompt and messages.
    pub(crate) fn request(&self, address: &Address) -> Result<Request, Failure> {
        let (path, body, private) = match (&self.prompt, &self.messages) {
            (Some(prompt), None) => {
                let mut body = json!({ "prompt": prompt });
                if let Some(schema) = &self.json_schema {
                    // llama-server knows `response_format` for chats only.
                    body["json_schema"] = Value::Object(schema.clone());
                }
                ("/completions", body, vec![prompt.clone()])
            }
            (None, Some(messages)) => {
                let texts = messages.iter().map(|message| message.content.clone()).collect();
                ("/chat/completions", json!({ "messages": messages }), texts)
            }
            _ => return Err(Failure::bad_input("give either `prompt` or `messages`")),
        };
        let Value::Object(mut body) = body else { unreachable!("it is written as an object above") };
        self.sampling(&mut body);
        Ok(Request { path: address.path(path), body: Some(body.into()), accepts: Accepts::Events, private })
    }

    /// What a server has no default for, or one that is not ours; the rest only when it was given, since not all servers
    /// know it.
    fn sampling(&self, body: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        set("model", json!(self.model));
        set("stream", json!(true));
        set("stream_options", json!({ "include_usage": true }));
        set("max_tokens", json!(self.max_tokens));
        set("temperature", json!(self.temperature));
        set("seed", json!(self.seed));
        if !self.stop.is_empty() {
            set("stop", json!(self.stop));
        }
        if let Some(top_p) = self.top_p {
            set("top_p", json!(top_p));
        }
        if let Some(top_k) = self.top_k {
            // Off is -1 for vLLM, SGLang and llama-server; 0 is not off for all of them.
            set("top_k", if top_k == 0 { json!(-1) } else { json!(top_k) });
        }
        if let Some(min_p) = self.min_p {
            set("min_p", json!(min_p));
        }
        if let Some(penalty) = self.repeat_penalty {
            // The first is llama-server's name, the second that of vLLM and SGLang.
            set("repeat_penalty", json!(penalty));
            set("repetition_penalty", json!(penalty));
        }
        if let Some(last) = self.repeat_last_tokens {
            set("repeat_last_n", json!(last));
        }
        if let Some(schema) = &self.json_schema {
            let named = json!({ "name": "answer", "schema": schema, "strict": true });
            set("response_format", json!({ "type": "json_schema", "json_schema": named }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(args: Value) -> (String, Value) {
        let input: Generate = serde_json::from_value(args).unwrap();
        let request = input.request(&Address::parse("a:1", "/v1").unwrap()).unwrap();
        (request.path, request.body.unwrap())
    }

    #[test]
    fn a_prompt_and_a_chat_are_asked_for_at_their_paths() {
        let (path, prompt) = body(json!({"endpoint": "a:1", "model": "m", "prompt": "p"}));
        let common = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true},
            "max_tokens": 256, "temperature": 0.0, "seed": 0, "prompt": "p"});
        assert_eq!((path.as_str(), prompt), ("/v1/completions", common));
        let messages = json!([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]);
        let (path, chat) = body(json!({"endpoint": "a:1", "model": "m", "messages": messages}));
        assert_eq!((path.as_str(), &chat["messages"]), ("/v1/chat/completions", &messages));
    }

    #[test]
    fn all_that_was_given_is_sent() {
        let (_, sent) =
            body(json!({"endpoint": "a:1", "model": "m", "prompt": "p", "maxTokens": 3, "temperature": 0.5,
            "seed": 7, "stop": ["x"], "jsonSchema": {"type": "object"}, "topP": 0.9, "topK": 0, "minP": 0.1,
            "repeatPenalty": 1.1, "repeatLastTokens": 32}));
        let expected = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "prompt": "p",
            "max_tokens": 3, "temperature": 0.5, "seed": 7, "stop": ["x"], "top_p": 0.9, "top_k": -1, "min_p": 0.1,
            "repeat_penalty": 1.1, "repetition_penalty": 1.1, "repeat_last_n": 32, "json_schema": {"type": "object"},
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": {"type": "object"}}}});
        assert_eq!(sent, expected);
    }
}
