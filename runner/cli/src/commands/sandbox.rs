//! `sandbox check`

use contract_engine::Failure;
use contract_ipc::{Code, Exit};
use contract_sandbox::{HostAnswer, check_host};
use serde_json::json;

use super::{print_json, print_line};
use crate::args::{Format, Output};

pub(crate) fn check(max_abi: Option<u8>, output: Output) -> Result<Exit, Failure> {
    let report = check_host(max_abi).map_err(|error| {
        Failure::new(Code::SandboxUnavailable, format!("nothing could be tried: {error}"))
    })?;
    let exit = if report.one_process.complete { Exit::Satisfied } else { Exit::Denied };
    if output.format == Format::Json {
        print_json(&json!(report))?;
        return Ok(exit);
    }
    print("one process, no sockets (the default)", &report.one_process, output)?;
    print("several processes (--allow processes=N)", &report.several_processes, output)?;
    print("its own TCP sockets (--allow raw-tcp=PORT)", &report.raw_tcp, output)?;
    Ok(exit)
}

fn print(title: &str, answer: &HostAnswer, output: Output) -> Result<(), Failure> {
    let verdict = match (&answer.failure, answer.complete) {
        (Some(_), _) => "cannot run",
        (None, true) => "complete",
        (None, false) => "has gaps",
    };
    print_line(&format!("{title}: {verdict}"))?;
    if let Some(failure) = &answer.failure {
        print_line(&format!("  {failure}"))?;
    }
    if let Some(report) = &answer.report {
        print_line(&format!(
            "  Landlock ABI {} of the kernel's {}, {} filter instructions",
            report.landlock_abi, report.kernel_landlock_abi, report.filter_instructions
        ))?;
        for enforced in &report.enforced {
            print_line(&format!("  {:<18}{}", enforced.property.name(), enforced.by.join(", ")))?;
        }
        if output.verbose {
            for open in &report.not_covered {
                print_line(&format!("  open: {} ({})", open.what, open.why))?;
            }
        }
    }
    for gap in &answer.gaps {
        print_line(&format!(
            "  missing: {} ({}); {}, or {}",
            gap.property, gap.why, gap.cure, gap.accept_flag
        ))?;
    }
    Ok(())
}
