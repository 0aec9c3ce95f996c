//! Where the server is: `HOST:PORT` and the path that its API begins with.

use contract_adapter::Failure;
use serde_json::json;

/// A server, as the arguments name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    authority: String,
    base: String,
}

impl Address {
    /// # Errors
    /// `ADAPTER_BAD_INPUT` with what to write instead.
    pub(crate) fn parse(endpoint: &str, base_path: &str) -> Result<Self, Failure> {
        let bad =
            |pointer: &str, what: String| Failure::bad_input(what).details(json!({ "pointer": pointer }));
        if endpoint.starts_with("https://") {
            return Err(bad(
                "/endpoint",
                "this adapter speaks plain HTTP and no TLS. Start a tunnel on this machine that does (stunnel, ghostunnel, ssh -L), \
                 grant connect=127.0.0.1:PORT of it, and write this address here"
                    .to_owned(),
            ));
        }
        if !is_authority(endpoint) {
            return Err(bad(
                "/endpoint",
                "write HOST:PORT as it was granted, such as 127.0.0.1:8080 or [::1]:8080, without http:// and path"
                    .to_owned(),
            ));
        }
        let base = base_path.strip_suffix('/').unwrap_or(base_path);
        if !is_path(base) {
            return Err(bad(
                "/basePath",
                "write a path such as /v1, of letters, digits and - . _ ~, without steps . and ..".to_owned(),
            ));
        }
        Ok(Self { authority: endpoint.to_owned(), base: base.to_owned() })
    }

    /// `HOST:PORT`, as it was granted.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// A path of the API.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("{}{below}", self.base)
    }

    /// A path of llama-server that lies beside its `/v1`.
    pub(crate) fn path_beside(&self, name: &str) -> String {
        format!("{}{name}", self.base.strip_suffix("/v1").unwrap_or(&self.base))
    }
}

fn is_authority(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        }
    };
    is_port && is_host
}

fn is_path(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix('/').is_some_and(|steps| {
            steps.split('/').all(|step| {
                !matches!(step, "" | "." | "..")
                    && step
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~'))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_hosts_with_ports_and_nothing_else() {
        for good in ["127.0.0.1:8080", "localhost:1", "[::1]:65535", "my_host.example-1.org:80"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:+80",
            "::1:80",
            "[::1]",
            "[x]:80",
            "a b:80",
        ] {
            assert!(!is_authority(bad), "{bad}");
        }
        for bad in ["http://host:80", "user@host:80", "host:80/v1", "ho\r\nst:80", "h\u{f6}st:80"] {
            assert!(!is_authority(bad), "{bad}");
        }
    }

    #[test]
    fn says_how_to_reach_a_server_that_wants_tls() {
        let failure = Address::parse("https://api.example.org", "/v1").unwrap_err();
        assert!(failure.to_string().contains("tunnel"), "{failure}");
    }

    #[test]
    fn paths_go_below_the_base_and_beside_it() {
        let paths = |base: &str| {
            let address = Address::parse("a:1", base).unwrap();
            (address.path("/models"), address.path_beside("/tokenize"))
        };
        assert_eq!(paths("/v1"), ("/v1/models".to_owned(), "/tokenize".to_owned()));
        assert_eq!(paths("/v1/"), ("/v1/models".to_owned(), "/tokenize".to_owned()));
        assert_eq!(paths(""), ("/models".to_owned(), "/tokenize".to_owned()));
        assert_eq!(paths("/a/v1"), ("/a/v1/models".to_owned(), "/a/tokenize".to_owned()));
        for bad in ["v1", "//", "/a//b", "/..", "/v1/../x", "/v1?a=1", "/v 1", "/v1#", "/v1\r\nx: y", "/%2e"]
        {
            assert!(Address::parse("a:1", bad).is_err(), "{bad}");
        }
    }
}
