//! The rules about commands, as data.

use super::super::CONTRACTS;
use crate::rule::{Example, Rule, Severity};

/// Kinds that name roots: contracts in commands and mounts, plans and evidence in sources.
const ROOTS: &[&str] = &[
    "workstation-contract.v0.1",
    "workstation-contract.v0.2",
    "agent-machine-mount-plan",
    "agent-machine-mount-evidence",
];
const OPS: &str = "workstation/workstation-contract.v0.1.workspace-ops.json";
const PLAIN: &str = "workstation/workstation-contract.v0.1.json";

pub(super) static MOUNT_ROOT_WHOLE_HOME: Rule = Rule {
    id: "MOUNT_ROOT_WHOLE_HOME",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is the whole home folder.",
    why: "An agent that gets the home gets keys, mail and browser profiles with it.",
    mend: "Name the folder that is needed, for example ~/dev.",
    source: "workstation contract, rules A to C; however the path is written",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev/tide-tables""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev/..""#,
    },
};

pub(super) static MOUNT_ROOT_ABOVE_HOME: Rule = Rule {
    id: "MOUNT_ROOT_ABOVE_HOME",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is `/` or another folder that holds home folders.",
    why: "It gives away every home on the machine.",
    mend: "Name the folder that is needed, for example ~/dev.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root /srv/tables""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root /""#,
    },
};

pub(super) static MOUNT_ROOT_OTHER_HOME: Rule = Rule {
    id: "MOUNT_ROOT_OTHER_HOME",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is the home folder of a named user.",
    why: "Another user's home is not the lane's to give; one's own is a whole home.",
    mend: "Name the folder that is needed, for example ~/dev.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root ~marit""#,
    },
};

pub(super) static MOUNT_ROOT_WHOLE_DOWNLOADS: Rule = Rule {
    id: "MOUNT_ROOT_WHOLE_DOWNLOADS",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is the whole of Downloads, or the part of it that all agents share.",
    why: "Whatever anyone sent lies there.",
    mend: "Name a folder for this agent, for example ~/Downloads/SourceOS/agent-downloads.",
    source: "workstation contract, rule C; however the path is written",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --downloads-root ~/Downloads/SourceOS/agent-downloads""#,
        bad: r#""sourceosctl agent-machine mounts plan --downloads-root ~/Downloads/""#,
    },
};

pub(super) static MOUNT_ROOT_WHOLE_DOCUMENTS: Rule = Rule {
    id: "MOUNT_ROOT_WHOLE_DOCUMENTS",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is the whole of Documents, or the part of it that all agents share.",
    why: "Whatever its owner ever wrote lies there.",
    mend: "Name a folder for this agent, for example ~/Documents/SourceOS/agent-output.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --docs-root ~/Documents/SourceOS/agent-output""#,
        bad: r#""sourceosctl agent-machine mounts plan --docs-root ~/Documents""#,
    },
};

pub(super) static MOUNT_ROOT_PRIVATE: Rule = Rule {
    id: "MOUNT_ROOT_PRIVATE",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "A root is, is in, or holds something private: keys, mail, a browser profile, data of an application, a socket of a container engine.",
    why: "Who holds a key or a session is its owner; who holds the socket of a container engine holds the machine.",
    mend: "Name a folder that holds nothing of the kind.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root ~/.ssh""#,
    },
};

pub(super) static MOUNT_ROOT_UNRESOLVED: Rule = Rule {
    id: "MOUNT_ROOT_UNRESOLVED",
    severity: Severity::Error,
    kinds: ROOTS,
    what: "Which folder a root is cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the path out, or assign the variable in the same step.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""root=~/dev; sourceosctl agent-machine mounts plan --dev-root \"$root\"""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root \"$AGENT_ROOT\"""#,
    },
};

pub(super) static MOUNT_ROOT_MISSING: Rule = Rule {
    id: "MOUNT_ROOT_MISSING",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A plan of mounts names no root, or a root without a value.",
    why: "What is mounted then depends on the defaults of another program.",
    mend: "Name each root with its folder.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev""#,
        bad: r#""sourceosctl agent-machine mounts plan --dry-run""#,
    },
};

pub(super) static MOUNT_FLAG_UNKNOWN: Rule = Rule {
    id: "MOUNT_FLAG_UNKNOWN",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A plan of mounts has an option that looks like a root and is not known.",
    why: "Nobody can say what it gives away.",
    mend: "Use --dev-root, --docs-root or --downloads-root.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev --dry-run""#,
        bad: r#""sourceosctl agent-machine mounts plan --dev-root ~/dev --scratch-root /srv/scratch""#,
    },
};

pub(super) static OFFICE_INPUT_APP_DATA: Rule = Rule {
    id: "OFFICE_INPUT_APP_DATA",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "An office command reads the data of an application, or something else that is private.",
    why: "Notes, photos, mail and messages belong to their application; an office command would take them raw.",
    mend: "Export the document from the application, and name the exported file.",
    source: "workstation contract, rule D; for every office command and every such application",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/8/run",
        good: r#""sourceosctl office convert build/Reminders.docx --to pdf""#,
        bad: r#""sourceosctl office convert '~/Library/Group Containers/group.com.apple.notes/NoteStore.sqlite' --to pdf""#,
    },
};

pub(super) static OFFICE_INPUT_UNRESOLVED: Rule = Rule {
    id: "OFFICE_INPUT_UNRESOLVED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "What an office command reads cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the path out, or at least how the name of the file ends.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/8/run",
        good: r#""sourceosctl office convert \"build/$NAME.docx\" --to pdf""#,
        bad: r#""sourceosctl office convert \"$INPUT\" --to pdf""#,
    },
};

pub(super) static APP_DATA_READ: Rule = Rule {
    id: "APP_DATA_READ",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A command copies or reads the data of an application directly.",
    why: "A copy of the store is as good as the store.",
    mend: "Export the document from the application, and use the exported file.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/8/run",
        good: r#""cp build/tables.docx /desk/out""#,
        bad: r#""cp ~/Library/Messages/chat.db /desk/out""#,
    },
};

pub(super) static TERMINAL_AUDIT_OFF: Rule = Rule {
    id: "TERMINAL_AUDIT_OFF",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A terminal command runs without audit.",
    why: "Without the transcript there is nothing that its evidence could rest on.",
    mend: "Remove the option.",
    source: "workstation contract, rule E; with any label, and for every way to write it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/2/run",
        good: r#""sourceosctl workspace-ops terminal-command run --operation-id op-417 --command pixi --no-audit-log-rotation""#,
        bad: r#""sourceosctl workspace-ops terminal-command run --operation-id op-417 --command pixi --audit=false""#,
    },
};

pub(super) static TERMINAL_AUDIT_UNRESOLVED: Rule = Rule {
    id: "TERMINAL_AUDIT_UNRESOLVED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "Whether a terminal command is audited cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the options out.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/2/run",
        good: r#""sourceosctl workspace-ops terminal-command run --operation-id op-417 --command pixi""#,
        bad: r#""sourceosctl workspace-ops terminal-command run --operation-id op-417 --command pixi $MORE_OPTIONS""#,
    },
};

pub(super) static WEB_CAPTURE_SCOPE_NONE: Rule = Rule {
    id: "WEB_CAPTURE_SCOPE_NONE",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A browser session or a capture has the scope none.",
    why: "A capture without a scope may take any page that is open.",
    mend: "Name the addresses or origins that may be captured.",
    source: "workstation contract, rule F; for sessions, too",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/4/run",
        good: r#""sourceosctl workspace-ops web-capture take --session-id sess-88 --capture-scope none-of-these""#,
        bad: r#""sourceosctl workspace-ops web-capture take --session-id sess-88 --capture-scope=none""#,
    },
};

pub(super) static WEB_CAPTURE_SCOPE_MISSING: Rule = Rule {
    id: "WEB_CAPTURE_SCOPE_MISSING",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A capture has no scope, and no session before it has one.",
    why: "A capture without a scope may take any page that is open.",
    mend: "Open the session with a scope, or name it at the capture.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/3/run",
        good: r#""sourceosctl workspace-ops browser-session open --capture-scope explicit-urls""#,
        bad: r#""sourceosctl workspace-ops web-capture take --session-id sess-88""#,
    },
};

pub(super) static WEB_CAPTURE_SCOPE_UNRESOLVED: Rule = Rule {
    id: "WEB_CAPTURE_SCOPE_UNRESOLVED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "The scope of a capture cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the scope out.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/4/run",
        good: r#""sourceosctl workspace-ops web-capture take --session-id sess-88 --capture-scope allowed-origins""#,
        bad: r#""sourceosctl workspace-ops web-capture take --session-id sess-88 --capture-scope \"$SCOPE\"""#,
    },
};

pub(super) static AGENT_POLICY_GATE_OFF: Rule = Rule {
    id: "AGENT_POLICY_GATE_OFF",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "An agent runs past the policy gate.",
    why: "The gate is where someone may say no.",
    mend: "Remove the option, and record a gate before.",
    source: "workstation contract, rule G; with any label, and for every way to write it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/5/run",
        good: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine""#,
        bad: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine --no-policy-gate""#,
    },
};

pub(super) static AGENT_POLICY_GATE_MISSING: Rule = Rule {
    id: "AGENT_POLICY_GATE_MISSING",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "An agent runs, and no earlier command of the lane records a policy gate for its operation.",
    why: "The gate is where someone may say no.",
    mend: "Record the gate with the result allow in a step before.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/5/run",
        good: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine""#,
        bad: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-418 --agent agent-machine""#,
    },
};

pub(super) static AGENT_POLICY_GATE_UNRESOLVED: Rule = Rule {
    id: "AGENT_POLICY_GATE_UNRESOLVED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "Whether an agent passes a policy gate cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the options and the result of the gate out.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/5/run",
        good: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine""#,
        bad: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine $MORE_OPTIONS""#,
    },
};

pub(super) static POLICY_GATE_DENIED: Rule = Rule {
    id: "POLICY_GATE_DENIED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "An operation goes on although its policy gate did not allow it.",
    why: "A gate that stops nothing is none.",
    mend: "Remove what the gate does not allow, or record the decision that allows it.",
    source: "gap: the original accepts it",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/5/run",
        good: r#""sourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine""#,
        bad: r#""sourceosctl workspace-ops policy-gate record --operation-id op-417 --result deny\nsourceosctl workspace-ops local-agent-execution run --operation-id op-417 --agent agent-machine""#,
    },
};

pub(super) static COMMAND_UNRESOLVED: Rule = Rule {
    id: "COMMAND_UNRESOLVED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "Which governed command runs cannot be known from the contract.",
    why: "A rule that a variable can switch off is none.",
    mend: "Write the words of the command out.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/9/run",
        good: r#""sourceosctl workspace-ops evidence emit --operation-id op-417""#,
        bad: r#""sourceosctl $OPERATION""#,
    },
};

pub(super) static RUN_UNREAD: Rule = Rule {
    id: "RUN_UNREAD",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A step names a governed command in a text that no POSIX shell or bash reads, or that is more than is followed.",
    why: "What runs there cannot be judged.",
    mend: "Write the governed command as a step of its own.",
    source: "gap: the original searches the text",
    example: Example {
        base: OPS,
        at: "/spec/lanes/0/steps/9/run",
        good: r#""sourceosctl workspace-ops evidence emit --operation-id op-417""#,
        bad: r#""if ( Test-Path x ) { sourceosctl agent-machine mounts plan --dev-root ~/dev }""#,
    },
};

pub(super) static LANE_EVIDENCE_FOR_COMMAND: Rule = Rule {
    id: "LANE_EVIDENCE_FOR_COMMAND",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A lane runs a governed command and does not emit the evidence of it.",
    why: "What the command did could not be shown, whatever the labels say.",
    mend: "Add the key to `evidence.emit` of the lane.",
    source: "gap: the original asks for evidence by label only",
    example: Example {
        base: PLAIN,
        at: "/spec/lanes/0/steps/0/run",
        good: r#""pixi run ruff check tables""#,
        bad: r#""sourceosctl office convert build/tables.docx --to pdf --dry-run""#,
    },
};

/// The rules that a command breaks by what it names, and not by what it lacks.
pub(super) const FORBIDDING: &[&Rule] = &[
    &MOUNT_ROOT_WHOLE_HOME,
    &MOUNT_ROOT_ABOVE_HOME,
    &MOUNT_ROOT_OTHER_HOME,
    &MOUNT_ROOT_WHOLE_DOWNLOADS,
    &MOUNT_ROOT_WHOLE_DOCUMENTS,
    &MOUNT_ROOT_PRIVATE,
    &OFFICE_INPUT_APP_DATA,
    &TERMINAL_AUDIT_OFF,
    &WEB_CAPTURE_SCOPE_NONE,
    &AGENT_POLICY_GATE_OFF,
];

/// The rules about commands and the folders that they give away.
pub(in super::super) static RULES: &[&Rule] = &[
    &MOUNT_ROOT_WHOLE_HOME,
    &MOUNT_ROOT_ABOVE_HOME,
    &MOUNT_ROOT_OTHER_HOME,
    &MOUNT_ROOT_WHOLE_DOWNLOADS,
    &MOUNT_ROOT_WHOLE_DOCUMENTS,
    &MOUNT_ROOT_PRIVATE,
    &MOUNT_ROOT_UNRESOLVED,
    &MOUNT_ROOT_MISSING,
    &MOUNT_FLAG_UNKNOWN,
    &OFFICE_INPUT_APP_DATA,
    &OFFICE_INPUT_UNRESOLVED,
    &APP_DATA_READ,
    &TERMINAL_AUDIT_OFF,
    &TERMINAL_AUDIT_UNRESOLVED,
    &WEB_CAPTURE_SCOPE_NONE,
    &WEB_CAPTURE_SCOPE_MISSING,
    &WEB_CAPTURE_SCOPE_UNRESOLVED,
    &AGENT_POLICY_GATE_OFF,
    &AGENT_POLICY_GATE_MISSING,
    &AGENT_POLICY_GATE_UNRESOLVED,
    &POLICY_GATE_DENIED,
    &COMMAND_UNRESOLVED,
    &RUN_UNREAD,
    &LANE_EVIDENCE_FOR_COMMAND,
];
