//! Digests of files, and what is remembered of them.

use std::fs::{File, FileTimes};
use std::io::{Seek as _, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use contract_models::{CACHE_FILE, DigestCache, ModelError, Sha256Digest, digest_file};

use crate::LATER_MS;

fn digest(path: &Path, cache: Option<&mut DigestCache>) -> contract_models::Digested {
    digest_file(path, LATER_MS, cache, &mut |_, _| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_digest_is_that_of_the_bytes_and_progress_ends_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    let bytes: Vec<u8> = (0..40_u32 << 20).map(|at| (at % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let mut told = Vec::new();
    let found = digest_file(&path, LATER_MS, None, &mut |done, total| {
        told.push((done, total));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(found.sha256, Sha256Digest::of(&bytes));
    assert!(told.is_sorted() && told.len() > 2, "{told:?}");
    assert_eq!(told.last(), Some(&(bytes.len() as u64, bytes.len() as u64)));
}

#[test]
fn a_known_file_is_not_read_again_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let (path, folder) = (dir.path().join("model"), dir.path().join("new/cache"));
    std::fs::write(&path, "weights").unwrap();
    let mut cache = DigestCache::open(&folder);
    assert!(!digest(&path, Some(&mut cache)).cached);
    assert!(digest(&path, Some(&mut cache)).cached);
    cache.save().unwrap();
    let mut again = DigestCache::open(&folder);
    let found = digest(&path, Some(&mut again));
    assert!(found.cached);
    assert_eq!(found.sha256, Sha256Digest::of(b"weights"));
    assert_eq!(again.known(&path), Some(found.sha256));
    assert!(!digest(&path, None).cached, "without a cache it is read");
}

#[test]
fn a_change_that_restores_size_and_mtime_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, "weights").unwrap();
    let mut cache = DigestCache::open(dir.path());
    digest(&path, Some(&mut cache));
    let before = path.metadata().unwrap();
    // The clock of the file system goes in ticks; wait until it shows another time.
    let mut file = File::options().write(true).open(&path).unwrap();
    let mut after = before.clone();
    while (after.ctime(), after.ctime_nsec()) == (before.ctime(), before.ctime_nsec()) {
        file.rewind().unwrap();
        file.write_all(b"WEIGHTS").unwrap();
        file.set_times(FileTimes::new().set_modified(before.modified().unwrap())).unwrap();
        after = path.metadata().unwrap();
    }
    assert_eq!((before.len(), before.mtime_nsec()), (after.len(), after.mtime_nsec()));
    assert_eq!((before.mtime(), before.ino()), (after.mtime(), after.ino()));
    let found = digest(&path, Some(&mut cache));
    assert!(!found.cached);
    assert_eq!(found.sha256, Sha256Digest::of(b"WEIGHTS"));
}

#[test]
fn each_member_of_a_files_identity_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, "weights").unwrap();
    let mut cache = DigestCache::open(dir.path());
    let identity = digest(&path, Some(&mut cache)).identity;
    assert!(cache.get(&identity).is_some());
    let changed = [
        |id: &mut contract_models::FileIdentity| id.device += 1,
        |id: &mut contract_models::FileIdentity| id.inode += 1,
        |id: &mut contract_models::FileIdentity| id.bytes += 1,
        |id: &mut contract_models::FileIdentity| id.mtime_ns += 1,
        |id: &mut contract_models::FileIdentity| id.ctime_ns += 1,
    ];
    for change in changed {
        let mut other = identity;
        change(&mut other);
        assert_eq!(cache.get(&other), None, "{other:?}");
    }
}

#[test]
fn what_changed_a_moment_ago_is_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, "weights").unwrap();
    let changed_ms =
        path.metadata().unwrap().ctime() * 1000 + path.metadata().unwrap().ctime_nsec() / 1_000_000;
    let remembered = |now_ms: i64| {
        let mut cache = DigestCache::open(dir.path());
        digest_file(&path, now_ms, Some(&mut cache), &mut |_, _| ControlFlow::Continue(())).unwrap();
        cache.known(&path).is_some()
    };
    assert!(!remembered(changed_ms));
    assert!(!remembered(changed_ms + 1999));
    assert!(remembered(changed_ms + 2001));
    // A clock that was set back does not make a file old.
    assert!(!remembered(changed_ms - 86_400_000));
    let future = just_now() + Duration::from_secs(86_400);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(future))
        .unwrap();
    assert!(!remembered(changed_ms + 10_000));
}

/// The time of a file that was made just now: tests read no clock.
fn just_now() -> SystemTime {
    tempfile::tempfile().unwrap().metadata().unwrap().modified().unwrap()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, vec![0; 40 << 20]).unwrap();
    let mut cache = DigestCache::open(dir.path());
    let mut grown = false;
    let found = digest_file(&path, LATER_MS, Some(&mut cache), &mut |_, _| {
        if !std::mem::replace(&mut grown, true) {
            File::options().append(true).open(&path).unwrap().write_all(b"more").unwrap();
        }
        ControlFlow::Continue(())
    });
    assert!(matches!(found, Err(ModelError::Changed { .. })), "{found:?}");
    assert_eq!(cache.known(&path), None);
}

#[test]
fn a_cache_that_others_could_write_or_that_is_broken_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, "weights").unwrap();
    let mut cache = DigestCache::open(dir.path());
    digest(&path, Some(&mut cache));
    cache.save().unwrap();
    let file = dir.path().join(CACHE_FILE);
    let known = || DigestCache::open(dir.path()).known(&path).is_some();
    assert!(known());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(!known());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(known());
    let text = std::fs::read_to_string(&file).unwrap();
    for broken in [&text[..text.len() - 1], "", "[]", &text.replace("digest-cache.v0", "digest-cache.v1")] {
        std::fs::write(&file, broken).unwrap();
        assert!(!known(), "{broken}");
    }
    // It is made anew.
    let mut cache = DigestCache::open(dir.path());
    digest(&path, Some(&mut cache));
    cache.save().unwrap();
    assert!(known());
}

#[test]
fn two_processes_add_to_one_cache_and_it_stays_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    std::fs::write(&path, "weights").unwrap();
    let mut one = DigestCache::open(dir.path());
    let mut other = DigestCache::open(dir.path());
    let identity = digest(&path, Some(&mut one)).identity;
    for inode in 0..5000 {
        let identity = contract_models::FileIdentity { inode, device: 77, ..identity };
        other.put(identity, Sha256Digest::of(b"x"), LATER_MS);
    }
    other.save().unwrap();
    one.save().unwrap();
    let both = DigestCache::open(dir.path());
    assert!(both.known(&path).is_some());
    let kept = (0..5000).filter(|&inode| {
        both.get(&contract_models::FileIdentity { inode, device: 77, ..identity }).is_some()
    });
    assert_eq!(kept.count(), 4095);
}

#[test]
fn folders_pipes_and_devices_are_no_models() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    for path in [dir.path(), &pipe, Path::new("/dev/zero"), Path::new("/does/not/exist")] {
        let found = digest_file(path, LATER_MS, None, &mut |_, _| ControlFlow::Continue(()));
        assert!(matches!(found, Err(ModelError::Unreadable { .. })), "{found:?}");
    }
}
