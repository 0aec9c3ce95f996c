//! A home in a scratch folder, and calls about it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use adapter_mount_plan::MountPlan;
use contract_adapter::{Called, End, Harness};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const OPERATION: &str = "agent_machine.mounts.plan";

/// Folders below a scratch folder, one of which is the home `me`.
pub(crate) struct Machine {
    /// Removes everything at the end.
    _scratch: TempDir,
    root: PathBuf,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(scratch.path()).unwrap();
        let machine = Self { _scratch: scratch, root };
        machine.folder("me/dev");
        machine
    }

    pub(crate) fn path(&self, below: &str) -> String {
        self.root.join(below).to_str().unwrap().to_owned()
    }

    pub(crate) fn home(&self) -> String {
        self.path("me")
    }

    pub(crate) fn folder(&self, below: &str) -> String {
        fs::create_dir_all(self.root.join(below)).unwrap();
        self.path(below)
    }

    pub(crate) fn link(&self, below: &str, target: impl AsRef<Path>) -> String {
        symlink(target, self.root.join(below)).unwrap();
        self.path(below)
    }

    /// A plan with one more argument: the home.
    pub(crate) fn plan(&self, mut args: Value) -> Called {
        args["home"] = json!(self.home());
        call(args)
    }

    /// The rules that a code root breaks, in order.
    pub(crate) fn broken(&self, dev_root: &str) -> Vec<String> {
        rules(&self.plan(json!({ "devRoot": dev_root })))
    }
}

pub(crate) fn call(args: Value) -> Called {
    Harness::new(MountPlan).call(OPERATION, args)
}

/// The data of a refusal, which has no document.
pub(crate) fn refused(called: &Called) -> &Value {
    match &called.end {
        End::Result { ok: false, data } => {
            assert_eq!(data["documents"], json!({}));
            data
        }
        other => panic!("no refusal: {other:?}"),
    }
}

/// The rules that are broken; none of a plan.
pub(crate) fn rules(called: &Called) -> Vec<String> {
    match &called.end {
        End::Result { data, .. } => violations(data).map(|violation| text(&violation["rule"])).collect(),
        other => panic!("no result: {other:?}"),
    }
}

pub(crate) fn violations(data: &Value) -> impl Iterator<Item = &Value> {
    data["violations"].as_array().unwrap().iter()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn plan_of(called: &Called) -> &Value {
    &called.data()["documents"]["agent-machine.mount.plan"]
}

pub(crate) fn evidence_of(called: &Called) -> &Value {
    &called.data()["documents"]["agent-machine.mount.evidence"]
}

/// The words or lines of one form.
pub(crate) fn form(plan: &Value, name: &str) -> Vec<String> {
    plan["forms"][name].as_array().unwrap().iter().map(text).collect()
}
