//! Which verb stands for which command of a step: data in `operations.toml`.

use serde::Deserialize;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    command: Vec<CommandRow>,
    evidence: Vec<EvidenceRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandRow {
    words: Vec<String>,
    verb: Vec<String>,
    #[serde(default)]
    append: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceRow {
    key: String,
    verb: Vec<String>,
}

impl Table {
    /// The table of this program.
    pub(crate) fn ours() -> Self {
        toml::from_str(include_str!("operations.toml")).expect("a test reads the table")
    }

    /// The words of the verb that stands for `command`, and what follows them. The program may be given by its path.
    pub(crate) fn verb(&self, command: &[String]) -> Option<Vec<String>> {
        let fits = |row: &&CommandRow| {
            command.len() >= row.words.len()
                && program_name(&command[0]) == row.words[0]
                && command[1..].starts_with(&row.words[1..])
        };
        let row = self.command.iter().find(fits)?;
        let rest = &command[row.words.len()..];
        Some([&row.verb[..], &row.append[..], rest].concat())
    }

    /// Whether `program` is one whose commands are mapped: none of its other commands is started instead.
    pub(crate) fn is_mapped(&self, program: &str) -> bool {
        self.command.iter().any(|row| row.words[0] == program_name(program))
    }

    /// What the table knows of `program`, for a message.
    pub(crate) fn commands_of(&self, program: &str) -> Vec<String> {
        let name = program_name(program);
        self.command.iter().filter(|row| row.words[0] == name).map(|row| row.words[1..].join(" ")).collect()
    }

    /// The verb that gives the evidence `key`, when no step needs to.
    pub(crate) fn evidence_verb(&self, key: &str) -> Option<&[String]> {
        self.evidence.iter().find(|row| row.key == key).map(|row| row.verb.as_slice())
    }
}

fn program_name(program: &str) -> &str {
    program.rsplit_once('/').map_or(program, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(command: &str) -> Option<String> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        Table::ours().verb(&words).map(|words| words.join(" "))
    }

    #[test]
    fn words_lead_to_a_verb_and_the_rest_is_kept() {
        assert_eq!(
            verb("sourceosctl agent-machine mounts plan --dev-root /x").as_deref(),
            Some("mounts plan --dev-root /x")
        );
        assert_eq!(verb("/opt/bin/sourceosctl office doctor").as_deref(), Some("office doctor"));
        assert_eq!(
            verb("agent-term office create-deck !r --title t").as_deref(),
            Some("agentterm office-event --kind create-deck !r --title t")
        );
        for other in
            ["sourceosctl office", "sourceosctl mounts plan", "office doctor", "sourceosctl workspace-ops x"]
        {
            assert_eq!(verb(other), None, "{other}");
        }
        assert!(Table::ours().is_mapped("sourceosctl") && !Table::ours().is_mapped("true"));
    }
}
