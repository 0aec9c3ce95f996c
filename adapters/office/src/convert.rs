//! `office.convert`: the plan of a conversion.

use contract_adapter::{Context, Failure};
use serde::Deserialize;

use crate::Office;
use crate::backend::Serves;
use crate::evidence::Evidence;
use crate::fault::Fault;
use crate::format::Format;
use crate::input::{Input, InputPath};
use crate::plan::Task;
use crate::report::Report;
use crate::room::WorkroomId;
use crate::search::Where;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Convert {
    file: String,
    to: Format,
    workroom_id: Option<WorkroomId>,
    #[serde(default)]
    dry_run: bool,
    #[serde(flatten)]
    place: Where,
}

pub(crate) fn run(_: &mut Office, asked: Convert, context: &mut Context<'_>) -> Result<Report, Failure> {
    if !asked.dry_run {
        return Err(Fault::DryRunOnly.into());
    }
    let path = InputPath::parse(&asked.file, asked.place.home())?;
    if Format::of_path(path.as_str()) == Some(asked.to) {
        return Err(Fault::SameFormat { path: asked.file, format: asked.to }.into());
    }
    let task = Task {
        serves: Serves::Convert,
        artifact_type: None,
        format: asked.to,
        title: None,
        workroom_id: asked.workroom_id,
        inputs: vec![Input::read(&path, context)?],
        name: path.stem().to_owned(),
    };
    let plan = task.plan(&asked.place.look());
    let evidence = Evidence::of("office.convert", &plan);
    Ok(Report::new(&plan.lines())
        .document("office.artifact.plan", &plan)
        .document("office.artifact.evidence", &evidence))
}
