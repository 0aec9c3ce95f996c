//! A summary in Markdown, as a CI job shows it.

use std::path::Path;

use contract_lanes::LaneOutcome;
use contract_receipts::StepStatus;

use super::human::counts;
use super::seen::Seen;
use crate::style::tame;

/// What a job summary takes: 1 MiB, for all of a job's step
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary>). Half of it leaves room
/// for others.
const MAX_BYTES: usize = 512 * 1024;
/// Lines of output that are shown of a step that did not end well.
const TAIL_LINES: usize = 40;

pub(super) fn summary(seen: &Seen, outcome: &LaneOutcome, shown: &Path) -> String {
    let mut text = format!(
        "### Lane {}: {}\n\n{}. Receipt: `{}` in `{}`.\n\n| | step | | time |\n|---|---|---|---|\n",
        cell(&seen.lane),
        outcome.receipt.status.as_str(),
        counts(seen),
        outcome.receipt.digests.receipt.blake3_uri(),
        code(&shown.display().to_string()),
    );
    let pointer = format!("\n(cut; the rest is in `{}`)\n", code(&shown.display().to_string()));
    let room = MAX_BYTES - pointer.len();
    let mut parts: Vec<String> = Vec::new();
    for step in &seen.steps {
        let mark = match step.status {
            StepStatus::Satisfied => "✅",
            StepStatus::Skipped => "➖",
            _ => "❌",
        };
        let why = step.why.as_deref().map(|why| format!(": {}", cell(why))).unwrap_or_default();
        parts.push(format!(
            "| {mark} | {} | {}{why} | {} ms |\n",
            cell(&step.name),
            step.status.as_str(),
            step.duration_ms
        ));
    }
    if let Some(failure) = &outcome.failure {
        parts.push(format!(
            "\n**{}**: {}  \n{}\n",
            failure.code_text(),
            cell(&failure.message),
            cell(failure.cure())
        ));
    }
    for step in seen.bad().filter(|step| !step.tail.is_empty()) {
        let lines: Vec<String> = step.tail.lines().map(tame).collect();
        let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        // Indented code: nothing in it can end it.
        let code: Vec<String> = last.iter().map(|line| format!("    {line}\n")).collect();
        parts.push(format!("\n#### {}\n\n{}", cell(&step.name), code.concat()));
    }
    for part in parts {
        if text.len() + part.len() > room {
            text.push_str(&pointer);
            return text;
        }
        text.push_str(&part);
    }
    text
}

/// Text of others between backticks, which only they can end.
fn code(text: &str) -> String {
    tame(text).replace('`', "'")
}

/// Text of others inside Markdown: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in tame(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '!' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
