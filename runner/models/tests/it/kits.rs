//! Portable kits: every folder lies on them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use contract_models::{Documents, Kit, ModelError};
use serde_json::{Value, json};

use crate::{good, json, write};

struct Stick {
    dir: tempfile::TempDir,
    value: Value,
}

impl Stick {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("stick/kit/manifests")).unwrap();
        std::fs::create_dir_all(dir.path().join("outside")).unwrap();
        Self { dir, value: json("model-carry/portable-ai-root.json") }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join("stick").join(below)
    }

    fn read(&self) -> Result<Kit, ModelError> {
        let path = self.path("root.json");
        write(&path, &self.value);
        Kit::read(&Documents::default(), &path)
    }
}

#[test]
fn folders_that_are_there_and_packs_are_found() {
    let stick = Stick::new();
    let pack = good("model-carry/model-carry-pack.byom-gguf.json");
    std::fs::copy(pack, stick.path("kit/manifests/pack.json")).unwrap();
    std::fs::write(stick.path("kit/manifests/broken.json"), "{").unwrap();
    let kit = stick.read().unwrap();
    assert_eq!(kit.places.len(), 12);
    assert_eq!(kit.folder("manifests"), Some(stick.path("kit/manifests")));
    assert_eq!(kit.folder("models"), None, "it is not there yet");
    let found: Vec<bool> = kit.packs.iter().map(|pack| pack.found.is_some()).collect();
    assert_eq!(found, [true, false]);
}

#[test]
fn absolute_paths_and_parent_steps_are_refused_in_every_member() {
    let members = [
        "/directories/manifests",
        "/directories/runtimes",
        "/directories/models",
        "/directories/cache",
        "/directories/state",
        "/directories/surfaces",
        "/directories/evidence",
        "/directories/tmp",
        "/evidence/preflightDir",
        "/evidence/materializationDir",
        "/evidence/activationDir",
        "/evidence/wipeDir",
    ];
    for member in members {
        for outside in ["/srv/models", "../outside", "kit/../../outside", "~/models", ".."] {
            let mut stick = Stick::new();
            *stick.value.pointer_mut(member).unwrap() = json!(outside);
            let refused = stick.read().unwrap_err();
            assert!(refused.to_string().contains("CARRY_ROOT_PATH_OUTSIDE"), "{member} {outside}: {refused}");
        }
    }
}

#[test]
fn links_that_lead_outside_are_refused_and_those_on_the_kit_are_followed() {
    let outside = |link: &str, target: &Path| {
        let stick = Stick::new();
        std::fs::create_dir_all(stick.path("work")).unwrap();
        std::fs::create_dir_all(stick.path("real")).unwrap();
        symlink(target, stick.path(link)).unwrap();
        stick.read()
    };
    let refused = |link: &str, target: &str| match outside(link, Path::new(target)) {
        Err(ModelError::OutsideRoot { name, .. }) => name,
        other => panic!("{link} -> {target}: {other:?}"),
    };
    assert_eq!(refused("kit/models", "../../outside"), "models");
    assert_eq!(refused("kit/models", "/tmp"), "models");
    // The link need not be the last step, and its target need not exist.
    assert_eq!(refused("work/cache", "../../gone"), "cache");
    assert_eq!(refused("evidence", ".."), "evidence");
    assert_eq!(refused("kit/models", "models"), "models");

    let kit = outside("kit/models", Path::new("../real")).unwrap();
    assert!(kit.folder("models").is_some());
}

#[test]
fn a_file_in_the_place_of_a_folder_is_refused() {
    let stick = Stick::new();
    std::fs::write(stick.path("kit/models"), "no folder").unwrap();
    let refused = stick.read().unwrap_err();
    assert_eq!(refused.code().as_str(), "MODEL_ROOT_OUTSIDE");
    assert!(refused.to_string().contains("it is no folder"), "{refused}");
}
