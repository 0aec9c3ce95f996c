//! `model inspect`: the adapter llama reads the file.

use contract_engine::{Calls, Failure, Request, Surroundings};
use contract_ipc::Exit;
use serde_json::json;

use super::super::run::{Presentation, run_request};
use super::super::{request, usage};
use super::places::Named;
use crate::args::{InspectModelArgs, Output};

/// Who reads models, and how it is asked.
const ADAPTER: &str = "llama";
const OPERATION: &str = "model.inspect";

pub(super) fn inspect(
    args: &InspectModelArgs,
    around: &Surroundings,
    output: Output,
) -> Result<Exit, Failure> {
    let path = Named::parse(&args.model, around)?.path(&args.places, around)?;
    let Some(text) = path.to_str() else {
        return Err(usage(format!(
            "{}: a name that is no UTF-8 cannot be given to an adapter",
            path.display()
        )));
    };
    let call = json!({"model": text}).to_string().into_bytes();
    let mut request = Request {
        op: Some(OPERATION.to_owned()),
        calls: Calls::Repeat { args: call, count: 1 },
        // As for verbs: who types the command permits what the adapter asks for, and the file that is named.
        delegates_asks: true,
        ..request(ADAPTER, &args.verb.authority)
    };
    request.allow.push(format!("read={text}"));
    let presentation = Presentation::Verb { emit: args.verb.emit.clone(), documents: Vec::new() };
    run_request(&request, args.verb.out.as_deref(), around, &presentation, output)
}
