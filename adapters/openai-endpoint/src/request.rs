//! One request as bytes.

use serde_json::Value;
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, SendRequestResult};
use ureq_proto::http::{Request as HttpRequest, header};

use crate::address::Address;
use crate::key::ApiKey;

/// What the server is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// The path with its base.
    pub(crate) path: String,
    /// A POST with this body; a GET without.
    pub(crate) body: Option<Value>,
    /// The kind of answer.
    pub(crate) accepts: Accepts,
    /// Texts that must stand in no error.
    pub(crate) private: Vec<String>,
}

/// Kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// One document.
    Json,
    /// A stream of events.
    Events,
}

impl Accepts {
    /// The media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Events => "text/event-stream",
        }
    }
}

impl Request {
    pub(crate) fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// The bytes of the request, and the state in which its answer is read.
    ///
    /// # Errors
    /// What the library refuses.
    pub(crate) fn encode(
        &self,
        address: &Address,
        key: Option<&ApiKey>,
    ) -> Result<(Vec<u8>, Call<RecvResponse>), ureq_proto::Error> {
        let body = self.body.as_ref().map(|body| body.to_string().into_bytes());
        let mut request = HttpRequest::builder()
            .method(self.method())
            .uri(format!("http://{}{}", address.authority(), self.path))
            .header(
                header::USER_AGENT,
                concat!("contract-runner-openai-endpoint/", env!("CARGO_PKG_VERSION")),
            )
            .header(header::ACCEPT, self.accepts.media_type())
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close");
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, key.header());
        }
        if let Some(body) = &body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CONTENT_LENGTH, body.len());
        }
        let request = request.body(()).map_err(|error| ureq_proto::Error::BadHeader(error.to_string()))?;
        let mut call = Call::new(request)?.proceed();
        // The head has a key at most; the longest line must fit.
        let mut bytes = vec![0; 4096 + self.path.len() + key.map_or(0, |key| key.secret().len())];
        let used = call.write(&mut bytes)?;
        bytes.truncate(used);
        let call = match call.proceed()?.ok_or(ureq_proto::Error::OutputOverflow)? {
            SendRequestResult::SendBody(mut call) => {
                let body = body.unwrap_or_default();
                bytes.extend_from_slice(&body);
                call.consume_direct_write(body.len())?;
                call.proceed().ok_or(ureq_proto::Error::OutputOverflow)?
            }
            SendRequestResult::RecvResponse(call) => call,
            SendRequestResult::Await100(_) => return Err(ureq_proto::Error::BodyNotAllowed),
        };
        Ok((bytes, call))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encode(request: &Request, key: Option<&str>) -> String {
        let address = Address::parse("127.0.0.1:8080", "/v1").unwrap();
        let key = key.map(|key| ApiKey::read("K", &|_| Some(key.to_owned())).unwrap());
        String::from_utf8(request.encode(&address, key.as_ref()).unwrap().0).unwrap()
    }

    #[test]
    fn requests_are_these_bytes() {
        let mut request = Request {
            path: "/v1/models".to_owned(),
            body: None,
            accepts: Accepts::Json,
            private: Vec::new(),
        };
        let get = "GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n\
            user-agent: contract-runner-openai-endpoint/0.1.0\r\naccept: application/json\r\naccept-encoding: identity\r\nconnection: close\r\n";
        assert_eq!(encode(&request, None), format!("{get}\r\n"));
        let with_key = encode(&request, Some(&"k".repeat(10_000)));
        assert_eq!(with_key, format!("{get}authorization: Bearer {}\r\n\r\n", "k".repeat(10_000)));
        request.body = Some(json!({"a": "\u{fc}"}));
        request.accepts = Accepts::Events;
        let post = encode(&request, None);
        assert!(post.starts_with("POST /v1/models HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n"), "{post}");
        assert!(post.contains("accept: text/event-stream\r\n"), "{post}");
        assert!(post.ends_with("content-length: 10\r\n\r\n{\"a\":\"\u{fc}\"}"), "{post}");
    }
}
