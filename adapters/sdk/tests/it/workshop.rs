//! One adapter with an operation for each thing to test, and its messages.

use contract_adapter::{Adapter, Answer, Context, Failure, Offer, Progress};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Workshop {
    pub(crate) uses: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    item: String,
    sizes: Vec<u32>,
}

#[derive(Serialize)]
struct Made {
    text: String,
}

impl Adapter for Workshop {
    fn offer(&self) -> Offer<Self> {
        Offer::new("workshop", "1.2.3")
            .operation("make", |_, order: Order, _| {
                Ok(Made { text: format!("{} {:?}", order.item, order.sizes) })
            })
            .operation("judge", |_, args: Value, _| {
                let data = json!({ "saw": args["good"] });
                Ok(if args["good"] == true { Answer::Yes(data) } else { Answer::No(data) })
            })
            .operation("use", |workshop: &mut Self, args: Value, _| {
                workshop.uses += 1;
                if args["break"] == true {
                    panic!("broke after {} uses", workshop.uses);
                }
                Ok(json!({ "uses": workshop.uses }))
            })
            .operation("steps", steps)
            .operation("look", |_, _: Value, context| {
                let cancelled = context.cancelled();
                Ok(json!({ "cancelled": cancelled, "op": context.op(), "timeoutMs": context.timeout_ms() }))
            })
            .operation("wait", |_, _: Value, context| -> Result<Value, _> { Err(context.wait_for_cancel()) })
            .operation("stubborn", |_, _: Value, context| {
                context.wait_for_cancel();
                Ok(json!({ "done": "anyway" }))
            })
            .operation("fail", |_, args: Value, _| -> Result<Value, _> {
                let code = args["code"].as_str().unwrap_or_default().to_owned();
                Err(Failure::new(code, "as told").details(json!([1])).retryable())
            })
            .operation("open", |_, args: Value, _| {
                Ok(json!({ "text": std::fs::read_to_string(args["path"].as_str().unwrap_or_default())? }))
            })
            .operation("scalar", |_, _: Value, _| Ok("no object"))
            .raw_operation("raw", |_, args, data, _| {
                data.extend_from_slice(args.get("data").map_or("{}", |value| value.raw()).as_bytes());
                Ok(true)
            })
            .raw_operation("line feed", |_, _, data, _| {
                data.extend_from_slice(b"{\"a\":\n1}");
                Ok(true)
            })
    }
}

fn steps(_: &mut Workshop, args: Value, context: &mut Context<'_>) -> Result<Value, Failure> {
    let fractions = args["fractions"].as_array().cloned().unwrap_or_default();
    for fraction in &fractions {
        let fraction = fraction.as_f64().unwrap_or(f64::NAN);
        context.progress(Progress::new().fraction(fraction).message("a step").data([1, 2]))?;
    }
    context.progress(Progress::new())?;
    Ok(json!({ "steps": fractions.len() + 1 }))
}

/// A message from the runner with the number `n` in its id.
pub(crate) fn message(n: u32, kind: &str, reply_to: Option<u32>, payload: &Value) -> String {
    let reply_to = reply_to.map_or(String::new(), |to| format!(r#""replyTo":"message-{to}","#));
    format!(
        r#"{{"v":"ipc.v0","id":"message-{n}",{reply_to}"ts":"2026-01-31T12:00:00Z","type":"{kind}","payload":{payload}}}"#
    ) + "\n"
}

/// hello with the seed and the clock that make replies literal.
pub(crate) fn hello(n: u32) -> String {
    let session =
        json!({"id": "s", "seed": "00000000000000000000000000000000", "clock": "2026-01-31T12:00:00Z"});
    message(n, "hello", None, &json!({ "protocols": ["ipc.v0"], "session": session }))
}

pub(crate) fn invoke(n: u32, op: &str, args: &Value) -> String {
    message(n, "invoke", None, &json!({ "op": op, "args": args, "timeoutMs": 10_000 }))
}

pub(crate) fn cancel(n: u32, invoke: u32) -> String {
    message(n, "cancel", Some(invoke), &json!({ "reason": "interrupted" }))
}

/// What came back after the handshake: type, number of the invoke that is answered, payload.
pub(crate) fn replies(stdout: &str) -> Vec<(String, Option<u32>, Value)> {
    let read = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        let reply_to = message["replyTo"].as_str().map(|id| id["message-".len()..].parse().unwrap());
        (message["type"].as_str().unwrap().to_owned(), reply_to, message["payload"].clone())
    };
    let all = stdout.lines().map(read);
    all.filter(|(kind, ..)| kind != "hello_ack" && kind != "capabilities").collect()
}

/// The same with the code of an error, or the data of a result, alone.
pub(crate) fn ends(stdout: &str) -> Vec<(u32, String)> {
    let ends = replies(stdout).into_iter().filter(|(kind, ..)| kind != "progress");
    ends.map(|(_, to, payload)| {
        let what = payload["code"].as_str().map_or_else(|| payload["data"].to_string(), str::to_owned);
        (to.unwrap_or(0), what)
    })
    .collect()
}
