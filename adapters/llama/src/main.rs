//! Runs a language model of the local disk with llama.cpp.

use std::process::ExitCode;

fn main() -> ExitCode {
    contract_adapter::serve(adapter_llama::LlamaAdapter::default())
}
