//! The way of a path through the file system, by `lstat` and `readlink` alone.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// As many links as the kernel follows: path_resolution(7).
const MAX_LINKS: usize = 40;

/// Most bytes of a path, as PATH_MAX of limits.h.
const MAX_BYTES: usize = 4096;

/// What tells one folder from all others, by whatever path it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

/// One folder or file on the way, seen by its real path.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its real path.
    pub path: PathBuf,
    /// What it is, whatever its path.
    pub identity: Identity,
    metadata: Metadata,
}

/// A symbolic link that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it stands.
    pub at: PathBuf,
    /// What is written in it.
    pub target: PathBuf,
}

/// Where a path leads, and over what.
#[derive(Debug, Clone)]
pub struct Way {
    /// The path without links, `.` and `..`.
    pub real: PathBuf,
    /// The links that were followed, in order.
    pub links: Vec<Link>,
    /// Whether there is something at its end.
    pub exists: bool,
    /// What is there of the real path, from `/` down; never empty.
    steps: Vec<Step>,
}

/// A path whose end cannot be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// How far it is known.
    pub at: PathBuf,
    /// Why not further, as a sentence about that place.
    pub why: String,
}

impl Step {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        let identity = Identity { device: metadata.dev(), inode: metadata.ino() };
        Ok(Self { path: path.to_owned(), identity, metadata })
    }

    /// Number of the user who owns it.
    #[must_use]
    pub fn owner_uid(&self) -> u32 {
        self.metadata.uid()
    }

    /// Its permission bits.
    #[must_use]
    pub fn permissions(&self) -> u32 {
        self.metadata.mode() & 0o7777
    }

    /// What it is, in the words of the evidence.
    #[must_use]
    pub fn file_type(&self) -> &'static str {
        let kind = self.metadata.file_type();
        match () {
            () if kind.is_dir() => "folder",
            () if kind.is_file() => "file",
            () if kind.is_socket() => "socket",
            () if kind.is_fifo() => "pipe",
            () if kind.is_block_device() || kind.is_char_device() => "device",
            () => "other",
        }
    }

    /// Whether anyone may put something else into its place, or into it. The sticky bit of `/tmp` forbids the first.
    #[must_use]
    pub fn is_open_to_everyone(&self) -> bool {
        self.permissions() & 0o1002 == 0o002
    }
}

impl Way {
    /// Follows an absolute path.
    ///
    /// # Errors
    /// [`Lost`] when the path is too long, or has a loop, a folder that may not be searched, a file for a folder, or a `..`
    /// after a name that is not there.
    pub fn of(path: &Path) -> Result<Self, Lost> {
        if path.as_os_str().len() >= MAX_BYTES {
            return Err(Lost {
                at: PathBuf::from("/"),
                why: format!("the path has {MAX_BYTES} bytes or more"),
            });
        }
        let mut walk = Walk::start()?;
        walk.ahead(path);
        while let Some(name) = walk.ahead.pop() {
            walk.name(&name)?;
        }
        Ok(walk.arrived())
    }

    /// The deepest place of the real path that is there: its end, when it exists.
    #[must_use]
    pub fn last(&self) -> &Step {
        self.steps.last().expect("a way starts at /")
    }

    /// What is there of the real path, from `/` down.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// A path on the way.
struct Walk {
    steps: Vec<Step>,
    /// Names that are not there, after the last step.
    missing: Vec<OsString>,
    links: Vec<Link>,
    /// Names to come, the next one last.
    ahead: Vec<OsString>,
}

impl Walk {
    fn start() -> Result<Self, Lost> {
        let root = Path::new("/");
        let step = Step::of(root).map_err(|error| lost(root, &error))?;
        Ok(Self { steps: vec![step], missing: Vec::new(), links: Vec::new(), ahead: Vec::new() })
    }

    fn ahead(&mut self, path: &Path) {
        // Not `components()`: that one drops a `.`, and with it the demand that a folder stands before it.
        let names = path.as_os_str().as_bytes().split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        self.ahead.extend(names.rev().map(|name| OsStr::from_bytes(name).to_owned()));
    }

    fn here(&self) -> &Step {
        self.steps.last().expect("a walk starts at /")
    }

    fn name(&mut self, name: &OsStr) -> Result<(), Lost> {
        let here = &self.here().path;
        if self.here().file_type() != "folder" {
            return Err(Lost { at: here.clone(), why: "it is no folder, and the path goes on".to_owned() });
        }
        match name.as_bytes() {
            b"." => return Ok(()),
            b".." if self.missing.is_empty() => {
                // `/..` is `/`: path_resolution(7).
                self.steps.truncate(self.steps.len().saturating_sub(1).max(1));
                return Ok(());
            }
            b".." => {
                return Err(Lost {
                    at: self.real(),
                    why: "it is not there, and the path goes up from it".to_owned(),
                });
            }
            _ if !self.missing.is_empty() => {
                self.missing.push(name.to_owned());
                return Ok(());
            }
            _ => {}
        }
        let path = here.join(name);
        match Step::of(&path) {
            Ok(step) if step.metadata.is_symlink() => self.link(path)?,
            Ok(step) => self.steps.push(step),
            Err(error) if error.kind() == ErrorKind::NotFound => self.missing.push(name.to_owned()),
            Err(error) => return Err(lost(&path, &error)),
        }
        Ok(())
    }

    fn link(&mut self, at: PathBuf) -> Result<(), Lost> {
        if self.links.len() == MAX_LINKS {
            return Err(Lost {
                at,
                why: format!("it is one link after {MAX_LINKS} others, as in a loop (ELOOP)"),
            });
        }
        let target = fs::read_link(&at).map_err(|error| lost(&at, &error))?;
        if target.is_absolute() {
            self.steps.truncate(1);
        }
        self.ahead(&target);
        self.links.push(Link { at, target });
        Ok(())
    }

    fn real(&self) -> PathBuf {
        self.missing.iter().fold(self.here().path.clone(), |path, name| path.join(name))
    }

    fn arrived(self) -> Way {
        Way { real: self.real(), exists: self.missing.is_empty(), links: self.links, steps: self.steps }
    }
}

fn lost(at: &Path, error: &io::Error) -> Lost {
    Lost { at: at.to_owned(), why: format!("it cannot be looked at ({error})") }
}
