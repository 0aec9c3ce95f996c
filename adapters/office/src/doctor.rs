//! `office.doctor`: which back ends are on this machine.

use std::collections::BTreeSet;

use contract_adapter::{Context, Failure};
use serde::{Deserialize, Serialize};

use crate::Office;
use crate::backend::{BACKENDS, Backend, Serves};
use crate::format::{Format, names};
use crate::report::Report;
use crate::search::{Found, Where};

#[derive(Debug, Deserialize)]
pub(crate) struct Doctor {
    #[serde(flatten)]
    place: Where,
}

/// `office.doctor` as a document.
#[derive(Debug, Serialize)]
struct Document {
    v: &'static str,
    searched: Vec<String>,
    ignored: Vec<String>,
    backends: Vec<Row>,
    usable: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    what: &'static str,
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    reads: BTreeSet<Format>,
    writes: BTreeSet<Format>,
    serves: BTreeSet<Serves>,
}

pub(crate) fn run(_: &mut Office, asked: Doctor, _: &mut Context<'_>) -> Result<Report, Failure> {
    let found = asked.place.look();
    let rows: Vec<Row> = BACKENDS.iter().map(|backend| row(backend, &found)).collect();
    let usable = rows.iter().filter(|row| row.usable).count();
    let mut lines = vec![match usable {
        0 => "No back end was found; plans can be made, and none of them is ready.".to_owned(),
        count => format!("{count} of {} back ends can be used.", rows.len()),
    }];
    lines.extend(rows.iter().map(line));
    let Found { searched, ignored, .. } = found;
    if !ignored.is_empty() {
        lines.push(format!(
            "Not searched, because they do not begin with / or are too many: {}",
            ignored.len()
        ));
    }
    lines.push("Nothing was started to find this out.".to_owned());
    let document = Document { v: "office.doctor.v0", searched, ignored, backends: rows, usable };
    Ok(Report::new(&lines).document("office.doctor", &document))
}

fn row(backend: &Backend, found: &Found) -> Row {
    Row {
        name: backend.name,
        what: backend.what,
        found: found.path(backend).is_some(),
        path: found.path(backend).map(str::to_owned),
        usable: found.usable(backend),
        needs: backend.needs,
        reads: backend.reads(),
        writes: backend.writes(),
        serves: backend.serves(),
    }
}

fn line(row: &Row) -> String {
    let state = match (&row.path, row.needs) {
        (Some(path), _) if row.usable => path.clone(),
        (Some(path), Some(needed)) => format!("{path}, but {needed} is missing"),
        _ => "not found".to_owned(),
    };
    let writes: Vec<Format> = row.writes.iter().copied().collect();
    format!("{:<14} {state} (writes {})", row.name, names(&writes))
}
