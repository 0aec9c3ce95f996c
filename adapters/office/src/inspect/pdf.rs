//! pdf: ISO 32000-1, as much of it as leads to the properties, the pages and what they start.
//!
//! Our own reader, because it follows only the objects that are asked for and never builds the others: with the libraries that
//! were looked at, one byte of a hostile file costs up to eighty bytes of memory, or a packed stream is unpacked without a bound.

mod date;
mod lex;
mod stream;
mod text;
mod value;
mod xref;

use std::collections::BTreeSet;

use super::damage::Damage;
use super::facts::Facts;
use super::kind::pdf_start;
use value::{Piece, Value};
use xref::Pdf;

/// Nodes of the tree of pages, and of the tree of embedded files, that are looked at.
const MAX_NODES: usize = 100_000;

pub(super) fn facts(mut bytes: Vec<u8>) -> Result<Facts, Damage> {
    // Offsets count from the header, wherever it stands.
    bytes.drain(..pdf_start(&bytes).unwrap_or_default());
    let pdf = Pdf::open(bytes)?;
    let mut facts = Facts { encrypted: pdf.trailer.encrypted, ..Facts::default() };
    if facts.encrypted {
        facts.notes.push("its texts are encrypted: title, author and times are not said");
        // Streams that hold objects are encrypted as well; what stands outside of them can be read.
        let pages = pdf.root().and_then(|root| pages(&pdf, &root));
        facts.counts.pages = pages.ok().and_then(|(_, count)| count);
        if facts.counts.pages.is_none() {
            facts.notes.push("its pages are encrypted: their number and their links are not said");
            return Ok(facts);
        }
    } else {
        properties(&pdf, &mut facts)?;
    }
    let root = pdf.root()?;
    let (tree, count) = pages(&pdf, &root)?;
    facts.counts.pages = count;
    if scripts(&pdf, &root, &mut facts).is_err() {
        facts.notes.push(
            "not all of its names could be read: scripts and embedded files are told as far as they could",
        );
    }
    if links(&pdf, tree, &mut facts).is_err() {
        facts.notes.push("not all of its pages could be read: links are counted as far as they could");
    }
    Ok(facts)
}

fn properties(pdf: &Pdf, facts: &mut Facts) -> Result<(), Damage> {
    let Some(Value::Dict(info)) = pdf.info()? else {
        facts.notes.push("it has no properties: title, author and times are not said");
        return Ok(());
    };
    let text = |key: &[u8]| match pdf.get(&info, key)? {
        Some(Value::Text(bytes)) => Ok(Some(text::decode(&bytes))),
        _ => Ok(None),
    };
    facts.title = text(b"Title")?;
    facts.author = text(b"Author")?;
    facts.application = match text(b"Creator")? {
        Some(creator) if !creator.trim().is_empty() => Some(creator),
        _ => text(b"Producer")?,
    };
    facts.created = text(b"CreationDate")?.and_then(|date| date::rfc3339(&date));
    facts.modified = text(b"ModDate")?.and_then(|date| date::rfc3339(&date));
    Ok(())
}

/// The tree of pages, and how many it says there are.
fn pages(pdf: &Pdf, root: &Piece) -> Result<(Piece, Option<u64>), Damage> {
    let Some(Value::Dict(tree)) = pdf.get(root, b"Pages")? else {
        return Err(Damage::broken("it has no pages"));
    };
    let count = match pdf.get(&tree, b"Count")? {
        Some(Value::Number(count)) => u64::try_from(count).ok(),
        _ => None,
    };
    Ok((tree, count))
}

fn scripts(pdf: &Pdf, root: &Piece, facts: &mut Facts) -> Result<(), Damage> {
    facts.macros |= pdf.get(root, b"AA")?.is_some();
    if let Some(Value::Dict(action)) = pdf.get(root, b"OpenAction")? {
        facts.macros |= is_named(pdf, &action, b"S", b"JavaScript")?;
    }
    if let Some(Value::Dict(names)) = pdf.get(root, b"Names")? {
        facts.macros |= pdf.get(&names, b"JavaScript")?.is_some();
        if let Some(Value::Dict(tree)) = pdf.get(&names, b"EmbeddedFiles")? {
            facts.embedded_files = names_in(pdf, tree)?;
        }
    }
    Ok(())
}

/// The number of names in a tree of names.
fn names_in(pdf: &Pdf, tree: Piece) -> Result<u64, Damage> {
    let (mut names, mut open, mut met) = (0, vec![tree], Met::default());
    while let Some(node) = open.pop() {
        if let Some(Value::List(list)) = pdf.get(&node, b"Names")? {
            names += pdf.items(&list)?.len() as u64 / 2;
        }
        open.extend(kids(pdf, &node, &mut met)?);
    }
    Ok(names)
}

/// Counts the actions of pages that lead out of the file.
fn links(pdf: &Pdf, tree: Piece, facts: &mut Facts) -> Result<(), Damage> {
    let (mut open, mut met) = (vec![tree], Met::default());
    while let Some(node) = open.pop() {
        if let Some(Value::List(list)) = pdf.get(&node, b"Annots")? {
            for item in pdf.items(&list)? {
                let Value::Dict(note) = pdf.resolved(item)? else { continue };
                let Some(Value::Dict(action)) = pdf.get(&note, b"A")? else { continue };
                match pdf.get(&action, b"S")? {
                    Some(Value::Name(name)) if matches!(&*name, b"URI" | b"GoToR" | b"Launch") => {
                        facts.external_links.add(true);
                    }
                    Some(Value::Name(name)) if *name == *b"JavaScript" => facts.macros = true,
                    _ => {}
                }
            }
        }
        open.extend(kids(pdf, &node, &mut met)?);
    }
    Ok(())
}

/// The nodes of a tree that were met.
#[derive(Default)]
struct Met {
    numbers: BTreeSet<u32>,
    count: usize,
}

/// The nodes below one, each once: a tree that leads back into itself ends.
fn kids(pdf: &Pdf, node: &Piece, met: &mut Met) -> Result<Vec<Piece>, Damage> {
    let Some(Value::List(list)) = pdf.get(node, b"Kids")? else { return Ok(Vec::new()) };
    let mut kids = Vec::new();
    for item in pdf.items(&list)? {
        if let Value::Ref(number) = item
            && !met.numbers.insert(number)
        {
            continue;
        }
        met.count += 1;
        if met.count > MAX_NODES {
            return Err(Damage::bomb("a tree of more nodes than are looked at"));
        }
        if let Value::Dict(kid) = pdf.resolved(item)? {
            kids.push(kid);
        }
    }
    Ok(kids)
}

fn is_named(pdf: &Pdf, dict: &Piece, key: &[u8], name: &[u8]) -> Result<bool, Damage> {
    Ok(matches!(pdf.get(dict, key)?, Some(Value::Name(found)) if *found == *name))
}
