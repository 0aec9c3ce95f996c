//! Inference by a server that speaks the HTTP API of OpenAI.

use std::process::ExitCode;

fn main() -> ExitCode {
    contract_adapter::serve(adapter_openai_endpoint::EndpointAdapter::new())
}
