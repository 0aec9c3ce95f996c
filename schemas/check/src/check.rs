//! Text in, violations with places out.

use std::cell::OnceCell;

use contract_json::{JsonError, Limits, Tape, Value};
use jsonschema::Validator;

use crate::exchange::Exchange;
use crate::families::{kind_count, kind_index, kinds};
use crate::kind::{Check, Kind};
use crate::locate::{Found, Place, locate};
use crate::node::Node;
use crate::recognise::{Unrecognised, recognise};
use crate::report::{Options, Report, Violation};
use crate::rule::Severity;
use crate::{structure, text};

/// What a check of one document has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its kind, when it was given or recognised.
    pub kind: Option<&'static Kind>,
    /// What is wrong with it, in the order of the text.
    pub violations: Vec<Violation>,
}

impl Checked {
    /// Whether nothing but advice was found.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.violations.iter().all(|violation| violation.rule.severity == Severity::Warning)
    }
}

/// Checks documents. Schemas are compiled when first needed, memory is used again.
pub struct Checker {
    options: Options,
    validators: Vec<OnceCell<Validator>>,
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Checker {
    /// A checker for every kind.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, validators: vec![OnceCell::new(); kind_count()] }
    }

    /// Checks the text of one document. `kind` overrides what the document says of itself.
    ///
    /// # Errors
    /// When the text is not strict JSON (`contract_json::Tape::parse`).
    pub fn check(
        &self,
        tape: &mut Tape,
        text: &[u8],
        kind: Option<&'static Kind>,
    ) -> Result<Checked, JsonError> {
        self.check_line(tape, text, kind, &mut Exchange::default())
    }

    /// Checks the text of one line of a file; `exchange` is what the lines before it have left.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_line(
        &self,
        tape: &mut Tape,
        text: &[u8],
        kind: Option<&'static Kind>,
        exchange: &mut Exchange,
    ) -> Result<Checked, JsonError> {
        Ok(self.judge(text, tape.parse(text, &Limits::default())?, kind, exchange))
    }

    /// Checks a document that was read; `document` is the value of the whole of `text`.
    #[must_use]
    pub fn check_parsed(&self, text: &[u8], document: Value<'_>, kind: Option<&'static Kind>) -> Checked {
        self.judge(text, document, kind, &mut Exchange::default())
    }

    fn judge(
        &self,
        text: &[u8],
        document: Value<'_>,
        kind: Option<&'static Kind>,
        exchange: &mut Exchange,
    ) -> Checked {
        let violations = match kind.map_or_else(|| recognise(document, kinds()), Ok) {
            Ok(kind) => {
                let violations = self.violations(text, document, kind, exchange);
                return Checked { kind: Some(kind), violations };
            }
            Err(unrecognised) => locate(text, document, None, vec![unknown(&unrecognised)]),
        };
        Checked { kind: None, violations }
    }

    fn violations(
        &self,
        text: &[u8],
        document: Value<'_>,
        kind: &'static Kind,
        exchange: &mut Exchange,
    ) -> Vec<Violation> {
        let tree = document.to_serde();
        let validator = self.validators[kind_index(kind)].get_or_init(|| structure::compile(kind));
        let mut found = structure::violations(kind, validator, &tree);
        found.extend(text::violations(kind, document));
        let mut report = Report::new(&self.options, found);
        match kind.check {
            Check::Structure => {}
            Check::Document(check) => check(Node::root(&tree), &mut report),
            Check::Message(check) => check(Node::root(&tree), exchange, &mut report),
        }
        let found = report.into_found();
        // Most documents have none, and places cost a walk.
        if found.is_empty() { Vec::new() } else { locate(text, document, Some(&tree), found) }
    }
}

fn unknown(unrecognised: &Unrecognised) -> Found {
    let pointer = unrecognised.member().map(|member| format!("/{member}")).unwrap_or_default();
    Found { rule: unrecognised.rule(), place: Place::Value(pointer), message: unrecognised.to_string() }
}
