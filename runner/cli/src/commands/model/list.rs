//! `model list`

use std::path::{Path, PathBuf};

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_models::{
    Documents, Eligibility, FileFact, Kit, MachineFacts, ModelError, Sha256Digest, StoredModel, model_files,
};
use serde_json::{Value, json};

use super::super::{print_json, print_line};
use super::failure;
use super::machine::facts;
use super::places::{folders, store};
use super::reading::Reading;
use crate::args::{Format, Output, Places};
use crate::style::tame;

/// A model file in a folder. Listing reads no model: its digest is shown when it is known.
struct FolderModel {
    path: PathBuf,
    bytes: u64,
    sha256: Option<Sha256Digest>,
}

/// A document in a folder.
struct FolderDocument {
    path: PathBuf,
    kind: Result<&'static str, ModelError>,
}

/// A folder that was named.
struct Folder {
    path: PathBuf,
    models: Vec<FolderModel>,
    documents: Vec<FolderDocument>,
}

pub(super) fn list(
    places: &Places,
    kit: Option<&Path>,
    around: &Surroundings,
    output: Output,
) -> Result<Exit, Failure> {
    let documents = Documents::default();
    let reading = Reading::new(around, output);
    let store = store(places.store.as_deref(), around)?;
    let stored = store.models(&documents).map_err(failure)?;
    let machine = facts(store.folder());
    let folders = folders(places, around)
        .into_iter()
        .map(|folder| look(&documents, &reading, folder))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failure)?;
    let kit = kit.map(|path| Kit::read(&documents, &around.root.join(path))).transpose().map_err(failure)?;
    if output.format == Format::Json {
        let stored: Vec<Value> = stored.iter().map(|model| stored_json(model, &reading, &machine)).collect();
        let folders: Vec<Value> = folders.iter().map(folder_json).collect();
        print_json(&json!({
            "v": "model-list.v0",
            "store": {"folder": store.folder().display().to_string(), "models": stored},
            "folders": folders,
            "kit": kit.as_ref().map(kit_json),
        }))?;
        let whole = kit.is_none_or(|kit| unresolved(&kit).is_empty());
        return Ok(if whole { Exit::Satisfied } else { Code::ModelPackUnresolved.exit() });
    }
    print_line(&format!("store {}", tame(&store.folder().display().to_string())))?;
    if stored.is_empty() {
        print_line("  no model was imported")?;
    }
    for model in &stored {
        print_stored(model, &reading, &machine)?;
    }
    for folder in &folders {
        print_folder(folder)?;
    }
    kit.as_ref().map_or(Ok(Exit::Satisfied), print_kit)
}

fn look(documents: &Documents, reading: &Reading, path: PathBuf) -> Result<Folder, ModelError> {
    let models = model_files(&path)?.into_iter().filter_map(|path| {
        let bytes = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
        Some(FolderModel { sha256: reading.known(&path), path, bytes })
    });
    let models = models.collect();
    let found = contract_models::json_files(&path)?
        .into_iter()
        .map(|path| FolderDocument { kind: documents.read_any(&path).map(|document| document.kind), path });
    Ok(Folder { models, documents: found.collect(), path })
}

/// Pack and conditions of a stored model, as far as they can be judged without reading it.
fn eligibility(model: &StoredModel, reading: &Reading, machine: &MachineFacts) -> Eligibility {
    let known = reading.known(&model.path);
    let file = match (model.bytes, known) {
        (None, _) => FileFact::Absent,
        (Some(_), Some(sha256)) => FileFact::Digest(sha256),
        (Some(_), None) => FileFact::Unread,
    };
    model.pack.eligibility(machine, file)
}

fn print_stored(
    model: &Result<StoredModel, ModelError>,
    reading: &Reading,
    machine: &MachineFacts,
) -> Result<(), Failure> {
    let model = match model {
        Ok(model) => model,
        Err(error) => return print_line(&format!("  BROKEN {}: {}", error.code(), tame(&error.to_string()))),
    };
    let import = &model.import;
    let state = if import.verified { "verified" } else { "unverified" };
    let licence = import.licence.text.as_deref().unwrap_or("licence not attested");
    let bytes = model.bytes.map_or("file is gone".to_owned(), size);
    print_line(&format!("  {}", model.reference))?;
    print_line(&format!(
        "    {}, {bytes}, {state}, {}, for {}",
        tame(&model.pack.model),
        tame(licence),
        import.tasks.join(" ")
    ))?;
    for (condition, _) in model.conditions(reading.known(&model.path)).all().iter().filter(|(_, met)| !met) {
        print_line(&format!("    not met: {condition}"))?;
    }
    for reason in eligibility(model, reading, machine).reasons.iter().filter(|reason| !reason.met) {
        print_line(&format!("    not yet: {}", tame(&reason.what)))?;
    }
    Ok(())
}

/// `27 bytes`, `4.9 GB`: rounded down, in units of 1000.
fn size(bytes: u64) -> String {
    let unit =
        [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)].into_iter().find(|(_, unit)| bytes >= *unit);
    match unit {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => format!("{bytes} bytes"),
    }
}

fn print_folder(folder: &Folder) -> Result<(), Failure> {
    let name = |path: &Path| {
        tame(&path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
    };
    print_line(&format!("folder {}", tame(&folder.path.display().to_string())))?;
    for model in &folder.models {
        let digest = model.sha256.map_or("not read".to_owned(), |sha256| format!("sha256:{sha256}"));
        print_line(&format!("  {}  {}  {digest}", name(&model.path), size(model.bytes)))?;
    }
    for document in &folder.documents {
        let kind = document
            .kind
            .as_ref()
            .map_or_else(|error| format!("BROKEN {}", error.code()), |kind| (*kind).to_owned());
        print_line(&format!("  {}  {kind}", name(&document.path)))?;
    }
    Ok(())
}

fn print_kit(kit: &Kit) -> Result<Exit, Failure> {
    print_line(&format!("kit {} ({})", tame(&kit.id), tame(&kit.display_name)))?;
    for place in &kit.places {
        let state = if place.present { "is there" } else { "is not there" };
        print_line(&format!("  {} {} {state}", place.name, tame(&place.path.display().to_string())))?;
    }
    for (pack, eligibility) in packs(kit) {
        print_line(&format!("  pack {}", tame(&pack.reference)))?;
        for reason in eligibility.iter().flat_map(|found| &found.reasons) {
            let word = if reason.met { "yes" } else { "no" };
            print_line(&format!("    {word}: {}", tame(&reason.what)))?;
        }
    }
    let missing = unresolved(kit);
    if missing.is_empty() {
        return Ok(Exit::Satisfied);
    }
    Err(Failure::new(Code::ModelPackUnresolved, format!("{}: {} not found", kit.id, missing.join(", "))))
}

fn unresolved(kit: &Kit) -> Vec<&str> {
    kit.packs.iter().filter(|pack| pack.found.is_none()).map(|pack| pack.reference.as_str()).collect()
}

/// Packs of a kit, judged on this machine. A model of a kit is a file in its folder of models under its digest.
fn packs(kit: &Kit) -> impl Iterator<Item = (&contract_models::KitPack, Option<Eligibility>)> {
    let machine = facts(&kit.root);
    kit.packs.iter().map(move |pack| {
        let eligibility = pack.found.as_ref().map(|(_, found)| {
            let file = kit
                .folder("models")
                .zip(found.content)
                .map(|(folder, content)| folder.join(format!("{content}.gguf")))
                .filter(|path| path.is_file());
            found.eligibility(&machine, file.map_or(FileFact::Absent, |_| FileFact::Unread))
        });
        (pack, eligibility)
    })
}

fn stored_json(model: &Result<StoredModel, ModelError>, reading: &Reading, machine: &MachineFacts) -> Value {
    let model = match model {
        Ok(model) => model,
        Err(error) => {
            return json!({"error": super::super::failure_json(&Failure::new(error.code(), error.to_string()))});
        }
    };
    json!({
        "model": model.reference,
        "name": model.pack.model,
        "path": model.path.display().to_string(),
        "bytes": model.bytes,
        "verified": model.import.verified,
        "licence": model.import.licence,
        "origin": model.import.origin,
        "tasks": model.import.tasks,
        "conditions": model.conditions(reading.known(&model.path)),
        "eligibility": eligibility_json(&eligibility(model, reading, machine)),
    })
}

fn eligibility_json(eligibility: &Eligibility) -> Value {
    let reasons: Vec<Value> =
        eligibility.reasons.iter().map(|reason| json!({"met": reason.met, "what": reason.what})).collect();
    json!({"eligible": eligibility.is_eligible(), "reasons": reasons})
}

fn folder_json(folder: &Folder) -> Value {
    let models: Vec<Value> = folder
        .models
        .iter()
        .map(|model| json!({"path": model.path.display().to_string(), "bytes": model.bytes, "sha256": model.sha256}))
        .collect();
    let documents: Vec<Value> = folder
        .documents
        .iter()
        .map(|document| {
            let error = document.kind.as_ref().err().map(ToString::to_string);
            json!({"path": document.path.display().to_string(), "kind": document.kind.as_ref().ok(), "error": error})
        })
        .collect();
    json!({"folder": folder.path.display().to_string(), "models": models, "documents": documents})
}

fn kit_json(kit: &Kit) -> Value {
    let places: Vec<Value> = kit
        .places
        .iter()
        .map(|place| json!({"name": place.name, "path": place.path.display().to_string(), "present": place.present}))
        .collect();
    let packs: Vec<Value> = packs(kit)
        .map(|(pack, eligibility)| {
            let path = pack.found.as_ref().map(|(path, _)| path.display().to_string());
            json!({"packId": pack.reference, "path": path, "eligibility": eligibility.as_ref().map(eligibility_json)})
        })
        .collect();
    json!({"rootId": kit.id, "places": places, "packs": packs})
}
