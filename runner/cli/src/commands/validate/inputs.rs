//! Which documents were meant, and their text: files, folders, patterns, NDJSON, standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use contract_engine::open_regular;
use contract_json::{Limits, Position, Tape};
use glob::Pattern;
use walkdir::{DirEntry, WalkDir};

/// The largest document, and the longest line of an NDJSON file.
pub(super) const MAX_DOCUMENT_BYTES: u64 = 64 << 20;
/// Names that are taken out of a folder.
const DOCUMENTS: &[&str] = &["json", "jsonld", "ndjson", "jsonl"];
const LINES: &[&str] = &["ndjson", "jsonl"];

/// The text of one document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// Where it is, as the user would write it.
    pub(super) file: &'a str,
    /// Its line in an NDJSON file, from 1; 1 for a file with one document.
    pub(super) first_line: usize,
    /// Whether nothing of this file came before.
    pub(super) begins: bool,
    pub(super) bytes: &'a [u8],
}

/// Something that was named and cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable<'a> {
    pub(super) file: String,
    pub(super) at: Option<Position>,
    pub(super) why: String,
    /// What to do, where that is known.
    pub(super) mend: Option<&'static str>,
    /// The text, when it was read.
    pub(super) source: Option<Source<'a>>,
}

/// A place in a text that is no document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: Text<'a>,
    /// In bytes.
    pub(super) offset: usize,
}

impl Unreadable<'_> {
    fn new(file: impl Into<String>, why: impl Into<String>) -> Self {
        Self { file: file.into(), at: None, why: why.into(), mend: None, source: None }
    }
}

/// What comes out of the inputs, one after the other.
pub(super) enum Seen<'a> {
    Text(Text<'a>),
    Unreadable(Unreadable<'a>),
}

/// Names that are passed over in folders and patterns, as in .gitignore: one without a slash at any depth.
#[derive(Debug, Default)]
pub(super) struct Excluded(Vec<Pattern>);

impl Excluded {
    /// # Errors
    /// Which pattern is none, and why.
    pub(super) fn parse(patterns: &[String]) -> Result<Self, String> {
        let parse = |text: &String| Pattern::new(text).map_err(|error| format!("--exclude {text}: {error}"));
        Ok(Self(patterns.iter().map(parse).collect::<Result<_, _>>()?))
    }

    fn holds(&self, path: &Path) -> bool {
        self.0.iter().any(|pattern| {
            let whole = pattern.as_str().contains('/');
            let name = path.file_name().map(Path::new).unwrap_or(path);
            pattern.matches_path(if whole { path.strip_prefix(".").unwrap_or(path) } else { name })
        })
    }
}

/// Reads everything that `given` names, in that order; what is in a folder in the order of names.
pub(super) fn read(given: &[String], excluded: &Excluded, see: &mut dyn FnMut(Seen<'_>)) {
    let mut buffer = Vec::new();
    for name in given {
        if name == "-" {
            read_stdin(&mut buffer, see);
        } else if Path::new(name).symlink_metadata().is_ok() || !is_pattern(name) {
            read_path(Path::new(name), excluded, &mut buffer, see);
        } else {
            read_pattern(name, excluded, &mut buffer, see);
        }
    }
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

fn read_pattern(pattern: &str, excluded: &Excluded, buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    let refused = |why: String| Seen::Unreadable(Unreadable::new(pattern, why));
    let paths = match glob::glob(pattern) {
        Ok(paths) => paths,
        Err(error) => return see(refused(format!("no pattern: {error}"))),
    };
    let mut met = false;
    for path in paths {
        met = true;
        match path {
            Ok(path) if excluded.holds(&path) => {}
            Ok(path) => read_path(&path, excluded, buffer, see),
            Err(error) => see(Seen::Unreadable(unreadable(error.path(), error.error()))),
        }
    }
    if !met {
        see(refused("no file has such a name".to_owned()));
    }
}

fn read_path(path: &Path, excluded: &Excluded, buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    if path.is_dir() { read_folder(path, excluded, buffer, see) } else { read_file(path, buffer, see) }
}

/// Every document below a folder. Links to folders are not followed, so there is no loop; names that start with a dot are passed over.
fn read_folder(folder: &Path, excluded: &Excluded, buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    let mut met = false;
    let hidden = |entry: &DirEntry| {
        entry.file_name().as_encoded_bytes().starts_with(b".") || excluded.holds(entry.path())
    };
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !hidden(entry)) {
        match entry {
            Ok(entry) if !entry.file_type().is_dir() && has_extension(entry.path(), DOCUMENTS) => {
                // A link to a folder has a name like a document now and then.
                if !(entry.path_is_symlink() && entry.path().is_dir()) {
                    met = true;
                    read_file(entry.path(), buffer, see);
                }
            }
            Ok(_) => {}
            Err(error) => {
                met = true;
                let path = error.path().unwrap_or(folder).to_owned();
                let why = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links"));
                see(Seen::Unreadable(unreadable(&path, &why)));
            }
        }
    }
    if !met {
        let why = format!("no document in this folder (names end in .{})", DOCUMENTS.join(", ."));
        see(Seen::Unreadable(Unreadable::new(shown(folder), why)));
    }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().and_then(|name| name.to_str()).is_some_and(|name| extensions.contains(&name))
}

fn read_file(path: &Path, buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    let (file, length) = match open_regular(path) {
        Ok(opened) => opened,
        Err(error) => return see(Seen::Unreadable(unreadable(path, &error))),
    };
    if has_extension(path, LINES) {
        return read_lines(&shown(path), &mut BufReader::new(file), buffer, see);
    }
    match read_whole(file, length, buffer) {
        Ok(()) => see(Seen::Text(Text { file: &shown(path), first_line: 1, begins: true, bytes: buffer })),
        Err(error) => see(Seen::Unreadable(unreadable(path, &error))),
    }
}

fn read_whole(mut file: File, length: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    if length > MAX_DOCUMENT_BYTES {
        return Err(too_large());
    }
    buffer.clear();
    buffer.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
    // One call reads all of it. What is not as long as it says, or says nothing as in /proc, is read to its end.
    let read = file.read(buffer)?;
    if read as u64 != length || length == 0 {
        buffer.truncate(read);
        file.take(MAX_DOCUMENT_BYTES + 1 - read as u64).read_to_end(buffer)?;
    }
    if buffer.len() as u64 > MAX_DOCUMENT_BYTES { Err(too_large()) } else { Ok(()) }
}

fn too_large() -> io::Error {
    io::Error::other(format!("more than {} MiB in one document", MAX_DOCUMENT_BYTES >> 20))
}

/// One document a line (NDJSON). Blank lines are passed over, as are comments of fixtures that start with `#`.
fn read_lines(file: &str, reader: &mut dyn BufRead, buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    let mut begins = true;
    for line in 1.. {
        buffer.clear();
        let why = match reader.take(MAX_DOCUMENT_BYTES + 1).read_until(b'\n', buffer) {
            Ok(0) if begins => "no document in this file".to_owned(),
            Ok(0) => return,
            Ok(read) if read as u64 > MAX_DOCUMENT_BYTES => too_large().to_string(),
            Ok(_) => {
                let bytes = buffer.trim_ascii();
                if !bytes.is_empty() && !bytes.starts_with(b"#") {
                    let bytes = buffer.trim_ascii_end();
                    see(Seen::Text(Text { file, first_line: line, begins, bytes }));
                    begins = false;
                }
                continue;
            }
            Err(error) => error.to_string(),
        };
        let at = Some(Position { line, column: 1 });
        return see(Seen::Unreadable(Unreadable { at, ..Unreadable::new(file, why) }));
    }
}

/// Standard input is one document, or one a line when its first line is a document and another follows.
fn read_stdin(buffer: &mut Vec<u8>, see: &mut dyn FnMut(Seen<'_>)) {
    const FILE: &str = "<stdin>";
    let mut stdin = io::stdin().lock();
    buffer.clear();
    let refuse = |why: io::Error| Unreadable::new(FILE, why.to_string());
    match stdin.by_ref().take(MAX_DOCUMENT_BYTES + 1).read_until(b'\n', buffer) {
        Err(error) => return see(Seen::Unreadable(refuse(error))),
        Ok(read) if read as u64 > MAX_DOCUMENT_BYTES => {
            return see(Seen::Unreadable(refuse(too_large())));
        }
        Ok(_) => {}
    }
    let first_is_whole = Tape::new().parse(buffer, &Limits::default()).is_ok();
    if first_is_whole && stdin.fill_buf().is_ok_and(|more| !more.is_empty()) {
        let first = std::mem::take(buffer);
        return read_lines(FILE, &mut io::Cursor::new(first).chain(stdin), buffer, see);
    }
    match stdin.take(MAX_DOCUMENT_BYTES + 1 - buffer.len() as u64).read_to_end(buffer) {
        Ok(_) if buffer.len() as u64 > MAX_DOCUMENT_BYTES => see(Seen::Unreadable(refuse(too_large()))),
        Ok(_) => see(Seen::Text(Text { file: FILE, first_line: 1, begins: true, bytes: buffer })),
        Err(error) => see(Seen::Unreadable(refuse(error))),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Unreadable<'static> {
    let pipe = error.kind() == io::ErrorKind::Other && !path.is_dir();
    let mend = pipe.then_some("A pipe is read as `-`.");
    Unreadable { mend, ..Unreadable::new(shown(path), error.to_string()) }
}

fn shown(path: &Path) -> String {
    let inside = path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty());
    let path: PathBuf = inside.unwrap_or(path).components().collect();
    path.display().to_string()
}
