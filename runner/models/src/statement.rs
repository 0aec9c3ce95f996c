//! What an operator says about a model that is imported, and the pack that this makes.

use serde_json::{Value, json};

use crate::digest::Sha256Digest;
use crate::error::ModelError;

/// Tasks that the format knows.
pub const TASK_CLASSES: &[&str] = &[
    "router",
    "triage",
    "summarization",
    "rewrite",
    "office-assist",
    "artifact-drafting",
    "coding-assist",
    "repo-triage",
    "privacy-first-chat",
    "offline-fallback",
    "operator-assist",
    "evidence-inspection",
    "workroom-local",
    "field-workroom",
    "operator-selected",
];

/// Longest text of a statement in characters.
const MAX_CHARS: usize = 2000;
/// The least free space of a pack of this kind in GB.
const LEAST_FREE_GB: u64 = 8;
const GB: u64 = 1_000_000_000;

/// What is said of the licence. Saying nothing is not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Licence {
    /// This one.
    Stated(String),
    /// The operator does not attest any.
    Refused,
}

/// What an operator says about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Name of the model.
    pub name: String,
    /// Its licence.
    pub licence: Licence,
    /// Where it comes from: an address or a text.
    pub origin: String,
    /// What it is for, at least one of [`TASK_CLASSES`].
    pub tasks: Vec<String>,
}

impl Statement {
    /// Whether everything was said.
    ///
    /// # Errors
    /// `MODEL_STATEMENT_INVALID`.
    pub fn check(&self) -> Result<(), ModelError> {
        let wrong = |what: String| Err(ModelError::Statement(what));
        let mut texts = vec![("name", &self.name), ("origin", &self.origin)];
        if let Licence::Stated(text) = &self.licence {
            texts.push(("licence", text));
        }
        for (what, text) in texts {
            if text.trim().is_empty() || text.chars().count() > MAX_CHARS || text.contains(char::is_control) {
                return wrong(format!("the {what} is one line of 1 to {MAX_CHARS} characters"));
            }
        }
        if self.tasks.is_empty() {
            return wrong("no task is chosen".to_owned());
        }
        for (index, task) in self.tasks.iter().enumerate() {
            if !TASK_CLASSES.contains(&task.as_str()) {
                return wrong(format!(
                    "{} is no task; tasks are {}",
                    task.escape_debug(),
                    TASK_CLASSES.join(", ")
                ));
            }
            if self.tasks[..index].contains(task) {
                return wrong(format!("the task {task} is chosen twice"));
            }
        }
        Ok(())
    }

    /// The name of the pack of a model: its bytes name it.
    pub(crate) fn pack_id(sha256: Sha256Digest) -> String {
        format!("urn:srcos:model-carry-pack:byom-{sha256}")
    }

    fn is_address(&self) -> bool {
        self.origin.contains("://") && !self.origin.contains(char::is_whitespace)
    }

    /// Kind of place that the model comes from, as packs name it.
    pub(crate) fn source_kind(&self) -> &'static str {
        match &self.origin {
            address if address.starts_with("https://huggingface.co/") => "huggingface",
            _ if self.is_address() => "unknown",
            _ => "local-file",
        }
    }

    /// The pack. Nothing is read out of the model: family, size class and quantization are what `model inspect` finds.
    pub(crate) fn pack(&self, sha256: Sha256Digest, bytes: u64) -> Value {
        let size_gb = bytes.div_ceil(GB);
        let free_gb = size_gb.max(LEAST_FREE_GB);
        // The weights, and a quarter for the cache of keys and values: an outline, no measurement.
        let ram_gb = (bytes + bytes / 4).div_ceil(GB).max(1);
        let licence = match &self.licence {
            Licence::Stated(text) => text,
            Licence::Refused => "not attested by the operator",
        };
        json!({
            "schemaVersion": "v0.1",
            "kind": "ModelCarryPack",
            "packId": Self::pack_id(sha256),
            "displayName": self.name,
            "profileKey": "byom-gguf",
            "model": {
                "name": self.name,
                "family": "unknown",
                "parameterClass": "other",
                "quantization": "unknown",
                "format": "gguf",
                "diskSizeHintMb": bytes.div_ceil(1_000_000).max(1),
            },
            "runtimeCompatibility": ["llama.cpp"],
            "footprint": {
                "minimumFreeGb": free_gb,
                "recommendedFreeGb": free_gb,
                "minimumRamGb": ram_gb,
                "recommendedRamGb": ram_gb,
            },
            "provenance": {
                "sourceKind": self.source_kind(),
                "sourceUrl": self.is_address().then_some(&self.origin),
                "licenseRef": licence,
                "sha256": sha256,
                "sha256RequiredBeforeEligibility": true,
            },
            "taskClasses": self.tasks,
            // The format wants this label on every pack of this kind. Whether hash and licence are on record is said by the evidence.
            "labels": ["local-only", "byom-unverified"],
            "policy": {
                "localOnlyDefault": true,
                "promptEgressDefault": "deny",
                "allowToolUseDefault": false,
                "allowNetworkDefault": false,
                "requiresExplicitImport": true,
                "requiresEvidence": true,
                "eligibleForRoutingBeforeHash": false,
            },
            "evidence": {
                "emitPackVerification": true,
                "emitRuntimeHealth": true,
                "emitRouteDecision": true,
                "emitPromptHashOnly": true,
            },
            "notes": "Written by model import.",
        })
    }
}
