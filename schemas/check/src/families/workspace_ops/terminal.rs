//! Terminal sessions and the commands in them.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{effects, once, paths, secrets, times};

pub(crate) static OPS_EVIDENCE_WITHOUT_AUDIT: Rule = Rule {
    id: "OPS_EVIDENCE_WITHOUT_AUDIT",
    severity: Severity::Error,
    kinds: &["terminal-session"],
    what: "A session without audit offers a transcript as evidence.",
    why: "Without audit nothing recorded the session, so the transcript proves nothing.",
    mend: "Run the session with audit, or leave the transcript out.",
    source: "gap: the texts of the original forbid it, its tool accepts it",
    example: Example {
        base: "workspace-ops/terminal-session.json",
        at: "/auditEnabled",
        good: "true",
        bad: "false",
    },
};

pub(crate) static OPS_AUDIT_OFF: Rule = Rule {
    id: "OPS_AUDIT_OFF",
    severity: Severity::Warning,
    kinds: &["terminal-session", "capability-profile"],
    what: "The audit of terminal sessions is off.",
    why: "Such a session can never serve as evidence for its operation.",
    mend: "Turn the audit on.",
    source: "gap: the texts of the original say so, its tool does not",
    example: Example {
        base: "workspace-ops/capability-profile.json",
        at: "/capabilities/terminal/auditEnabled",
        good: "true",
        bad: "false",
    },
};

pub(super) fn check_session(session: Node<'_>, report: &mut Report<'_>) {
    times::in_order(session, "startedAt", "endedAt", report);
    once::each_once(session.get("commandIds").items(), report);
    paths::check(session.get("cwd"), report);
    let audit = session.get("auditEnabled");
    if audit.bool() == Some(false) {
        if session.get("transcriptRef").exists() {
            report.add(&OPS_EVIDENCE_WITHOUT_AUDIT, audit, "the audit is off, but `transcriptRef` is there");
        } else {
            report.add(&OPS_AUDIT_OFF, audit, "the audit of this session was off");
        }
    }
}

pub(super) fn check_command(command: Node<'_>, report: &mut Report<'_>) {
    times::in_order(command, "startedAt", "endedAt", report);
    secrets::check_command(command, report);
    paths::check(command.get("cwd"), report);
    effects::check(command.get("sideEffects"), report);
}
