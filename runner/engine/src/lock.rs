//! `adapters.lock`: which adapter was reviewed, to the byte.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use contract_ipc::{Capabilities, Code};
use contract_json::{Digest, split_digest, to_canonical_vec};
use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::document::read_document;
use crate::failure::Failure;

/// The lock file, `schemas/json/adapter/adapters-lock.v0.schema.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// `adapters-lock.v0`
    pub v: LockVersion,
    /// By name of the adapter.
    pub adapters: BTreeMap<String, Pin>,
}

/// Version tag of a lock file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockVersion {
    /// The first version.
    #[default]
    #[serde(rename = "adapters-lock.v0")]
    V0,
}

/// One reviewed adapter; digests are `blake3:` and 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Its program or script.
    pub command: String,
    /// Its manifest in canonical form, when it has one.
    #[serde(default)]
    pub manifest: Option<String>,
    /// Its capabilities message in canonical form.
    pub capabilities: String,
}

/// `blake3:` digest of a file, read in blocks.
///
/// # Errors
/// What the file system says.
pub fn digest_file(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(format!("blake3:{}", hasher.finalize().to_hex())),
            count => hasher.update(&block[..count]),
        };
    }
}

/// `blake3:` digest of the files that make up an adapter; one file counts as itself.
///
/// # Errors
/// `ADAPTER_NOT_FOUND` when one cannot be read.
pub fn digest_command(command: &Command) -> Result<String, Failure> {
    let digests = command
        .own
        .iter()
        .map(|path| {
            digest_file(path)
                .map_err(|error| Failure::new(Code::AdapterNotFound, format!("{}: {error}", path.display())))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(match digests.as_slice() {
        [one] => one.clone(),
        several => Digest::of(several.join("\n").as_bytes()).blake3_uri(),
    })
}

/// `blake3:` digest of an offer.
#[must_use]
pub fn digest_capabilities(offered: &Capabilities) -> String {
    Digest::of(&to_canonical_vec(offered)).blake3_uri()
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE` with the place.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |what: String| Failure::new(Code::ContractInputUnreadable, what);
        let text = read_document(path).map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
        let lock: Self = contract_json::from_slice(&text)
            .map_err(|error| unreadable(format!("{}:{error}", path.display())))?;
        for (name, pin) in &lock.adapters {
            let digests = [
                ("command", Some(&pin.command)),
                ("manifest", pin.manifest.as_ref()),
                ("capabilities", Some(&pin.capabilities)),
            ];
            for (member, digest) in digests {
                digest.map_or(Ok(()), |digest| check_blake3(digest)).map_err(|why| {
                    unreadable(format!("{}: /adapters/{name}/{member}: {why}", path.display()))
                })?;
            }
        }
        Ok(lock)
    }

    /// Checks what can be checked before the start.
    ///
    /// # Errors
    /// `ADAPTER_LOCK_MISMATCH` names what changed; an adapter that is not in the lock was not reviewed.
    pub fn check_files(&self, command: &Command) -> Result<(), Failure> {
        let Some(pin) = self.adapters.get(&command.name) else {
            let names: Vec<&str> = self.adapters.keys().map(String::as_str).collect();
            let what =
                format!("adapter `{}` is not in the lock, which has {}", command.name, names.join(", "));
            return Err(Failure::new(Code::AdapterLockMismatch, what)
                .hint("Review it and add it with `contract-runner adapter lock`, or run without --lock."));
        };
        let found = digest_command(command)?;
        if pin.command != found {
            return Err(mismatch(&command.name, "command", &pin.command, &found));
        }
        let manifest = command.manifest.as_ref().map(|found| found.digest.clone());
        if pin.manifest != manifest {
            let none = || "none".to_owned();
            return Err(mismatch(
                &command.name,
                "manifest",
                &pin.manifest.clone().unwrap_or_else(none),
                &manifest.unwrap_or_else(none),
            ));
        }
        Ok(())
    }

    /// Checks the offer.
    ///
    /// # Errors
    /// `ADAPTER_LOCK_MISMATCH`
    pub fn check_offer(&self, name: &str, offered: &Capabilities) -> Result<(), Failure> {
        let pin = self.adapters.get(name).expect("check_files() has found it");
        let found = digest_capabilities(offered);
        if pin.capabilities == found {
            Ok(())
        } else {
            Err(mismatch(name, "capabilities", &pin.capabilities, &found))
        }
    }
}

/// Digests in documents of ours are BLAKE3.
pub(crate) fn check_blake3(text: &str) -> Result<(), String> {
    match split_digest(text) {
        Ok(("blake3", _)) => Ok(()),
        Ok(_) => Err(format!("`{text}`: write the blake3 digest")),
        Err(error) => Err(error.to_string()),
    }
}

fn mismatch(name: &str, what: &str, locked: &str, found: &str) -> Failure {
    Failure::new(
        Code::AdapterLockMismatch,
        format!("adapter `{name}`: its {what} changed: locked {locked}, found {found}"),
    )
}
