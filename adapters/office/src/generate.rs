//! `office.generate`: the plan of an artifact that would be made.

use contract_adapter::{Context, Failure};
use serde::Deserialize;

use crate::Office;
use crate::artifact::ArtifactType;
use crate::backend::Serves;
use crate::evidence::Evidence;
use crate::fault::Fault;
use crate::format::Format;
use crate::input::{Input, InputPath};
use crate::plan::Task;
use crate::report::Report;
use crate::room::{Title, WorkroomId};
use crate::search::Where;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generate {
    artifact_type: ArtifactType,
    format: Format,
    title: Title,
    workroom_id: WorkroomId,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(flatten)]
    place: Where,
}

pub(crate) fn run(_: &mut Office, asked: Generate, context: &mut Context<'_>) -> Result<Report, Failure> {
    if !asked.dry_run {
        return Err(Fault::DryRunOnly.into());
    }
    let home = asked.place.home();
    let paths = asked.input.iter().map(|path| InputPath::parse(path, home)).collect::<Result<Vec<_>, _>>()?;
    let mut inputs = Vec::with_capacity(paths.len());
    // The fit is judged before anything is read.
    let Generate { artifact_type, format, title, workroom_id, place, .. } = asked;
    check_fit(artifact_type, format)?;
    for path in &paths {
        inputs.push(Input::read(path, context)?);
    }
    let plan = task(artifact_type, format, title, workroom_id, inputs).plan(&place.look());
    let evidence = Evidence::of("office.generate", &plan);
    Ok(Report::new(&plan.lines())
        .document("office.artifact.plan", &plan)
        .document("office.artifact.evidence", &evidence))
}

fn check_fit(artifact: ArtifactType, format: Format) -> Result<(), Fault> {
    match artifact.formats().contains(&format) {
        true => Ok(()),
        false => Err(Fault::Misfit { artifact, format }),
    }
}

/// The task of making an artifact; an event has the digest of the same plan.
pub(crate) fn task(
    artifact_type: ArtifactType,
    format: Format,
    title: Title,
    workroom_id: WorkroomId,
    inputs: Vec<Input>,
) -> Task {
    Task {
        serves: Serves::Generate,
        artifact_type: Some(artifact_type),
        format,
        name: title.as_str().to_owned(),
        title: Some(title),
        workroom_id: Some(workroom_id),
        inputs,
    }
}
