//! A rule: what is a fault, why, and how it is mended. Rules are data; docs/rules.md is generated from them.

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

/// A document of `conformance/good`, and a place in it: with `good` there it is valid, with `bad` it breaks the rule.
#[derive(Debug)]
pub struct Example {
    /// Path of the document below `conformance/good`.
    pub base: &'static str,
    /// JSON pointer of the place.
    pub at: &'static str,
    /// A JSON text that is right there.
    pub good: &'static str,
    /// A JSON text that breaks this rule there, and no other.
    pub bad: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
