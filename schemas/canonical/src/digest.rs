//! Digests: BLAKE3 for our own links, SHA-256 beside it for everyone's tools.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Both digests of one run of bytes, in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// BLAKE3, 64 hex digits.
    pub blake3: String,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
}

impl Digest {
    /// Digests of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::new();
        digester.update(bytes);
        digester.finish().digest()
    }

    /// `blake3:` and the hex digits.
    #[must_use]
    pub fn blake3_uri(&self) -> String {
        format!("blake3:{}", self.blake3)
    }

    /// `sha256:` and the hex digits.
    #[must_use]
    pub fn sha256_uri(&self) -> String {
        format!("sha256:{}", self.sha256)
    }

    /// Whether `expected`, written as `blake3:HEX` or `sha256:HEX`, is one of the two.
    ///
    /// # Errors
    /// [`ParseDigestError`] when it is neither form.
    pub fn matches(&self, expected: &str) -> Result<bool, ParseDigestError> {
        match split_digest(expected)? {
            ("blake3", hex) => Ok(hex == self.blake3),
            (_, hex) => Ok(hex == self.sha256),
        }
    }
}

/// Algorithm (`blake3` or `sha256`) and hex digits of a digest as documents write it.
///
/// # Errors
/// [`ParseDigestError`] when it is neither form.
pub fn split_digest(text: &str) -> Result<(&str, &str), ParseDigestError> {
    match text.split_once(':') {
        Some((algorithm @ ("blake3" | "sha256"), hex))
            if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) =>
        {
            Ok((algorithm, hex))
        }
        _ => Err(ParseDigestError(text.to_owned())),
    }
}

/// A digest that is not `blake3:` or `sha256:` and 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no digest; write blake3: or sha256: and 64 lower-case hex digits")]
pub struct ParseDigestError(pub String);

/// Digests of a file, with its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// BLAKE3, 64 hex digits.
    pub blake3: String,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Number of LF in it.
    pub lines: u64,
}

impl FileDigest {
    /// The two digests alone.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest { blake3: self.blake3.clone(), sha256: self.sha256.clone() }
    }
}

/// Computes both digests, the size and the number of lines of a stream.
#[derive(Debug, Clone)]
pub struct Digester {
    blake3: blake3::Hasher,
    sha256: sha2::Sha256,
    bytes: u64,
    lines: u64,
}

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl Digester {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self { blake3: blake3::Hasher::new(), sha256: sha2::Sha256::new(), bytes: 0, lines: 0 }
    }

    /// Reads on. Large blocks (64 KiB) are several times faster than small ones.
    pub fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// The digests of all that was read.
    #[must_use]
    pub fn finish(&self) -> FileDigest {
        FileDigest {
            blake3: self.blake3.finalize().to_hex().to_string(),
            sha256: hex(&self.sha256.clone().finalize()),
            bytes: self.bytes,
            lines: self.lines,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}
