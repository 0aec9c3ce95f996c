//! SHA-256 digests as receipts write them.

use std::fmt;

use contract_json::{SortedAscii, Tape, sha256_text};
use serde::{Deserialize, Deserializer, Serialize};

/// `sha256:` and 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sha256(String);

impl Sha256 {
    /// The digest of bytes; a text is its UTF-8 bytes.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(sha256_text(bytes.as_ref()))
    }

    /// Reads one. Upper-case digits, which upstream allows, become lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let digits = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Upstream's stable digest of a JSON value: over its sorted ASCII form.
    #[must_use]
    pub fn stable<T: Serialize>(value: &T) -> Self {
        let text = serde_json::to_vec(value).expect("own types serialise");
        let mut tape = Tape::new();
        let value =
            tape.parse(&text, &contract_json::Limits::default()).expect("serde_json writes strict JSON");
        Self(SortedAscii::of(value).sha256())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("write sha256: and 64 hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_field_hold() {
        let text = Sha256::of("user: q");
        assert_eq!(text.as_str(), "sha256:97299e6078f8f6fbbf3a979bbf7978e7123f42517deb9ad03a7f65b318748c67");
        let stable = Sha256::stable(&serde_json::json!({"b": 2, "a": 1}));
        assert_eq!(
            stable.as_str(),
            "sha256:43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777"
        );
    }

    #[test]
    fn only_whole_digests_are_read() {
        let good = Sha256::of("").to_string();
        assert_eq!(Sha256::parse(&good.replace("e3b0", "E3B0")), Some(Sha256::of("")));
        for bad in ["", "sha256:", &good[..70], &good.replace("sha256:", "sha512:"), &format!("{good}0")] {
            assert_eq!(Sha256::parse(bad), None, "{bad}");
        }
    }
}
