//! A rule: what is a fault, why, and how it is mended. Rules are data; docs/rules.md is generated from them.

use serde_json::Value;

/// Whether a violation makes a document invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Advice: the document stays valid.
    Warning,
    /// The document is invalid.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One rule. Its id never changes its meaning.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, such as `SEAM_ID_DUPLICATE`.
    pub id: &'static str,
    /// Whether a violation makes a document invalid.
    pub severity: Severity,
    /// Names of the kinds that it holds for; empty for every kind.
    pub kinds: &'static [&'static str],
    /// The fault, in one sentence.
    pub what: &'static str,
    /// Why it is one.
    pub why: &'static str,
    /// What to do.
    pub mend: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// A good and a bad value at one place of a valid document.
    pub example: Example,
}

/// A file of `conformance/good`, and a place in it: with `good` there it is valid, with `bad` it breaks the rule.
#[derive(Debug)]
pub struct Example {
    /// Path of the file below `conformance/good`. One with a document a line (`.ndjson`) counts as an array of them.
    pub base: &'static str,
    /// JSON pointer (RFC 6901) of the place.
    pub at: &'static str,
    /// A JSON text that is right there.
    pub good: &'static str,
    /// A JSON text that breaks this rule there, and no other.
    pub bad: &'static str,
}

impl Example {
    /// The place, in words.
    #[must_use]
    pub fn place(&self) -> String {
        if self.at.is_empty() {
            return "the whole document".to_owned();
        }
        if !self.is_lines() {
            return self.at.to_owned();
        }
        let mut tokens = self.at.splitn(3, '/').skip(1);
        let line = tokens.next().and_then(|index| index.parse::<usize>().ok()).map_or(0, |index| index + 1);
        tokens.next().map_or_else(|| format!("line {line}"), |within| format!("/{within} of line {line}"))
    }

    fn is_lines(&self) -> bool {
        self.base.ends_with(".ndjson")
    }

    /// The documents of the example's file, whose text is `base`, with the JSON text `value` at the place.
    ///
    /// # Errors
    /// When one of them is no JSON, or the place is not there.
    pub fn documents(&self, base: &str, value: &str) -> Result<Vec<Value>, String> {
        let json =
            |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("{text}: {error}"));
        let lines = self.is_lines();
        let mut whole =
            if lines { Value::Array(base.lines().map(json).collect::<Result<_, _>>()?) } else { json(base)? };
        *whole.pointer_mut(self.at).ok_or_else(|| format!("nothing at {} of {}", self.at, self.base))? =
            json(value)?;
        Ok(match whole {
            Value::Array(documents) if lines => documents,
            document => vec![document],
        })
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
