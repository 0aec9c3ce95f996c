//! The receipt of a run, as far as the engine knows it; contract-receipts fills in digests, counts and what the transcript
//! says.

use contract_ipc::{Exit, Session};
use contract_receipts::{
    Audit, Authority, BudgetInfo, Counts, DENIED, DelegatedBy, Delegation, Digests, GrantInfo, GrantSubject,
    Invoked, NotCovered, RECEIPT, Receipt, ReceiptError, ReceiptVersion, RunnerInfo, Sandbox, SessionInfo,
    Status,
};
use contract_sandbox::Report;
use serde_json::{Value, json};

use crate::budget::Budget;
use crate::decide::LOCAL_PROFILE;
use crate::failure::Failure;
use crate::grant::FoundGrant;
use crate::plan::{Draft, Plan, profile_json};
use crate::right::Right;
use crate::tokens::Tokens;

/// The program that writes the receipts.
pub(crate) const RUNNER: &str = "contract-runner";

/// The error of a receipt.
pub(crate) fn receipt_error(failure: &Failure) -> ReceiptError {
    ReceiptError {
        code: failure.code_text().to_owned(),
        message: failure.message.clone(),
        cause: failure.cause.clone(),
        hint: Some(failure.cure().to_owned()),
        last_frame: failure.last_frame.clone(),
        details: failure.details.clone(),
    }
}

/// How a run with this failure ended.
pub(crate) fn status_of(failure: Option<&Failure>, rejected: bool, nothing_started: bool) -> Status {
    match failure.map(|failure| failure.code.exit()) {
        None if rejected => Status::Violated,
        None => Status::Satisfied,
        Some(Exit::Denied) if nothing_started => Status::Denied,
        Some(Exit::TimedOut) => Status::TimedOut,
        Some(Exit::Interrupted | Exit::Terminated) => Status::Cancelled,
        Some(_) => Status::Failed,
    }
}

fn grants_info(grants: &[FoundGrant]) -> Delegation {
    Delegation {
        by: if grants.is_empty() { DelegatedBy::LocalOperator } else { DelegatedBy::Grant },
        grants: grants
            .iter()
            .map(|found| GrantInfo {
                digest: found.digest.clone(),
                issuer: found.grant.issuer.clone(),
                subject: GrantSubject {
                    adapter: found.grant.subject.adapter.clone(),
                    digest: found.grant.subject.digest.clone(),
                },
                expires: found.grant.expires.clone(),
            })
            .collect(),
    }
}

fn budget_info(budget: &Budget, processes: u32) -> BudgetInfo {
    BudgetInfo {
        handshake_ms: budget.handshake_ms,
        idle_ms: budget.idle_ms,
        total_ms: budget.total_ms,
        run_ms: budget.run_ms,
        memory_bytes: budget.limits.memory_bytes,
        file_size_bytes: budget.limits.file_size_bytes,
        open_files: budget.limits.open_files,
        cpu_seconds: budget.limits.cpu_seconds,
        processes: u64::from(processes),
    }
}

fn scope(rights: &[Right], tokens: &Tokens) -> Vec<String> {
    let mut scope: Vec<_> = rights.iter().map(|right| right.with_tokens(tokens)).collect();
    scope.sort();
    scope
}

fn args(canonical: &[u8]) -> Value {
    serde_json::from_slice(canonical).expect("canonical_object() made it")
}

struct Base<'a> {
    session: &'a Session,
    argv: &'a [String],
    tokens: &'a Tokens,
    op: Option<&'a str>,
    args: &'a [u8],
    manifest: Option<String>,
    authority: Authority,
}

fn blank(base: Base<'_>) -> Receipt {
    Receipt {
        v: ReceiptVersion::V0,
        ts: base.session.clock.to_string(),
        adapter: base.argv.iter().map(|word| base.tokens.word(word)).collect(),
        capabilities: None,
        invocation: Invoked { op: base.op.unwrap_or_default().to_owned(), args: args(base.args) },
        result: None,
        exit_code: None,
        transcript: None,
        status: Status::Failed,
        error: None,
        reproducible: true,
        wide_integers: false,
        authority: base.authority,
        sandbox: Sandbox::default(),
        manifest: base.manifest,
        session: SessionInfo::from(base.session),
        counts: Counts::default(),
        runner: RunnerInfo {
            name: RUNNER.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest: None,
        },
        digests: Digests::pending(),
        observed: json!({}),
    }
}

/// The receipt of a run that was not allowed.
pub(crate) fn denied(draft: &Draft, out: &std::path::Path, failure: &Failure) -> Receipt {
    let (session, tokens) = (draft.refused_session(out), draft.refused_tokens(out));
    let authority = Authority {
        delegation: grants_info(draft.grants()),
        scope: scope(draft.asked(), &tokens),
        budget: budget_info(draft.budget(), 1),
        policy_profile: LOCAL_PROFILE.to_owned(),
        audit: Audit { transcript: None, receipt: DENIED.to_owned() },
    };
    let mut receipt = blank(Base {
        session: &session,
        argv: &draft.command.argv,
        tokens: &tokens,
        op: draft.op.as_deref(),
        args: &draft.recorded_args(),
        manifest: draft.command.manifest.as_ref().map(|found| found.digest.clone()),
        authority,
    });
    receipt.status = Status::Denied;
    receipt.error = Some(receipt_error(failure));
    receipt
}

/// The receipt of a run that was launched, or that the sandbox refused (then `report` may be missing).
pub(crate) fn launched(plan: &Plan, report: Option<&Report>, runner_digest: Option<String>) -> Receipt {
    let authority = Authority {
        delegation: grants_info(&plan.grants),
        scope: scope(&plan.rights, &plan.tokens),
        budget: budget_info(&plan.budget, plan.profile.processes),
        policy_profile: plan.policy_profile.to_owned(),
        audit: Audit { transcript: None, receipt: RECEIPT.to_owned() },
    };
    let mut receipt = blank(Base {
        session: &plan.session,
        argv: &plan.command.argv,
        tokens: &plan.tokens,
        op: plan.op.as_deref(),
        args: &plan.recorded_args(),
        manifest: plan.command.manifest.as_ref().map(|found| found.digest.clone()),
        authority,
    });
    receipt.runner.digest = runner_digest;
    receipt.sandbox.profile = profile_json(&plan.profile, &plan.tokens);
    if let Some(report) = report {
        receipt.sandbox.requested =
            report.requested.iter().map(|property| property.name().to_owned()).collect();
        receipt.sandbox.enforced = report
            .enforced
            .iter()
            .map(|enforced| serde_json::to_value(enforced).expect("a report is plain data"))
            .collect();
        receipt.sandbox.not_covered = report
            .not_covered
            .iter()
            .map(|open| NotCovered { what: open.what.clone(), why: open.why.clone() })
            .collect();
    }
    receipt
}
