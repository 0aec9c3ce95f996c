//! Where a runtime listens, and whether that is this machine.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use contract_engine::Right;

/// Host, port and the path before the names of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    base_path: Option<String>,
}

/// On which side of the machine's border an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// 127.0.0.0/8 or ::1, told by the address itself.
    Loopback(SocketAddr),
    /// Anywhere else. A name is elsewhere whatever it resolves to: who answers for names can change the answer.
    Elsewhere,
}

impl Endpoint {
    /// A port of this machine, 127.0.0.1.
    #[must_use]
    pub fn local(port: u16) -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port, base_path: None }
    }

    /// Reads `HOST:PORT` or `[V6]:PORT`. `localhost` is 127.0.0.1, without asking anybody.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(authority: &str) -> Result<Self, String> {
        let wrong = || format!("`{authority}` is no HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080");
        let (host, port) = authority.rsplit_once(':').ok_or_else(wrong)?;
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
        Self::new(host, port).ok_or_else(wrong)
    }

    /// Reads an address such as `http://127.0.0.1:8080/v1`; the port may be absent, then it is 80.
    ///
    /// # Errors
    /// What is wrong with it: another scheme than http, a name and password, a query, a fragment.
    pub fn parse_url(url: &str) -> Result<Self, String> {
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| format!("`{url}` has no scheme, such as http://"))?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(format!(
                "`{scheme}` is not spoken by any adapter here, only http on an address of its own"
            ));
        }
        if rest.contains(['?', '#', '@', '\\']) || rest.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(format!("`{url}` holds more than a host, a port and a path"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let endpoint =
            if has_port { Self::parse(authority)? } else { Self::parse(&format!("{authority}:80"))? };
        let path = path.trim_end_matches('/');
        Ok(Self { base_path: (!path.is_empty()).then(|| path.to_owned()), ..endpoint })
    }

    fn new(host: &str, port: u16) -> Option<Self> {
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
            None if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.to_string(),
            // Without brackets nobody can tell an address from its port.
            None if host.contains(':') => return None,
            None => host.to_owned(),
        };
        let endpoint = Self { host, port, base_path: None };
        // The grammar of rights is the grammar of hosts.
        Right::check_form(&endpoint.right().to_string()).ok()?;
        Some(endpoint)
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        match self.host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => Place::Loopback(SocketAddr::new(address, self.port)),
            _ => Place::Elsewhere,
        }
    }

    /// The right that a run needs to reach it. Asked, never given here.
    #[must_use]
    pub fn right(&self) -> Right {
        Right::Connect(self.host.clone(), self.port)
    }

    /// The path before the names of the API, such as `/v1`; none when the address has none.
    #[must_use]
    pub fn base_path(&self) -> Option<&str> {
        self.base_path.as_deref()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Endpoint {
    /// `HOST:PORT`, as rights write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        if host.contains(':') {
            write!(f, "[{host}]:{}", self.port)
        } else {
            write!(f, "{host}:{}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_address_and_not_by_name() {
        for here in ["127.0.0.1:8080", "127.255.255.254:1", "[::1]:8080", "localhost:11434", "LOCALHOST:1"] {
            assert!(matches!(Endpoint::parse(here).unwrap().place(), Place::Loopback(_)), "{here}");
        }
        for elsewhere in [
            "0.0.0.0:1",
            "[::]:1",
            "[::ffff:127.0.0.1]:1",
            "127.1:1",
            "2130706433:1",
            "0x7f.0.0.1:1",
            "localhost.:1",
            "localhost.example:1",
            "ip6-localhost:1",
            "10.0.0.1:1",
            "128.0.0.1:1",
            "[::2]:1",
        ] {
            assert_eq!(Endpoint::parse(elsewhere).unwrap().place(), Place::Elsewhere, "{elsewhere}");
        }
    }

    #[test]
    fn an_address_has_a_host_a_port_and_a_path() {
        let at = |url| Endpoint::parse_url(url).map(|at| (at.to_string(), at.base_path().map(str::to_owned)));
        assert_eq!(
            at("http://localhost:8080/v1/"),
            Ok(("127.0.0.1:8080".to_owned(), Some("/v1".to_owned())))
        );
        assert_eq!(at("HTTP://[::1]"), Ok(("[::1]:80".to_owned(), None)));
        assert_eq!(at("http://[::1]:9/"), Ok(("[::1]:9".to_owned(), None)));
        for bad in [
            "127.0.0.1:80",
            "https://127.0.0.1:80",
            "http://user:word@127.0.0.1:80",
            "http://127.0.0.1:80@192.0.2.1:80",
            "http://127.0.0.1:80/?a=b",
            "http://127.0.0.1:80\\@192.0.2.1",
            "http://127.0.0.1:80/a b",
            "http://127.0.0.1:0",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:+80",
            "http://",
            "http://:80",
            "http://::1:80",
            "http://[::1",
            "http://[::1%lo]:80",
            "http://127.0.0.1:80\n",
        ] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
