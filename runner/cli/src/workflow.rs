//! Workflow commands of GitHub Actions: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use crate::style;

/// The text of a command: what would end it is escaped.
pub(crate) fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| style::tame(line).replace('%', "%25")).collect();
    lines.join("%0A").replace(OLD_FORM, BROKEN)
}

/// The older form of a command counts anywhere in a line (actions/runner, `ActionCommand.TryParse`).
const OLD_FORM: &str = "##[";
const BROKEN: &str = "## [";

/// A line of somebody else, so that it is no command. stdout and stderr of a job's step are both read for commands.
pub(crate) fn disarmed(line: &str) -> String {
    let line = style::tame(line).replace(OLD_FORM, BROKEN);
    if line.trim_start().starts_with("::") { format!("| {line}") } else { line }
}

/// A value before the text.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
