//! A workstation contract, read once and valid from then on.

use std::path::Path;

use contract_check::{Checker, Options, Violation};
use contract_engine::{Failure, open_regular};
use contract_ipc::Code;
use contract_json::Tape;
use serde::Deserialize;

/// A contract that is valid.
#[derive(Debug, Clone)]
pub struct Contract {
    /// Its text.
    pub bytes: Vec<u8>,
    /// `workstation-contract.v0.1` or `workstation-contract.v0.2`
    pub kind: &'static str,
    /// `metadata.id`
    pub id: String,
    /// Its lanes, at least one.
    pub lanes: Vec<Lane>,
}

/// One lane of a contract.
#[derive(Debug, Clone, Deserialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// What it asks to be run in.
    pub backend: Backend,
    /// What it does, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What it may read and write (v0.2).
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// What it promises.
    #[serde(default)]
    pub evidence: Promise,
}

/// What a lane asks to be run in.
#[derive(Debug, Clone, Deserialize)]
pub struct Backend {
    /// `pixi`, `container` or `nix`
    #[serde(rename = "type")]
    pub kind: String,
    /// The image, of a container.
    pub container: Option<Container>,
    /// Manifest and lock, of pixi.
    pub pixi: Option<Pixi>,
}

/// A container image.
#[derive(Debug, Clone, Deserialize)]
pub struct Container {
    /// Name and digest.
    pub image: String,
}

/// The files of a pixi environment.
#[derive(Debug, Clone, Deserialize)]
pub struct Pixi {
    /// Relative to where the lane runs.
    pub manifest_path: Option<String>,
    /// Relative to where the lane runs.
    pub lock_path: Option<String>,
}

/// One step of a lane.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// Its name; two steps may have the same.
    pub name: String,
    /// A script; without one there is nothing to do.
    pub run: Option<String>,
}

/// A declared input or output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// A path of the host.
    pub source: String,
    /// Where a container would see it.
    pub target: String,
    /// It is an input.
    pub read_only: bool,
}

/// What a lane promises.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Promise {
    /// Keys, each of which becomes a document.
    #[serde(default)]
    pub emit: Vec<String>,
}

/// A contract that cannot be used.
#[derive(Debug)]
pub enum ContractError {
    /// It cannot be read, is no JSON, or is no workstation contract.
    Unusable(Failure),
    /// It breaks rules: these.
    Invalid(Vec<Violation>),
}

#[derive(Deserialize)]
struct Document {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    id: String,
}

#[derive(Deserialize)]
struct Spec {
    lanes: Vec<Lane>,
}

/// As `validate` reads documents.
const MAX_BYTES: u64 = 64 << 20;

impl Contract {
    /// Reads and judges the contract at `path`; `home` is what `~` stands for in it.
    ///
    /// # Errors
    /// Why it cannot be used. Nothing of a contract that breaks a rule is looked at further.
    pub fn read(path: &Path, home: Option<&str>) -> Result<Self, ContractError> {
        let unusable = |what: String| {
            ContractError::Unusable(Failure::new(
                Code::ContractInputUnreadable,
                format!("{}: {what}", path.display()),
            ))
        };
        let bytes = read_file(path).map_err(|error| unusable(error.to_string()))?;
        let checker = Checker::new(Options { home: home.map(str::to_owned) });
        let checked = checker
            .check(&mut Tape::new(), &bytes, None)
            .map_err(|error| unusable(format!("{}: {error}", error.position(&bytes))))?;
        if !checked.is_valid() {
            return Err(ContractError::Invalid(checked.violations));
        }
        let kind = checked.kind.map_or("", |kind| kind.name);
        if !kind.starts_with("workstation-contract.") {
            return Err(unusable(format!("it is a {kind}; lanes are in workstation contracts")));
        }
        let document: Document = contract_json::from_slice(&bytes)
            .map_err(|error| unusable(format!("a valid contract that cannot be read: {error}")))?;
        Ok(Self { kind, id: document.metadata.id, lanes: document.spec.lanes, bytes })
    }

    /// The lane called `name`, or the only one.
    ///
    /// # Errors
    /// `CONTRACT_USAGE` lists the names.
    pub fn lane(&self, name: Option<&str>) -> Result<&Lane, Failure> {
        let names = || self.lanes.iter().map(|lane| lane.name.as_str()).collect::<Vec<_>>().join(", ");
        match (name, self.lanes.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => {
                Err(Failure::new(Code::ContractUsage, format!("the contract has several lanes: {}", names()))
                    .hint("Name one with --lane."))
            }
            (Some(name), lanes) => lanes.iter().find(|lane| lane.name == name).ok_or_else(|| {
                Failure::new(Code::ContractUsage, format!("there is no lane `{name}`; there is {}", names()))
            }),
        }
    }
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let (file, _) = open_regular(path)?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_BYTES), &mut bytes)?;
    if bytes.len() as u64 == MAX_BYTES {
        return Err(std::io::Error::other("it has 64 MiB or more"));
    }
    Ok(bytes)
}
