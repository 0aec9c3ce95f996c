//! `validate --explain RULE`: what, why, how to mend it, a bad and a good example.

use contract_check::{Rule, rule, rules};
use contract_engine::Failure;
use contract_ipc::Exit;
use serde_json::json;

use crate::args::{Format, Output};
use crate::commands::{print_json, print_line, usage};

pub(super) fn explain(id: &str, output: Output) -> Result<Exit, Failure> {
    let Some(rule) = rule(id).or_else(|| rule(&id.to_ascii_uppercase().replace('-', "_"))) else {
        let close: Vec<&str> =
            rules().map(|rule| rule.id).filter(|known| known.contains(&id.to_ascii_uppercase())).collect();
        let hint = if close.is_empty() {
            "docs/rules.md lists the rules.".to_owned()
        } else {
            format!("Did you mean {}?", close.join(", "))
        };
        return Err(usage(format!("there is no rule {id}")).hint(hint));
    };
    if output.format == Format::Json {
        print_json(&json!({
            "v": "rule.v0", "id": rule.id, "severity": rule.severity.as_str(), "kinds": rule.kinds,
            "what": rule.what, "why": rule.why, "mend": rule.mend, "source": rule.source,
            "example": {"at": rule.example.at, "bad": rule.example.bad, "good": rule.example.good},
        }))?;
    } else {
        print_line(&text(rule))?;
    }
    Ok(Exit::Satisfied)
}

fn text(rule: &Rule) -> String {
    let kinds = if rule.kinds.is_empty() { "every kind".to_owned() } else { rule.kinds.join(", ") };
    format!(
        "{} ({})\n  {}\n\n  why   {}\n  do    {}\n  for   {kinds}\n  from  {}\n\n  at    {}\n  bad   {}\n  good  {}",
        rule.id,
        rule.severity.as_str(),
        rule.what,
        rule.why,
        rule.mend,
        rule.source,
        rule.example.place(),
        rule.example.bad,
        rule.example.good
    )
}
