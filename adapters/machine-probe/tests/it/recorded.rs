//! A recorded machine, made into files below a temporary folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapter_machine_probe::MachineProbe;
use adapter_machine_probe::tree::Tree;
use contract_adapter::{Called, Harness};
use serde_json::Value;
use tempfile::TempDir;

/// Long enough for any machine that runs tests.
pub(crate) const PATIENT: Duration = Duration::from_secs(60);
/// All recorded machines with the names that must not be told.
pub(crate) const MACHINES: &[(&str, &str, &[&str])] = &[
    ("m2-asahi", include_str!("../trees/m2-asahi.tree"), &["quince", "orchard", "mirabel", "tobias"]),
    (
        "pure-linux",
        include_str!("../trees/pure-linux.tree"),
        &["plumtree", "odette", "orchard", "pear", "192.0.2"],
    ),
    ("kubernetes-node", include_str!("../trees/kubernetes-node.tree"), &["node-07", "gustav", "192.0.2"]),
    ("edge", include_str!("../trees/edge.tree"), &["damson", "hollis"]),
];

/// A machine in a folder that goes away.
pub(crate) struct Recorded {
    folder: TempDir,
}

impl Recorded {
    pub(crate) fn machine(name: &str) -> Self {
        let (_, text, _) = MACHINES.iter().find(|(own, ..)| *own == name).unwrap();
        Self::of(text)
    }

    /// Makes the files of a text: `file PATH` with its lines after `| `, `link PATH TARGET`, `dir PATH`, `touch PATH`;
    /// the other lines are for the record.
    pub(crate) fn of(text: &str) -> Self {
        let recorded = Self { folder: TempDir::new().unwrap() };
        let mut record = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["file", path] => {
                    let mut content = String::new();
                    while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                        content.push_str(line.strip_prefix("| ").unwrap_or_default());
                        content.push('\n');
                    }
                    // A byte in octal, for the files that hold zero bytes.
                    for (written, byte) in [("\\0", "\0"), ("\\1", "\u{1}"), ("\\6", "\u{6}")] {
                        if !path.ends_with("mountinfo") {
                            content = content.replace(written, byte);
                        }
                    }
                    fs::write(recorded.made(path), content).unwrap();
                }
                ["touch", path] => fs::write(recorded.made(path), "").unwrap(),
                ["link", path, target] => symlink(target, recorded.made(path)).unwrap(),
                ["dir", path] => fs::create_dir_all(recorded.made(path)).unwrap(),
                ["stat" | "label" | "space", ..] => record.push_str(&format!("{line}\n")),
                ["#", ..] | [""] => {}
                _ => panic!("no such line in a recorded tree: {line}"),
            }
        }
        fs::write(recorded.path("/.recorded"), record).unwrap();
        recorded
    }

    /// Where a path of the machine is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    fn made(&self, path: &str) -> PathBuf {
        let place = self.path(path);
        fs::create_dir_all(place.parent().unwrap_or(Path::new("/"))).unwrap();
        place
    }

    pub(crate) fn call(&self, op: &str, args: Value, deadline: Duration) -> Called {
        Harness::new(MachineProbe::of(Tree::at(self.folder.path()), deadline)).call(op, args)
    }

    /// The data of `machine.probe`.
    pub(crate) fn probe(&self) -> Value {
        self.call("machine.probe", serde_json::json!({}), PATIENT).data().clone()
    }
}
