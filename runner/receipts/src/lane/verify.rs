//! Checking the evidence of a lane: its receipt, and every run that it names. The steps are those of docs/lanes.md.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use contract_json::{Digest, Digester, Tape};
use serde_json::Value;

use crate::folder::Folder;
use crate::lane::{EvidenceSource, LaneEvidence, LaneReceipt, RunInfo};
use crate::marks::VOLATILE_MARK;
use crate::names::{CONTRACT, DENIED, EVIDENCE, LANE_RECEIPT, LOCK, LOGS, RUNS, TRANSCRIPT, WIRE};
use crate::receipt::{Receipt, Status};
use crate::shape::{MAX_RECEIPT_BYTES, RECEIPT_LIMITS};
use crate::subject;
use crate::verdict::{Finding, Stop, Verdict};

/// Checks the lane in `dir`, all of its runs included.
pub(crate) fn verify(dir: &Path, expect: Option<&str>) -> Verdict {
    steps(dir, expect).unwrap_or_else(Verdict::from)
}

fn steps(dir: &Path, expect: Option<&str>) -> Result<Verdict, Stop> {
    let folder = open(dir)?;
    let bytes = read(&folder, LANE_RECEIPT, 1)?;
    let receipt = LaneReceipt::from_bytes(&bytes).map_err(|error| {
        Stop::unverifiable(Finding::new(
            1,
            LANE_RECEIPT,
            None,
            "a lane receipt of the schema",
            error.to_string(),
        ))
    })?;
    let mut tape = Tape::new();
    let value = tape.parse(&bytes, &RECEIPT_LIMITS).expect("from_bytes() has read it");
    if receipt.to_bytes() != bytes {
        return Err(mismatch(2, LANE_RECEIPT, "the canonical form", "another"));
    }
    same(3, LANE_RECEIPT, &receipt.digests.receipt, &subject::receipt_digest(value))?;
    let contract = read(&folder, CONTRACT, 4)?;
    same(4, CONTRACT, &receipt.digests.contract, &Digest::of(&contract))?;
    check_contract(&contract, &receipt)?;
    check_ids(&receipt)?;
    let mut results = BTreeMap::new();
    for run in receipt.runs() {
        let found = check_run(dir, run)?;
        if !receipt.evidence.is_empty() {
            results.insert(run.id.clone(), found.result.unwrap_or_default());
        }
    }
    check_evidence(dir, &receipt, &results)?;
    check_names(dir, &receipt)?;
    check_status(&receipt)?;
    same(9, LANE_RECEIPT, &receipt.digests.subject, &receipt.subject_digest())?;
    let receipt = receipt.digests.receipt;
    match expect.map(|expect| (expect, receipt.matches(expect))) {
        None => Ok(Verdict::Consistent { receipt }),
        Some((_, Ok(true))) => Ok(Verdict::Verified { receipt }),
        Some((expect, _)) => Err(mismatch(10, LANE_RECEIPT, expect, &receipt.blake3_uri())),
    }
}

/// Step 4: the receipt speaks of this contract: its lane, all of its steps, and what it promises.
fn check_contract(contract: &[u8], receipt: &LaneReceipt) -> Result<(), Stop> {
    let contract: Value = contract_json::from_slice(contract).map_err(|error| {
        Stop::unverifiable(Finding::new(4, CONTRACT, None, "strict JSON", error.to_string()))
    })?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let lanes = list(&contract["spec"]["lanes"]);
    let Some(lane) = lanes.iter().find(|lane| lane["name"] == receipt.lane) else {
        return Err(mismatch(4, LANE_RECEIPT, "a lane of the contract", &receipt.lane));
    };
    let steps: Vec<String> = list(&lane["steps"]).iter().map(|step| text(&step["name"])).collect();
    let promised: Vec<String> = list(&lane["evidence"]["emit"]).iter().map(text).collect();
    let told: Vec<String> = receipt.steps.iter().map(|step| step.name.clone()).collect();
    if steps != told {
        return Err(mismatch(4, LANE_RECEIPT, &steps.join(", "), &told.join(", ")));
    }
    for (expected, found) in [
        (text(&contract["metadata"]["id"]), &receipt.contract.id),
        (text(&lane["backend"]["type"]), &receipt.backend.asked),
    ] {
        if expected != *found {
            return Err(mismatch(4, LANE_RECEIPT, &expected, found));
        }
    }
    // A satisfied lane that is whole has run every step that has something to run.
    let runs_all = receipt.status == Status::Satisfied && !receipt.partial;
    for (step, told) in list(&lane["steps"]).iter().zip(&receipt.steps).filter(|_| runs_all) {
        if !text(&step["run"]).trim().is_empty() && told.runs.is_empty() {
            return Err(mismatch(4, LANE_RECEIPT, &format!("runs of step `{}`", told.name), "none"));
        }
    }
    let keys: BTreeSet<&String> = receipt.evidence.iter().map(|info| &info.key).collect();
    if let Some(other) = keys.iter().find(|key| !promised.contains(key)) {
        return Err(mismatch(4, LANE_RECEIPT, "evidence that the contract promises", other));
    }
    let missing = promised.iter().find(|key| !keys.contains(key));
    match missing.filter(|_| runs_all) {
        Some(missing) => Err(mismatch(4, LANE_RECEIPT, &format!("the evidence {missing}"), "none")),
        None => Ok(()),
    }
}

/// Step 5: each run is there once, at its step.
fn check_ids(receipt: &LaneReceipt) -> Result<(), Stop> {
    let mut seen = BTreeSet::new();
    let before = receipt.before.iter().map(|run| (0, run));
    let steps = receipt
        .steps
        .iter()
        .zip(1..)
        .flat_map(|(step, number)| step.runs.iter().map(move |run| (number, run)));
    for (number, run) in before.chain(steps) {
        let start = format!("{number:02}-");
        if !run.id.starts_with(&start) {
            return Err(mismatch(5, LANE_RECEIPT, &format!("a run of step {number} ({start}...)"), &run.id));
        }
        if !seen.insert(&run.id) {
            return Err(mismatch(5, LANE_RECEIPT, "each run once", &run.id));
        }
    }
    Ok(())
}

/// Step 5: a run's own evidence, and that it is the one which the lane's receipt names.
fn check_run(dir: &Path, run: &RunInfo) -> Result<Receipt, Stop> {
    let name = format!("{RUNS}/{}", run.id);
    if !is_plain(&run.id) {
        return Err(mismatch(5, LANE_RECEIPT, "the name of a folder", &run.id));
    }
    let folder = below(dir, RUNS).and_then(|_| below(&dir.join(RUNS), &run.id))?;
    let found = if run.status == Status::Denied {
        let receipt = Receipt::from_bytes(&read(&folder, DENIED, 5)?).map_err(|error| {
            Stop::unverifiable(Finding::new(
                5,
                &format!("{name}/{DENIED}"),
                None,
                "a receipt",
                error.to_string(),
            ))
        })?;
        let sealed = receipt.clone().sealed();
        same(5, &format!("{name}/{DENIED}"), &receipt.digests.receipt, &sealed.digests.receipt)?;
        receipt
    } else {
        match crate::verify::verify_run(&dir.join(RUNS).join(&run.id), None) {
            Verdict::Verified { .. } | Verdict::Consistent { .. } => {}
            Verdict::Mismatch(finding) => return Err(Stop::mismatch(inside(&name, *finding))),
            Verdict::Unverifiable(finding) => return Err(Stop::unverifiable(inside(&name, *finding))),
        }
        Receipt::from_bytes(&read(&folder, crate::names::RECEIPT, 5)?).map_err(|error| {
            Stop::unverifiable(Finding::new(5, &name, None, "a receipt", error.to_string()))
        })?
    };
    same(5, &name, &run.receipt, &found.digests.receipt)?;
    same(5, &name, &run.subject, &found.digests.subject)?;
    if (found.status, &found.invocation.op) != (run.status, &run.operation) {
        return Err(mismatch(
            5,
            &name,
            &format!("{} {}", run.operation, run.status.as_str()),
            &format!("{} {}", found.invocation.op, found.status.as_str()),
        ));
    }
    check_log(dir, run)?;
    Ok(found)
}

/// The length comes first: a log may have been made endless.
fn check_log(dir: &Path, run: &RunInfo) -> Result<(), Stop> {
    let name = format!("{}.log", run.id);
    let shown = format!("{LOGS}/{name}");
    let logs = below(dir, LOGS)?;
    let unreadable = |error: std::io::Error| {
        Stop::unverifiable(Finding::new(5, &shown, None, "a readable regular file", error.to_string()))
    };
    let file = logs.open_regular(&name).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes != run.log.bytes {
        return Err(mismatch(5, &shown, &format!("{} bytes", run.log.bytes), &format!("{bytes} bytes")));
    }
    let mut file = file.take(run.log.bytes);
    let mut digester = Digester::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        match file.read(&mut block).map_err(unreadable)? {
            0 => break,
            count => digester.update(&block[..count]),
        }
    }
    let found = digester.finish();
    same(5, &shown, &run.log.digest(), &found.digest())?;
    if found == run.log {
        Ok(())
    } else {
        Err(mismatch(5, &shown, &run.log.lines.to_string(), &found.lines.to_string()))
    }
}

/// Step 6: the promised documents, and that they come from runs of this lane.
fn check_evidence(dir: &Path, receipt: &LaneReceipt, results: &BTreeMap<String, Value>) -> Result<(), Stop> {
    let folder = below(dir, EVIDENCE)?;
    let mut keys = BTreeSet::new();
    for info in &receipt.evidence {
        let name = format!("{}.json", info.key);
        let shown = format!("{EVIDENCE}/{name}");
        if !is_plain(&info.key) {
            return Err(mismatch(6, LANE_RECEIPT, "a key", &info.key));
        }
        let bytes = read(&folder, &name, 6)?;
        same(6, &shown, &info.digest, &Digest::of(&bytes))?;
        let evidence: LaneEvidence = contract_json::from_slice(&bytes).map_err(|error| {
            Stop::unverifiable(Finding::new(6, &shown, None, "evidence of the schema", error.to_string()))
        })?;
        if evidence.key != info.key {
            return Err(mismatch(6, &shown, &info.key, &evidence.key));
        }
        if !keys.insert(&info.key) {
            return Err(mismatch(6, LANE_RECEIPT, "each key once", &info.key));
        }
        if evidence.to_bytes() != bytes {
            return Err(mismatch(6, &shown, "the canonical form", "another"));
        }
        if evidence.documents.is_empty() != evidence.reason.is_some() {
            return Err(mismatch(6, &shown, "documents, or the reason why there are none", "the contrary"));
        }
        for document in &evidence.documents {
            let EvidenceSource::Run(id) = &document.from else { continue };
            if !receipt.runs().any(|run| run.id == *id && run.status == Status::Satisfied) {
                return Err(mismatch(6, &shown, "a run of this lane that ended well", id));
            }
            let told = results.get(id).map(|result| &result["data"]["documents"][&info.key]);
            if !told.is_some_and(|told| is_what_was_told(&document.document, told)) {
                return Err(mismatch(6, &shown, &format!("the document of {RUNS}/{id}"), "another"));
            }
        }
    }
    Ok(())
}

/// A transcript keeps no values that its manifest calls volatile.
fn is_what_was_told(document: &Value, told: &Value) -> bool {
    match (document, told) {
        (_, Value::String(mark)) if mark == VOLATILE_MARK => true,
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|told| is_what_was_told(value, told)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(value, told)| is_what_was_told(value, told))
        }
        _ => document == told,
    }
}

/// Step 7: a file that the receipt does not know proves nothing, and looks as if it did.
fn check_names(dir: &Path, receipt: &LaneReceipt) -> Result<(), Stop> {
    let files = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), false)).collect::<Names>();
    let mut top = files(&[LANE_RECEIPT, CONTRACT, LOCK]);
    top.extend([RUNS, LOGS, EVIDENCE].map(|name| (name.to_owned(), true)));
    check_folder(dir, "", &top)?;
    check_folder(dir, RUNS, &receipt.runs().map(|run| (run.id.clone(), true)).collect())?;
    check_folder(dir, LOGS, &receipt.runs().map(|run| (format!("{}.log", run.id), false)).collect())?;
    let evidence = receipt.evidence.iter().map(|info| (format!("{}.json", info.key), false));
    check_folder(dir, EVIDENCE, &evidence.collect())?;
    let of_a_run = files(&[crate::names::RECEIPT, TRANSCRIPT, WIRE, DENIED, LOCK]);
    receipt.runs().try_for_each(|run| check_folder(dir, &format!("{RUNS}/{}", run.id), &of_a_run))
}

/// Names, and whether each is that of a folder.
type Names = BTreeMap<String, bool>;

fn check_folder(dir: &Path, place: &str, names: &Names) -> Result<(), Stop> {
    let unreadable = |error: std::io::Error| {
        Stop::unverifiable(Finding::new(7, place, None, "a readable folder", error.to_string()))
    };
    for entry in std::fs::read_dir(dir.join(place)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let name = entry.file_name();
        let fits = match name.to_str().and_then(|name| names.get(name)) {
            Some(true) => kind.is_dir(),
            Some(false) => kind.is_file(),
            None => false,
        };
        if !fits {
            let name = name.to_string_lossy();
            let shown = if place.is_empty() { name.into_owned() } else { format!("{place}/{name}") };
            return Err(mismatch(7, &shown, "no such file", "one"));
        }
    }
    Ok(())
}

/// Step 8: a lane is satisfied when all its steps are.
fn check_status(receipt: &LaneReceipt) -> Result<(), Stop> {
    use super::StepStatus as Is;
    let wrong = |what: &str| Err(mismatch(8, LANE_RECEIPT, what, receipt.status.as_str()));
    for step in &receipt.steps {
        let worst = step.runs.iter().map(|run| Is::from(run.status)).find(|status| *status != Is::Satisfied);
        let fits = match worst {
            Some(worst) => step.status == worst,
            None if step.status == Is::Satisfied => !step.runs.is_empty(),
            // What was not asked for, has nothing to run, or comes after what ended the lane.
            None if step.status == Is::Skipped => step.runs.is_empty() && step.why.is_some(),
            // It failed before its next run had a receipt.
            None => step.why.is_some(),
        };
        if !fits {
            return Err(mismatch(8, LANE_RECEIPT, "the status of its runs", step.status.as_str()));
        }
    }
    let bad = receipt.before.iter().any(|run| run.status != Status::Satisfied)
        || receipt.steps.iter().any(|step| !matches!(step.status, Is::Satisfied | Is::Skipped));
    match receipt.status {
        Status::Satisfied if bad => wrong("a status that says which step did not end well"),
        Status::Satisfied if receipt.error.is_some() => wrong("no error"),
        Status::Satisfied => Ok(()),
        _ if receipt.error.is_none() => wrong("an error that says why"),
        _ => Ok(()),
    }
}

fn open(dir: &Path) -> Result<Folder, Stop> {
    Folder::open(dir).map_err(|error| no_folder(dir, error.to_string()))
}

/// A folder of the evidence, not through a link.
fn below(dir: &Path, name: &str) -> Result<Folder, Stop> {
    let path = dir.join(name);
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => open(&path),
        Ok(_) => Err(no_folder(&path, "something else".to_owned())),
        Err(error) => Err(no_folder(&path, error.to_string())),
    }
}

fn no_folder(path: &Path, found: String) -> Stop {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Stop::unverifiable(Finding::new(1, &name, None, "a folder", found))
}

fn read(folder: &Folder, name: &str, step: u8) -> Result<Vec<u8>, Stop> {
    let unreadable =
        |found: String| Stop::unverifiable(Finding::new(step, name, None, "a readable regular file", found));
    let file = folder.open_regular(name).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(MAX_RECEIPT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_RECEIPT_BYTES {
        return Err(unreadable(format!("more than {MAX_RECEIPT_BYTES} bytes")));
    }
    Ok(bytes)
}

fn same(step: u8, file: &str, stated: &Digest, actual: &Digest) -> Result<(), Stop> {
    if stated == actual {
        Ok(())
    } else {
        Err(mismatch(step, file, &stated.blake3_uri(), &actual.blake3_uri()))
    }
}

fn mismatch(step: u8, file: &str, expected: &str, found: &str) -> Stop {
    Stop::mismatch(Finding::new(step, file, None, expected, found))
}

/// What was found in a run's folder, told as a part of the lane.
fn inside(run: &str, finding: Finding) -> Finding {
    Finding { file: format!("{run}/{}", finding.file), ..finding }
}

fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && !name.is_empty() && !name.contains(['/', '\0'])
}
