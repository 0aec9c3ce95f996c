//! `LocalModelProfile`: judged by contract-check, then read once into what can be run.

use std::collections::BTreeSet;
use std::fmt;
use std::num::{NonZeroU16, NonZeroU64};
use std::path::{Component, Path, PathBuf};

use contract_engine::{Failure, Right};
use contract_ipc::Code;
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::gate::{of_model, real};
use crate::judged;
use crate::restrictions::Restrictions;
use crate::sha256::Sha256;

/// A job for which a profile may be chosen, and a class of tasks that a user can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum Role {
    Router,
    Triage,
    Summarization,
    Rewrite,
    OfficeAssist,
    AgentMachineAssist,
    OfflineFallback,
    CodingAssist,
    PrivacyFirstChat,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Router,
        Self::Triage,
        Self::Summarization,
        Self::Rewrite,
        Self::OfficeAssist,
        Self::AgentMachineAssist,
        Self::OfflineFallback,
        Self::CodingAssist,
        Self::PrivacyFirstChat,
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Triage => "triage",
            Self::Summarization => "summarization",
            Self::Rewrite => "rewrite",
            Self::OfficeAssist => "office-assist",
            Self::AgentMachineAssist => "agent-machine-assist",
            Self::OfflineFallback => "offline-fallback",
            Self::CodingAssist => "coding-assist",
            Self::PrivacyFirstChat => "privacy-first-chat",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A profile that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `urn:srcos:model-profile:` and a name.
    pub reference: String,
    /// For people.
    pub display_name: String,
    /// Name under which the runtime knows the model.
    pub model: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it may be chosen for.
    pub roles: BTreeSet<Role>,
    /// What serves it.
    pub runtime: Runtime,
    /// Memory while the model is loaded, in bytes; a hint of its author.
    pub memory_hint_bytes: Option<u64>,
    /// How it limits requests.
    pub restrictions: Restrictions,
    /// Profiles to try when this one cannot answer, in this order.
    pub fallbacks: Vec<String>,
    /// Of the document's text.
    pub digest: Sha256,
}

/// The runtime that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// llama.cpp: the adapter `llama` with a model file.
    Llama(ModelFile),
    /// Ollama or another OpenAI-compatible server: the adapter `openai-endpoint`.
    Endpoint(Address),
    /// mlx and other: no adapter serves it.
    Unserved(String),
}

/// The model file that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFile {
    /// `file:NAME`, below the folder of the profile.
    Below(PathBuf),
    /// What it names is in a catalogue, not here; or it names nothing.
    NotHere(Option<String>),
}

/// The address that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// It can be used.
    At(Endpoint),
    /// It cannot, and why.
    Unusable(String),
}

/// What is run, and by which adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// The adapter `llama` with this file.
    Llama {
        /// The GGUF file.
        model: PathBuf,
    },
    /// The adapter `openai-endpoint` at this address.
    Endpoint {
        /// Where the server listens.
        at: Endpoint,
        /// The model's name there.
        model: String,
    },
}

impl Binding {
    /// Name of the adapter.
    #[must_use]
    pub fn adapter(&self) -> &'static str {
        match self {
            Self::Llama { .. } => "llama",
            Self::Endpoint { .. } => "openai-endpoint",
        }
    }

    /// The rights that the run asks for: one file to read, or one address to connect to. Somebody else must give them.
    #[must_use]
    pub fn asks(&self) -> Vec<Right> {
        match self {
            Self::Llama { model } => vec![Right::Read(model.clone())],
            Self::Endpoint { at, .. } => vec![at.right()],
        }
    }
}

/// The document. What it says about leave to do something is not even named here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    profile_id: String,
    display_name: String,
    runtime: WrittenRuntime,
    model: WrittenModel,
    roles: BTreeSet<Role>,
    policy: WrittenPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRuntime {
    kind: String,
    endpoint: Option<String>,
    default_local_port: Option<NonZeroU16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenModel {
    name: String,
    ollama_ref: Option<String>,
    gguf_ref: Option<String>,
    memory_hint_mb: Option<u64>,
    license_ref: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenPolicy {
    max_prompt_chars: Option<NonZeroU64>,
    #[serde(default)]
    fallback_profile_refs: Vec<String>,
}

impl Profile {
    /// Reads a profile that lies in `folder`. Nothing but the text is looked at.
    ///
    /// # Errors
    /// `INFERENCE_PROFILE_INVALID` with every violation.
    pub fn read(text: &[u8], folder: &Path) -> Result<Self, Failure> {
        let written: Written = judged::read(text, "local-model-profile")
            .map_err(|why| Failure::new(Code::InferenceProfileInvalid, why))?;
        let Written { profile_id, display_name, runtime, model, roles, policy } = written;
        let served = match runtime.kind.as_str() {
            "llama.cpp" => Runtime::Llama(model_file(model.gguf_ref.as_deref(), folder)?),
            "ollama" | "openai-compatible" => Runtime::Endpoint(address(&runtime)),
            other => Runtime::Unserved(other.to_owned()),
        };
        let at_server = model.ollama_ref.filter(|_| runtime.kind == "ollama");
        Ok(Self {
            reference: profile_id,
            display_name,
            model: at_server.unwrap_or(model.name),
            licence: model.license_ref,
            roles,
            runtime: served,
            memory_hint_bytes: model.memory_hint_mb.map(|mb| mb.saturating_mul(1 << 20)),
            restrictions: Restrictions::new(policy.max_prompt_chars),
            fallbacks: policy.fallback_profile_refs,
            digest: Sha256::of(text),
        })
    }

    /// Reads the profile at `path`.
    ///
    /// # Errors
    /// What cannot be read; `INFERENCE_PROFILE_INVALID` with every violation.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let text = contract_models::read_text(path).map_err(of_model)?;
        let folder = real(path)?.parent().unwrap_or(Path::new("/")).to_owned();
        Self::read(&text, &folder).map_err(|failure| Failure {
            message: format!("{}: {}", path.display(), failure.message),
            ..failure
        })
    }

    /// What is run; `model` is the file that the user named, which a profile for llama.cpp takes instead of its own.
    ///
    /// # Errors
    /// `INFERENCE_RUNTIME_UNSUPPORTED`, `INFERENCE_MODEL_NOT_NAMED`
    pub fn binding(&self, model: Option<&Path>) -> Result<Binding, Failure> {
        let not_named =
            |why: String| Failure::new(Code::InferenceModelNotNamed, format!("{}: {why}", self.reference));
        match (&self.runtime, model) {
            (Runtime::Unserved(kind), _) => Err(Failure::new(
                Code::InferenceRuntimeUnsupported,
                format!("{}: no adapter serves the runtime `{kind}`", self.reference),
            )),
            (Runtime::Llama(_), Some(model)) => Ok(Binding::Llama { model: model.to_owned() }),
            (Runtime::Llama(ModelFile::Below(model)), None) => Ok(Binding::Llama { model: model.clone() }),
            (Runtime::Llama(ModelFile::NotHere(named)), None) => {
                let named = named.as_ref().map_or("names no file".to_owned(), |name| {
                    format!("`ggufRef` is {name:?}, which names no file here")
                });
                Err(not_named(named).hint("Give --model FILE, or write `file:NAME` into `ggufRef`."))
            }
            (Runtime::Endpoint(_), Some(model)) => {
                let why = format!("{} cannot be given to a server, which has its models", model.display());
                Err(not_named(why).hint("Leave --model out, or use a profile for llama.cpp."))
            }
            (Runtime::Endpoint(Address::Unusable(why)), None) => Err(not_named(why.clone())),
            (Runtime::Endpoint(Address::At(at)), None) => {
                Ok(Binding::Endpoint { at: at.clone(), model: self.model.clone() })
            }
        }
    }
}

fn model_file(named: Option<&str>, folder: &Path) -> Result<ModelFile, Failure> {
    let Some(name) = named.and_then(|text| text.strip_prefix("file:")) else {
        return Ok(ModelFile::NotHere(named.map(str::to_owned)));
    };
    let path = Path::new(name);
    let below = path.components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || name.contains('\0') || !below {
        let what = format!("`ggufRef` is {name:?}; a profile names files below its own folder");
        return Err(Failure::new(Code::InferenceProfileInvalid, what).hint(
            "Write `file:NAME` without a leading / and without `..`; another file is given by --model.",
        ));
    }
    Ok(ModelFile::Below(folder.join(path)))
}

fn address(runtime: &WrittenRuntime) -> Address {
    let port = runtime.default_local_port.map(NonZeroU16::get);
    match (runtime.endpoint.as_deref().map(Endpoint::parse_url), port) {
        (Some(Ok(at)), Some(port)) if at.port() != port => Address::Unusable(format!(
            "`endpoint` has port {}, `defaultLocalPort` is {port}; which of the two is meant?",
            at.port()
        )),
        (Some(Ok(at)), _) => Address::At(at),
        (Some(Err(why)), _) => Address::Unusable(format!("`endpoint`: {why}")),
        (None, Some(port)) => Address::At(Endpoint::local(port)),
        (None, None) => Address::Unusable("it has neither `endpoint` nor `defaultLocalPort`".to_owned()),
    }
}
