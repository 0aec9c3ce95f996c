//! `office.inspect`: what an office file says of itself, read within fixed bounds.

mod container;
mod damage;
mod facts;
mod kind;
mod odf;
mod ooxml;
mod pdf;
mod xml;

use std::fs::File;
use std::io::Read as _;

use contract_adapter::{Context, Failure};
use contract_json::Digest;
use serde::{Deserialize, Serialize};

use crate::Office;
use crate::evidence::{Check, Evidence};
use crate::fault::Fault;
use crate::input::{Input, InputPath};
use crate::report::Report;
use container::Container;
use damage::Damage;
use facts::{Facts, Person, Shown};
use kind::{Family, Kind};

/// A file is held in memory as a whole; with what is unpacked from it this stays far below 512 MiB.
const MAX_FILE_BYTES: u64 = 128 << 20;

#[derive(Debug, Deserialize)]
pub(crate) struct Inspect {
    file: String,
    home: Option<String>,
    #[serde(default)]
    names: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    #[serde(flatten)]
    report: Report,
    file: Described,
    metadata: Shown,
}

#[derive(Debug, Serialize)]
struct Described {
    path: String,
    kind: Kind,
    bytes: u64,
    sha256: String,
}

pub(crate) fn run(_: &mut Office, asked: Inspect, context: &mut Context<'_>) -> Result<Inspected, Failure> {
    let path = InputPath::parse(&asked.file, asked.home.as_deref())?;
    let (file, size) = path.open()?;
    let bytes = read(&path, file, size)?;
    context.check()?;
    let sha256 = Digest::of(&bytes).sha256_uri();
    let count = bytes.len() as u64;
    let (kind, facts) = facts_of(&path, bytes)?;
    let described = Described { path: path.owned(), kind, bytes: count, sha256: sha256.clone() };
    let checks = checks(&facts);
    let metadata = facts.shown(asked.names);
    let lines = lines(&described, &metadata, &checks);
    let evidence = Evidence::of_inspection(Input::of_inspected(&path, count, sha256), checks);
    let report = Report::new(&lines).document("office.artifact.evidence", &evidence);
    Ok(Inspected { report, file: described, metadata })
}

fn read(path: &InputPath, file: File, size: u64) -> Result<Vec<u8>, Fault> {
    // As much as is needed and one byte more: growing would take twice of it.
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(MAX_FILE_BYTES) + 1).unwrap_or_default());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| path.io(error))?;
    match bytes.len() as u64 {
        0 => Err(Fault::Empty { path: path.owned() }),
        count if count > MAX_FILE_BYTES => {
            Err(Fault::TooLarge { path: path.owned(), bytes: count, most: MAX_FILE_BYTES })
        }
        _ => Ok(bytes),
    }
}

fn facts_of(path: &InputPath, bytes: Vec<u8>) -> Result<(Kind, Facts), Fault> {
    let named = |damage: Damage| damage.of(path);
    let (kind, facts) = match kind::family(&bytes).map_err(named)? {
        Family::Pdf => (Kind::Pdf, pdf::facts(bytes).map_err(named)?),
        Family::Zip => {
            let container = Container::open(&bytes).map_err(named)?;
            match container.has("mimetype") {
                true => odf::facts(&container),
                false => ooxml::facts(&container),
            }
            .map_err(named)?
        }
    };
    match path.extension() {
        Some(extension) if !kind.extensions().contains(&extension.as_str()) => {
            Err(Fault::Misnamed { path: path.owned(), kind: kind.name(), extension })
        }
        _ => Ok((kind, facts)),
    }
}

fn checks(facts: &Facts) -> Vec<Check> {
    let links = &facts.external_links;
    vec![
        Check::pass("no-application-data"),
        Check::unless("not-encrypted", facts.encrypted.then(|| "parts of it are encrypted".to_owned())),
        Check::unless("no-macros", facts.macros.then(|| "it has macros or scripts".to_owned())),
        Check::unless(
            "no-embedded-files",
            (facts.embedded_files > 0).then(|| format!("{} embedded", facts.embedded_files)),
        ),
        Check::unless(
            "nothing-loaded-from-outside",
            (links.loaded > 0).then(|| format!("{} links are followed when it is opened", links.loaded)),
        ),
    ]
}

fn lines(file: &Described, shown: &Shown, checks: &[Check]) -> Vec<String> {
    let mut lines = vec![format!("{}: {}, {} bytes", file.path, file.kind.name(), file.bytes)];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            lines.push(format!("{name:<12} {value}"));
        }
    };
    let person = |person: &Option<Person>| {
        person.as_ref().map(|person| match person {
            Person::Name(name) => name.clone(),
            Person::Digest(digest) => format!("{digest} (digest of the name)"),
        })
    };
    let count = |count: Option<u64>| count.map(|count| count.to_string());
    add("title", shown.title.clone());
    add("author", person(&shown.author));
    add("changed by", person(&shown.last_modified_by));
    add("created", shown.created.clone());
    add("modified", shown.modified.clone());
    add("application", shown.application.clone());
    add("pages", count(shown.counts.pages));
    add("slides", count(shown.counts.slides));
    add("sheets", count(shown.counts.sheets));
    add("words", count(shown.counts.words));
    add("links", Some(format!("{} to the outside", shown.external_links.total)));
    lines.extend(checks.iter().map(Check::line));
    lines.extend(shown.notes.iter().map(|note| format!("note  {note}")));
    lines
}
