//! Plans the mounts of an agent machine. It never mounts.

use std::process::ExitCode;

use adapter_mount_plan::MountPlan;
use contract_adapter::serve;

fn main() -> ExitCode {
    serve(MountPlan)
}
