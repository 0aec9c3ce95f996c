//! Runs one program to its end: the step of a lane.

use std::process::ExitCode;

fn main() -> ExitCode {
    contract_adapter::serve(adapter_process::ProcessAdapter)
}
