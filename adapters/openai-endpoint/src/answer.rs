//! The head of an answer: is it what was asked for, and is its length told in one way?

use serde::Deserialize;
use ureq_proto::http::{HeaderMap, Response, header};

use crate::bounds::BODY_BYTES;
use crate::request::Accepts;

/// What a head means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The body is what was asked for.
    Good,
    /// The server says no, with this status; the body may say why.
    Refused(u16),
    /// The server points elsewhere, which is never followed.
    Elsewhere(u16, String),
    /// The head breaks a rule.
    Broken(String),
}

/// Judges a head.
pub(crate) fn judge(head: &Response<()>, accepts: Accepts) -> Verdict {
    let status = head.status();
    if let Err(what) = length_is_clear(head.headers()) {
        return Verdict::Broken(what.to_owned());
    }
    if status.is_redirection() {
        return Verdict::Elsewhere(status.as_u16(), text(head.headers(), &header::LOCATION));
    }
    if status.as_u16() < 200 {
        return Verdict::Broken(format!("it switches protocols (HTTP {status})", status = status.as_u16()));
    }
    if !status.is_success() {
        return Verdict::Refused(status.as_u16());
    }
    let encoding = text(head.headers(), &header::CONTENT_ENCODING);
    if !matches!(encoding.trim().to_ascii_lowercase().as_str(), "" | "identity") {
        return Verdict::Broken(format!("the body is compressed ({encoding}), which was not asked for"));
    }
    let media_type = text(head.headers(), &header::CONTENT_TYPE);
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(accepts.media_type()) {
        let it_is = if essence.is_empty() { "nothing said" } else { essence };
        return Verdict::Broken(format!(
            "the content type is {}, and has to be {}",
            it_is,
            accepts.media_type()
        ));
    }
    let length = text(head.headers(), &header::CONTENT_LENGTH);
    if length.trim().parse::<u64>().is_ok_and(|length| length > BODY_BYTES) {
        return Verdict::Broken(format!("the body has more than {BODY_BYTES} bytes"));
    }
    Verdict::Good
}

/// One length and one transfer coding at most: RFC 9112, 6.1 and 6.3, where the library is more patient.
fn length_is_clear(headers: &HeaderMap) -> Result<(), &'static str> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            if headers.contains_key(header::CONTENT_LENGTH) {
                Err("its length is told twice (transfer-encoding and content-length)")
            } else {
                Ok(())
            }
        }
        _ => Err("its transfer-encoding is another one than chunked"),
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// What the body of an error says; the forms of OpenAI and vLLM, Ollama, SGLang and FastAPI.
#[derive(Deserialize)]
struct ErrorBody {
    error: Option<ErrorField>,
    message: Option<String>,
    detail: Option<String>,
}

/// An error as servers write it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ErrorField {
    /// OpenAI, llama-server, vLLM.
    Object {
        /// For people.
        message: Option<String>,
    },
    /// Ollama's own API.
    Text(String),
}

impl ErrorField {
    /// For people.
    pub(crate) fn words(self) -> Option<String> {
        match self {
            Self::Object { message } => message,
            Self::Text(text) => Some(text),
        }
    }
}

/// The words of an error's body, or what it is instead.
pub(crate) fn words(body: &[u8]) -> String {
    if let Ok(read) = contract_json::from_slice::<ErrorBody>(body) {
        let words = read.error.and_then(ErrorField::words).or(read.message).or(read.detail);
        return words.unwrap_or_else(|| "the server does not say why".to_owned());
    }
    match std::str::from_utf8(body).map(str::trim) {
        Ok("") => "the server does not say why".to_owned(),
        Ok(text) if !text.starts_with(['<', '{', '[']) => text.to_owned(),
        _ => format!(
            "{} bytes that are no error of the API; is there another server at this address?",
            body.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, headers: &[(&str, &str)]) -> Response<()> {
        let mut head = Response::builder().status(status);
        for (name, value) in headers {
            head = head.header(*name, *value);
        }
        head.body(()).unwrap()
    }

    #[test]
    fn what_was_asked_for_is_good() {
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let headers =
                [("content-type", kind), ("content-encoding", "identity"), ("content-length", "10")];
            assert_eq!(judge(&head(200, &headers), Accepts::Json), Verdict::Good);
        }
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let json = ("content-type", "application/json");
        for (headers, says) in [
            (vec![], "nothing said"),
            (vec![("content-type", "text/html")], "text/html"),
            (vec![json, ("content-encoding", "gzip")], "compressed (gzip)"),
            (vec![json, ("transfer-encoding", "gzip, chunked")], "another one than chunked"),
            (vec![json, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], "another one"),
            (vec![json, ("transfer-encoding", "chunked"), ("content-length", "1")], "told twice"),
            (vec![json, ("content-length", "67108865")], "more than 67108864 bytes"),
        ] {
            let Verdict::Broken(what) = judge(&head(200, &headers), Accepts::Json) else {
                panic!("{headers:?}")
            };
            assert!(what.contains(says), "{what}");
        }
        assert!(matches!(judge(&head(101, &[]), Accepts::Json), Verdict::Broken(_)));
    }

    #[test]
    fn errors_have_words() {
        for (body, says) in [
            (r#"{"error":{"message":"no such model","code":404}}"#, "no such model"),
            (r#"{"error":"model is loading"}"#, "model is loading"),
            (r#"{"object":"error","message":"too long"}"#, "too long"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"{"detail":[{"loc":["body"]}]}"#, "no error of the API"),
            ("{}", "does not say why"),
            ("", "does not say why"),
            ("Not found\n", "Not found"),
            ("<html><body>404</body></html>", "29 bytes that are no error"),
        ] {
            assert!(words(body.as_bytes()).contains(says), "{body}: {}", words(body.as_bytes()));
        }
        assert!(words(b"\xff\xfe").contains("2 bytes"));
    }
}
