//! `replay`

use std::path::Path;

use contract_engine::{Failure, Nobody, ReplayAuthority, Surroundings, own_files, prepare, replay_of};
use contract_ipc::{Code, Exit};
use serde_json::json;

use super::{note, print_json};
use crate::args::{Format, Output};
use crate::{show, style};

pub(crate) fn replay(
    folder: &Path,
    out: Option<&Path>,
    authority: &ReplayAuthority,
    output: Output,
) -> Result<Exit, Failure> {
    let verdict = contract_receipts::verify(folder, None);
    if verdict.exit() != Exit::Satisfied {
        super::verify::print(&verdict, output)?;
        return Ok(verdict.exit());
    }
    let around = Surroundings::of_process()?;
    let kept = tempfile::tempdir().map_err(|error| {
        Failure::new(Code::ContractOutUnwritable, format!("no temporary folder: {error}"))
    })?;
    let recorded = replay_of(folder, &kept.path().join("calls.ndjson"), &around, authority)?;
    let second = out.map_or_else(
        || kept.path().join("run"),
        |out| std::path::absolute(out).unwrap_or_else(|_| out.to_owned()),
    );
    let outcome = prepare(&recorded.request, &recorded.around, &second)
        .and_then(|prepared| {
            note(output, &style::dim(&show::may_line(prepared.plan())));
            prepared.run(&mut Nobody)
        })
        .map_err(|refusal| refusal.failure)?;
    let same_program = own_files(&outcome.receipt) == recorded.own_files;
    if let Some(lost) = outcome.evidence_lost {
        return Err(Failure::new(Code::ContractEvidenceFailed, String::from_utf8_lossy(&lost).into_owned()));
    }
    let comparison = contract_receipts::compare(folder, &second)
        .map_err(|error| Failure::new(Code::ContractUnverifiable, error.to_string()))?;
    if output.format == Format::Json {
        print_json(
            &json!({"v": "replay.v0", "sameSubject": comparison.same_subject, "sameProgram": same_program, "status": outcome.receipt.status.as_str()}),
        )?;
    } else {
        super::compare::print(&comparison, output)?;
    }
    if !same_program {
        note(output, "different: the adapter's files are not those of the recorded run");
    }
    if !outcome.receipt.reproducible {
        note(output, "note: a run that timed out or was cancelled need not end the same way again");
    }
    Ok(if comparison.same_subject && same_program { Exit::Satisfied } else { Exit::Violated })
}
