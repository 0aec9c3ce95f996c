//! `agentterm.office.event`: the event that agent-term would post to a room.

use contract_adapter::{Context, Failure};
use serde::{Deserialize, Serialize};

use crate::Office;
use crate::artifact::ArtifactType;
use crate::format::Format;
use crate::generate::task;
use crate::report::Report;
use crate::room::{Room, Title, WorkroomId};
use crate::search::Where;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask {
    room: Room,
    workroom: WorkroomId,
    title: Title,
    #[serde(default)]
    kind: Kind,
    #[serde(flatten)]
    place: Where,
}

/// What the event asks for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[default]
    #[serde(rename = "create-deck")]
    Deck,
    #[serde(rename = "create-document")]
    Document,
    #[serde(rename = "create-report")]
    Report,
    #[serde(rename = "create-spreadsheet")]
    Spreadsheet,
}

/// `agentterm.office.event` as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    v: &'static str,
    kind: Kind,
    dry_run: bool,
    posted: bool,
    room: &'a str,
    workroom_id: &'a str,
    title: &'a str,
    artifact_type: ArtifactType,
    format: Format,
    plan_digest: String,
}

pub(crate) fn run(_: &mut Office, asked: Ask, _: &mut Context<'_>) -> Result<Report, Failure> {
    let (artifact_type, format) = match asked.kind {
        Kind::Deck => (ArtifactType::SlideDeck, Format::Pptx),
        Kind::Document => (ArtifactType::Document, Format::Docx),
        Kind::Report => (ArtifactType::PdfReport, Format::Pdf),
        Kind::Spreadsheet => (ArtifactType::Spreadsheet, Format::Xlsx),
    };
    let task = task(artifact_type, format, asked.title.clone(), asked.workroom.clone(), Vec::new());
    let plan = task.plan(&asked.place.look());
    let event = Event {
        v: "agentterm.office.event.v0",
        kind: asked.kind,
        dry_run: true,
        posted: false,
        room: asked.room.as_str(),
        workroom_id: asked.workroom.as_str(),
        title: asked.title.as_str(),
        artifact_type,
        format,
        plan_digest: plan.digest(),
    };
    let lines = [
        format!("Event, dry run: {artifact_type} \"{}\" as {format}", event.title),
        format!("room       {}", event.room),
        format!("work room  {}", event.workroom_id),
        format!("plan       {}", event.plan_digest),
        "Nothing was posted.".to_owned(),
    ];
    Ok(Report::new(&lines).document("agentterm.office.event", &event))
}
