//! References to services in a folder: which are in order. The answers have the form that `sourceos-ai` prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract_json::{Limits, Tape};
use serde::{Deserialize, Serialize};

use crate::document::{Document, Documents, read_text};
use crate::error::ModelError;
use crate::keys::Keys;
use crate::signature::verify_signature;

/// The kind of document.
pub const CARRY_REF: &str = "sourceos-carry-ref";
/// How the names of the files end.
pub const CARRY_REF_END: &str = "-carry-ref.json";

/// Whether something is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Ok,
    /// It is not.
    Failed,
}

impl Status {
    /// In order, when all of them are.
    pub fn of_all<'r>(results: impl IntoIterator<Item = &'r CarryResult>) -> Self {
        let failed = results.into_iter().any(|result| result.status == Self::Failed);
        if failed { Self::Failed } else { Self::Ok }
    }
}

/// What was found of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarryResult {
    /// The file; the folder when it has none.
    pub path: String,
    /// Its `metadata.name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What the service is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub surface: String,
    /// Whether it is in order.
    pub status: Status,
    /// What is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl CarryResult {
    /// Of something that is looked at beside the references.
    #[must_use]
    pub fn of(path: String, name: &str, found: Result<(), String>) -> Self {
        let status = if found.is_ok() { Status::Ok } else { Status::Failed };
        Self {
            path,
            name: name.to_owned(),
            surface: String::new(),
            status,
            errors: found.err().into_iter().collect(),
        }
    }
}

/// A reference that is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CarryItem {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What the service is for.
    pub surface: String,
    /// Address of the service.
    pub service_ref: String,
    /// How it is reached when nobody says otherwise.
    pub mode: String,
    /// What this machine may decide about it.
    pub authority: String,
}

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryRefs {
    /// One for each file, in the order of paths.
    pub results: Vec<CarryResult>,
    /// Those that are in order, in the order of names.
    pub items: Vec<CarryItem>,
    /// How many signatures were held against a key; none when no keys were given.
    pub signed: Option<usize>,
}

#[derive(Deserialize)]
struct Written {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    surface: String,
    service_ref: String,
    #[serde(default)]
    launch: Launch,
    authority: Authority,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Launch {
    #[serde(default)]
    default_mode: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    sourceos_role: String,
}

/// Which signatures are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Signatures<'k> {
    /// Nobody gave keys, so nothing is said about signatures.
    NotChecked,
    /// Every reference asks for a signature (`policy.requiresSignedServiceRef`), and it must be by one of these.
    By(&'k Keys),
}

/// One file on its way to a result.
struct Seen {
    path: PathBuf,
    name: String,
    surface: String,
    item: Option<CarryItem>,
    errors: Vec<String>,
}

/// Looks at every `*-carry-ref.json` of a folder. Not at those in folders below. A folder with none of them, or one that cannot be read, is
/// a result of its own.
#[must_use]
pub fn check_carry_refs(documents: &Documents, folder: &Path, signatures: Signatures<'_>) -> CarryRefs {
    let paths = crate::folder::files_ending(folder, CARRY_REF_END).map_err(|error| error.to_string());
    let paths =
        paths.and_then(
            |paths| {
                if paths.is_empty() { Err(format!("no *{CARRY_REF_END} in it")) } else { Ok(paths) }
            },
        );
    let paths = match paths {
        Ok(paths) => paths,
        Err(why) => {
            let result = CarryResult::of(folder.display().to_string(), "", Err(why));
            return CarryRefs { results: vec![result], items: Vec::new(), signed: None };
        }
    };
    let mut signed = 0;
    let mut seen: Vec<Seen> =
        paths.into_iter().map(|path| look(documents, path, signatures, &mut signed)).collect();
    refuse_duplicates(&mut seen);
    let results = seen.iter().map(|seen| CarryResult {
        path: seen.path.display().to_string(),
        name: seen.name.clone(),
        surface: seen.surface.clone(),
        status: if seen.errors.is_empty() { Status::Ok } else { Status::Failed },
        errors: seen.errors.clone(),
    });
    let results = results.collect();
    let good = seen.into_iter().filter(|seen| seen.errors.is_empty());
    let mut items: Vec<CarryItem> = good.filter_map(|seen| seen.item).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    let signed = matches!(signatures, Signatures::By(_)).then_some(signed);
    CarryRefs { results, items, signed }
}

fn look(documents: &Documents, path: PathBuf, signatures: Signatures<'_>, signed: &mut usize) -> Seen {
    let mut seen = Seen { path, name: String::new(), surface: String::new(), item: None, errors: Vec::new() };
    let text = match read_text(&seen.path) {
        Ok(text) => text,
        Err(error) => {
            seen.errors.push(error.to_string());
            return seen;
        }
    };
    (seen.name, seen.surface) = said(&text);
    match documents.judge(&seen.path, text, Some(CARRY_REF)) {
        Err(refused) => seen.errors = refused.faults,
        Ok(document) => match item(&document) {
            Err(error) => seen.errors.push(error.to_string()),
            Ok(item) => {
                seen.item = Some(item);
                if let Signatures::By(keys) = signatures {
                    match verify_signature(documents, &document, keys) {
                        Ok(_) => *signed += 1,
                        Err(error) => seen.errors.push(format!("{}: {error}", error.code())),
                    }
                }
            }
        },
    }
    seen
}

/// Name and surface of a document that may be wrong in other places.
fn said(text: &[u8]) -> (String, String) {
    let mut tape = Tape::new();
    let Ok(value) = tape.parse(text, &Limits::default()) else { return Default::default() };
    let at =
        |pointer| value.pointer(pointer).and_then(|found| found.as_str()).unwrap_or_default().into_owned();
    (at("/metadata/name"), at("/spec/surface"))
}

fn item(document: &Document) -> Result<CarryItem, ModelError> {
    let Written { metadata, spec } = document.parse()?;
    Ok(CarryItem {
        name: metadata.name,
        version: metadata.version,
        surface: spec.surface,
        service_ref: spec.service_ref,
        mode: spec.launch.default_mode,
        authority: spec.authority.sourceos_role,
    })
}

/// Who asks for a service by its name must get one.
fn refuse_duplicates(seen: &mut [Seen]) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for seen in seen.iter_mut().filter(|seen| !seen.name.is_empty()) {
        let path = seen.path.display().to_string();
        match first.get(&seen.name) {
            Some(before) => {
                seen.errors.push(format!("the name {} is also that of {before}", seen.name.escape_debug()));
            }
            None => drop(first.insert(seen.name.clone(), path)),
        }
    }
}
