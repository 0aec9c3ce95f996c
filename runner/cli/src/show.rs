//! What people read: what an adapter may do, why a run failed, where the evidence is.

use std::path::Path;

use contract_engine::{Failure, Plan, Right, show_bytes};

use crate::style::{dim, red, say, tame};

/// Lines of stderr in a failure.
const STDERR_LINES: usize = 10;
/// Rights in the line that says what an adapter may do.
const MAY_RIGHTS: usize = 6;

/// One line: what the adapter may do.
pub(crate) fn may_line(plan: &Plan) -> String {
    let mut parts: Vec<_> =
        plan.rights.iter().take(MAY_RIGHTS).map(|right| tame(&right.to_string())).collect();
    if let Some(more) = plan.rights.len().checked_sub(MAY_RIGHTS).filter(|&more| more > 0) {
        let rights = if more == 1 { "right" } else { "rights" };
        parts.push(format!("and {more} more {rights} (-v shows all)"));
    }
    let granted = if parts.is_empty() {
        "nothing beyond its own files and a scratch folder".to_owned()
    } else {
        parts.join(", ")
    };
    let network = if plan.rights.iter().any(Right::is_network) { "" } else { ", no network" };
    let processes = match plan.profile.processes {
        1 => ", one process".to_owned(),
        _ => String::new(),
    };
    format!(
        "{} may: {granted}{network}{processes}, {}",
        tame(&plan.command.name),
        show_bytes(plan.budget.limits.memory_bytes)
    )
}

/// The profile in five lines.
pub(crate) fn profile_lines(plan: &Plan, whole: bool) -> Vec<String> {
    let list = |paths: &[std::path::PathBuf]| {
        let most = if whole { usize::MAX } else { 6 };
        let mut shown: Vec<_> =
            paths.iter().take(most).map(|path| tame(&path.display().to_string())).collect();
        if paths.len() > most {
            shown.push(format!("and {} more (-v shows all)", paths.len() - most));
        }
        if shown.is_empty() { "nothing".to_owned() } else { shown.join(" ") }
    };
    let network: Vec<_> =
        plan.rights.iter().filter(|right| right.is_network()).map(ToString::to_string).collect();
    let limits = &plan.budget.limits;
    vec![
        format!("read     {}", list(&plan.profile.read)),
        format!("write    {}", list(&plan.profile.write)),
        format!("exec     {}", list(&plan.profile.exec)),
        format!(
            "network  {}; processes {}",
            if network.is_empty() { "none".to_owned() } else { network.join(" ") },
            plan.profile.processes
        ),
        format!(
            "memory   {}; file size {}; open files {}; cpu {} s",
            show_bytes(limits.memory_bytes),
            show_bytes(limits.file_size_bytes),
            limits.open_files,
            limits.cpu_seconds
        ),
    ]
}

/// A failure: what, why, where, what to do.
pub(crate) fn failure(failure: &Failure) {
    let message = crate::workflow::disarmed(&failure.message);
    say(&format!("{}: {message}", red(&format!("error[{}]", failure.code_text()))));
    if let Some(cause) = &failure.cause {
        say(&format!("  cause: {}", tame(cause)));
    }
    if let Some(frame) = &failure.last_frame {
        say(&format!("  last line: {}", tame(frame)));
    }
}

/// What to do about it.
pub(crate) fn cure(failure: &Failure) {
    say(&format!("  do: {}", tame(failure.cure())));
}

/// The end of the adapter's stderr.
pub(crate) fn stderr(text: &str, whole: bool) {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return;
    }
    let skipped = if whole { 0 } else { lines.len().saturating_sub(STDERR_LINES) };
    let note =
        if skipped > 0 { format!(" (the last {STDERR_LINES} lines, -v shows more)") } else { String::new() };
    say(&format!("  its stderr{note}:"));
    for line in &lines[skipped..] {
        say(&dim(&format!("    {}", tame(line))));
    }
}

/// A path as short as it can be written here.
pub(crate) fn short<'a>(path: &'a Path, root: &Path) -> std::path::Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}
