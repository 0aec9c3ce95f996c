//! A file outside of all grants: the launcher shows with it that the restriction holds.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use contract_ipc::Code;
use contract_sandbox::Profile;

use crate::failure::Failure;

/// Where a canary may live when the output folder itself is granted.
const FOLDERS: &[&str] = &["/tmp", "/var/tmp", "/dev/shm"];

/// The canary of one launch. One that was made for it is removed with it.
#[derive(Debug)]
pub(crate) struct Canary {
    path: PathBuf,
    ours: bool,
}

impl Canary {
    /// `existing` (a file of ours in the output folder), or a new file where nothing is granted.
    ///
    /// # Errors
    /// `SANDBOX_NOT_ENFORCED`: where everything is granted, nothing can be shown.
    pub(crate) fn find(existing: PathBuf, profile: &Profile) -> Result<Self, Failure> {
        if !is_granted(&existing, profile) {
            return Ok(Self { path: existing, ours: false });
        }
        let name = format!(".contract-runner-canary.{}", std::process::id());
        FOLDERS
            .iter()
            .filter_map(|folder| Path::new(folder).canonicalize().ok())
            .map(|folder| folder.join(&name))
            .filter(|path| !is_granted(path, profile))
            .find(|path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).is_ok())
            .map(|path| Self { path, ours: true })
            .ok_or_else(|| {
                Failure::new(
                    Code::SandboxNotEnforced,
                    "so much is granted that no file is left to show that the sandbox refuses one",
                )
                .hint("Grant less, or use an output folder that is not granted (--out).")
            })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if self.ours {
            // An empty file of ours: if it stays, nothing is lost.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn is_granted(path: &Path, profile: &Profile) -> bool {
    [&profile.read, &profile.write, &profile.exec]
        .into_iter()
        .flatten()
        .any(|granted| path.starts_with(granted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_never_inside_a_grant() {
        let dir = tempfile::tempdir().unwrap();
        let existing = dir.path().join("lock");
        let mut profile = Profile::strictest("p");
        assert_eq!(Canary::find(existing.clone(), &profile).unwrap().path(), existing);
        profile.read.push(std::env::temp_dir().canonicalize().unwrap());
        let other = Canary::find(existing.clone(), &profile).unwrap();
        assert!(other.ours && !is_granted(other.path(), &profile));
        let made = other.path().to_owned();
        assert!(made.exists());
        drop(other);
        assert!(!made.exists());
        profile.read.push("/".into());
        assert_eq!(Canary::find(existing, &profile).unwrap_err().code, Code::SandboxNotEnforced);
    }
}
