//! Who may ask at all: by token, and never a page in a browser.

use std::io::Read as _;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use contract_engine::{Failure, Surroundings};
use contract_ipc::Code;
use contract_json::Digest;

use crate::args::ServeArgs;
use crate::fault::Fault;

/// The shortest token that is taken, in bytes.
const MIN_TOKEN_BYTES: usize = 16;
/// The longest one, in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// What a request must show.
#[derive(Clone)]
pub(crate) struct Guard {
    /// Digest of the token: two digests are compared, so that time tells nothing of the token.
    token: Option<Arc<str>>,
    /// On a unix socket there is no host.
    has_host: bool,
}

impl Guard {
    /// # Errors
    /// A token file that cannot be read, is open to others, or holds no token.
    pub(crate) fn open(args: &ServeArgs, around: &Surroundings) -> Result<Self, Failure> {
        let token = match &args.token_file {
            Some(path) => Some(read_token(&around.root.join(path))?.into()),
            None => None,
        };
        Ok(Self { token, has_host: args.socket.is_none() })
    }

    fn judge(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
        // A page of any site can send requests to loopback, also by a name of its own that leads there.
        if self.has_host {
            let written = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
            let mut hosts = written.chain(uri.host()).peekable();
            if hosts.peek().is_none() || !hosts.all(names_loopback) {
                return Err(Fault::forbidden("the request's host is not an address of this machine"));
            }
        }
        for origin in headers.get_all(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let authority = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
            let authority = authority.unwrap_or_default();
            if !names_loopback(authority) {
                return Err(Fault::forbidden("requests of pages from elsewhere are not answered"));
            }
        }
        let Some(token) = self.token.as_deref().filter(|_| uri.path() != "/health") else { return Ok(()) };
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if Digest::of(sent.as_bytes()).sha256 == token { Ok(()) } else { Err(Fault::unauthorized()) }
    }
}

/// Judges a request before it is routed.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.judge(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(fault) => {
            let mut response = fault.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                let challenge = axum::http::HeaderValue::from_static("Bearer");
                response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

/// `127.0.0.1:8080`, `[::1]`, `localhost:1`.
fn names_loopback(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or_default(),
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    if !(port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())) {
        return false;
    }
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read_token(path: &std::path::Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", path.display()))
    };
    let (file, _) = contract_engine::open_regular(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    if mode & 0o077 != 0 {
        let what = format!("{}: others may use it (mode {:o})", path.display(), mode & 0o777);
        return Err(Failure::new(Code::ContractUsage, what).hint(format!("chmod 600 {}", path.display())));
    }
    let mut text = String::new();
    file.take(MAX_TOKEN_BYTES as u64 + 2).read_to_string(&mut text).map_err(unreadable)?;
    let token = text.trim_end_matches(['\r', '\n']);
    let is_token = (MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token {
        let what = format!(
            "{}: no token; it is one line of {MIN_TOKEN_BYTES} to {MAX_TOKEN_BYTES} visible ASCII characters",
            path.display()
        );
        return Err(
            Failure::new(Code::ContractUsage, what).hint("head -c 32 /dev/urandom | base64 makes one.")
        );
    }
    Ok(Digest::of(token.as_bytes()).sha256)
}

#[cfg(test)]
mod tests {
    use super::names_loopback;

    #[test]
    fn only_addresses_of_this_machine_are_hosts() {
        for good in ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:9", "[::1]", "127.9.9.9:1"] {
            assert!(names_loopback(good), "{good}");
        }
        for bad in
            ["", "example.org", "localhost.example.org:80", "10.0.0.1", "[::2]:1", "127.0.0.1.example.org"]
                .into_iter()
                .chain([
                    "[::1]evil",
                    "localhost:evil.example",
                    "[::1]x.example:1",
                    "localhost:80@example.org",
                    "127.0.0.1:",
                ])
        {
            assert!(!names_loopback(bad), "{bad}");
        }
    }
}
