//! `latest`: a relative link to the folder of the newest run.

use std::io;
use std::path::Path;

use rustix::fs::symlinkat;

use crate::folder::Folder;

/// Points `latest` in the folder `runs` at its subfolder `id`, in one step for everyone who looks.
///
/// # Errors
/// What the file system says; also when `latest` is a folder or `id` has a slash.
pub fn link_latest(runs: &Path, id: &str) -> io::Result<()> {
    if id.is_empty() || id == "." || id == ".." || id.contains('/') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{id}` is no name of a run")));
    }
    let folder = Folder::open(runs)?;
    // Two runs that end at the same time have two names.
    let temp = format!(".latest.{}.tmp", std::process::id());
    folder.remove(&temp)?;
    symlinkat(id, folder.fd(), temp.as_str())?;
    let renamed = folder.rename(&temp, "latest");
    if renamed.is_err() {
        // The first error is the one to report.
        let _ = folder.remove(&temp);
    }
    renamed
}
