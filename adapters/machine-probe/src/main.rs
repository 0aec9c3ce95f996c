//! Facts about this machine, as an adapter.

use std::process::ExitCode;

use adapter_machine_probe::MachineProbe;
use contract_adapter::serve;

fn main() -> ExitCode {
    serve(MachineProbe::live())
}
