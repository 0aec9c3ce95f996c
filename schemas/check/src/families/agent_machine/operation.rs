//! WorkspaceOperationContract: delegation, budgets, profiles and audit.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::operation_events;
use super::scope::{is_list, text};
use crate::duplicate::duplicates;

/// The operations, all of which are supported.
const TYPES: &[&str] = &[
    "agent_machine.profile.create",
    "agent_machine.execution.start",
    "agent_machine.execution.cancel",
    "agent_machine.tool_grant.apply",
    "agent_machine.tool_grant.revoke",
    "agent_machine.container.run",
    "agent_machine.model_provider.bind",
    "agent_machine.diagnostics.export_redacted",
];
/// The members of a budget.
const BUDGET: &[&str] = &[
    "modelCalls",
    "tokens",
    "connectorCalls",
    "cpuGpuComputeSeconds",
    "localDiskBytes",
    "sandboxMemoryBytes",
    "wallClockSeconds",
    "agentConcurrency",
];
/// Members without which nothing runs at all.
const NEEDED: &[&str] = &["cpuGpuComputeSeconds", "sandboxMemoryBytes", "wallClockSeconds"];
/// Profiles that say what sort of model provider is used.
const PROVIDERS: &[&str] = &["local_model_provider", "hosted_model_provider", "user_owned_model"];

pub(crate) static OPERATION_DELEGATION_EMPTY: Rule = Rule {
    id: "OPERATION_DELEGATION_EMPTY",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "Nobody has delegated the execution.",
    why: "There is no ambient authority: what nobody has delegated may not run.",
    mend: "Name the delegation in `delegationRef`.",
    source: "gap: the original accepts an empty delegation",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/localAgentExecution/delegationRef",
        good: r#""urn:srcos:delegation:x""#,
        bad: r#""""#,
    },
};
pub(crate) static OPERATION_REF_EMPTY: Rule = Rule {
    id: "OPERATION_REF_EMPTY",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "An operation, task, command or gate has no name.",
    why: "Events, audit and decisions are tied to it by its name.",
    mend: "Give the name.",
    source: "gap: the original accepts empty references",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/operationTask/taskId",
        good: r#""urn:srcos:operation-task:x""#,
        bad: r#"" ""#,
    },
};
pub(crate) static OPERATION_COMMAND_NOT_AUDITED: Rule = Rule {
    id: "OPERATION_COMMAND_NOT_AUDITED",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "The command of the operation is not audited.",
    why: "The operation would leave no trace.",
    mend: "Add the command, with the operation type of the operation, to `audit.auditableCommands`.",
    source: "gap: the original does not look for the command in the audit list",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/workspaceOperation/commandRef",
        good: r#""urn:srcos:workspace-operation-command:index-start""#,
        bad: r#""urn:srcos:workspace-operation-command:index-start-quietly""#,
    },
};
pub(crate) static OPERATION_GRANT_COMMAND_NOT_AUDITED: Rule = Rule {
    id: "OPERATION_GRANT_COMMAND_NOT_AUDITED",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "A command that gives or takes back a tool is not audited.",
    why: "Nobody could tell who had the tool, and until when.",
    mend: "Add the command to `audit.auditableCommands`, as agent_machine.tool_grant.apply or agent_machine.tool_grant.revoke.",
    source: "gap: the original does not look for the commands of a tool grant in the audit list",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/toolGrantRecord/revokeCommandRef",
        good: r#""urn:srcos:workspace-operation-command:search-tool-revoke""#,
        bad: r#""urn:srcos:workspace-operation-command:search-tool-apply""#,
    },
};
pub(crate) static OPERATION_AUDIT_INCOMPLETE: Rule = Rule {
    id: "OPERATION_AUDIT_INCOMPLETE",
    severity: Severity::Warning,
    kinds: &["workspace-operation-contract"],
    what: "An operation that is supported is not audited.",
    why: "Every action is to leave a record.",
    mend: "Add a command for each operation type.",
    source: "advice: the original forces the two tool grant commands only",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/audit/auditableCommands/0",
        good: r#"{"operationType": "agent_machine.profile.create", "commandRef": "urn:srcos:workspace-operation-command:x", "auditable": true}"#,
        bad: r#"{"operationType": "agent_machine.container.run", "commandRef": "urn:srcos:workspace-operation-command:x", "auditable": true}"#,
    },
};
pub(crate) static OPERATION_AUDIT_DUPLICATE: Rule = Rule {
    id: "OPERATION_AUDIT_DUPLICATE",
    severity: Severity::Warning,
    kinds: &["workspace-operation-contract"],
    what: "A command is in the audit list twice.",
    why: "A record of it cannot be told from a record of the other one.",
    mend: "Keep one, or name the commands apart.",
    source: "advice",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/audit/auditableCommands/0/commandRef",
        good: r#""urn:srcos:workspace-operation-command:x""#,
        bad: r#""urn:srcos:workspace-operation-command:index-start""#,
    },
};
pub(crate) static OPERATION_BUDGET_EXCEEDED: Rule = Rule {
    id: "OPERATION_BUDGET_EXCEEDED",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "The execution has a larger budget than the controls allow.",
    why: "The controls bound every execution; a budget above them is none.",
    mend: "Lower the member in `artifacts.localAgentExecution.budget`.",
    source: "gap: the original does not compare the two budgets",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/localAgentExecution/budget/tokens",
        good: "2500000",
        bad: "2500001",
    },
};
pub(crate) static OPERATION_CONCURRENCY_ZERO: Rule = Rule {
    id: "OPERATION_CONCURRENCY_ZERO",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "No agent may run.",
    why: "The format does not say whether 0 means none or no limit; one reader stops, another starts without end.",
    mend: "Give 1 or more.",
    source: "gap: the original accepts a concurrency of 0",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/localAgentExecution/budget/agentConcurrency",
        good: "1",
        bad: "0",
    },
};
pub(crate) static OPERATION_BUDGET_ZERO: Rule = Rule {
    id: "OPERATION_BUDGET_ZERO",
    severity: Severity::Warning,
    kinds: &["workspace-operation-contract"],
    what: "A budget has no time or no memory at all.",
    why: "The format does not say whether 0 means none or no limit.",
    mend: "Give the amount that is meant.",
    source: "gap: the original gives 0 no meaning",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/localAgentExecution/budget/wallClockSeconds",
        good: "60",
        bad: "0",
    },
};
pub(crate) static OPERATION_AIRGAPPED_HOSTED: Rule = Rule {
    id: "OPERATION_AIRGAPPED_HOSTED",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "The profile is air-gapped, and the model provider is hosted.",
    why: "Every prompt would leave the machine that must not send anything.",
    mend: "Bind local_model_provider or user_owned_model, or run under another profile.",
    source: "gap: the original links no profile to a binding",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/modelProviderBinding/profileType",
        good: r#""user_owned_model""#,
        bad: r#""hosted_model_provider""#,
    },
};
pub(crate) static OPERATION_PROFILE_BINDING: Rule = Rule {
    id: "OPERATION_PROFILE_BINDING",
    severity: Severity::Error,
    kinds: &["workspace-operation-contract"],
    what: "The profile and the model provider belong to different owners.",
    why: "The contract promises that company profiles and user-owned models are kept apart, and a provider profile names its provider.",
    mend: "Bind the provider that the profile names; under a company profile bind a local or hosted one.",
    source: "gap: the original links no profile to a binding",
    example: Example {
        base: "agent-machine/workspace-operation-contract.json",
        at: "/artifacts/agentMachineProfile/profileType",
        good: r#""local_model_provider""#,
        bad: r#""user_owned_model""#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &OPERATION_DELEGATION_EMPTY,
    &OPERATION_REF_EMPTY,
    &OPERATION_COMMAND_NOT_AUDITED,
    &OPERATION_GRANT_COMMAND_NOT_AUDITED,
    &OPERATION_AUDIT_INCOMPLETE,
    &OPERATION_AUDIT_DUPLICATE,
    &OPERATION_BUDGET_EXCEEDED,
    &OPERATION_CONCURRENCY_ZERO,
    &OPERATION_BUDGET_ZERO,
    &OPERATION_AIRGAPPED_HOSTED,
    &OPERATION_PROFILE_BINDING,
];

pub(super) fn check(contract: Node<'_>, report: &mut Report<'_>) {
    let (artifacts, controls) = (contract.get("artifacts"), contract.get("controls"));
    check_names(contract, report);
    check_audit(contract, report);
    let execution = artifacts.get("localAgentExecution");
    check_budgets(execution.get("budget"), controls.get("budget"), report);
    let profile = artifacts.get("agentMachineProfile").get("profileType");
    check_binding(profile, artifacts.get("modelProviderBinding").get("profileType"), report);
    operation_events::check(
        controls.get("operationEvents"),
        contract.get("operationTask").get("state"),
        report,
    );
}

fn check_names(contract: Node<'_>, report: &mut Report<'_>) {
    let (operation, artifacts) = (contract.get("workspaceOperation"), contract.get("artifacts"));
    let delegation = artifacts.get("localAgentExecution").get("delegationRef");
    if delegation.is_blank() {
        report.add(&OPERATION_DELEGATION_EMPTY, delegation, "`delegationRef` is empty");
    }
    let grant = artifacts.get("toolGrantRecord");
    let named = [
        operation.get("operationId"),
        operation.get("commandRef"),
        contract.get("operationTask").get("taskId"),
        grant.get("applyCommandRef"),
        grant.get("revokeCommandRef"),
        artifacts.get("modelProviderBinding").get("policyGateRef"),
    ];
    let commands = contract.get("audit").get("auditableCommands").items();
    for name in named.into_iter().chain(commands.map(|command| command.get("commandRef"))) {
        if name.is_blank() {
            report.add(&OPERATION_REF_EMPTY, name, "the reference is empty");
        }
    }
}

fn check_audit(contract: Node<'_>, report: &mut Report<'_>) {
    let commands = contract.get("audit").get("auditableCommands");
    let is_command = |entry: Node<'_>| {
        TYPES.iter().any(|kind| entry.get("operationType").is(kind))
            && entry.get("commandRef").str().is_some()
    };
    if !is_list(commands) || !commands.items().all(is_command) {
        return; // a fault of the structure; any command may be the one that is looked for
    }
    let is_audited = |kind: &str, command: &str| {
        commands
            .items()
            .any(|entry| entry.get("operationType").is(kind) && entry.get("commandRef").is(command))
    };
    let operation = contract.get("workspaceOperation");
    let (kind, command) = (operation.get("operationType"), operation.get("commandRef"));
    if let Some(kind) = TYPES.iter().find(|name| kind.is(name))
        && let Some(name) = command.str().filter(|_| !command.is_blank())
        && !is_audited(kind, name)
    {
        report.add(&OPERATION_COMMAND_NOT_AUDITED, command, format!("{name} is not audited as {kind}"));
    }
    let grant = contract.get("artifacts").get("toolGrantRecord");
    for (member, kind) in [
        ("applyCommandRef", "agent_machine.tool_grant.apply"),
        ("revokeCommandRef", "agent_machine.tool_grant.revoke"),
    ] {
        let command = grant.get(member);
        if let Some(name) = command.str().filter(|_| !command.is_blank())
            && !is_audited(kind, name)
        {
            report.add(
                &OPERATION_GRANT_COMMAND_NOT_AUDITED,
                command,
                format!("{name} is not audited as {kind}"),
            );
        }
    }
    let is_missing = |kind: &&str| !commands.items().any(|entry| entry.get("operationType").is(kind));
    let missing: Vec<&str> = TYPES.iter().copied().filter(is_missing).collect();
    if !missing.is_empty() {
        report.add(&OPERATION_AUDIT_INCOMPLETE, commands, format!("nothing audits {}", missing.join(", ")));
    }
    for (first, command) in duplicates(commands, |entry| entry.get("commandRef")) {
        let message = format!("{} is command {first} of the list too", text(command));
        report.add(&OPERATION_AUDIT_DUPLICATE, command, message);
    }
}

fn check_budgets(execution: Node<'_>, controls: Node<'_>, report: &mut Report<'_>) {
    for name in BUDGET {
        let (part, most) = (execution.get(name), controls.get(name));
        if let (Some(amount), Some(bound)) = (part.uint(), most.uint())
            && amount > bound
        {
            report.add(
                &OPERATION_BUDGET_EXCEEDED,
                part,
                format!("`{name}` is {amount}, the controls allow {bound}"),
            );
        }
    }
    for budget in [execution, controls] {
        let agents = budget.get("agentConcurrency");
        if agents.uint() == Some(0) {
            report.add(&OPERATION_CONCURRENCY_ZERO, agents, "`agentConcurrency` is 0");
        }
        for name in NEEDED {
            if budget.get(name).uint() == Some(0) {
                report.add(&OPERATION_BUDGET_ZERO, budget.get(name), format!("`{name}` is 0"));
            }
        }
    }
}

fn check_binding(profile: Node<'_>, binding: Node<'_>, report: &mut Report<'_>) {
    let (Some(name), Some(provider)) = (profile.str(), binding.str()) else { return };
    let contradicts = match name {
        "airgapped_local_only" => {
            if provider == "hosted_model_provider" {
                let message = "the profile is airgapped_local_only, the provider is hosted";
                report.add(&OPERATION_AIRGAPPED_HOSTED, binding, message);
            }
            false
        }
        "corporate_firewall" | "multi_corporate_firewall" => provider == "user_owned_model",
        _ => PROVIDERS.contains(&name) && PROVIDERS.contains(&provider) && name != provider,
    };
    if contradicts {
        report.add(
            &OPERATION_PROFILE_BINDING,
            binding,
            format!("the profile is {name}, the provider is {provider}"),
        );
    }
}
