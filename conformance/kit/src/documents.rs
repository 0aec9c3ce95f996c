//! Every good document passes, every bad one is refused for its reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::suite::{Case, Suite};
use crate::validator::{Validator, Verdict};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Documents that were judged.
    pub(crate) tested: usize,
    /// What is wrong, for people.
    pub(crate) list: Vec<String>,
}

/// The validator does not start.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", program.display())]
pub(crate) struct NoValidator {
    program: PathBuf,
    error: std::io::Error,
}

/// Has every document of the suite judged.
///
/// # Errors
/// When the validator cannot be started.
pub(crate) fn test(suite: &Suite, validator: &Validator) -> Result<Faults, NoValidator> {
    let mut faults = Faults::default();
    let judge = |path: &Path| {
        validator.judge(path).map_err(|error| NoValidator { program: validator.program.clone(), error })
    };
    for path in &suite.good {
        faults.tested += 1;
        if let Some(what) = good(&judge(path)?, validator) {
            faults.list.push(format!("{}: good, and {what}", path.display()));
        }
    }
    for (path, case) in &suite.bad {
        faults.tested += 1;
        let what = bad(&judge(path)?, case, validator);
        match (what, &case.exception) {
            (Some(_), Some(_)) | (None, None) => {}
            (Some(what), None) => faults.list.push(format!("{}: bad, and {what}", path.display())),
            (None, Some(why)) => faults.list.push(format!(
                "{}: judged as it should be; the exception in cases.toml must go ({why})",
                path.display()
            )),
        }
    }
    Ok(faults)
}

fn good(verdict: &Verdict, validator: &Validator) -> Option<String> {
    match verdict {
        Verdict::None(what) => Some(format!("not judged: {what}")),
        Verdict::Judged { valid: false, rules } => Some(format!("refused: {}", list(rules))),
        Verdict::Judged { rules, .. } if !validator.verdict_only && !rules.is_empty() => {
            Some(format!("passed with {}", list(rules)))
        }
        Verdict::Judged { .. } => None,
    }
}

fn bad(verdict: &Verdict, case: &Case, validator: &Validator) -> Option<String> {
    let expected: BTreeSet<String> = case.rules.iter().cloned().collect();
    match verdict {
        Verdict::None(what) => Some(format!("not judged: {what}")),
        Verdict::Judged { valid, .. } if validator.verdict_only => valid.then(|| "passed".to_owned()),
        Verdict::Judged { rules, .. } if *rules != expected => {
            Some(format!("breaks {}, not {}", list(rules), list(&expected)))
        }
        Verdict::Judged { .. } => None,
    }
}

fn list(rules: &BTreeSet<String>) -> String {
    if rules.is_empty() {
        return "no rule".to_owned();
    }
    rules.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
