//! Workspace operations: what was done on a workstation, by whom, with which leave, and what came of it.

mod capture;
mod device;
mod effects;
mod files;
mod log;
mod once;
mod operation;
mod paths;
mod redaction;
mod roots;
mod secrets;
mod terminal;
mod times;

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/workspace-ops/", $name, ".schema.json"))
    };
}

/// The kinds. `schemaVersion` may be absent in most of them; then they are recognised by the members that only they have.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "workspace-operation",
        title: "WorkspaceOperation",
        family: "workspace-ops",
        schema: schema!("workspace-operation"),
        marks: &[Mark::Has("kind"), Mark::Has("status"), Mark::Has("deviceId")],
        check: Check::Document(operation::check),
    },
    Kind {
        name: "terminal-session",
        title: "TerminalSession",
        family: "workspace-ops",
        schema: schema!("terminal-session"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/terminal-session/v1"),
            Mark::Has("operationId"),
            Mark::Has("shell"),
        ],
        check: Check::Document(terminal::check_session),
    },
    Kind {
        name: "terminal-command",
        title: "TerminalCommand",
        family: "workspace-ops",
        schema: schema!("terminal-command"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/terminal-command/v1"),
            Mark::Has("operationId"),
            Mark::Has("command"),
        ],
        check: Check::Document(terminal::check_command),
    },
    Kind {
        name: "browser-session",
        title: "BrowserSession",
        family: "workspace-ops",
        schema: schema!("browser-session"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/browser-session/v1"),
            Mark::Has("operationId"),
            Mark::Has("captureScope"),
        ],
        check: Check::Document(capture::check_session),
    },
    Kind {
        name: "web-capture",
        title: "WebCapture",
        family: "workspace-ops",
        schema: schema!("web-capture"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/web-capture/v1"),
            Mark::Has("operationId"),
            Mark::Has("sessionId"),
            Mark::Has("url"),
        ],
        check: Check::Document(capture::check_capture),
    },
    Kind {
        name: "local-agent-execution",
        title: "LocalAgentExecution",
        family: "workspace-ops",
        schema: schema!("local-agent-execution"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/local-agent-execution/v1"),
            Mark::Has("operationId"),
            Mark::Has("agentId"),
        ],
        check: Check::Document(effects::check_execution),
    },
    Kind {
        name: "transfer-operation",
        title: "TransferOperation",
        family: "workspace-ops",
        schema: schema!("transfer-operation"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/transfer-operation/v1"),
            Mark::Has("operationId"),
            Mark::Has("direction"),
        ],
        check: Check::Document(files::check_transfer),
    },
    Kind {
        name: "local-operation-log",
        title: "LocalOperationLog",
        family: "workspace-ops",
        schema: schema!("local-operation-log"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/local-operation-log/v1"),
            Mark::Has("operationId"),
            Mark::Has("entries"),
        ],
        check: Check::Document(log::check),
    },
    Kind {
        name: "diagnostic-redaction",
        title: "DiagnosticRedaction",
        family: "workspace-ops",
        schema: schema!("diagnostic-redaction"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/diagnostic-redaction/v1"),
            Mark::Has("originalRef"),
            Mark::Has("redactedRef"),
        ],
        check: Check::Document(redaction::check),
    },
    Kind {
        name: "provisional-artifact-id",
        title: "ProvisionalArtifactId",
        family: "workspace-ops",
        schema: schema!("provisional-artifact-id"),
        marks: &[
            Mark::Named("schemaVersion", "workspace-ops/provisional-artifact-id/v1"),
            Mark::Has("provisionalId"),
            Mark::Has("resolutionState"),
        ],
        check: Check::Document(files::check_provisional),
    },
    Kind {
        name: "capability-profile",
        title: "CapabilityProfile",
        family: "workspace-ops",
        schema: schema!("capability-profile"),
        marks: &[Mark::Is("schemaVersion", "workspace-ops/capability-profile/v1")],
        check: Check::Document(device::check_capabilities),
    },
    Kind {
        name: "device-identity",
        title: "DeviceIdentity",
        family: "workspace-ops",
        schema: schema!("device-identity"),
        // An identity and a trust profile share `deviceId` alone; every other document of a device has one of the rest.
        marks: &[
            Mark::Has("deviceId"),
            Mark::Lacks("kind"),
            Mark::Lacks("schemaVersion"),
            Mark::Lacks("operationId"),
            Mark::Lacks("provisionalId"),
            Mark::Lacks("fileRef"),
        ],
        check: Check::Document(device::check_identity),
    },
    Kind {
        name: "file-availability",
        title: "FileAvailabilityState",
        family: "workspace-ops",
        schema: schema!("file-availability"),
        marks: &[Mark::Has("fileRef"), Mark::Has("state")],
        check: Check::Document(files::check_availability),
    },
];

/// The rules, in the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &times::OPS_TIMES_REVERSED,
    &times::OPS_END_WHILE_OPEN,
    &times::OPS_TIME_MISSING,
    &operation::OPS_OPERATION_ID_DIFFERS,
    &once::OPS_ID_DUPLICATE,
    &operation::OPS_REFERENCE_DANGLING,
    &operation::OPS_TASK_UNFINISHED,
    &operation::OPS_GATE_NOT_PASSED,
    &operation::OPS_GATE_TOO_LATE,
    &operation::OPS_GATE_DENIED,
    &terminal::OPS_EVIDENCE_WITHOUT_AUDIT,
    &terminal::OPS_AUDIT_OFF,
    &secrets::OPS_SECRET_IN_ARGUMENTS,
    &secrets::OPS_SECRET_IN_ENVIRONMENT,
    &log::OPS_SECRET_IN_LOG,
    &log::OPS_LOG_SEQ_ORDER,
    &effects::OPS_EFFECTS_BEYOND_CLASS,
    &effects::OPS_EFFECTS_NOT_LISTED,
    &effects::OPS_EFFECTS_UNDECLARED,
    &effects::OPS_TOKENS_DO_NOT_ADD,
    &capture::OPS_CAPTURE_SCOPE_EMPTY,
    &capture::OPS_CAPTURE_UNSCOPED,
    &capture::OPS_CAPTURE_UNDER_NONE,
    &capture::OPS_CAPTURE_PERSONAL_DATA,
    &redaction::OPS_REDACTION_UNNAMED,
    &redaction::OPS_REDACTION_UNCHANGED,
    &redaction::OPS_VERIFICATION_UNNAMED,
    &files::OPS_CHECKSUM_MISSING,
    &files::OPS_CHECKSUM_FORM,
    &files::OPS_BYTES_CONTRADICTED,
    &files::OPS_QUARANTINE_CONTRADICTED,
    &files::OPS_FILE_PLACE_MISSING,
    &files::OPS_DETAILS_MISSING,
    &files::OPS_DECISION_MISSING,
    &files::OPS_DECISION_PENDING,
    &files::OPS_CANONICAL_ID_EARLY,
    &files::OPS_CANONICAL_ID_MISSING,
    &roots::OPS_HOME_AS_ROOT,
    &paths::OPS_PATH_CLIMBS,
    &device::OPS_CAPABILITY_CONTRADICTED,
    &device::OPS_TRUST_UNRESTRICTED,
];
