//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;
use std::io::{self, Write};

use contract_check::{Checked, Rule, Severity, Violation};
use serde_json::{Value, json};

use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::style;

/// Code scanning refuses a run with more results
/// (<https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>).
const MOST_RESULTS: usize = 25_000;

pub(super) struct Sarif<W> {
    out: W,
    results: Vec<Value>,
    left_out: usize,
    rules: BTreeMap<&'static str, &'static Rule>,
    notifications: Vec<Value>,
}

impl<W: Write> Sarif<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, results: Vec::new(), left_out: 0, rules: BTreeMap::new(), notifications: Vec::new() }
    }
}

impl<W: Write> Printer for Sarif<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        for violation in &checked.violations {
            if self.results.len() == MOST_RESULTS {
                self.left_out += 1;
                continue;
            }
            self.rules.insert(violation.rule.id, violation.rule);
            self.results.push(result(text, violation));
        }
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()> {
        let mut place = json!({"artifactLocation": {"uri": uri(&unreadable.file)}});
        if let Some(at) = unreadable.at {
            place["region"] = json!({"startLine": at.line, "startColumn": at.column});
        }
        self.notifications.push(json!({
            "level": "error", "message": {"text": format!("unreadable: {}", style::tame(&unreadable.why))},
            "locations": [{"physicalLocation": place}],
        }));
        Ok(())
    }

    fn end(&mut self, totals: Totals) -> io::Result<()> {
        if self.left_out > 0 {
            self.notifications.push(json!({
                "level": "warning",
                "message": {"text": format!("{} more violations are not listed: {MOST_RESULTS} is the most that readers take", self.left_out)},
            }));
        }
        let rules: Vec<Value> = self.rules.values().map(|rule| descriptor(rule)).collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "contract-runner", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "results": self.results,
                "invocations": [{
                    "executionSuccessful": totals.unreadable == 0,
                    "exitCode": totals.exit().status(),
                    "toolExecutionNotifications": self.notifications,
                }],
            }],
        });
        self.out.write_all(&style::json_escaped(log.to_string().as_bytes()))?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

fn level(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": level(rule)},
    })
}

fn result(text: &Text<'_>, violation: &Violation) -> Value {
    let start = position(text, violation);
    let mut region = json!({"startLine": start.line, "startColumn": start.column});
    let marked = &text.bytes[violation.span.clone()];
    if !marked.contains(&b'\n') {
        region["endColumn"] = json!(start.column + String::from_utf8_lossy(marked).chars().count());
    }
    json!({
        "ruleId": violation.rule.id,
        "level": level(violation.rule),
        "message": {"text": format!("{}\n{}", style::tame(&violation.message), violation.rule.mend)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(text.file)},
                "region": region,
            },
            "logicalLocations": [{"fullyQualifiedName": violation.pointer}],
        }],
    })
}

/// A path as a relative reference (RFC 3986), or as a file URI (RFC 8089) when it is absolute.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
