//! `inference.embed`: texts to vectors.

use contract_adapter::{Context, Failure, Step, Task};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::EndpointAdapter;
use crate::request::{Accepts, Request};
use crate::server::{Asking, Server, default_base_path, default_idle_ms};
use crate::usage::{Model, ServerUsage, Timings, ms};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Embed {
    endpoint: String,
    #[serde(default = "default_base_path")]
    base_path: String,
    api_key_env: Option<String>,
    #[serde(default = "default_idle_ms")]
    idle_timeout_ms: u64,
    model: String,
    input: Vec<String>,
    /// The schema takes nothing but `model`: the API has no way to say another.
    #[serde(default, rename = "pooling")]
    _pooling: Option<String>,
    #[serde(default = "yes")]
    normalize: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<Vector>,
    model: Option<String>,
    usage: Option<ServerUsage>,
}

#[derive(Deserialize)]
struct Vector {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Serialize)]
pub(crate) struct Embedded {
    embeddings: Vec<Vec<f32>>,
    dimensions: usize,
    usage: PromptUsage,
    model: Model,
    timings: Timings,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PromptUsage {
    prompt_tokens: Option<u32>,
}

/// An open invoke.
pub(crate) struct EmbedTask {
    server: Server,
    asking: Asking,
    /// How many vectors there are to be.
    count: usize,
    normalize: bool,
}

impl EmbedTask {
    /// # Errors
    /// Bad input, or no connection.
    pub(crate) fn begin(
        adapter: &mut EndpointAdapter,
        input: Embed,
        context: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        let names = (&*input.endpoint, &*input.base_path, input.api_key_env.as_deref());
        let server = Server::new(adapter, context, names, input.idle_timeout_ms)?;
        let count = input.input.len();
        let request = Request {
            path: server.address().path("/embeddings"),
            body: Some(json!({ "model": input.model, "input": input.input, "encoding_format": "float" })),
            accepts: Accepts::Json,
            private: input.input,
        };
        let asking = Asking::begin(&server, adapter, context, request)?;
        Ok(Self { server, asking, count, normalize: input.normalize })
    }
}

impl Task<EndpointAdapter> for EmbedTask {
    type Output = Embedded;

    fn step(
        &mut self,
        _: &mut EndpointAdapter,
        context: &mut Context<'_>,
    ) -> Result<Step<Embedded>, Failure> {
        let Some((listed, place)) = self.asking.look::<Listed>(context)? else { return Ok(Step::More) };
        let mut embeddings = in_order(listed.data, self.count).map_err(|what| place.protocol(what))?;
        if self.normalize {
            embeddings.iter_mut().for_each(|vector| normalize(vector));
        }
        Ok(Step::Done(Embedded {
            dimensions: embeddings.first().map_or(0, Vec::len),
            embeddings,
            usage: PromptUsage { prompt_tokens: listed.usage.and_then(|usage| usage.prompt_tokens) },
            model: Model::named(listed.model),
            timings: Timings { total_ms: ms(self.server.elapsed()), ..Timings::default() },
        }))
    }
}

/// The vectors in the order of the input.
fn in_order(mut data: Vec<Vector>, count: usize) -> Result<Vec<Vec<f32>>, &'static str> {
    data.sort_by_key(|vector| vector.index);
    if !data.iter().map(|vector| vector.index).eq(0..count) {
        return Err("it has not one embedding for each text");
    }
    let embeddings: Vec<Vec<f32>> = data.into_iter().map(|vector| vector.embedding).collect();
    let dimensions = embeddings.first().map_or(0, Vec::len);
    if dimensions == 0 || embeddings.iter().any(|vector| vector.len() != dimensions) {
        return Err("its embeddings are empty or not of one length");
    }
    if !embeddings.iter().flatten().all(|number| number.is_finite()) {
        return Err("a number of an embedding is too large");
    }
    Ok(embeddings)
}

/// To length 1; a vector of zeros stays as it is.
fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|&number| f64::from(number).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number = (f64::from(*number) / length) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one() {
        let mut vector = [3.0, 4.0];
        normalize(&mut vector);
        assert_eq!(vector, [0.6, 0.8]);
        let mut large = [f32::MAX, f32::MAX];
        normalize(&mut large);
        assert!((f64::from(large[0]) - 0.5_f64.sqrt()).abs() < 1e-7, "{large:?}");
        let mut zero = [0.0, 0.0];
        normalize(&mut zero);
        assert_eq!(zero, [0.0, 0.0]);
    }

    #[test]
    fn a_list_that_does_not_fit_the_input_is_refused() {
        let list = |items: &[(usize, &[f32])]| {
            let data = items.iter().map(|&(index, numbers)| Vector { index, embedding: numbers.to_vec() });
            in_order(data.collect(), 2)
        };
        assert_eq!(list(&[(1, &[2.0]), (0, &[1.0])]), Ok(vec![vec![1.0], vec![2.0]]));
        for bad in [
            &[(0, &[1.0][..])][..],
            &[(0, &[1.0]), (0, &[1.0])],
            &[(0, &[1.0]), (2, &[1.0])],
            &[(0, &[1.0]), (1, &[1.0]), (2, &[1.0])],
            &[(0, &[]), (1, &[])],
            &[(0, &[1.0]), (1, &[1.0, 2.0])],
            &[(0, &[1.0]), (1, &[f32::INFINITY])],
        ] {
            assert!(list(bad).is_err(), "{bad:?}");
        }
    }
}
