//! Calls of the adapter in memory, and what came back.

use adapter_llama::LlamaAdapter;
use contract_adapter::{Called, End, Harness};
use serde_json::{Value, json};

use crate::model_file::model_path;

pub(crate) fn harness() -> Harness<LlamaAdapter> {
    Harness::new(LlamaAdapter::default())
}

/// Arguments with the model and some more.
pub(crate) fn with_model(more: &Value) -> Value {
    let mut args = json!({ "model": model_path() });
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    args
}

/// The verdict and the data of an invoke that was done.
#[track_caller]
pub(crate) fn done(called: &Called) -> (bool, Value) {
    match &called.end {
        End::Result { ok, data } => (*ok, data.clone()),
        error @ End::Error { .. } => panic!("not done: {error:?}"),
    }
}

/// Code, message and details of one that failed.
#[track_caller]
pub(crate) fn failed(called: &Called) -> (String, String, Value) {
    match &called.end {
        End::Error { code, message, details, .. } => {
            (code.clone(), message.clone(), details.clone().unwrap_or_default())
        }
        result @ End::Result { .. } => panic!("no error: {result:?}"),
    }
}

/// What went out as progress.
pub(crate) fn streamed(called: &Called) -> String {
    called.progress.iter().filter_map(|step| step.data.as_ref()?["text"].as_str()).collect()
}

/// `inference.generate` in a session of its own.
pub(crate) fn generate(more: &Value) -> Called {
    harness().call("inference.generate", with_model(more))
}

/// Verdict and data of `inference.generate`, after looking that what was streamed is what was given back.
#[track_caller]
pub(crate) fn generated(more: &Value) -> (bool, Value) {
    let called = generate(more);
    let (ok, data) = done(&called);
    assert_eq!(streamed(&called), data["text"].as_str().unwrap(), "{called:?}");
    (ok, data)
}
