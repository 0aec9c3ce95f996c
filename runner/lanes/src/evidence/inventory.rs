//! `deps.inventory`: every file that the lane depended on as a program, with its digest.

use std::collections::BTreeMap;
use std::path::Path;

use contract_engine::{Right, Surroundings, digest_file};
use serde_json::{Value, json};

use crate::plan::LanePlan;
use crate::run::Done;

/// Larger files are no lists of packages.
const MAX_LOCK_BYTES: u64 = 64 << 20;

/// Adapters, what runs them, the programs that steps name, and the lock files of the contract.
pub(super) fn inventory(plan: &LanePlan, done: &[Done<'_>], around: &Surroundings) -> Value {
    let mut files: BTreeMap<String, Value> = BTreeMap::new();
    for done in done {
        for (role, member) in [("adapter", "own"), ("runtime", "runtime")] {
            for file in done.receipt.observed["files"][member].as_array().into_iter().flatten() {
                if let Some(path) = file["path"].as_str() {
                    add(&mut files, path, role, file["digest"].clone());
                }
            }
        }
        for right in &done.planned.plan.rights {
            let Right::Exec(path) = right else { continue };
            let text = path.display().to_string();
            if path.is_file() && !files.contains_key(&text) {
                add(&mut files, &text, "program", digest(path));
            }
        }
    }
    if let Some(pixi) = &plan.lane.backend.pixi {
        for (role, path) in [("manifest", &pixi.manifest_path), ("lock", &pixi.lock_path)] {
            if let Some(path) = path {
                add(&mut files, path, role, digest_below(&around.root, path));
            }
        }
    }
    json!({"files": files.into_values().collect::<Value>()})
}

/// Of a regular file below `root`, also when links are followed: the contract may name any path. Null for another one.
fn digest_below(root: &Path, path: &str) -> Value {
    let inside = || -> Option<Value> {
        let (root, real) = (root.canonicalize().ok()?, root.join(path).canonicalize().ok()?);
        let (_, bytes) = contract_engine::open_regular(&real).ok()?;
        (real.starts_with(root) && bytes <= MAX_LOCK_BYTES).then(|| digest(&real))
    };
    inside().unwrap_or(Value::Null)
}

fn digest(path: &Path) -> Value {
    digest_file(path).map_or(Value::Null, Value::from)
}

fn add(files: &mut BTreeMap<String, Value>, path: &str, role: &str, digest: Value) {
    files.entry(path.to_owned()).or_insert_with(|| json!({"path": path, "role": role, "digest": digest}));
}
