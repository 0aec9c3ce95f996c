//! References of container images, as the OCI distribution specification writes them, pinned by digest.

use crate::digest::is_sha256;

/// Why a reference does not say exactly which image is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::families) enum Fault {
    /// No digest, or one that is no SHA-256 in lower-case hex.
    Unpinned,
    /// The text that templates have where the digest belongs.
    Placeholder,
    /// What stands before the digest names no image.
    Name(&'static str),
}

const PLACEHOLDER: &str = "REPLACE_WITH_DIGEST";

/// What is wrong with `image`, if anything.
pub(in crate::families) fn fault(image: &str) -> Option<Fault> {
    match image.rsplit_once("@sha256:") {
        Some((name, digest)) if is_sha256(digest) => name_fault(name).map(Fault::Name),
        Some((_, PLACEHOLDER)) => Some(Fault::Placeholder),
        _ => Some(Fault::Unpinned),
    }
}

/// `[HOST[:PORT]/]PATH[:TAG]`
fn name_fault(reference: &str) -> Option<&'static str> {
    let (name, tag) = match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    };
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if looks_like_host(first) => (Some(first), rest),
        _ => (None, name),
    };
    if name.is_empty() {
        Some("the name is empty")
    } else if name.len() > 255 {
        Some("the name has more than 255 characters")
    } else if host.is_some_and(|host| !is_host(host)) {
        Some("what stands before the first / is no registry host")
    } else if !path.split('/').all(is_path_part) {
        Some("a part of the path is not made of lower-case letters and digits, joined by . _ __ or -")
    } else if tag.is_some_and(|tag| !is_tag(tag)) {
        Some("the tag is not made of letters, digits, . _ and -")
    } else {
        None
    }
}

/// What stands before the first `/` is a host when no part of a path could look like it.
fn looks_like_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_address = |name: &str| {
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (name.split('.').all(is_label) || is_address(name)) && port.is_none_or(is_port)
}

/// Letters and digits, joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut joints = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    part.bytes().next().is_some_and(is_word)
        && part.bytes().last().is_some_and(is_word)
        && joints
            .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(name: &str) -> Option<Fault> {
        fault(&format!("{name}@sha256:{}", "5a".repeat(32)))
    }

    #[test]
    fn names_of_images() {
        for name in [
            "debian",
            "debian:12-slim",
            "library/debian",
            "ghcr.io/a/b_c/d-e.f",
            "localhost/x",
            "localhost:5000/x:1.0",
            "[2001:db8::1]:5000/x",
            "Registry.Example.org/x",
            "a/b__c",
            "a--b",
        ] {
            assert_eq!(pinned(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_name() {
        for name in [
            "",
            " ",
            "/",
            "a//b",
            "a/",
            "/a",
            "docker://a/b",
            "https://a.example/b",
            "a b",
            "x@y",
            "Debian",
            "a/B",
            "a:",
            "a:-x",
            "a___b",
            "a..b",
            "-a",
            "a.",
            "registry.example.org:/x",
            "-a.example/x",
            "\u{e9}t\u{e9}",
            "[::zz]/x",
            "a\n",
        ] {
            assert!(matches!(pinned(name), Some(Fault::Name(_))), "{name:?}");
        }
    }

    #[test]
    fn what_is_not_pinned() {
        let digest = "5a".repeat(32);
        for image in [
            "debian:12".to_owned(),
            "debian@sha256:deadbeef".to_owned(),
            format!("debian@sha256:{}", digest.to_uppercase()),
            format!("debian@sha512:{digest}{digest}"),
            format!("debian@sha256:{digest}\n"),
            digest,
        ] {
            assert_eq!(fault(&image), Some(Fault::Unpinned), "{image:?}");
        }
        assert_eq!(fault("debian@sha256:REPLACE_WITH_DIGEST"), Some(Fault::Placeholder));
    }
}
