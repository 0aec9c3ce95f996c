//! Answers that say no, in the form of the OpenAI API: `{"error": {"message", "type", "param", "code"}}`.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract_engine::Failure;
use contract_inference::{Appended, Ending, FinishReason, Finished};
use contract_ipc::{Code, Exit};
use serde_json::{Value, json};

/// The header that names the receipt of a request.
pub(crate) const RECEIPT_HEADER: HeaderName = HeaderName::from_static("x-inference-receipt");
/// Where the time went (<https://www.w3.org/TR/server-timing/>).
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Codes of the adapters that say that the request cannot be answered by this model.
const ASKED_WRONGLY: [&str; 4] =
    ["ADAPTER_PROMPT_TOO_LONG", "ADAPTER_NO_TEMPLATE", "ADAPTER_GRAMMAR_INVALID", "ADAPTER_BAD_INPUT"];

/// The other server gave no answer in the time of the request.
const ENDPOINT_TIMEOUT: &str = "ADAPTER_ENDPOINT_TIMEOUT";
/// Codes of the runner that say the same. Others with the exit status of a usage error are about the server's own files.
const ASKED_WRONGLY_HERE: [Code; 2] = [Code::ContractArgsInvalid, Code::ContractOpNotOffered];

/// One answer that says no.
#[derive(Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    kind: &'static str,
    code: Option<String>,
    param: Option<&'static str>,
    message: String,
    receipt: Option<String>,
}

impl Fault {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, param: None, message: message.into(), receipt: None }
    }

    /// What was sent cannot be used.
    pub(crate) fn bad_request(param: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { param, ..Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message) }
    }

    pub(crate) fn unauthorized() -> Self {
        let message = "this server answers who sends its token: Authorization: Bearer TOKEN";
        Self {
            code: Some("invalid_api_key".to_owned()),
            ..Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
        }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission_error", message)
    }

    pub(crate) fn no_such_model(name: &str, served: &str) -> Self {
        Self {
            code: Some("model_not_found".to_owned()),
            param: Some("model"),
            ..Self::new(
                StatusCode::NOT_FOUND,
                "invalid_request_error",
                format!("there is no model `{name}` here; this server has `{served}`"),
            )
        }
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", format!("there is nothing at {path}"))
    }

    pub(crate) fn too_large(most: usize) -> Self {
        let message = format!("the request is larger than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", message)
    }

    pub(crate) fn too_slow() -> Self {
        let message = "the body of the request did not come in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", message)
    }

    pub(crate) fn busy() -> Self {
        let message = "all seats and the queue are taken; come back later";
        Self {
            code: Some("rate_limit_exceeded".to_owned()),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", message)
        }
    }

    /// A failure of ours, before or beside a completion.
    pub(crate) fn of(failure: &Failure) -> Self {
        let (status, kind) = match failure.code.exit() {
            _ if ASKED_WRONGLY_HERE.contains(&failure.code) => {
                (StatusCode::BAD_REQUEST, "invalid_request_error")
            }
            Exit::Denied => (StatusCode::FORBIDDEN, "permission_error"),
            Exit::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "timeout_error"),
            // The model, its papers, the records or folders: not the request, and perhaps mended soon.
            Exit::Evidence | Exit::Violated | Exit::Unverifiable | Exit::Usage => {
                (StatusCode::SERVICE_UNAVAILABLE, "server_error")
            }
            _ => (StatusCode::BAD_GATEWAY, "server_error"),
        };
        Self {
            code: Some(failure.code_text().to_owned()),
            ..Self::new(status, kind, failure.message.clone())
        }
    }

    /// A completion that came to nothing; none when it came to something.
    pub(crate) fn of_ending(finished: &Finished) -> Option<Self> {
        if let Ending::Rejected(reason, _) = &finished.ending
            && *reason != FinishReason::Length
        {
            let what = finished.ending.rejection().unwrap_or_default();
            return Some(Self {
                code: Some(Code::ContractRejected.as_str().to_owned()),
                ..Self::new(StatusCode::BAD_GATEWAY, "server_error", what)
            });
        }
        let failure = finished.failure()?;
        let fault = Self::of(&failure);
        let code = failure.code_text();
        if code == ENDPOINT_TIMEOUT {
            return Some(Self { status: StatusCode::GATEWAY_TIMEOUT, kind: "timeout_error", ..fault });
        }
        if !ASKED_WRONGLY.contains(&code) {
            return Some(fault);
        }
        // The name that clients of the API look for.
        let code = if code == "ADAPTER_PROMPT_TOO_LONG" { "context_length_exceeded" } else { code };
        Some(Self { code: Some(code.to_owned()), ..Self::bad_request(None, fault.message) })
    }

    /// The same, naming the receipt.
    pub(crate) fn with_receipt(mut self, appended: &Appended) -> Self {
        self.receipt = Some(appended.receipt_id.clone());
        self
    }

    /// What the client is told; alone it ends a stream that has begun.
    pub(crate) fn body(&self) -> Value {
        let mut error =
            json!({"message": self.message, "type": self.kind, "param": self.param, "code": self.code});
        if let Some(receipt) = &self.receipt {
            error["receipt"] = json!(receipt);
        }
        json!({ "error": error })
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status, [(CONTENT_TYPE, json)], self.body().to_string()).into_response();
        if let Some(receipt) = self.receipt.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(RECEIPT_HEADER, receipt);
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
