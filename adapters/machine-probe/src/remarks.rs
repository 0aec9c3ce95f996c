//! What a person should know beside the facts.

use serde::Serialize;
use serde_json::Value;

use crate::fact::Fact;
use crate::facts::Facts;
use crate::profile::Classified;

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Stable name.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// All remarks of one probe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What may matter.
    pub warnings: Vec<Remark>,
    /// What must not be overlooked.
    pub failures: Vec<Remark>,
}

impl Remarks {
    pub(crate) fn fail(&mut self, code: &'static str, text: impl Into<String>) {
        self.failures.push(Remark { code, text: text.into() });
    }

    pub(crate) fn warn(&mut self, code: &'static str, text: impl Into<String>) {
        self.warnings.push(Remark { code, text: text.into() });
    }
}

/// What follows from the facts: folders that are unsafe, a class that is a guess, and all that is unknown.
#[must_use]
pub fn remarks(facts: &Facts, tree: &Value, classified: &Classified) -> Remarks {
    let mut remarks = Remarks::default();
    for judged in facts.storage.known().into_iter().flat_map(|storage| &storage.places) {
        let (key, path) = (judged.place.key(), &judged.path);
        match (&judged.exists, judged.place.is_sensitive()) {
            (Fact::Known(false), _) => remarks.warn("PLACE_MISSING", format!("{key}: {path} is not there.")),
            (_, true) => judged.reasons.iter().for_each(|reason| {
                remarks.fail("PLACE_UNSAFE", format!("{key}: {path}: {} ({})", reason.text, reason.code));
            }),
            (_, false) => judged.reasons.iter().for_each(|reason| {
                remarks.warn("PLACE_UNSAFE", format!("{key}: {path}: {} ({})", reason.text, reason.code));
            }),
        }
    }
    if let Fact::Unknown(reason) = &facts.storage {
        remarks.fail("PLACES_UNKNOWN", format!("No folder could be judged: {reason}"));
    }
    if facts.hardware.known().is_none() || facts.host.known().is_none() {
        remarks.warn("FINGERPRINT_MISSING", "A group of facts is unknown; there is no env.fingerprint.");
    }
    if classified.is_weak() {
        remarks.warn("PROFILE_WEAK", format!("Only weak evidence speaks for {}.", classified.profile));
    }
    unknowns(tree, &mut String::new(), &mut remarks);
    remarks
}

fn unknowns(value: &Value, pointer: &mut String, remarks: &mut Remarks) {
    let mut below = |name: &str, value: &Value| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(name);
        unknowns(value, pointer, remarks);
        pointer.truncate(length);
    };
    match value {
        Value::Object(members) => match members.get("unknown") {
            Some(Value::String(reason)) if members.len() == 1 => {
                remarks.warn("FACT_UNKNOWN", format!("{pointer}: {reason}"));
            }
            _ => members.iter().for_each(|(name, value)| below(name, value)),
        },
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
}
