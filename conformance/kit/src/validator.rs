//! A validator as a black box: a file in, an exit status and rule ids out.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The program under test.
#[derive(Debug)]
pub(crate) struct Validator {
    pub(crate) program: PathBuf,
    /// Its rule ids are not ours.
    pub(crate) verdict_only: bool,
}

/// What it said of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit 0 or 1: valid or invalid, and the rules that it named.
    Judged { valid: bool, rules: BTreeSet<String> },
    /// Anything else: it crashed, or could not read the document.
    None(String),
}

impl Validator {
    /// Has a document judged.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(crate) fn judge(&self, document: &Path) -> io::Result<Verdict> {
        #[expect(clippy::disallowed_methods, reason = "the conformance kit starts what it tests")]
        let mut command = Command::new(&self.program);
        let output = command.args(["validate", "--format", "json"]).arg(document).output()?;
        let valid = match output.status.code() {
            Some(0) => true,
            Some(1) => false,
            _ => {
                let said = String::from_utf8_lossy(&output.stderr);
                let first = said.lines().next().unwrap_or_default().to_owned();
                return Ok(Verdict::None(format!("{} {first}", output.status)));
            }
        };
        Ok(Verdict::Judged { valid, rules: rules(&output.stdout) })
    }
}

/// Ids in the `validate.v0` lines of its output.
fn rules(stdout: &[u8]) -> BTreeSet<String> {
    let lines =
        stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut ids = BTreeSet::new();
    for line in lines {
        let violations = line["violations"].as_array().into_iter().flatten();
        ids.extend(violations.filter_map(|violation| violation["rule"].as_str().map(str::to_owned)));
    }
    ids
}
