//! The grammar of rights: what a manifest asks for and what a grant gives.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use contract_ipc::SideEffect;
use contract_sandbox::Property;

use crate::tokens::Tokens;

/// One right. Its text form is `name=value`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// `read=PATH`: read a file, or a folder and all below it.
    Read(PathBuf),
    /// `write=PATH`: read, make, change and remove below it.
    Write(PathBuf),
    /// `exec=PATH`: execute a program.
    Exec(PathBuf),
    /// `connect=HOST:PORT`: get a connection from the runner's broker.
    Connect(String, u16),
    /// `raw-tcp=PORT`: open TCP sockets itself, to any address on this port.
    RawTcp(u16),
    /// `processes=N`: at most so many processes; 1 is no right.
    Processes(u32),
    /// `side-effect=X`: invoke operations that declare it.
    SideEffect(SideEffect),
    /// `env=NAME`: get this variable of the runner's environment; its value is treated as a secret.
    Env(String),
}

/// A right that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("right `{text}`: {why}")]
pub struct RightError {
    /// What was written.
    pub text: String,
    /// What is wrong with it, and what to write.
    pub why: String,
}

const GRAMMAR: &str = "write read=PATH, write=PATH, exec=PATH, connect=HOST:PORT, raw-tcp=PORT, processes=N, side-effect=NAME or env=NAME";

impl Right {
    /// Reads one right. Relative paths start at `root` and must stay below it.
    ///
    /// # Errors
    /// [`RightError`] says what is wrong; paths must exist.
    pub fn parse(text: &str, root: &Path) -> Result<Self, RightError> {
        Self::parse_with(text, |path| resolve(path, root))
    }

    /// Checks the form alone: in a document of another machine paths need not exist.
    ///
    /// # Errors
    /// [`RightError`] says what is wrong.
    pub fn check_form(text: &str) -> Result<(), RightError> {
        Self::parse_with(text, |path| Ok(PathBuf::from(path))).map(drop)
    }

    fn parse_with(text: &str, resolve: impl Fn(&str) -> Result<PathBuf, String>) -> Result<Self, RightError> {
        let error = |why: String| RightError { text: text.to_owned(), why };
        let Some((name, value)) = text.split_once('=') else {
            return Err(error(format!("no `=`; {GRAMMAR}")));
        };
        if value.is_empty() {
            return Err(error(format!("nothing after `=`; {GRAMMAR}")));
        }
        let path = || resolve(value).map_err(error);
        Ok(match name {
            "read" => Self::Read(path()?),
            "write" => Self::Write(path()?),
            "exec" => Self::Exec(path()?),
            "connect" => {
                let (host, port) = host_and_port(value).ok_or_else(|| {
                    error("write HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080".to_owned())
                })?;
                Self::Connect(host, port)
            }
            "raw-tcp" => {
                Self::RawTcp(port(value).ok_or_else(|| error("write a port from 1 to 65535".to_owned()))?)
            }
            "processes" => match value.parse() {
                Ok(count @ 1..=4096) => Self::Processes(count),
                _ => return Err(error("write a number from 1 to 4096".to_owned())),
            },
            "side-effect" => match [SideEffect::Filesystem, SideEffect::Network, SideEffect::MutableState]
                .into_iter()
                .find(|e| e.as_str() == value)
            {
                Some(effect) => Self::SideEffect(effect),
                None => return Err(error("write filesystem, network or mutable_state".to_owned())),
            },
            "env" if is_variable(value) => Self::Env(value.to_owned()),
            "env" => return Err(error("write the name of one environment variable".to_owned())),
            _ => return Err(error(format!("`{name}` is unknown; {GRAMMAR}"))),
        })
    }

    /// Whether holding this right is enough for `asked`.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::Read(have) | Self::Write(have) | Self::Exec(have), Self::Read(want))
            | (Self::Write(have), Self::Write(want))
            | (Self::Exec(have), Self::Exec(want)) => want.starts_with(have),
            (Self::Processes(have), Self::Processes(want)) => have >= want,
            (Self::Write(_), Self::SideEffect(SideEffect::Filesystem)) => true,
            (Self::Connect(..) | Self::RawTcp(_), Self::SideEffect(SideEffect::Network)) => true,
            (have, want) => have == want,
        }
    }

    /// As it is written, with tokens for paths.
    #[must_use]
    pub(crate) fn with_tokens(&self, tokens: &Tokens) -> String {
        match self {
            Self::Read(path) => Self::Read(tokens.path(path)),
            Self::Write(path) => Self::Write(tokens.path(path)),
            Self::Exec(path) => Self::Exec(tokens.path(path)),
            other => other.clone(),
        }
        .to_string()
    }

    /// Whether it reaches beyond the machine's files.
    #[must_use]
    pub fn is_network(&self) -> bool {
        matches!(self, Self::Connect(..) | Self::RawTcp(_))
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path) => write!(f, "read={}", path.display()),
            Self::Write(path) => write!(f, "write={}", path.display()),
            Self::Exec(path) => write!(f, "exec={}", path.display()),
            Self::Connect(host, port) if host.contains(':') => write!(f, "connect=[{host}]:{port}"),
            Self::Connect(host, port) => write!(f, "connect={host}:{port}"),
            Self::RawTcp(port) => write!(f, "raw-tcp={port}"),
            Self::Processes(count) => write!(f, "processes={count}"),
            Self::SideEffect(effect) => write!(f, "side-effect={}", effect.as_str()),
            Self::Env(name) => write!(f, "env={name}"),
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&port| port != 0)
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, number) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').filter(|inner| inner.contains(':'))?,
        None if host.contains(':') => return None,
        None => host,
    };
    let plain = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'%'));
    plain.then_some((host.to_owned(), port(number)?))
}

/// The real path of `text`. A relative one must stay below `root`, also when it goes through links.
pub(crate) fn resolve(text: &str, root: &Path) -> Result<PathBuf, String> {
    let given = Path::new(text);
    let joined = root.join(given);
    if is_own_process_file(&joined) {
        return Ok(joined);
    }
    let real = joined.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{} does not exist; make it first", joined.display()),
        _ => format!("{}: {error}", joined.display()),
    })?;
    if real.to_str().is_none() {
        return Err(format!("{} is not UTF-8", real.display()));
    }
    if given.is_relative() {
        let climbs = given.components().any(|part| part == Component::ParentDir);
        let real_root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        if !real.starts_with(&real_root) {
            let how = if climbs { "with `..`" } else { "through a link" };
            return Err(format!(
                "leaves {} {how}; write {} if that is meant",
                root.display(),
                real.display()
            ));
        }
    }
    Ok(real)
}

/// A file below `/proc/self`, which is another one for each process: it stays as it is written, and the launcher, whose process
/// becomes the adapter's, finds its own. Not through a link: those lead out again (`root`, `cwd`, `exe`, `fd`; proc(5)).
fn is_own_process_file(path: &Path) -> bool {
    let own = Path::new("/proc/self");
    let Ok(below) = path.strip_prefix(own) else { return false };
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    let mut ways = below.ancestors().filter(|way| !way.as_os_str().is_empty()).peekable();
    plain
        && ways.peek().is_some()
        && ways.all(|way| own.join(way).symlink_metadata().is_ok_and(|meta| !meta.file_type().is_symlink()))
}

/// The gap with this name.
///
/// # Errors
/// Lists the names when it is none of them.
pub fn parse_gap(name: &str) -> Result<Property, String> {
    Property::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Property::ALL.iter().map(|property| property.name()).collect();
        format!("`{name}` is no property of the sandbox; the properties are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Right, String> {
        Right::parse(text, Path::new("/usr")).map_err(|error| error.why)
    }

    #[test]
    fn a_right_is_printed_as_it_is_written() {
        for text in [
            "read=/usr/bin",
            "write=/tmp",
            "exec=/usr/bin/env",
            "connect=localhost:80",
            "connect=[::1]:8080",
            "raw-tcp=443",
            "processes=4",
            "side-effect=mutable_state",
            "env=API_KEY",
        ] {
            let right = parse(text).unwrap();
            let expected =
                text.replace("/usr/bin", Path::new("/usr/bin").canonicalize().unwrap().to_str().unwrap());
            assert_eq!(right.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_right_is_refused_with_a_mend() {
        for (text, why) in [
            ("read", "no `=`"),
            ("read=", "nothing after"),
            ("reed=/x", "`reed` is unknown"),
            ("read=/does/not/exist", "does not exist"),
            ("connect=example.org", "write HOST:PORT"),
            ("connect=::1:80", "write HOST:PORT"),
            ("connect=a b:80", "write HOST:PORT"),
            ("connect=x:0", "write HOST:PORT"),
            ("raw-tcp=70000", "write a port"),
            ("processes=0", "write a number"),
            ("side-effect=none", "write filesystem"),
            ("env=A-B", "write the name"),
            ("env=1A", "write the name"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_relative_path_stays_below_its_root() {
        assert_eq!(parse("read=./lib"), Ok(Right::Read(Path::new("/usr/lib").canonicalize().unwrap())));
        assert!(parse("read=../etc").unwrap_err().contains("leaves /usr with `..`"));
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("link")).unwrap();
        let error = Right::parse("read=link", dir.path()).unwrap_err();
        assert!(error.why.contains("through a link"), "{error}");
    }

    #[test]
    fn a_file_of_the_own_process_stays_as_it_is_written_and_a_link_there_does_not() {
        for file in ["/proc/self/mountinfo", "/proc/self/net/tcp"] {
            assert_eq!(parse(&format!("read={file}")), Ok(Right::Read(file.into())));
        }
        assert_eq!(parse("read=/proc/self/root"), Ok(Right::Read("/".into())));
        for path in ["/proc/self", "/proc/self/", "/proc/self/cwd", "/proc/self/fd/../status"] {
            let Right::Read(real) = parse(&format!("read={path}")).unwrap() else { panic!("{path}") };
            assert!(!real.starts_with("/proc/self"), "{path}: {}", real.display());
        }
    }

    #[test]
    fn a_grant_covers_what_lies_below_it_and_nothing_else() {
        let write = Right::Write("/a/b".into());
        assert!(write.covers(&Right::Read("/a/b/c".into())) && write.covers(&Right::Write("/a/b".into())));
        assert!(
            !write.covers(&Right::Read("/a/bc".into()))
                && !Right::Read("/a".into()).covers(&Right::Write("/a/b".into()))
        );
        assert!(
            Right::Processes(4).covers(&Right::Processes(2))
                && !Right::Processes(1).covers(&Right::Processes(2))
        );
        assert!(!Right::Connect("a".into(), 1).covers(&Right::Connect("a".into(), 2)));
    }
}
