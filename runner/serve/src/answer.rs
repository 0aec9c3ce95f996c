//! Answers that say yes: whole ones, and streams of server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use contract_inference::{Appended, Ending, FinishReason, Usage};
use futures_core::Stream;
use serde_json::{Value, json};

use crate::clerk::{Piece, Pieces, Recorded};
use crate::fault::{Fault, RECEIPT_HEADER};

/// The end of a stream.
const DONE: &str = "data: [DONE]\n\n";

/// A JSON document with the id of its receipt in a header.
pub(crate) fn json_with_receipt(body: &Value, appended: &Appended) -> Response {
    let json = HeaderValue::from_static("application/json");
    let mut response = (StatusCode::OK, [(CONTENT_TYPE, json)], body.to_string()).into_response();
    if let Ok(receipt) = HeaderValue::from_str(&appended.receipt_id) {
        response.headers_mut().insert(RECEIPT_HEADER, receipt);
    }
    response
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

/// What a request came to that is over.
///
/// # Errors
/// The fault that the client is told.
fn ended(recorded: &Recorded) -> Result<&Appended, Fault> {
    // An answer without a receipt is none.
    let appended = recorded.appended.as_ref().map_err(Fault::of)?;
    match Fault::of_ending(&recorded.finished) {
        Some(fault) => Err(fault.with_receipt(appended)),
        None => Ok(appended),
    }
}

/// Waits for the end of a request whose pieces are of no interest.
///
/// # Errors
/// The fault that the client is told.
pub(crate) async fn whole(mut pieces: Pieces) -> Result<(Recorded, Appended), Fault> {
    loop {
        match pieces.receiver().recv().await {
            Some(Piece::Text(_)) => {}
            Some(Piece::Refused(fault)) => return Err(fault),
            Some(Piece::End(recorded)) => {
                let appended = ended(&recorded)?.clone();
                return Ok((*recorded, appended));
            }
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
    fn end(&self, reason: &str, recorded: &Recorded, appended: &Appended) -> Vec<Value>;
}

/// A stream of events; the first piece decides whether it is one or an error, so that an error has its status.
///
/// # Errors
/// The request came to nothing before its first piece.
pub(crate) async fn stream(mut pieces: Pieces, chunks: impl Chunks) -> Result<Response, Fault> {
    let first = match pieces.receiver().recv().await {
        Some(Piece::Refused(fault)) => return Err(fault),
        Some(first) => first,
        None => return Err(ended_early()),
    };
    if let Piece::End(recorded) = &first {
        ended(recorded)?;
    }
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
    first: Option<Piece>,
    over: bool,
}

impl<C: Chunks> Events<C> {
    fn write(&mut self, piece: &Piece) -> String {
        let ended = match piece {
            Piece::Text(text) => return event(&self.chunks.text(text)),
            Piece::Refused(fault) => Err(fault.body()),
            Piece::End(recorded) => ended(recorded)
                .and_then(|appended| {
                    let reason = finish_reason(&recorded.finished.ending).ok_or_else(ended_early)?;
                    Ok(self.chunks.end(reason, recorded, appended))
                })
                .map_err(|fault| fault.body()),
        };
        self.over = true;
        match ended {
            Ok(events) => events.iter().map(event).collect::<String>() + DONE,
            // The status is out; this is how the API says that a stream broke.
            Err(fault) => format!("data: {fault}\n\n"),
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
            text.push_str(&this.write(&first));
            return Poll::Ready(Some(Ok(Bytes::from(text))));
        }
        match this.pieces.receiver().poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(piece)) => {
                let text = this.write(&piece);
                Poll::Ready(Some(Ok(Bytes::from(text))))
            }
            Poll::Ready(None) => {
                this.over = true;
                Poll::Ready(Some(Ok(Bytes::from(format!("data: {}\n\n", ended_early().body())))))
            }
        }
    }
}
