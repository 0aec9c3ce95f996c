//! Members that chats and completions share, as the OpenAI API has them.

use contract_inference::Sampling;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::line::Delivery;

/// Most stop strings of a request.
const MAX_STOPS: usize = 16;

/// How to sample. What means nothing here is taken when it asks for nothing, and refused when it does.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wished {
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    /// Off is -1 for clients of vLLM, SGLang and llama-server, and 0 for the model door.
    top_k: Option<i64>,
    min_p: Option<f64>,
    repeat_penalty: Option<f64>,
    seed: Option<i64>,
    stop: Option<Stops>,
    response_format: Option<ResponseFormat>,
    grammar: Option<String>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    n: Option<u64>,
    best_of: Option<u64>,
    logprobs: Option<Value>,
    echo: Option<bool>,
    suffix: Option<String>,
    tools: Option<Vec<Value>>,
    functions: Option<Vec<Value>>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    logit_bias: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Stops {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat {
    Text,
    JsonObject,
    JsonSchema { json_schema: NamedSchema },
}

#[derive(Debug, Deserialize)]
struct NamedSchema {
    schema: Option<Value>,
}

impl Wished {
    /// How the text is wanted.
    pub(super) fn delivery(&self) -> Delivery {
        if self.stream { Delivery::Streamed } else { Delivery::Whole }
    }

    /// Whether a stream ends with its usage.
    pub(super) fn tells_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// # Errors
    /// What this server does not do.
    pub(super) fn sampling(self) -> Result<Sampling, Fault> {
        self.refuse_what_is_not_done()?;
        let stop = match self.stop {
            None => Vec::new(),
            Some(Stops::One(text)) => vec![text],
            Some(Stops::Several(texts)) => texts,
        };
        if stop.len() > MAX_STOPS || stop.iter().any(String::is_empty) {
            let what = format!("`stop` is at most {MAX_STOPS} texts, none of them empty");
            return Err(Fault::bad_request(Some("stop"), what));
        }
        let top_k = match self.top_k {
            Some(-1) => Some(0),
            top_k => top_k.map(u64::try_from).transpose().map_err(|_| {
                Fault::bad_request(Some("top_k"), "`top_k` is a number of tokens, or -1 for all")
            })?,
        };
        let json_schema = match self.response_format {
            None | Some(ResponseFormat::Text) => None,
            Some(ResponseFormat::JsonObject) => Some(serde_json::json!({"type": "object"})),
            Some(ResponseFormat::JsonSchema { json_schema: NamedSchema { schema: Some(schema) } }) => {
                Some(schema)
            }
            Some(ResponseFormat::JsonSchema { .. }) => {
                return Err(Fault::bad_request(Some("response_format"), "`json_schema` has no `schema`"));
            }
        };
        Ok(Sampling {
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            temperature: self.temperature,
            top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            repeat_penalty: self.repeat_penalty,
            // Any number is a seed of the API; the sampler has 32 bits of it.
            seed: self.seed.map(|seed| (seed.rem_euclid(1 << 32)) as u32),
            stop,
            json_schema,
            grammar: self.grammar,
            context_tokens: None,
            threads: None,
        })
    }

    fn refuse_what_is_not_done(&self) -> Result<(), Fault> {
        let some = |value: &Option<Vec<Value>>| value.as_ref().is_some_and(|list| !list.is_empty());
        let asks = |value: &Option<Value>| !matches!(value, None | Some(Value::Null | Value::Bool(false)));
        let not_done = [
            ("tools", some(&self.tools), "tools are not used here: no profile may permit them"),
            ("functions", some(&self.functions), "tools are not used here: no profile may permit them"),
            ("n", self.n.is_some_and(|n| n != 1), "one answer a request"),
            ("best_of", self.best_of.is_some_and(|n| n != 1), "one answer a request"),
            ("logprobs", asks(&self.logprobs), "log probabilities are not told"),
            ("echo", self.echo == Some(true), "the prompt is not repeated"),
            (
                "suffix",
                self.suffix.as_ref().is_some_and(|text| !text.is_empty()),
                "nothing is inserted before a suffix",
            ),
            ("frequency_penalty", self.frequency_penalty.is_some_and(|p| p != 0.0), "use `repeat_penalty`"),
            ("presence_penalty", self.presence_penalty.is_some_and(|p| p != 0.0), "use `repeat_penalty`"),
            (
                "logit_bias",
                self.logit_bias
                    .as_ref()
                    .is_some_and(|bias| !bias.is_null() && *bias != serde_json::json!({})),
                "tokens are not weighed",
            ),
        ];
        match not_done.iter().find(|(_, asked, _)| *asked) {
            Some((name, _, why)) => Err(Fault::bad_request(Some(name), format!("`{name}`: {why}"))),
            None => Ok(()),
        }
    }
}
