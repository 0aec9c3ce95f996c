//! Evidence that cannot be written is told, and leaves no receipt.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use contract_receipts::{EvidenceError, FolderError, Marks, Receipt, Redactor, RunFolder, Status, verify};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::session::{Run, Setup, draft, session};

/// Set in the child: the folder to write to.
const FOLDER: &str = "RECEIPTS_TEST_LIMITED_FOLDER";

/// Records until the transcript has `bytes`, and ends the run.
fn long_run(dir: &Path, bytes: usize) -> Result<Receipt, EvidenceError> {
    let mut run = Run::begin_with(dir, Setup::default());
    run.handshake();
    for _ in 0..bytes / 10_000 {
        let one = run.invoke("{}");
        run.reply(one, "result", &format!(r#"{{"ok":true,"data":{{"x":"{}"}}}}"#, "x".repeat(10_000)));
    }
    let told = run.recorder.take_error();
    let finished = run.try_finish(draft(), false);
    assert_eq!(told.is_some(), finished.is_err(), "{told:?}");
    finished
}

fn no_receipt_but_its_bytes(dir: &Path, error: &EvidenceError) {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != "ballast");
    assert_eq!(names, [".contract-runner.lock"]);
    let shown = Receipt::from_bytes(&error.receipt_json).unwrap();
    assert_eq!(shown.status, Status::Satisfied);
}

/// Not a claim of its own: the child of the next test, whose files may have 512 KiB. Without its variable it does nothing.
#[test]
fn child_with_a_limit_on_file_size() {
    #[expect(clippy::disallowed_methods, reason = "the parent test names the folder")]
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let dir = PathBuf::from(dir);
    long_run(&dir, 200_000).unwrap();
    assert_eq!(verify(&dir, None).answer(), "consistent (unsigned)", "below the limit all is well");
    let error = long_run(&dir, 2_000_000).unwrap_err();
    assert_eq!(error.source.raw_os_error(), Some(rustix::io::Errno::FBIG.raw_os_error()));
    no_receipt_but_its_bytes(&dir, &error);
    std::io::stdout().write_all(b"all held").unwrap();
}

#[test]
fn a_file_size_limit_is_told_and_leaves_no_receipt() {
    let dir = tempfile::tempdir().unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the limit binds a whole process, and its signal must be ignored"
    )]
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1024; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "disk::child_with_a_limit_on_file_size", "--nocapture", "--quiet"])
        .env(FOLDER, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("all held"), "{said}");
}

/// A file system of 2 MiB, taken down when the test ends.
struct Tiny(tempfile::TempDir);

impl Tiny {
    /// Only root can mount. An ordinary user's half is the limit on file size above.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), Some(c"size=2m")).ok()?;
        Some(Self(dir))
    }

    /// Leaves `free` bytes.
    fn fill(&self, free: u64) -> std::fs::File {
        let path = self.0.path().join("run/ballast");
        let stat = rustix::fs::statvfs(self.0.path()).unwrap();
        let mut ballast = std::fs::File::create(path).unwrap();
        let size = (stat.f_bavail * stat.f_frsize).saturating_sub(free);
        ballast.write_all(&vec![0; usize::try_from(size).unwrap()]).unwrap();
        ballast
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        unmount(self.0.path(), UnmountFlags::DETACH).unwrap();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_full_disk_is_told_and_leaves_no_receipt() {
    let Some(tiny) = Tiny::mount() else {
        assert!(!is_root(), "root can mount");
        return;
    };
    let dir = tiny.0.path().join("run");
    long_run(&dir, 300_000).unwrap();
    assert_eq!(verify(&dir, None).answer(), "consistent (unsigned)", "with room all is well");
    let error = long_run(&dir, 3_000_000).unwrap_err();
    assert_eq!(error.source.raw_os_error(), Some(rustix::io::Errno::NOSPC.raw_os_error()));
    no_receipt_but_its_bytes(&dir, &error);
}

#[test]
fn a_disk_that_fills_up_between_launch_and_end_has_room_for_the_receipt_alone() {
    let Some(tiny) = Tiny::mount() else {
        assert!(!is_root(), "root can mount");
        return;
    };
    let dir = tiny.0.path().join("run");
    // The transcript stays in its buffer, and is refused at the end.
    let mut run = Run::begin(&dir);
    run.handshake();
    let ballast = tiny.fill(0);
    let one = run.invoke("{}");
    run.reply(one, "result", r#"{"ok":true,"data":{}}"#);
    assert!(run.recorder.take_error().is_none());
    let error = run.try_finish(draft(), false).unwrap_err();
    assert_eq!(error.source.raw_os_error(), Some(rustix::io::Errno::NOSPC.raw_os_error()));
    no_receipt_but_its_bytes(&dir, &error);
    // Emptied first: a program that another test starts may have the file open for a moment.
    ballast.set_len(0).unwrap();
    std::fs::remove_file(dir.join("ballast")).unwrap();

    // With room for the transcript alone, the receipt has its own.
    let mut run = Run::begin(&dir);
    run.handshake();
    let _ballast = tiny.fill(8192);
    let one = run.invoke("{}");
    run.reply(one, "result", r#"{"ok":true,"data":{}}"#);
    let receipt = Receipt { observed: serde_json::json!({"stderr": "x".repeat(200_000)}), ..draft() };
    run.try_finish(receipt, false).unwrap();
    assert_eq!(verify(&dir, None).answer(), "consistent (unsigned)");
}

#[test]
fn without_room_for_a_receipt_nothing_begins() {
    let Some(tiny) = Tiny::mount() else {
        assert!(!is_root(), "root can mount");
        return;
    };
    let open = |tiny: &Tiny| RunFolder::open(&tiny.0.path().join("run")).unwrap();
    open(&tiny).begin(&session(), Redactor::none(), Marks::none(), false).unwrap();
    // Another disk: a program that another test starts may keep what was begun on the first one for a moment.
    let tiny = Tiny::mount().unwrap();
    let mut folder = open(&tiny);
    let _ballast = tiny.fill(100 * 1024);
    let refused = folder.begin(&session(), Redactor::none(), Marks::none(), false).unwrap_err();
    match refused {
        FolderError::Unwritable { path, source } => {
            assert!(path.ends_with(".run-receipt.json.tmp"), "{}", path.display());
            assert_eq!(source.raw_os_error(), Some(rustix::io::Errno::NOSPC.raw_os_error()));
        }
        other => panic!("{other}"),
    }
}
