//! Documents of others get the verdict that their own tools give, for the stated reason, unless a page in docs/contracts says that we are
//! stricter. They are not part of this repository: without them the test is skipped.

use std::collections::BTreeMap;

use contract_check::Severity;
use serde::Deserialize;

use crate::{broken, check_lines, checker, documents, files, shared, told};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    verdict: BTreeMap<String, Verdict>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    /// Whether every document of the file is valid.
    valid: bool,
    /// Ids of the rules that are broken, sorted; those of warnings too.
    rules: Vec<String>,
}

#[test]
fn every_shared_document_gets_its_verdict() {
    let Some(folder) = shared() else { return };
    let verdicts: Verdicts = toml::from_str(include_str!("shared.toml")).expect("shared.toml is well-formed");
    let checker = checker();
    let mut expected = verdicts.verdict;
    let mut faults = Vec::new();
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).expect("it is below").display().to_string();
        let is_schema = name.contains("/schemas/") && !name.contains("/fixtures/");
        if is_schema || name.starts_with("syncd/") || !(name.ends_with("json")) {
            continue;
        }
        let violations = check_lines(&checker, &documents(&path));
        let valid = violations.iter().all(|violation| violation.rule.severity == Severity::Warning);
        let found = Verdict { valid, rules: broken(&violations).into_iter().map(str::to_owned).collect() };
        match expected.remove(&name) {
            Some(wanted) if wanted == found => {}
            Some(wanted) => {
                faults.push(format!("{name}: expected {wanted:?}, found {found:?}\n{}", told(&violations)))
            }
            None => {
                faults.push(format!(
                    "\"{name}\" = {{ valid = {}, rules = {:?} }}\n{}",
                    found.valid,
                    found.rules,
                    told(&violations)
                ));
            }
        }
    }
    faults.extend(expected.keys().map(|name| format!("{name} has a verdict and does not exist")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
