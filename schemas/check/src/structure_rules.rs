//! The rules that hold for every kind: what a document is, and what its schema says.

use crate::rule::{Example, Rule, Severity};
use crate::text::TEXT_CONTROL_CHARACTER;

const GRANT: &str = "authority/grant.v0.json";

const fn structural(
    id: &'static str,
    what: &'static str,
    why: &'static str,
    mend: &'static str,
    example: Example,
) -> Rule {
    Rule {
        id,
        severity: Severity::Error,
        kinds: &[],
        what,
        why,
        mend,
        source: "JSON Schema, draft 2020-12",
        example,
    }
}

pub(crate) static KIND_UNKNOWN: Rule = Rule {
    source: "ours: a document that nothing judges is not valid",
    ..structural(
        "KIND_UNKNOWN",
        "It cannot be told what kind of document this is.",
        "Without a kind there is no schema and no rule, and a document that nothing judges must not pass.",
        "Write the member that names the kind as `contract-runner schema list` shows it, or give --kind.",
        Example { base: GRANT, at: "/v", good: r#""grant.v0""#, bad: r#""grant""# },
    )
};

pub(crate) static KIND_VERSION_UNKNOWN: Rule = Rule {
    source: "ours: each version has a schema of its own",
    ..structural(
        "KIND_VERSION_UNKNOWN",
        "The document names a known kind in a version that is not known.",
        "Each version has its own schema and rules; judging by another one would prove nothing.",
        "Use a version that is named in the message, or a newer contract-runner.",
        Example {
            base: "workstation/workstation-contract.v0.1.json",
            at: "/api_version",
            good: r#""workstation-contracts.socios.io/v0.1""#,
            bad: r#""workstation-contracts.socios.io/v0.9""#,
        },
    )
};

pub(crate) static SCHEMA_REQUIRED: Rule = structural(
    "SCHEMA_REQUIRED",
    "A member that must be there is missing.",
    "Whoever reads the document relies on it.",
    "Add the member.",
    Example {
        base: "model-carry/model-carry-manifest.json",
        at: "/integrity",
        good: r#"{"contentHashAlgorithm": "sha256", "transportMustBeIntegrityChecked": true, "integrityFailureIsHardStop": true}"#,
        bad: r#"{"contentHashAlgorithm": "sha256", "transportMustBeIntegrityChecked": true}"#,
    },
);

pub(crate) static SCHEMA_UNKNOWN_MEMBER: Rule = structural(
    "SCHEMA_UNKNOWN_MEMBER",
    "A member has a name that is not known there.",
    "A misspelt member is read by nobody: what it should demand would silently not hold.",
    "Correct the name, or remove the member.",
    Example {
        base: GRANT,
        at: "/subject",
        good: r#"{"adapter": "text-caps"}"#,
        bad: r#"{"adapter": "text-caps", "adaptor": "text-caps"}"#,
    },
);

pub(crate) static SCHEMA_TYPE: Rule = structural(
    "SCHEMA_TYPE",
    "A value has the wrong JSON type.",
    "A reader would refuse it, or read it as something else: \"true\" is not true.",
    "Write a value of the type that is named.",
    Example { base: GRANT, at: "/issuer", good: r#""operator""#, bad: "7" },
);

pub(crate) static SCHEMA_ENUM: Rule = structural(
    "SCHEMA_ENUM",
    "A value is none of those that may stand there.",
    "The set is closed: every value has a meaning that somebody acts on.",
    "Use one of the values that are listed.",
    Example {
        base: "model-plane/inference-receipt.json",
        at: "/providerDaemon",
        good: r#""inferenced""#,
        bad: r#""inference""#,
    },
);

pub(crate) static SCHEMA_CONST: Rule = structural(
    "SCHEMA_CONST",
    "A value is not the only one that may stand there.",
    "The format fixes it: what another value would allow is not on offer.",
    "Write the value that is named.",
    Example {
        base: "model-carry/model-carry-manifest.json",
        at: "/integrity/integrityFailureIsHardStop",
        good: "true",
        bad: "false",
    },
);

pub(crate) static SCHEMA_PATTERN: Rule = structural(
    "SCHEMA_PATTERN",
    "A string does not have the form that is wanted.",
    "Identifiers and digests are compared to the letter.",
    "Write it in the form that is named.",
    Example {
        base: GRANT,
        at: "/subject",
        good: r#"{"digest": "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"}"#,
        bad: r#"{"digest": "blake3:6437"}"#,
    },
);

pub(crate) static SCHEMA_FORMAT: Rule = structural(
    "SCHEMA_FORMAT",
    "A string is no time, date or address, where one is wanted.",
    "A time that cannot be read can neither pass nor expire.",
    "Write it as the message shows.",
    Example { base: GRANT, at: "/expires", good: r#""2027-01-31T12:00:00Z""#, bad: r#""tomorrow""# },
);

pub(crate) static SCHEMA_RANGE: Rule = structural(
    "SCHEMA_RANGE",
    "A number is too small or too large.",
    "It has no meaning outside its range.",
    "Write a number within the limit that is named.",
    Example { base: "model-plane/inference-receipt.json", at: "/confidence", good: "0.5", bad: "1.5" },
);

pub(crate) static SCHEMA_LENGTH: Rule = structural(
    "SCHEMA_LENGTH",
    "A string is too short or too long.",
    "An empty name names nothing.",
    "Write a string of the length that is named.",
    Example {
        base: "workstation/workstation-contract.v0.1.json",
        at: "/spec/lanes/0/name",
        good: r#""build""#,
        bad: r#""""#,
    },
);

pub(crate) static SCHEMA_COUNT: Rule = structural(
    "SCHEMA_COUNT",
    "A list or an object has too few or too many entries.",
    "An empty list where one entry is needed promises something that is not there.",
    "Add or remove entries as the message says.",
    Example {
        base: "workstation/workstation-contract.v0.1.json",
        at: "/spec",
        good: r#"{"lanes": [{"name": "build", "backend": {"type": "pixi", "pixi": {"manifest_path": "pixi.toml"}}, "steps": [{"name": "test", "run": "pixi run test"}]}]}"#,
        bad: r#"{"lanes": []}"#,
    },
);

pub(crate) static SCHEMA_UNIQUE: Rule = structural(
    "SCHEMA_UNIQUE",
    "A list that is a set has an entry twice.",
    "One of the two was probably meant to be something else.",
    "Remove one of the two, or correct it.",
    Example {
        base: "model-carry/model-carry-authorization-boundary.json",
        at: "/evidenceRefs",
        good: r#"["evidence://model-carry/a"]"#,
        bad: r#"["evidence://model-carry/a", "evidence://model-carry/a"]"#,
    },
);

pub(crate) static SCHEMA_CONDITION: Rule = structural(
    "SCHEMA_CONDITION",
    "A value does not go with another one.",
    "What one member says makes another one necessary, or forbids it.",
    "Change one of the two as the message says.",
    Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/requiredArtifacts",
        good: r#"["AgentMachineProfile", "LocalAgentExecution", "ToolGrantRecord", "ContainerExecutionRecord", "ModelProviderBinding", "AgentMachineDiagnosticBundle"]"#,
        bad: r#"["AgentMachineProfile", "LocalAgentExecution", "ToolGrantRecord", "ContainerExecutionRecord", "ModelProviderBinding"]"#,
    },
);

/// In the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &KIND_UNKNOWN,
    &KIND_VERSION_UNKNOWN,
    &SCHEMA_REQUIRED,
    &SCHEMA_UNKNOWN_MEMBER,
    &SCHEMA_TYPE,
    &SCHEMA_ENUM,
    &SCHEMA_CONST,
    &SCHEMA_PATTERN,
    &SCHEMA_FORMAT,
    &SCHEMA_RANGE,
    &SCHEMA_LENGTH,
    &SCHEMA_COUNT,
    &SCHEMA_UNIQUE,
    &SCHEMA_CONDITION,
    &TEXT_CONTROL_CHARACTER,
];
