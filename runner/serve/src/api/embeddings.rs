//! `POST /v1/embeddings`

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract_inference::{Ask, Input, Sampling};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use crate::answer;
use crate::fault::Fault;
use crate::line::Delivery;

/// Most texts of a request.
const MAX_TEXTS: usize = 256;

#[derive(Deserialize)]
struct EmbeddingRequest {
    model: String,
    input: Texts,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    /// 32-bit floats, little-endian, which the OpenAI clients ask for.
    Base64,
}

pub(super) async fn embeddings(
    State(server): State<Server>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let request: EmbeddingRequest = server.read(&headers, body).await?;
    server.check_model(&request.model)?;
    let texts = match request.input {
        Texts::One(text) => vec![text],
        Texts::Several(texts) => texts,
    };
    if texts.is_empty() || texts.len() > MAX_TEXTS || texts.iter().any(String::is_empty) {
        let what = format!("`input` is 1 to {MAX_TEXTS} texts, none of them empty");
        return Err(Fault::bad_request(Some("input"), what));
    }
    let ask = Ask { input: Input::Texts(texts), sampling: Sampling::default(), timeout_ms: None };
    let answered = answer::whole(server.begin(ask, Delivery::Whole)?).await?;
    let vectors: Vec<Vec<f32>> = serde_json::from_str(&answered.finished.output).unwrap_or_default();
    if let Some(wanted) = request.dimensions
        && vectors.iter().any(|vector| vector.len() as u64 != wanted)
    {
        return Err(Fault::bad_request(Some("dimensions"), "the model's vectors have another length")
            .with_receipt(&answered.appended));
    }
    let data: Vec<Value> = vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| {
            let embedding = match request.encoding_format {
                Encoding::Float => json!(vector),
                Encoding::Base64 => {
                    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                    json!(BASE64.encode(&bytes))
                }
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let prompt = answered.finished.usage.prompt_tokens.unwrap_or(0);
    let body = json!({
        "object": "list",
        "data": data,
        "model": request.model,
        "usage": {"prompt_tokens": prompt, "total_tokens": prompt},
    });
    Ok(answer::json_with_receipt(&body, &answered))
}
