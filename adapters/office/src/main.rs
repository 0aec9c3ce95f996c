//! Plans of office artifacts, evidence of the plans, and what an office file says of itself.

use std::process::ExitCode;

use adapter_office::Office;
use contract_adapter::serve;

fn main() -> ExitCode {
    serve(Office)
}
