//! The paths of the server.

mod chat;
mod completions;
mod embeddings;
mod sampling;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use contract_engine::now;
use contract_inference::Ask;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::clerk::{self, Pieces};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::guard::{Guard, guard};
use crate::line::Delivery;

/// A client has so long for the body of a request, from its headers on.
const BODY: Duration = Duration::from_secs(30);

/// What every handler has.
#[derive(Clone)]
struct Server {
    desk: Arc<Desk>,
    most_bytes: usize,
}

pub(crate) fn router(desk: Arc<Desk>, who: Guard, most_bytes: usize) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(completions::completions))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .fallback(|request: Request| async move { Fault::not_found(request.uri().path()) })
        .layer(middleware::from_fn_with_state(who, guard))
        .with_state(Server { desk, most_bytes })
}

impl Server {
    /// The body of a request, read strictly.
    async fn read<T: DeserializeOwned>(&self, headers: &HeaderMap, body: Body) -> Result<T, Fault> {
        // A form of a page needs no leave of the browser to be sent anywhere; this type does.
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Fault::bad_request(None, "the content type is not application/json"));
        }
        // What is announced as too large is not even read.
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.most_bytes) {
            return Err(Fault::too_large(self.most_bytes));
        }
        let read = timeout(BODY, Limited::new(body, self.most_bytes).collect()).await;
        let bytes =
            read.map_err(|_| Fault::too_slow())?.map_err(|error| match error.is::<LengthLimitError>() {
                true => Fault::too_large(self.most_bytes),
                false => Fault::bad_request(None, "the body of the request is broken or cut"),
            })?;
        let bytes = bytes.to_bytes();
        contract_json::from_slice(&bytes).map_err(|error| Fault::bad_request(None, error.to_string()))
    }

    /// Whether this model is meant.
    fn check_model(&self, name: &str) -> Result<(), Fault> {
        let gate = &self.desk.gate;
        let served = self.model_id();
        let digest = gate.model.digest.parts().0.map(|digest| format!("urn:srcos:model:{}", digest.as_str()));
        let profile = gate.profile.as_ref().map(|profile| profile.reference.as_str());
        let known = [Some(served), Some(gate.model.name.as_str()), profile, digest.as_deref()];
        if known.contains(&Some(name)) { Ok(()) } else { Err(Fault::no_such_model(name, served)) }
    }

    /// The name under which the model is served: that of the profile, or of the file without its end.
    fn model_id(&self) -> &str {
        let gate = &self.desk.gate;
        match &gate.profile {
            Some(profile) => &profile.model,
            None => gate.model.name.strip_suffix(".gguf").unwrap_or(&gate.model.name),
        }
    }

    /// Takes a request, if there is a seat for it.
    fn begin(&self, mut ask: Ask, delivery: Delivery) -> Result<Pieces, Fault> {
        let Ok(seat) = self.desk.seats.clone().try_acquire_owned() else { return Err(Fault::busy()) };
        ask.timeout_ms = Some(self.desk.timeout_ms);
        Ok(clerk::begin(&self.desk, ask, delivery, seat))
    }
}

fn model_object(server: &Server) -> Value {
    let gate = &server.desk.gate;
    json!({
        "id": server.model_id(),
        "object": "model",
        "created": 0,
        "owned_by": gate.profile.as_ref().map_or("local", |profile| profile.reference.as_str()),
    })
}

async fn models(State(server): State<Server>) -> Response {
    json_response(&json!({"object": "list", "data": [model_object(&server)]}))
}

async fn model(
    State(server): State<Server>,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> Result<Response, Fault> {
    server.check_model(&name)?;
    Ok(json_response(&model_object(&server)))
}

/// Whether a request would be answered and put on record now.
async fn health(State(server): State<Server>) -> Response {
    let looked = match server.desk.check_serving() {
        Ok(()) => clerk::look(&server.desk).await,
        unfit => unfit,
    };
    match looked {
        Ok(()) => json_response(&json!({"status": "ok", "situation": "local"})),
        Err(failure) => {
            let text =
                json!({"status": "unavailable", "situation": "unavailable", "code": failure.code_text()});
            (StatusCode::SERVICE_UNAVAILABLE, json_response(&text)).into_response()
        }
    }
}

async fn metrics(State(server): State<Server>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    let desk = &server.desk;
    let at_work = desk.all_seats() - desk.seats.available_permits();
    ([(CONTENT_TYPE, kind)], desk.metrics.text(at_work)).into_response()
}

fn json_response(value: &Value) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string()).into_response()
}

/// An id of a completion, given once by this process.
fn id(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Seconds since 1970, as the API has times.
fn created() -> i64 {
    now().unix_ms() / 1000
}
