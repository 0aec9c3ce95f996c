//! llama.cpp itself, started once in a process and when it is first needed.

use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;

use crate::fault::Fault;
use crate::{cpu, log};

static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();

/// The started backend.
pub(crate) fn backend() -> Result<&'static LlamaBackend, Fault> {
    cpu::check()?;
    let started = BACKEND.get_or_init(|| {
        log::keep();
        LlamaBackend::init().ok()
    });
    started.as_ref().ok_or_else(|| Fault::Engine { what: "its backend does not start".to_owned() })
}
