//! odt, ods and odp: ISO/IEC 26300, OpenDocument.

use std::collections::BTreeSet;

use super::container::Container;
use super::damage::Damage;
use super::facts::Facts;
use super::kind::Kind;
use super::xml::{Seen, attribute, fields, local, walk};

const TYPES: &[(&str, Kind)] = &[
    ("application/vnd.oasis.opendocument.text", Kind::Odt),
    ("application/vnd.oasis.opendocument.text-template", Kind::Odt),
    ("application/vnd.oasis.opendocument.spreadsheet", Kind::Ods),
    ("application/vnd.oasis.opendocument.spreadsheet-template", Kind::Ods),
    ("application/vnd.oasis.opendocument.presentation", Kind::Odp),
    ("application/vnd.oasis.opendocument.presentation-template", Kind::Odp),
];

const MANIFEST: &str = "META-INF/manifest.xml";
const META: &str = "meta.xml";
const CONTENT: &str = "content.xml";

pub(super) fn facts(container: &Container<'_>) -> Result<(Kind, Facts), Damage> {
    let said = container.required("mimetype")?;
    let said = String::from_utf8_lossy(&said);
    let Some((_, kind)) = TYPES.iter().find(|(name, _)| *name == said.trim()) else {
        return Err(Damage::Unknown("an OpenDocument that is no text, sheet or deck, or no document at all"));
    };
    let mut facts = Facts::default();
    let encrypted = encrypted(container)?;
    if encrypted.contains(CONTENT) || encrypted.contains("encrypted-package") {
        return Err(Damage::Encrypted("an OpenDocument with a password"));
    }
    facts.encrypted = !encrypted.is_empty();
    if encrypted.contains(META) {
        facts.notes.push("its properties are encrypted: title, author and times are not said");
    } else {
        properties(container, &mut facts)?;
    }
    let mut objects = BTreeSet::new();
    for name in container.names() {
        let folder = name.split('/').next().unwrap_or_default();
        facts.macros |= matches!(folder, "Basic" | "Scripts") && !name.ends_with('/');
        if folder.starts_with("Object ") {
            objects.insert(folder);
        }
    }
    facts.embedded_files = objects.len() as u64;
    content(container, *kind, &mut facts)?;
    Ok((*kind, facts))
}

/// The parts that the manifest says are encrypted.
fn encrypted(container: &Container<'_>) -> Result<BTreeSet<String>, Damage> {
    let Some(xml) = container.part(MANIFEST)? else { return Ok(BTreeSet::new()) };
    let (mut parts, mut current) = (BTreeSet::new(), None);
    walk(MANIFEST, &xml, |_, seen| {
        if let Seen::Open(start) = seen {
            match local(start) {
                b"file-entry" => current = attribute(start, "full-path"),
                b"encryption-data" => parts.extend(current.take()),
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(parts)
}

fn properties(container: &Container<'_>, facts: &mut Facts) -> Result<(), Damage> {
    let Some(xml) = container.part(META)? else {
        facts.notes.push("it has no properties: title, author and times are not said");
        return Ok(());
    };
    let mut meta = fields(META, &xml)?;
    let changed_by = meta.remove("creator");
    facts.title = meta.remove("title");
    facts.author = meta.remove("initial-creator").or_else(|| changed_by.clone());
    facts.last_modified_by = changed_by;
    facts.created = meta.remove("creation-date");
    facts.modified = meta.remove("date");
    facts.application = meta.remove("generator");
    walk(META, &xml, |_, seen| {
        if let Seen::Open(start) = seen
            && local(start) == b"document-statistic"
        {
            let number = |name: &str| attribute(start, name).and_then(|text| text.parse().ok());
            facts.counts.pages = number("page-count");
            facts.counts.words = number("word-count");
        }
        Ok(())
    })
}

/// Counts sheets or slides, and links to the outside.
fn content(container: &Container<'_>, kind: Kind, facts: &mut Facts) -> Result<(), Damage> {
    let xml = container.required(CONTENT)?;
    let (mut sheets, mut slides) = (0, 0);
    // office:document-content, office:body, office:spreadsheet or office:presentation, and there the sheets or slides.
    const DEPTH: usize = 4;
    walk(CONTENT, &xml, |depth, seen| {
        let Seen::Open(start) = seen else { return Ok(()) };
        match start.name().as_ref() {
            b"table:table" if depth == DEPTH => sheets += 1,
            b"draw:page" if depth == DEPTH => slides += 1,
            _ => {}
        }
        if let Some(target) = attribute(start, "href")
            && leads_out(&target)
        {
            facts.external_links.add(local(start) == b"a");
        }
        Ok(())
    })?;
    match kind {
        Kind::Ods => facts.counts.sheets = Some(sheets),
        Kind::Odp => facts.counts.slides = Some(slides),
        _ => {}
    }
    Ok(())
}

/// Whether a reference has a scheme, or climbs out of the package.
fn leads_out(target: &str) -> bool {
    let scheme = target.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
    scheme || target.starts_with("../") || target.starts_with('/')
}
