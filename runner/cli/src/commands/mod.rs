//! One module for each subcommand.

mod adapter;
mod carry;
mod compare;
mod generate;
mod infer;
mod lane;
mod ledger;
mod model;
mod replay;
mod run;
mod sandbox;
mod schema;
mod validate;
pub(crate) mod verb;
mod verify;

use std::io::Write as _;

use contract_engine::{Failure, ReplayAuthority};
use contract_ipc::{Code, Exit};
use serde_json::{Value, json};

use crate::args::{
    AdapterCommand, Arguments, Authority, Command, Format, LaneCommand, Output, SandboxCommand,
};
use crate::{show, style};

/// Does what was asked for.
pub(crate) fn run(arguments: Arguments) -> Exit {
    let output = arguments.output;
    let fits = match output.format {
        Format::Human | Format::Json => true,
        Format::Github => {
            matches!(arguments.command, Command::Validate(_) | Command::Lane(LaneCommand::Run { .. }))
        }
        Format::Sarif | Format::Junit => matches!(arguments.command, Command::Validate(_)),
    };
    if !fits {
        let what = "sarif and junit are forms of `validate` only, github is one of `validate` and `lane run`";
        return report(&usage(what), output);
    }
    let done = match arguments.command {
        Command::Run(args) => run::run(&args, output),
        Command::Infer(args) => infer::infer(&args, output),
        Command::Verify { folder, expect_digest } => {
            verify::verify(&folder, expect_digest.as_deref(), output)
        }
        Command::Replay { folder, out, allow, limit, grant, max_line_bytes, accept_gap } => {
            let authority = ReplayAuthority {
                allow,
                limits: limit,
                grants: grant,
                accept_gaps: accept_gap,
                max_line_bytes,
            };
            replay::replay(&folder, out.as_deref(), &authority, output)
        }
        Command::Compare { a, b } => compare::compare(&a, &b, output),
        Command::Adapter(AdapterCommand::Inspect(args)) => adapter::inspect(&args, output),
        Command::Adapter(AdapterCommand::Lock { adapters, out, authority }) => {
            adapter::lock(&adapters, out.as_deref(), &authority, output)
        }
        Command::Validate(args) => validate::validate(&args, output),
        Command::Lane(LaneCommand::Plan(args)) => lane::plan(&args, output),
        Command::Lane(LaneCommand::Run { lane, out, keep_going, reports }) => {
            lane::run(&lane, out.as_deref(), keep_going, &reports, output)
        }
        Command::Schema(command) => schema::schema(&command, output),
        Command::Model(command) => model::model(&command, output),
        Command::Carry(command) => carry::carry(&command, output),
        Command::Ledger(command) => ledger::ledger(&command, output),
        Command::Sandbox(SandboxCommand::Check { sandbox_max_abi }) => {
            sandbox::check(sandbox_max_abi, output)
        }
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { folder } => generate::man(&folder, output),
    };
    done.unwrap_or_else(|failure| report(&failure, output))
}

/// A failure without a run.
fn report(failure: &Failure, output: Output) -> Exit {
    if output.format == Format::Json {
        let text =
            json!({"v": "failure.v0", "exit": failure.code.exit().status(), "error": failure_json(failure)});
        if print_json(&text).is_ok() {
            return failure.code.exit();
        }
    }
    show::failure(failure);
    show::cure(failure);
    failure.code.exit()
}

fn failure_json(failure: &Failure) -> Value {
    let mut error = json!({"code": failure.code_text(), "message": failure.message, "hint": failure.cure()});
    if let Some(cause) = &failure.cause {
        error["cause"] = json!(cause);
    }
    if let Some(frame) = &failure.last_frame {
        error["lastFrame"] = json!(frame);
    }
    error
}

fn print_json(value: &Value) -> Result<(), Failure> {
    let text = value.to_string();
    print_line(&String::from_utf8_lossy(&style::json_escaped(text.as_bytes())))
}

/// A line on stdout.
fn print_line(text: &str) -> Result<(), Failure> {
    printed(writeln!(std::io::stdout(), "{text}"))
}

/// What became of something that was printed. That nobody reads any more is no failure; that it is lost is one.
fn printed(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::ContractOutputFailed, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// `1 entry`, `2 entries`
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A file as a whole or not at all.
fn write_whole(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(std::path::Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn usage(what: impl Into<String>) -> Failure {
    Failure::new(Code::ContractUsage, what)
}

/// A request without calls.
fn request(adapter: &str, authority: &Authority) -> contract_engine::Request {
    contract_engine::Request {
        adapter: adapter.to_owned(),
        allow: authority.allow.clone(),
        limits: authority.limit.clone(),
        grants: authority.grant.clone(),
        require_grant: authority.require_grant,
        accept_gaps: authority.accept_gap.clone(),
        max_abi: authority.sandbox_max_abi,
        lock: authority.lock.clone(),
        ..contract_engine::Request::default()
    }
}

/// Errors while something is said on stderr do not matter; this one does not even exist with `-q`.
fn note(output: Output, text: &str) {
    if !output.quiet {
        style::say(text);
    }
}
