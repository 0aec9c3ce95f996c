//! Flags of `model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use contract_inference::Role;
use contract_models::{DeviceClass, TASK_CLASSES};

use super::VerbArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Shows the models at hand: those that were imported, and those in folders
    List {
        #[command(flatten)]
        places: Places,
        /// The document of a portable kit; its folders must lie on it, and its packs must be there
        #[arg(long, value_name = "FILE")]
        kit: Option<PathBuf>,
    },
    /// Shows what is in a model file; the adapter llama reads it, in its sandbox
    Inspect(Box<InspectModelArgs>),
    /// Copies a model into the store, with a pack and a record of where it comes from and what it is for
    Import(ImportArgs),
    /// Reads models anew, and compares their digests with what manifests and records say
    Verify(VerifyModelArgs),
    /// Shows which entries of a manifest are meant for a machine, and why
    Resolve(ResolveArgs),
    /// Shows which profile would serve a task, and why each of the others would not; runs nothing
    Route(RouteArgs),
}

/// Where models are looked for.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Places {
    /// A folder with models and their documents
    #[arg(long, value_name = "FOLDER")]
    pub(crate) models: Vec<PathBuf>,
    /// The store of imported models [default: $XDG_DATA_HOME/contract-runner/models]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) store: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectModelArgs {
    /// A GGUF file, or the reference of an imported model
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) verb: VerbArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The GGUF file
    pub(crate) file: PathBuf,
    /// Its licence, such as Apache-2.0
    #[arg(long, value_name = "TEXT", required_unless_present = "license_refused")]
    pub(crate) license: Option<String>,
    /// You attest no licence; the model stays unverified
    #[arg(long, conflicts_with = "license")]
    pub(crate) license_refused: bool,
    /// Where it comes from: an address or a text
    #[arg(long, value_name = "TEXT")]
    pub(crate) origin: String,
    /// What it is for; once for each task
    #[arg(long, required = true, value_name = "TASK", value_parser = clap::builder::PossibleValuesParser::new(TASK_CLASSES))]
    pub(crate) task: Vec<String>,
    /// Its name [default: the name of the file]
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// The store of imported models [default: $XDG_DATA_HOME/contract-runner/models]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) store: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyModelArgs {
    /// GGUF files, or references of imported models [default: with --manifest the files of its entries, otherwise the store]
    #[arg(value_name = "MODEL")]
    pub(crate) model: Vec<String>,
    /// The manifest that names the digests
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// The version of the manifest before it, which it must follow
    #[arg(long, value_name = "FILE", requires = "manifest")]
    pub(crate) previous: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signers: Signers,
    #[command(flatten)]
    pub(crate) places: Places,
}

/// Whose signatures count.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Signers {
    /// A folder with the keys that you trust, as NAME.pub (PEM)
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keys: Option<PathBuf>,
    /// Refuse what no key of --keys has signed
    #[arg(long, requires = "keys")]
    pub(crate) require_signature: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: PathBuf,
    /// Only this modelRef
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The kind of machine
    #[arg(long, value_name = "CLASS", value_parser = device_class)]
    pub(crate) device_class: Option<DeviceClass>,
    /// The version of its system, such as 1.4.0
    #[arg(long, value_name = "VERSION")]
    pub(crate) os_version: Option<contract_models::Version>,
    /// The locale of the user, such as de_DE
    #[arg(long, value_name = "LOCALE")]
    pub(crate) locale: Option<contract_models::Locale>,
}

fn device_class(text: &str) -> Result<DeviceClass, String> {
    let known = DeviceClass::MACHINES;
    known
        .into_iter()
        .find(|(name, _)| *name == text)
        .map(|(_, class)| class)
        .ok_or_else(|| format!("write one of {}", known.map(|(name, _)| name).join(", ")))
}

#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    /// The class of the task: router, triage, summarization, rewrite, office-assist, agent-machine-assist,
    /// offline-fallback, coding-assist, privacy-first-chat
    #[arg(long, value_name = "CLASS", value_parser = role)]
    pub(crate) task: Option<Role>,
    /// Only this profile and what stands in for it
    #[arg(long, value_name = "REF")]
    pub(crate) profile: Option<String>,
    /// The folder with profiles and boundaries
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(crate) profiles: PathBuf,
    /// A folder with the keys whose signatures count, as NAME.pub (PEM): a fallback must be signed
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keys: Option<PathBuf>,
}

pub(crate) fn role(text: &str) -> Result<Role, String> {
    Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("write one of {}", names.join(", "))
    })
}
