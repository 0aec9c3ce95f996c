//! `model verify`

use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_models::{
    Documents, Keys, Manifest, ModelError, ModelRef, Sha256Digest, Store, verify_signature,
};
use serde_json::{Value, json};

use super::super::{counted, failure_json, print_json, print_line, usage};
use super::failure;
use super::places::{Named, folders, store};
use super::reading::Reading;
use crate::args::{Format, Output, Signers, VerifyModelArgs};
use crate::style::tame;

/// One thing that was looked at.
struct Finding {
    /// What it is.
    subject: String,
    file: Option<PathBuf>,
    found: Option<Sha256Digest>,
    /// What it was found to be, or what is wrong with it.
    result: Result<String, Failure>,
}

impl Finding {
    fn of(subject: String, result: Result<String, ModelError>) -> Self {
        Self { subject, file: None, found: None, result: result.map_err(failure) }
    }
}

pub(super) fn verify(args: &VerifyModelArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    if args.manifest.is_none() && args.signers.keys.is_some() {
        return Err(usage("--keys is for the signature of a manifest, and none is named with --manifest"));
    }
    let documents = Documents::default();
    let mut reading = Reading::new(around, output);
    let mut findings = Vec::new();
    let store = store(args.places.store.as_deref(), around)?;
    let manifest = match &args.manifest {
        Some(path) => Some(read_manifest(&documents, args, &around.root.join(path), around, &mut findings)?),
        None => None,
    };
    let mut named =
        args.model.iter().map(|model| Named::parse(model, around)).collect::<Result<Vec<_>, _>>()?;
    match &manifest {
        Some((path, manifest)) if named.is_empty() => {
            let folders = folders(&args.places, around);
            entries(manifest, path, &folders, &store, &mut reading, &mut findings)?;
        }
        None if named.is_empty() => {
            for stored in store.models(&documents).map_err(failure)? {
                match stored {
                    Ok(stored) => named.push(Named::Reference(stored.reference)),
                    Err(error) => findings.push(Finding::of("a model in the store".to_owned(), Err(error))),
                }
            }
        }
        _ => {}
    }
    for named in named {
        let manifest = manifest.as_ref().map(|(_, manifest)| manifest);
        findings.push(one(&named, manifest, &documents, &store, &mut reading));
    }
    reading.end();
    if findings.is_empty() {
        let what = format!("nothing to verify: the store {} is empty", store.folder().display());
        return Err(Failure::new(Code::ModelNotFound, what));
    }
    tell(findings, output)
}

/// Manifest, signature and chain.
fn read_manifest(
    documents: &Documents,
    args: &VerifyModelArgs,
    path: &Path,
    around: &Surroundings,
    findings: &mut Vec<Finding>,
) -> Result<(PathBuf, Manifest), Failure> {
    let document = documents.read(path, contract_models::MANIFEST).map_err(failure)?;
    let manifest = Manifest::of(&document).map_err(failure)?;
    let named = |what: &str| format!("{what} of {} version {}", manifest.id, manifest.version);
    let Signers { keys, require_signature } = &args.signers;
    if let Some(folder) = keys {
        let keys = Keys::read(&around.root.join(folder)).map_err(failure)?;
        match verify_signature(documents, &document, &keys) {
            Ok(signed) => findings.push(Finding::of(named("signature"), Ok(format!("by {}", signed.key_id)))),
            // A signature that is there must hold; that there is none is told only where one is required.
            Err(ModelError::Unsigned { .. }) if !require_signature => {}
            Err(error) => findings.push(Finding::of(named("signature"), Err(error))),
        }
    }
    if let Some(previous) = &args.previous {
        let previous = Manifest::read(documents, &around.root.join(previous)).map_err(failure)?;
        let follows = manifest.follows(&previous).map(|()| format!("follows version {}", previous.version));
        findings.push(Finding::of(named("chain"), follows));
    }
    Ok((path.to_owned(), manifest))
}

/// The files of all entries.
fn entries(
    manifest: &Manifest,
    path: &Path,
    folders: &[PathBuf],
    store: &Store,
    reading: &mut Reading,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let beside = path.parent().unwrap_or(Path::new("."));
    let held = manifest.holders(beside, folders, Some(store), &mut |path| reading.anew(path));
    let mut any = false;
    for held in held.map_err(failure)? {
        any |= held.file.is_some();
        let result = held.check().map(|()| match &held.file {
            Some(_) => "its bytes are those of the manifest".to_owned(),
            None => "no file here holds it".to_owned(),
        });
        let mut finding = Finding::of(held.entry.id.clone(), result);
        (finding.file, finding.found) = held.file.unzip();
        findings.push(finding);
    }
    if any {
        return Ok(());
    }
    let what = format!("no file of {} is here", manifest.id);
    Err(Failure::new(Code::ModelNotFound, what)
        .hint("Name the folder that has them with --models, or the files."))
}

/// A model that the user names.
fn one(
    named: &Named,
    manifest: Option<&Manifest>,
    documents: &Documents,
    store: &Store,
    reading: &mut Reading,
) -> Finding {
    let (subject, path, expected) = match named {
        Named::File(path) => (path.display().to_string(), path.clone(), None),
        Named::Reference(reference) => match store.get(documents, *reference) {
            Ok(stored) => (reference.to_string(), stored.path, Some(reference.0)),
            Err(error) => return Finding::of(reference.to_string(), Err(error)),
        },
    };
    let found = match reading.anew(&path) {
        Ok(found) => found,
        Err(error) => return Finding::of(subject, Err(error)),
    };
    let result = match (expected, manifest) {
        (Some(expected), _) if expected != found => {
            Err(failure(ModelError::Mismatch { what: path.display().to_string(), expected, found }))
        }
        (_, Some(manifest)) => in_manifest(&path, found, manifest),
        (Some(_), None) => Ok("its bytes are those that were imported".to_owned()),
        (None, None) => match store.get(documents, ModelRef(found)) {
            Ok(stored) => Ok(format!("its bytes are those of {}", stored.reference)),
            Err(_) => {
                let what = format!(
                    "{}: nothing here says what its digest should be; it is sha256:{found}",
                    path.display()
                );
                Err(Failure::new(Code::ModelNotFound, what)
                    .hint("Name the manifest that does with --manifest, or import the file."))
            }
        },
    };
    Finding { subject, file: Some(path), found: Some(found), result }
}

fn in_manifest(path: &Path, found: Sha256Digest, manifest: &Manifest) -> Result<String, Failure> {
    let entries: Vec<&str> = manifest.with_content(found).map(|entry| entry.id.as_str()).collect();
    if entries.is_empty() {
        let expected: Vec<String> =
            manifest.entries.iter().map(|entry| format!("sha256:{} ({})", entry.content, entry.id)).collect();
        let what =
            format!("{}: expected one of {}, found sha256:{found}", path.display(), expected.join(", "));
        return Err(Failure::new(Code::ModelDigestMismatch, what));
    }
    Ok(format!("its bytes are those of {}", entries.join(", ")))
}

/// Everything that is in order, and then what is not; the first of it ends the command.
fn tell(findings: Vec<Finding>, output: Output) -> Result<Exit, Failure> {
    let first = findings.iter().find_map(|finding| finding.result.as_ref().err()).cloned();
    if output.format == Format::Json {
        let exit = first.map_or(Exit::Satisfied, |first| first.code.exit());
        let findings: Vec<Value> = findings.iter().map(as_json).collect();
        let answer = if exit == Exit::Satisfied { "verified" } else { "not verified" };
        print_json(&json!({"v": "model-verify.v0", "answer": answer, "findings": findings}))?;
        return Ok(exit);
    }
    let mut failed = 0;
    for finding in &findings {
        match &finding.result {
            Ok(what) => print_line(&format!("ok      {}: {}", tame(&finding.subject), tame(what)))?,
            Err(error) => {
                failed += 1;
                print_line(&format!("FAILED  {}: {}", tame(&finding.subject), error.code_text()))?;
            }
        }
    }
    let Some(mut first) = first else {
        return Ok(Exit::Satisfied);
    };
    if failed > 1 {
        let more = counted(failed - 1, "other", "others");
        first.message = format!("{}; and {more} failed", first.message);
    }
    Err(first)
}

fn as_json(finding: &Finding) -> Value {
    let (result, error) = match &finding.result {
        Ok(what) => (Some(what), None),
        Err(error) => (None, Some(failure_json(error))),
    };
    json!({
        "subject": finding.subject,
        "file": finding.file.as_ref().map(|path| path.display().to_string()),
        "sha256": finding.found,
        "result": result,
        "error": error,
    })
}
