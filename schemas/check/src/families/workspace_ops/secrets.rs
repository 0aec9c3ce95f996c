//! Secrets in the arguments and the environment of commands.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};
use crate::secrets::looks_secret;

const KINDS: &[&str] = &["terminal-command"];
const BASE: &str = "workspace-ops/terminal-command.json";

pub(crate) static OPS_SECRET_IN_ARGUMENTS: Rule = Rule {
    id: "OPS_SECRET_IN_ARGUMENTS",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A command line holds a secret.",
    why: "Every process on the machine and everybody who reads the record can see it.",
    mend: "Pass it by a file, a descriptor or an environment variable. Replace the secret itself: it is known now.",
    source: "gap: the texts of the original forbid it, its tool does not look",
    example: Example {
        base: BASE,
        at: "/args",
        good: r#"["login", "--password-stdin"]"#,
        bad: r#"["login", "--password=hunter2"]"#,
    },
};

pub(crate) static OPS_SECRET_IN_ENVIRONMENT: Rule = Rule {
    id: "OPS_SECRET_IN_ENVIRONMENT",
    severity: Severity::Error,
    kinds: KINDS,
    what: "An environment variable of a command holds a secret.",
    why: "Everybody who reads the record can see it.",
    mend: "Write the name of the secret, such as ${DB_PASSWORD}. Replace the secret itself: it is known now.",
    source: "gap: the texts of the original forbid it, its tool does not look",
    example: Example {
        base: BASE,
        at: "/env",
        good: r#"{"DB_PASSWORD": "${DB_PASSWORD}"}"#,
        bad: r#"{"DB_PASSWORD": "hunter2"}"#,
    },
};

pub(super) fn check_command(command: Node<'_>, report: &mut Report<'_>) {
    let words = std::iter::once(command.get("command")).chain(command.get("args").items());
    let mut before = None;
    for word in words {
        let Some(text) = word.str() else { continue };
        if let Some(secret) = looks_secret(text).or_else(|| value_of_option(before?, text)) {
            report.add(&OPS_SECRET_IN_ARGUMENTS, word, format!("the command line holds {secret}"));
        }
        before = Some(text);
    }
    for (name, value) in command.get("env").members() {
        let Some(text) = value.str() else { continue };
        if let Some(secret) = looks_secret(&format!("{name}={text}")) {
            report.add(&OPS_SECRET_IN_ENVIRONMENT, value, format!("{name} holds {secret}"));
        }
    }
}

/// `--password VALUE`, judged like `--password=VALUE`. What follows may be pairs: `--secret id=build,src=key.txt`.
fn value_of_option(option: &str, value: &str) -> Option<&'static str> {
    let takes_value = option.starts_with("--") && !option.contains('=');
    let is_value = !value.starts_with('-') && !value.contains('=');
    (takes_value && is_value).then(|| looks_secret(&format!("{option}={value}")))?
}

#[cfg(test)]
mod tests {
    use super::value_of_option;

    #[test]
    fn the_word_after_an_option_is_its_value() {
        assert!(value_of_option("--password", "hunter2").is_some());
        assert!(value_of_option("--token", "k7Qm2Xv9k7Qm2Xv9").is_some());
        for (option, value) in [
            ("--password", "--verbose"),
            ("--password", "$DB_PASSWORD"),
            ("--secret", "id=build2024,src=key.txt"),
            ("--secret", "build-key"),
            ("--max-tokens", "4096"),
            ("password", "hunter2"),
        ] {
            assert_eq!(value_of_option(option, value), None, "{option} {value}");
        }
    }
}
