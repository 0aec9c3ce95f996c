//! Files that an operation reads: what may be one, and how it is opened.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use contract_adapter::{Context, Failure};
use contract_check::places::{application_data, private_input};
use contract_json::Digester;
use contract_shell::Place;
use rustix::fs::{Mode, OFlags};
use serde::Serialize;

use crate::fault::Fault;
use crate::format::Format;

/// Larger inputs of a plan are not read: a digest of them takes longer than an operation may.
const MAX_INPUT_BYTES: u64 = 4 << 30;

/// A path that may be read: absolute, and not the data of an application.
#[derive(Debug, Clone)]
pub(crate) struct InputPath(String);

impl InputPath {
    /// `home` is the user's, wherever it lies; its private folders are no inputs.
    pub(crate) fn parse(text: &str, home: Option<&str>) -> Result<Self, Fault> {
        let path = || text.to_owned();
        if !text.starts_with('/') {
            return Err(Fault::NotAbsolute { path: path() });
        }
        if text.contains(char::is_control) {
            return Err(Fault::BadText { what: "the path", why: "has a control character" });
        }
        // A link in a folder above may lead where the path itself does not.
        let real = fs::canonicalize(text).ok();
        let places = [Some(text), real.as_deref().and_then(Path::to_str)];
        let home = home.filter(|home| home.starts_with('/'));
        let real_home = home.and_then(|home| fs::canonicalize(home).ok());
        let homes = [None, home, real_home.as_deref().and_then(Path::to_str)];
        for place in places.into_iter().flatten().filter_map(Place::absolute) {
            let private = || homes.iter().find_map(|home| private_input(&place, *home));
            if let Some(what) = application_data(&place).or_else(private) {
                return Err(Fault::ApplicationData { path: path(), what: what.to_owned() });
            }
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn owned(&self) -> String {
        self.0.clone()
    }

    /// The last name without its extension.
    pub(crate) fn stem(&self) -> &str {
        Path::new(&self.0).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    pub(crate) fn extension(&self) -> Option<String> {
        Some(Path::new(&self.0).extension()?.to_str()?.to_ascii_lowercase())
    }

    /// Opens it, when it is a regular file and no link.
    pub(crate) fn open(&self) -> Result<(File, u64), Fault> {
        let path = || self.owned();
        let seen = fs::symlink_metadata(&self.0).map_err(|error| self.io(error))?.file_type();
        let what = match seen {
            seen if seen.is_symlink() => return Err(Fault::Link { path: path() }),
            seen if seen.is_file() => "",
            seen if seen.is_dir() => "a folder",
            seen if seen.is_fifo() => "a pipe",
            seen if seen.is_socket() => "a socket",
            _ => "a device",
        };
        if !seen.is_file() {
            return Err(Fault::NotAFile { path: path(), what });
        }
        // Between the look and the opening it may become a link or a pipe: open(2), O_NOFOLLOW and O_NONBLOCK.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match rustix::fs::open(&self.0, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::LOOP) => return Err(Fault::Link { path: path() }),
            Err(error) => return Err(self.io(error.into())),
        };
        let metadata = file.metadata().map_err(|error| self.io(error))?;
        match metadata.is_file() {
            true => Ok((file, metadata.len())),
            false => Err(Fault::NotAFile { path: path(), what: "no file any more" }),
        }
    }

    pub(crate) fn io(&self, error: io::Error) -> Fault {
        let path = self.owned();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::Missing { path },
            ErrorKind::PermissionDenied => Fault::NotGranted { path },
            _ => Fault::Io { path, error },
        }
    }
}

/// An input of a plan, as documents name it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Input {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(flatten)]
    state: State,
}

/// Whether an input could be read.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    Read { bytes: u64, sha256: String },
    Missing,
    NotGranted,
}

impl Input {
    /// Reads the file for its digest. That it is missing, or may not be read, is a state and no error.
    pub(crate) fn read(path: &InputPath, context: &mut Context<'_>) -> Result<Self, Failure> {
        let state = match path.open() {
            Ok((_, bytes)) if bytes > MAX_INPUT_BYTES => {
                return Err(Fault::TooLarge { path: path.owned(), bytes, most: MAX_INPUT_BYTES }.into());
            }
            Ok((file, _)) => digest(path, file, context)?,
            Err(Fault::Missing { .. }) => State::Missing,
            Err(Fault::NotGranted { .. }) => State::NotGranted,
            Err(fault) => return Err(fault.into()),
        };
        Ok(Self { path: path.owned(), format: Format::of_path(path.as_str()), state })
    }

    pub(crate) fn of_inspected(path: &InputPath, bytes: u64, sha256: String) -> Self {
        let format = Format::of_path(path.as_str());
        Self { path: path.owned(), format, state: State::Read { bytes, sha256 } }
    }

    pub(crate) fn format(&self) -> Option<Format> {
        self.format
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Why it cannot be used as it is.
    pub(crate) fn unmet(&self) -> Option<String> {
        let path = &self.path;
        match &self.state {
            State::Read { bytes: 0, .. } => Some(format!("input empty: {path}")),
            State::Read { .. } => None,
            State::Missing => Some(format!("input missing: {path}")),
            State::NotGranted => {
                Some(format!("input may not be read: {path}; grant it with --allow read={path}"))
            }
        }
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        match &self.state {
            State::Read { bytes, sha256 } => format!("{} ({bytes} bytes, {sha256})", self.path),
            State::Missing => format!("{} (missing)", self.path),
            State::NotGranted => format!("{} (may not be read)", self.path),
        }
    }
}

fn digest(path: &InputPath, file: File, context: &mut Context<'_>) -> Result<State, Failure> {
    let (mut digester, mut block) = (Digester::new(), vec![0; 1 << 20]);
    // A file that grows while it is read ends somewhere.
    let mut file = file.take(MAX_INPUT_BYTES);
    loop {
        let count = file.read(&mut block).map_err(|error| path.io(error))?;
        if count == 0 {
            let digest = digester.finish();
            return Ok(State::Read { bytes: digest.bytes, sha256: format!("sha256:{}", digest.sha256) });
        }
        digester.update(&block[..count]);
        context.check()?;
    }
}
