//! Responses: success or failure, error codes, and what operations give.

use super::{BOTH, WORKSTATION};
use crate::digest::is_sha256;
use crate::families::workstation::relative::leaves_repository;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const BASE: &str = "lane-adapter/m2-message.agent-machine.response.json";
const BASE_WORKSTATION: &str = "lane-adapter/m2-message.workstation.response.json";

/// Error codes of the agent-machine dialect.
pub(super) const AGENT_MACHINE_CODES: &[&str] = &[
    "E_PROTOCOL_INCOMPATIBLE",
    "E_HELLO_REQUIRED",
    "E_CAPABILITY_MISSING",
    "E_LOCK_MISSING",
    "E_LOCK_INVALID",
    "E_LOCK_HASH_FAILED",
    "E_LOCK_UPDATE_DENIED",
    "E_ENV_REALIZE_FAILED",
    "E_ENV_FLOATING_DISALLOWED",
    "E_ENV_NOT_FOUND",
    "E_TASK_UNKNOWN",
    "E_TASK_FAILED",
    "E_TASK_TIMEOUT",
    "E_CMD_FAILED",
    "E_PATH_ESCAPE",
    "E_WRITE_DENIED",
    "E_DEPS_INVENTORY_FAILED",
    "E_LICENSE_EVIDENCE_MISSING",
    "E_UNSUPPORTED",
    "E_INTERNAL",
];

/// Error codes of the workstation dialect.
pub(super) const WORKSTATION_CODES: &[&str] = &[
    "E_PROTOCOL_INCOMPATIBLE",
    "E_PROTOCOL_MISMATCH",
    "E_HELLO_REQUIRED",
    "E_CAPABILITY_MISSING",
    "E_LOCK_MISSING",
    "E_LOCK_INVALID",
    "E_LOCK_HASH_FAILED",
    "E_ENV_REALIZE_FAILED",
    "E_ENV_FLOATING_DISALLOWED",
    "E_TASK_UNKNOWN",
    "E_TASK_FAILED",
    "E_TASK_TIMEOUT",
    "E_CMD_FAILED",
    "E_PATH_ESCAPE",
    "E_WRITE_DENIED",
    "E_DEPS_INVENTORY_FAILED",
    "E_UNSUPPORTED",
    "E_INTERNAL",
];

pub(super) static M2_OK_MISSING: Rule = Rule {
    id: "M2_OK_MISSING",
    severity: Severity::Error,
    kinds: &[WORKSTATION],
    what: "A response says neither success nor failure.",
    why: "A runner that takes it for success would go on after a failure.",
    mend: "Add `ok`.",
    source: "gap: `ok` is optional in the schema of M2 IPC 1.0, and in all of its examples",
    example: Example {
        base: BASE_WORKSTATION,
        at: "",
        good: r#"{"id": "l-1", "op": "info", "protocol": "1.0", "ok": true, "result": {}}"#,
        bad: r#"{"id": "l-1", "op": "info", "protocol": "1.0", "result": {}}"#,
    },
};

pub(super) static M2_ERRORS_MISSING: Rule = Rule {
    id: "M2_ERRORS_MISSING",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A response says that it failed, and names no error.",
    why: "The runner can neither act on it nor tell anybody why.",
    mend: "Add at least one error with a code and a message.",
    source: "adapter IPC, rule of ok and errors; prose only in M2 IPC 1.0",
    example: Example {
        base: BASE,
        at: "",
        good: r#"{"id": "1", "ok": false, "errors": [{"code": "E_INTERNAL", "message": "no disk"}]}"#,
        bad: r#"{"id": "1", "ok": false, "errors": []}"#,
    },
};

pub(super) static M2_ERRORS_WITH_OK: Rule = Rule {
    id: "M2_ERRORS_WITH_OK",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A response says that it succeeded, and names errors.",
    why: "One reader would go on and another would stop.",
    mend: "Set `ok` to false, or move the text to `warnings`.",
    source: "adapter IPC, rule of ok and errors",
    example: Example {
        base: BASE,
        at: "/errors",
        good: "[]",
        bad: r#"[{"code": "E_INTERNAL", "message": "no disk"}]"#,
    },
};

pub(super) static M2_ERROR_CODE_UNKNOWN: Rule = Rule {
    id: "M2_ERROR_CODE_UNKNOWN",
    severity: Severity::Error,
    kinds: BOTH,
    what: "An error code is not in the registry of the dialect.",
    why: "Runners act on codes; an unknown one can only be taken for a fault of the adapter.",
    mend: "Use a code of the registry; E_INTERNAL fits what nothing else does.",
    source: "adapter IPC, error registry; prose only in M2 IPC 1.0",
    example: Example {
        base: BASE,
        at: "",
        good: r#"{"id": "1", "ok": false, "errors": [{"code": "E_TASK_TIMEOUT", "message": "900 s"}]}"#,
        bad: r#"{"id": "1", "ok": false, "errors": [{"code": "E_TIMEOUT", "message": "900 s"}]}"#,
    },
};

pub(super) static M2_ERROR_OP_WITH_OK: Rule = Rule {
    id: "M2_ERROR_OP_WITH_OK",
    severity: Severity::Error,
    kinds: &[WORKSTATION],
    what: "A response has the operation error, and says that it succeeded.",
    why: "error stands in the place of an operation that could not be named, which is never a success.",
    mend: "Set `ok` to false, or repeat the operation of the request.",
    source: "M2 IPC 1.0, responses",
    example: Example { base: BASE_WORKSTATION, at: "/op", good: r#""task_run""#, bad: r#""error""# },
};

pub(super) static M2_EXIT_CODE_WITH_OK: Rule = Rule {
    id: "M2_EXIT_CODE_WITH_OK",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A response says that it succeeded, and the task ended with another status than 0.",
    why: "A gate that reads only one of the two would let a failed task pass.",
    mend: "Set `ok` to false and add E_TASK_FAILED; the result may stay.",
    source: "M2 IPC 1.0, example of a failed task",
    example: Example { base: BASE, at: "/result/exit_code", good: "0", bad: "1" },
};

pub(super) static M2_RESULT_PATH_ESCAPES: Rule = Rule {
    id: "M2_RESULT_PATH_ESCAPES",
    severity: Severity::Error,
    kinds: BOTH,
    what: "A log or an inventory is not inside the repository.",
    why: "The runner collects these files; an adapter could hand it any file of the machine.",
    mend: "Write the file below the repository and give its path relative to the root.",
    source: "M2 IPC 1.0, paths in results; gap in the schemas of both dialects",
    example: Example {
        base: BASE,
        at: "/result/logs/stdout",
        good: r#"".workstation/state/logs/20270203T081500Z/x.stdout""#,
        bad: r#""/var/log/x.stdout""#,
    },
};

pub(super) static M2_LOCK_HASH_INVALID: Rule = Rule {
    id: "M2_LOCK_HASH_INVALID",
    severity: Severity::Error,
    kinds: BOTH,
    what: "The hash of a lock is not 64 lower-case hex digits.",
    why: "Hashes are compared to the letter.",
    mend: "Write the SHA-256 in lower-case hex, without a prefix.",
    source: "adapter IPC and M2 IPC 1.0, examples of lock_hash",
    example: Example {
        base: BASE,
        at: "/result",
        good: r#"{"sha256": "2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918"}"#,
        bad: r#"{"sha256": "sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918"}"#,
    },
};

/// The rules about responses.
pub(super) static RULES: &[&Rule] = &[
    &M2_OK_MISSING,
    &M2_ERRORS_MISSING,
    &M2_ERRORS_WITH_OK,
    &M2_ERROR_CODE_UNKNOWN,
    &M2_ERROR_OP_WITH_OK,
    &M2_EXIT_CODE_WITH_OK,
    &M2_RESULT_PATH_ESCAPES,
    &M2_LOCK_HASH_INVALID,
];

/// Whether a message of the workstation dialect is a response: both sides use `op` there.
pub(super) fn is_response(message: Node<'_>) -> bool {
    message.get("op").is("error") || ["ok", "result", "errors"].iter().any(|name| message.get(name).exists())
}

/// Checks `ok` of a response of the workstation dialect, whose schema does not ask for it.
pub(super) fn check_ok(response: Node<'_>, report: &mut Report<'_>) {
    let (ok, op) = (response.get("ok"), response.get("op"));
    if !ok.exists() {
        report.add(&M2_OK_MISSING, response, "`ok` is missing");
    }
    if ok.is_true() && op.is("error") {
        report.add(&M2_ERROR_OP_WITH_OK, op, "the operation is error, and ok is true");
    }
}

/// Checks a response of either dialect.
pub(super) fn check(response: Node<'_>, codes: &[&str], report: &mut Report<'_>) {
    let (ok, errors, result) = (response.get("ok"), response.get("errors"), response.get("result"));
    let none = errors.nearest().as_array().is_some_and(Vec::is_empty);
    // An absent list is structural in one dialect and this rule's business in the other.
    if ok.bool() == Some(false) && (none || !errors.exists() && response.get("protocol").exists()) {
        report.add(&M2_ERRORS_MISSING, ok, "ok is false, and no error is named");
    }
    if ok.is_true() && errors.items().len() > 0 {
        report.add(&M2_ERRORS_WITH_OK, errors, "ok is true, and errors is not empty");
    }
    for error in errors.items() {
        let code = error.get("code");
        if let Some(text) = code.str().filter(|text| !codes.contains(text)) {
            let other = AGENT_MACHINE_CODES.contains(&text) || WORKSTATION_CODES.contains(&text);
            let hint = if other { "; the other dialect has it" } else { "" };
            report.add(&M2_ERROR_CODE_UNKNOWN, code, format!("{text:?} is not in the registry{hint}"));
        }
    }
    check_result(ok, result, report);
}

fn check_result(ok: Node<'_>, result: Node<'_>, report: &mut Report<'_>) {
    let (exit, hash) = (result.get("exit_code"), result.get("sha256"));
    if let Some(status) = exit.number().filter(|status| *status != 0.0 && ok.is_true()) {
        report.add(&M2_EXIT_CODE_WITH_OK, exit, format!("ok is true, and the exit code is {status}"));
    }
    if hash.str().is_some_and(|hash| !is_sha256(hash)) {
        report.add(&M2_LOCK_HASH_INVALID, hash, "the hash is not 64 lower-case hex digits");
    }
    let logs = result.get("logs");
    for path in [result.get("deps_path"), logs.get("stdout"), logs.get("stderr")] {
        if let Some(text) = path.str()
            && leaves_repository(text)
        {
            report.add(&M2_RESULT_PATH_ESCAPES, path, format!("{text:?} leaves the repository"));
        }
    }
}
