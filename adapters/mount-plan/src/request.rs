//! The arguments, read once into roots.

use contract_adapter::Failure;
use serde::Deserialize;

use crate::purpose::{Label, NAMED, OTHER, Purpose};

/// The arguments of the operation, as they arrive.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Arguments {
    dev_root: Option<String>,
    docs_root: Option<String>,
    downloads_root: Option<String>,
    home: Option<String>,
    #[serde(default)]
    roots: Vec<String>,
    label: Option<Label>,
}

/// A folder that the agent machine is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name, which is also that of its place in the agent machine.
    pub name: String,
    /// The argument that names it.
    pub argument: String,
    /// The path as it was given.
    pub spelled: String,
    /// How it is mounted.
    pub purpose: &'static Purpose,
}

/// What is to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The roots, each name once.
    pub roots: Vec<Root>,
    /// The home folder of the user: an absolute path.
    pub home: Option<String>,
    /// The label that the user wants for all of them.
    pub label: Option<Label>,
}

impl Request {
    /// Reads the arguments.
    ///
    /// # Errors
    /// `ADAPTER_BAD_INPUT` when a root has no proper name, a name is used twice, or the home is not absolute. Whether the
    /// folders may be given away is not judged here.
    pub fn read(arguments: Arguments) -> Result<Self, Failure> {
        let Arguments { dev_root, docs_root, downloads_root, home, roots: others, label } = arguments;
        if let Some(home) = home.as_ref().filter(|home| !home.starts_with('/')) {
            return Err(Failure::bad_input(format!("`home` is {home:?}, which is no absolute path")));
        }
        let named = [("devRoot", dev_root), ("docsRoot", docs_root), ("downloadsRoot", downloads_root)];
        let mut roots: Vec<Root> = named
            .into_iter()
            .zip(NAMED)
            .filter_map(|((argument, path), (name, purpose))| {
                let (name, argument) = ((*name).to_owned(), argument.to_owned());
                Some(Root { name, argument, spelled: path?, purpose })
            })
            .collect();
        for (index, text) in others.iter().enumerate() {
            roots.push(Self::other(index, text, &roots)?);
        }
        Ok(Self { roots, home, label })
    }

    fn other(index: usize, text: &str, before: &[Root]) -> Result<Root, Failure> {
        let argument = format!("roots/{index}");
        let (name, path) = text.split_once('=').filter(|(name, _)| is_name(name)).ok_or_else(|| {
            Failure::bad_input(format!(
                "`{argument}` is {text:?}; write NAME=PATH, the name in a-z, 0-9 and -"
            ))
        })?;
        if NAMED.iter().any(|(named, _)| *named == name) {
            return Err(Failure::bad_input(format!(
                "`{argument}`: `{name}` has an argument of its own, `{name}Root`"
            )));
        }
        if before.iter().any(|root| root.name == name) {
            return Err(Failure::bad_input(format!("`{argument}`: `{name}` names two roots")));
        }
        Ok(Root { name: name.to_owned(), argument, spelled: path.to_owned(), purpose: &OTHER })
    }
}

/// As in the schemas: it is a part of a path, of an option and of a line of a unit, and needs quotes in none of them.
fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}
