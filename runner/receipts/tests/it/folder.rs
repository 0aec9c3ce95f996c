use std::os::unix::fs::symlink;
use std::path::Path;

use contract_receipts::{FolderError, Marks, Receipt, Redactor, RunFolder, Status, link_latest, verify};

use crate::session::{draft, read, session, small_run};

fn error(dir: &Path) -> FolderError {
    RunFolder::open(dir).expect_err("the folder must be refused")
}

#[test]
fn a_folder_that_is_not_there_is_made_with_its_parents() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/c");
    let folder = RunFolder::open(&path).unwrap();
    assert_eq!(folder.path(), path.canonicalize().unwrap());
}

#[test]
fn a_foreign_file_is_named_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    small_run(dir.path());
    std::fs::write(dir.path().join("thesis.odt"), "years of work").unwrap();
    std::fs::remove_file(dir.path().join(".contract-runner.lock")).unwrap();
    assert!(matches!(error(dir.path()), FolderError::NotOurs { name } if name == "thesis.odt"));
    assert!(dir.path().join("run-receipt.json").exists());
    assert!(!dir.path().join(".contract-runner.lock").exists(), "not even a lock is left there");
}

#[test]
fn our_names_as_links_or_folders_are_foreign() {
    for name in [
        "run-receipt.json",
        "ipc-transcript.ndjson",
        ".run-receipt.json.tmp",
        ".contract-runner.lock",
        "scratch",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        std::fs::write(&target, "precious").unwrap();
        let run = dir.path().join("run");
        std::fs::create_dir(&run).unwrap();
        symlink(&target, run.join(name)).unwrap();
        assert!(matches!(error(&run), FolderError::NotOurs { name: found } if found == name));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("run-receipt.json")).unwrap();
    assert!(matches!(error(dir.path()), FolderError::NotOurs { name } if name == "run-receipt.json"));
}

#[test]
fn a_link_that_appears_after_opening_is_replaced_and_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("target");
    std::fs::write(&target, "precious").unwrap();
    let path = dir.path().join("run");
    let mut folder = RunFolder::open(&path).unwrap();
    for name in [
        "run-receipt.json",
        "ipc-transcript.ndjson",
        ".run-receipt.json.tmp",
        ".ipc-transcript.ndjson.tmp",
        ".ipc-wire.ndjson.tmp",
    ] {
        symlink(&target, path.join(name)).unwrap();
    }
    let recorder = folder.begin(&session(), Redactor::none(), Marks::none(), true).unwrap();
    recorder.finish(Receipt { status: Status::Failed, ..draft() }, true).unwrap();
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    for name in ["run-receipt.json", "ipc-transcript.ndjson", "ipc-wire.ndjson"] {
        assert!(path.join(name).symlink_metadata().unwrap().is_file());
    }
    assert_eq!(verify(&path, None).answer(), "consistent (unsigned)");
}

#[test]
fn a_folder_is_used_by_one_run_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = RunFolder::open(dir.path()).unwrap();
    assert!(matches!(error(dir.path()), FolderError::InUse));
    let recorder = first.begin(&session(), Redactor::none(), Marks::none(), false).unwrap();
    drop(first);
    assert!(matches!(error(dir.path()), FolderError::InUse), "the recorder holds the lock, too");
    drop(recorder);
    RunFolder::open(dir.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_unwritable() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert!(matches!(error(&dir.path().join("file")), FolderError::Unwritable { .. }));
    assert!(matches!(error(&dir.path().join("file/run")), FolderError::Unwritable { .. }));
    assert!(matches!(error(Path::new("/proc/self/run")), FolderError::Unwritable { .. }));
}

#[test]
fn what_an_older_run_left_goes_when_the_launch_begins_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    small_run(dir.path());
    std::fs::create_dir_all(dir.path().join("scratch/deep")).unwrap();
    std::fs::write(dir.path().join("scratch/deep/file"), "old").unwrap();
    let before = read(dir.path(), "run-receipt.json");
    let mut folder = RunFolder::open(dir.path()).unwrap();
    assert_eq!(read(dir.path(), "run-receipt.json"), before);
    let recorder = folder.begin(&session(), Redactor::none(), Marks::none(), false).unwrap();
    for name in ["run-receipt.json", "ipc-transcript.ndjson", "scratch"] {
        assert!(!dir.path().join(name).exists(), "{name}");
    }
    let reserved = dir.path().join(".run-receipt.json.tmp").metadata().unwrap();
    assert!(std::os::unix::fs::MetadataExt::blocks(&reserved) * 512 >= 256 * 1024, "room is reserved");
    drop(recorder);
    let mut names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".contract-runner.lock"], "an abandoned run leaves nothing");
}

#[test]
fn a_denial_goes_beside_an_older_run_and_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    small_run(dir.path());
    let before = read(dir.path(), "run-receipt.json");
    let mut denied = Receipt { status: Status::Denied, ..draft() };
    denied.authority.audit.receipt = "denied-receipt.json".to_owned();
    RunFolder::open(dir.path()).unwrap().write_denied(&denied).unwrap();
    assert_eq!(read(dir.path(), "run-receipt.json"), before);
    let text = read(dir.path(), "denied-receipt.json");
    let written = Receipt::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(written, denied.sealed());
    RunFolder::open(dir.path()).unwrap();
}

#[test]
fn latest_is_a_relative_link_that_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    for id in ["one", "two"] {
        std::fs::create_dir(dir.path().join(id)).unwrap();
        link_latest(dir.path(), id).unwrap();
        assert_eq!(std::fs::read_link(dir.path().join("latest")).unwrap(), Path::new(id));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    for bad in ["", ".", "..", "a/b"] {
        assert!(link_latest(dir.path(), bad).is_err(), "{bad}");
    }
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("latest")).unwrap();
    assert!(link_latest(other.path(), "x").is_err());
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1);
}
