//! Restricts itself to a profile and executes an adapter; see `contract_sandbox::launch`.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match contract_sandbox::launch::LauncherFds::parse(std::env::args().skip(1)) {
        Ok(fds) => ExitCode::from(contract_sandbox::launch::launch(fds)),
        Err(message) => complain(&message),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    complain("the sandbox needs Linux")
}

fn complain(message: &str) -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "contract-launch: {message}");
    ExitCode::from(contract_sandbox::NOTHING_STARTED)
}
