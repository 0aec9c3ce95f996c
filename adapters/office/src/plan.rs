//! `office.artifact.plan`: what would be made, by which back end, out of what, and what it would do.

use contract_json::{Digest, to_canonical_vec};
use serde::Serialize;

use crate::artifact::ArtifactType;
use crate::backend::{Backend, Serves};
use crate::file_name;
use crate::format::Format;
use crate::input::Input;
use crate::room::{Title, WorkroomId};
use crate::search::Found;

/// A plan. Its digest is that of its canonical form (RFC 8785).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    v: &'static str,
    pub(crate) operation: Serves,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<ArtifactType>,
    format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Title>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workroom_id: Option<WorkroomId>,
    pub(crate) backend: Chosen,
    pub(crate) inputs: Vec<Input>,
    output: Output,
    effects: Effects,
    pub(crate) preconditions: Vec<Precondition>,
    pub(crate) ready: bool,
}

/// The back end of a plan.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Chosen {
    /// Or `none`.
    pub(crate) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Where the artifact would be written: a name inside the work room.
#[derive(Debug, Serialize)]
struct Output {
    path: String,
}

/// What carrying the plan out would do, as far as it can be known before.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Effects {
    files_written: u32,
    bytes_written: &'static str,
    processes: u32,
    network: &'static str,
}

/// Something that must hold before the plan can be carried out.
#[derive(Debug, Serialize)]
pub(crate) struct Precondition {
    pub(crate) name: &'static str,
    pub(crate) met: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// What is asked for.
pub(crate) struct Task {
    pub(crate) serves: Serves,
    pub(crate) artifact_type: Option<ArtifactType>,
    pub(crate) format: Format,
    pub(crate) title: Option<Title>,
    pub(crate) workroom_id: Option<WorkroomId>,
    pub(crate) inputs: Vec<Input>,
    /// What the output is named after.
    pub(crate) name: String,
}

impl Task {
    pub(crate) fn plan(self, found: &Found) -> Plan {
        let Self { serves, artifact_type, format, title, workroom_id, inputs, name } = self;
        let backend = choose(serves, &inputs, format, found);
        let mut preconditions = vec![Precondition {
            name: "back-end-found",
            met: backend.reason.is_none(),
            why: backend.reason.clone(),
        }];
        preconditions.extend(inputs.iter().map(|input| {
            let why = input.unmet();
            Precondition { name: "input-readable", met: why.is_none(), why }
        }));
        let ready = preconditions.iter().all(|precondition| precondition.met);
        // Without a back end there is nothing that could be carried out.
        let count = u32::from(backend.reason.is_none());
        Plan {
            v: "office.artifact.plan.v0",
            operation: serves,
            dry_run: true,
            artifact_type,
            format,
            title,
            workroom_id,
            backend,
            inputs,
            output: Output { path: file_name::safe(&name, format) },
            effects: Effects {
                files_written: count,
                bytes_written: "unknown",
                processes: count,
                network: "none",
            },
            preconditions,
            ready,
        }
    }
}

fn choose(serves: Serves, inputs: &[Input], to: Format, found: &Found) -> Chosen {
    let none = |reason| Chosen { name: "none", path: None, reason: Some(reason) };
    let mut from = Vec::new();
    for input in inputs {
        match input.format() {
            Some(format) if !from.contains(&format) => from.push(format),
            Some(_) => {}
            None => return none(format!("the name of {} shows no format that is known", input.path())),
        }
    }
    match found.choose(serves, &from, to) {
        Ok((Backend { name, .. }, path)) => Chosen { name, path: Some(path.to_owned()), reason: None },
        Err(reason) => none(reason),
    }
}

impl Plan {
    /// `sha256:` and the digits.
    pub(crate) fn digest(&self) -> String {
        Digest::of(&to_canonical_vec(self)).sha256_uri()
    }

    pub(crate) fn output(&self) -> &str {
        &self.output.path
    }

    /// What it says, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![match (&self.title, self.artifact_type) {
            (Some(title), Some(artifact)) => {
                format!("Plan, dry run: {artifact} \"{}\" as {}", title.as_str(), self.format)
            }
            _ => format!("Plan, dry run: conversion to {}", self.format),
        }];
        if let Some(room) = &self.workroom_id {
            lines.push(format!("work room  {}", room.as_str()));
        }
        lines.push(match &self.backend {
            Chosen { reason: Some(reason), .. } => format!("back end   none: {reason}"),
            Chosen { name, path, .. } => {
                format!("back end   {name}, {}", path.as_deref().unwrap_or_default())
            }
        });
        lines.extend(self.inputs.iter().map(|input| format!("input      {}", input.line())));
        lines.push(format!("output     {}", self.output.path));
        lines.push(match self.effects.files_written {
            0 => "effects    none: it cannot be carried out".to_owned(),
            _ => "effects    1 file written, 1 process, no network".to_owned(),
        });
        lines.push(match self.ready {
            true => "ready      yes".to_owned(),
            false => {
                let unmet: Vec<&str> = self
                    .preconditions
                    .iter()
                    .filter_map(|precondition| precondition.why.as_deref())
                    .collect();
                format!("ready      no: {}", unmet.join("; "))
            }
        });
        lines.push("Nothing was generated, converted or started.".to_owned());
        lines
    }
}
