//! Answers that say yes: whole ones, and streams of server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use contract_inference::{Appended, Ending, FinishReason, Finished, Usage};
use futures_core::Stream;
use serde_json::{Value, json};

use crate::clerk::{Piece, Pieces, Recorded, Times};
use crate::fault::{Fault, RECEIPT_HEADER, SERVER_TIMING};

/// The end of a stream.
const DONE: &str = "data: [DONE]\n\n";

/// A JSON document with the id of its receipt, and where the time went, in headers.
pub(crate) fn json_with_receipt(body: &Value, answered: &Answered) -> Response {
    let json = HeaderValue::from_static("application/json");
    let mut response = (StatusCode::OK, [(CONTENT_TYPE, json)], body.to_string()).into_response();
    let headers = response.headers_mut();
    if let Ok(receipt) = HeaderValue::from_str(&answered.appended.receipt_id) {
        headers.insert(RECEIPT_HEADER, receipt);
    }
    if let Ok(times) = HeaderValue::from_str(&server_timing(&answered.times)) {
        headers.insert(SERVER_TIMING, times);
    }
    response
}

/// Durations are milliseconds.
fn server_timing(times: &Times) -> String {
    let Times { judged, session, recorded } = times;
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    format!("judge;dur={:.3}, session;dur={:.3}, records;dur={:.3}", ms(judged), ms(session), ms(recorded))
}

/// `finish_reason` of the API; none for what came to nothing.
pub(crate) fn finish_reason(ending: &Ending) -> Option<&'static str> {
    match ending {
        Ending::Answered(FinishReason::Length) | Ending::Rejected(FinishReason::Length, _) => Some("length"),
        Ending::Answered(FinishReason::Stop | FinishReason::StopString | FinishReason::Embedded) => {
            Some("stop")
        }
        // What was rejected otherwise is whole, and not what was asked for.
        Ending::Rejected(..) | Ending::Refused(_) | Ending::Cancelled(_) | Ending::Failed(_) => None,
    }
}

/// `usage` of the API.
pub(crate) fn usage(usage: &Usage) -> Value {
    let (prompt, output) = (usage.prompt_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens.unwrap_or(0)},
    })
}

/// A request that was answered.
pub(crate) struct Answered {
    pub(crate) finished: Finished,
    pub(crate) appended: Appended,
    pub(crate) times: Times,
}

/// A piece as handlers look at it.
enum Part {
    /// More text.
    Text(String),
    /// The end, or the fault that the client is told.
    Over(Result<Box<Answered>, Fault>),
}

impl From<Piece> for Part {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Text(text) => Self::Text(text),
            Piece::Refused(fault) => Self::Over(Err(fault)),
            Piece::End(recorded) => Self::Over(Answered::of(*recorded)),
        }
    }
}

impl Answered {
    fn of(recorded: Recorded) -> Result<Box<Self>, Fault> {
        let Recorded { finished, appended, times } = recorded;
        // An answer without a receipt is none.
        let appended = appended.map_err(|failure| Fault::of(&failure))?;
        match Fault::of_ending(&finished) {
            Some(fault) => Err(fault.with_receipt(&appended)),
            None => Ok(Box::new(Self { finished, appended, times })),
        }
    }
}

/// Waits for the end of a request whose pieces are of no interest.
///
/// # Errors
/// The fault that the client is told.
pub(crate) async fn whole(mut pieces: Pieces) -> Result<Box<Answered>, Fault> {
    loop {
        match pieces.receiver().recv().await.map(Part::from) {
            Some(Part::Text(_)) => {}
            Some(Part::Over(ended)) => return ended,
            None => return Err(ended_early()),
        }
    }
}

/// Something of ours broke.
pub(crate) fn ended_early() -> Fault {
    let what = contract_engine::Failure::new(contract_ipc::Code::ContractInternal, "the request was lost");
    Fault::of(&what)
}

/// How the events of one kind of stream look.
pub(crate) trait Chunks: Send + Unpin + 'static {
    /// Before the first piece.
    fn begin(&self) -> Option<Value>;
    /// A piece of text.
    fn text(&self, text: &str) -> Value;
    /// The end, with the reason.
    fn end(&self, reason: &str, answered: &Answered) -> Vec<Value>;
}

/// A stream of events; the first piece decides whether it is one or an error, so that an error has its status.
///
/// # Errors
/// The request came to nothing before its first piece.
pub(crate) async fn stream(mut pieces: Pieces, chunks: impl Chunks) -> Result<Response, Fault> {
    let first = match pieces.receiver().recv().await.map(Part::from) {
        Some(Part::Over(Err(fault))) => return Err(fault),
        Some(first) => first,
        None => return Err(ended_early()),
    };
    let begun = chunks.begin().map(|begin| event(&begin)).unwrap_or_default();
    let events = Events { pieces, chunks, ready: Some(begun), first: Some(first), over: false };
    let kind = HeaderValue::from_static("text/event-stream");
    let fresh = HeaderValue::from_static("no-cache");
    Ok((StatusCode::OK, [(CONTENT_TYPE, kind), (CACHE_CONTROL, fresh)], Body::from_stream(events))
        .into_response())
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

struct Events<C> {
    pieces: Pieces,
    chunks: C,
    ready: Option<String>,
    first: Option<Part>,
    over: bool,
}

impl<C: Chunks> Events<C> {
    fn write(&mut self, part: Part) -> String {
        let ended = match part {
            Part::Text(text) => return event(&self.chunks.text(&text)),
            Part::Over(ended) => ended.and_then(|answered| {
                let reason = finish_reason(&answered.finished.ending).ok_or_else(ended_early)?;
                Ok(self.chunks.end(reason, &answered))
            }),
        };
        self.over = true;
        match ended {
            Ok(events) => events.iter().map(event).collect::<String>() + DONE,
            // The status is out; this is how the API says that a stream broke.
            Err(fault) => event(&fault.body()),
        }
    }
}

impl<C: Chunks> Stream for Events<C> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        let mut text = this.ready.take().unwrap_or_default();
        if let Some(first) = this.first.take() {
            text.push_str(&this.write(first));
            return Poll::Ready(Some(Ok(Bytes::from(text))));
        }
        match this.pieces.receiver().poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(piece)) => {
                let text = this.write(piece.into());
                Poll::Ready(Some(Ok(Bytes::from(text))))
            }
            Poll::Ready(None) => {
                this.over = true;
                Poll::Ready(Some(Ok(Bytes::from(event(&ended_early().body())))))
            }
        }
    }
}
