//! Workflow commands of GitHub Actions: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use crate::style;

/// The text of a command: what would end it is escaped.
pub(crate) fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| style::tame(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// A value before the text.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
