//! Secrets, and how they are kept out of everything that is written.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::secret_forms::{Form, forms_of};

/// The shortest secret that is taken: shorter ones would be found where they are not meant.
pub const MIN_SECRET_BYTES: usize = 8;

/// Finds named secrets, in every form that the page names, and puts `[redacted:NAME]` in their place.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    finder: Option<AhoCorasick>,
    needles: Vec<Needle>,
    names: Vec<String>,
    longest_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Needle {
    secret: usize,
    /// The character before (after) the match has bits of the secret, too.
    before: bool,
    after: bool,
}

/// A secret that cannot be redacted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too short to be told from other text.
    #[error("the value of {name} has fewer than {MIN_SECRET_BYTES} bytes, too few to be found and redacted")]
    TooShort {
        /// Its name.
        name: String,
    },
    /// The finder could not be built.
    #[error("the secrets are too large to be searched for: {0}")]
    TooLarge(String),
}

impl Redactor {
    /// Nothing to redact.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A redactor for these names and values.
    ///
    /// # Errors
    /// [`SecretError`] names the secret that is too short.
    pub fn new<N: Into<String>, V: AsRef<[u8]>>(
        secrets: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, SecretError> {
        let (mut names, mut needles, mut patterns): (Vec<String>, Vec<Needle>, Vec<Vec<u8>>) =
            Default::default();
        for (name, value) in secrets {
            let (name, value) = (name.into(), value.as_ref());
            if value.len() < MIN_SECRET_BYTES {
                return Err(SecretError::TooShort { name });
            }
            for Form { text, before, after } in forms_of(value) {
                needles.push(Needle { secret: names.len(), before, after });
                patterns.push(text);
            }
            names.push(name);
        }
        if patterns.is_empty() {
            return Ok(Self::none());
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|error| SecretError::TooLarge(error.to_string()))?;
        let longest_bytes = patterns.iter().map(Vec::len).max().unwrap_or(0) + 2;
        Ok(Self { finder: Some(finder), needles, names, longest_bytes })
    }

    /// Whether there is nothing to redact.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.finder.is_none()
    }

    /// No form of a secret is longer. Whoever keeps a part of a stream keeps so much more of it, for [`Redactor::tail`].
    #[must_use]
    pub fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    /// `bytes` with every secret replaced.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.window(bytes, 0..bytes.len())
    }

    /// `text` with every secret replaced.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The last `keep` bytes with every secret replaced, one across the cut as a whole.
    #[must_use]
    pub fn tail<'a>(&self, bytes: &'a [u8], keep: usize) -> Cow<'a, [u8]> {
        self.window(bytes, bytes.len().saturating_sub(keep)..bytes.len())
    }

    /// The first `keep` bytes with every secret replaced, one across the cut as a whole.
    pub(crate) fn prefix<'a>(&self, bytes: &'a [u8], keep: usize) -> Cow<'a, [u8]> {
        self.window(bytes, 0..keep.min(bytes.len()))
    }

    fn window<'a>(&self, bytes: &'a [u8], kept: Range<usize>) -> Cow<'a, [u8]> {
        let found = self.find(bytes);
        if found.is_empty() {
            return Cow::Borrowed(&bytes[kept]);
        }
        let mut out = Vec::with_capacity(kept.len());
        let mut done = kept.start;
        let inside = found.into_iter().filter(|(span, _)| span.end > kept.start && span.start < kept.end);
        for (span, secret) in inside {
            out.extend_from_slice(&bytes[done..span.start.max(done)]);
            out.extend_from_slice(self.mark(secret).as_bytes());
            done = span.end;
        }
        out.extend_from_slice(&bytes[done.min(kept.end)..kept.end]);
        Cow::Owned(out)
    }

    /// What stands in the place of the first secret in `bytes`.
    pub(crate) fn first_mark(&self, bytes: &[u8]) -> Option<String> {
        self.find(bytes).first().map(|&(_, secret)| self.mark(secret))
    }

    fn mark(&self, secret: usize) -> String {
        format!("[redacted:{}]", self.names[secret])
    }

    /// Where secrets stand, in order, overlapping ones taken together: of two that overlap, no rest may stay behind.
    fn find(&self, bytes: &[u8]) -> Vec<(Range<usize>, usize)> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let mut found: Vec<_> = finder
            .find_overlapping_iter(bytes)
            .map(|hit| {
                let needle = self.needles[hit.pattern().as_usize()];
                let before = needle.before && hit.start() > 0 && is_base64(bytes[hit.start() - 1]);
                let after = needle.after && bytes.get(hit.end()).copied().is_some_and(is_base64);
                (hit.start() - usize::from(before)..hit.end() + usize::from(after), needle.secret)
            })
            .collect();
        found.sort_by_key(|(span, secret)| (span.start, std::cmp::Reverse(span.end), *secret));
        found.dedup_by(|next, before| {
            let overlaps = next.0.start < before.0.end;
            if overlaps {
                before.0.end = before.0.end.max(next.0.end);
            }
            overlaps
        });
        found
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
