//! Operations that show one thing each of the protocol.

use contract_adapter::{Answer, Context, Failure, Progress, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::Echo;

type Object = Map<String, serde_json::Value>;

/// The arguments, byte for byte.
pub(crate) fn echo(
    _: &mut Echo,
    args: Value<'_>,
    data: &mut Vec<u8>,
    _: &mut Context<'_>,
) -> Result<bool, Failure> {
    data.extend_from_slice(b"{\"args\":");
    data.extend_from_slice(args.raw().as_bytes());
    data.push(b'}');
    Ok(true)
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Count {
    n: u64,
}

/// `n` progress messages, then the number.
pub(crate) fn count(_: &mut Echo, count: Count, context: &mut Context<'_>) -> Result<Count, Failure> {
    for step in 1..=count.n {
        #[expect(clippy::cast_precision_loss, reason = "a fraction is for people")]
        context.progress(Progress::new().fraction(step as f64 / count.n as f64))?;
    }
    Ok(count)
}

#[derive(Deserialize)]
pub(crate) struct Stream {
    bytes: usize,
    chunk: usize,
}

#[derive(Serialize)]
pub(crate) struct Streamed {
    bytes: usize,
    chunks: usize,
}

/// The largest piece of a stream: 8 MiB, well below the limit of a line.
const MAX_CHUNK_BYTES: usize = 8 << 20;

/// `bytes` letters in pieces of `chunk`.
pub(crate) fn stream(_: &mut Echo, stream: Stream, context: &mut Context<'_>) -> Result<Streamed, Failure> {
    if !(1..=MAX_CHUNK_BYTES).contains(&stream.chunk) {
        return Err(Failure::bad_input(format!("`chunk` is not within 1 to {MAX_CHUNK_BYTES}")));
    }
    let text = "x".repeat(stream.chunk.min(stream.bytes));
    let (mut left, mut chunks) = (stream.bytes, 0);
    while left > 0 {
        let piece = &text[..left.min(text.len())];
        context.progress(Progress::new().data(piece))?;
        left -= piece.len();
        chunks += 1;
    }
    Ok(Streamed { bytes: stream.bytes, chunks })
}

/// No answer before a cancel.
pub(crate) fn wait(_: &mut Echo, _: Object, context: &mut Context<'_>) -> Result<Object, Failure> {
    Err(context.wait_for_cancel())
}

#[derive(Deserialize)]
pub(crate) struct Fail {
    code: String,
    message: String,
    #[serde(default)]
    details: Option<serde_json::Value>,
    #[serde(default)]
    retryable: bool,
}

/// The error that was asked for.
pub(crate) fn fail(_: &mut Echo, fail: Fail, _: &mut Context<'_>) -> Result<Object, Failure> {
    let mut failure = Failure::new(fail.code, fail.message);
    if let Some(details) = fail.details {
        failure = failure.details(details);
    }
    Err(if fail.retryable { failure.retryable() } else { failure })
}

#[derive(Deserialize)]
pub(crate) struct Panic {
    message: Option<String>,
}

/// A fault of the code.
pub(crate) fn panic(_: &mut Echo, panic: Panic, _: &mut Context<'_>) -> Result<Object, Failure> {
    panic!("{}", panic.message.as_deref().unwrap_or("as asked"))
}

/// Done, and the answer is no.
pub(crate) fn reject(
    _: &mut Echo,
    args: Object,
    _: &mut Context<'_>,
) -> Result<Answer<serde_json::Value>, Failure> {
    Ok(Answer::No(json!({ "rejected": args })))
}
