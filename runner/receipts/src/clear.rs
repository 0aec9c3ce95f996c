//! Removal of a tree that somebody else has built: deep, closed to its owner, full of links.

use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, chmodat, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::folder::Folder;

/// Removes the folder `name` of `folder` and all below it; nothing when it is not there. No link is followed, and neither depth nor
/// modes matter: what lies two levels down is moved up, so that two folders are open at a time.
///
/// # Errors
/// Something could not be removed.
pub(crate) fn remove_tree(folder: &Folder, name: &str) -> io::Result<()> {
    let top = match enter(folder.fd(), name) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        // A file or a link, not a folder.
        Err(Errno::NOTDIR | Errno::LOOP) => return folder.remove(name).map(drop),
        Err(error) => return Err(error.into()),
    };
    let mut moved: u64 = 0;
    loop {
        let mut found = false;
        for (name, is_folder) in entries(&top)? {
            found = true;
            if !is_folder {
                unlinkat(&top, name.as_c_str(), AtFlags::empty())?;
                continue;
            }
            let inner = enter(&top, name.as_c_str())?;
            for (below, is_folder) in entries(&inner)? {
                if is_folder {
                    moved += 1;
                    // A folder can be moved only when it may be written: `..` in it changes.
                    let _ = chmodat(&inner, below.as_c_str(), Mode::RWXU, AtFlags::empty());
                    // The adapter may have taken the name.
                    while let Err(error) = renameat(&inner, below.as_c_str(), &top, format!(".moved-{moved}"))
                    {
                        match error {
                            Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR => moved += 1,
                            error => return Err(error.into()),
                        }
                    }
                } else {
                    unlinkat(&inner, below.as_c_str(), AtFlags::empty())?;
                }
            }
            drop(inner);
            unlinkat(&top, name.as_c_str(), AtFlags::REMOVEDIR)?;
        }
        if !found {
            break;
        }
    }
    Ok(unlinkat(folder.fd(), name, AtFlags::REMOVEDIR)?)
}

/// The same for the folder at `path`, whose parent is trusted.
///
/// # Errors
/// Something could not be removed.
pub fn remove_scratch(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    remove_tree(&Folder::open(parent)?, name)
}

fn enter<P: rustix::path::Arg + Copy>(
    parent: impl std::os::fd::AsFd,
    name: P,
) -> Result<rustix::fd::OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(&parent, name, flags, Mode::empty());
    if !matches!(opened, Err(Errno::ACCESS)) {
        // It must be writable, too.
        if let Ok(opened) = &opened {
            let _ = rustix::fs::fchmod(opened, Mode::RWXU);
        }
        return opened;
    }
    // Closed to its owner. A link has no mode of its own, and what is a folder here was one when it was listed.
    chmodat(&parent, name, Mode::RWXU, AtFlags::empty())?;
    openat(&parent, name, flags, Mode::empty())
}

/// Names, and whether each is a folder; all at once, because the folder changes meanwhile.
fn entries(folder: &rustix::fd::OwnedFd) -> io::Result<Vec<(std::ffi::CString, bool)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let is_folder = match entry.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode) == FileType::Directory
            }
            kind => kind == FileType::Directory,
        };
        found.push((name.to_owned(), is_folder));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn depth_modes_and_links_do_not_matter() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        std::fs::create_dir(&victim).unwrap();
        std::fs::write(victim.join("kept"), "x").unwrap();
        let scratch = dir.path().join("scratch");
        std::fs::create_dir_all(scratch.join("locked/inner")).unwrap();
        std::fs::create_dir_all(scratch.join(".moved-1")).unwrap();
        std::fs::write(scratch.join(".moved-2"), "x").unwrap();
        symlink(&victim, scratch.join("link")).unwrap();
        symlink(&victim, scratch.join("locked/inner/link")).unwrap();
        for (closed, mode) in [("locked/inner", 0), ("locked", 0o500)] {
            std::fs::set_permissions(scratch.join(closed), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut at = Folder::open(&scratch).unwrap();
        for _ in 0..5000 {
            rustix::fs::mkdirat(at.fd(), "d", Mode::RWXU).unwrap();
            let below = openat(at.fd(), "d", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
            at = Folder::from(below);
        }
        remove_scratch(&scratch).unwrap();
        assert!(!scratch.exists() && victim.join("kept").exists());
        remove_scratch(&scratch).unwrap();
    }

    #[test]
    fn a_link_in_its_place_is_removed_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("victim")).unwrap();
        symlink(dir.path().join("victim"), dir.path().join("scratch")).unwrap();
        remove_scratch(&dir.path().join("scratch")).unwrap();
        assert!(dir.path().join("victim").exists() && !dir.path().join("scratch").is_symlink());
    }
}
