//! What the user is told at the end.

use std::io::Write as _;
use std::path::Path;

use contract_engine::Failure;
use contract_inference::{Appended, Ask, Ending, FinishReason};
use contract_ipc::Exit;
use serde_json::{Value, json};

use super::super::{failure_json, note, print_json, printed};
use super::Done;
use crate::args::{Format, Output};
use crate::{show, style};

/// Where the end of a request is told.
pub(super) struct Teller<'a> {
    pub(super) output: Output,
    /// Where relative paths begin.
    pub(super) root: &'a Path,
    /// The folder of records.
    pub(super) folder: &'a Path,
}

impl Teller<'_> {
    /// The end of a request before anything ran.
    pub(super) fn refused(&self, failure: &Failure, appended: &Appended) -> Exit {
        if self.output.format == Format::Json {
            let text = json!({
                "v": "infer-outcome.v0",
                "exit": failure.code.exit().status(),
                "outcome": appended.evidence.outcome,
                "situation": appended.evidence.situation,
                "text": Value::Null,
                "error": failure_json(failure),
                "receipt": self.receipt(appended),
            });
            if print_json(&text).is_ok() {
                return failure.code.exit();
            }
        }
        let exit = super::super::report(failure, self.output);
        self.say_receipt(appended);
        exit
    }

    /// The end of a request that ran.
    pub(super) fn done(&self, ask: &Ask, done: &Done, appended: &Appended) -> Result<Exit, Failure> {
        // The run may be fine and the request not.
        let failure = done.outcome.failure.clone().or_else(|| done.finished.failure());
        let exit = match (&done.finished.ending, &failure) {
            (Ending::Answered(_), _) if done.outcome.evidence_lost.is_none() => Exit::Satisfied,
            (Ending::Rejected(..), _) => Exit::Violated,
            (_, Some(failure)) => failure.code.exit(),
            (_, None) => Exit::Failed,
        };
        let good = exit == Exit::Satisfied;
        if self.output.format == Format::Json {
            let told = json!({
                "v": "infer-outcome.v0",
                "exit": exit.status(),
                "outcome": appended.evidence.outcome,
                "situation": appended.evidence.situation,
                "text": good.then_some(&done.finished.output),
                "finishReason": appended.evidence.finish_reason,
                "usage": done.finished.usage,
                "timings": done.finished.timings,
                "error": failure.as_ref().map(failure_json),
                "receipt": self.receipt(appended),
                "run": show::short(&done.folder, self.root).to_string(),
            });
            print_json(&told)?;
        } else if good && ask.is_constrained() {
            printed(writeln!(std::io::stdout(), "{}", done.finished.output))?;
        }
        if let Some(failure) = &failure
            && self.output.format == Format::Human
        {
            show::failure(failure);
            show::stderr(&done.outcome.stderr, self.output.verbose);
            show::cure(failure);
        }
        if let Some(why) = done.finished.ending.rejection() {
            let is_short = matches!(done.finished.ending, Ending::Rejected(FinishReason::Length, _));
            let cure = if is_short { "; raise --max-tokens" } else { "" };
            note(self.output, &format!("{why}, so it is not printed{cure}"));
        }
        self.say_receipt(appended);
        Ok(exit)
    }

    /// The last lines for people.
    fn say_receipt(&self, appended: &Appended) {
        let outcome = appended.evidence.outcome.as_str();
        let tokens = match (appended.evidence.usage.prompt_tokens, appended.evidence.usage.output_tokens) {
            (Some(prompt), Some(output)) => format!(", {prompt} tokens in, {output} out"),
            (None, Some(output)) => format!(", {output} tokens"),
            _ => String::new(),
        };
        let painted = match outcome {
            "answered" => style::green(outcome),
            "rejected" => style::yellow(outcome),
            _ => style::red(outcome),
        };
        let records = show::short(self.folder, self.root);
        let evidence = &appended.evidence;
        note(
            self.output,
            &format!(
                "{painted} ({}){tokens}; receipt {} in {records}",
                evidence.situation, appended.sequence
            ),
        );
        if evidence.stored.prompt {
            note(
                self.output,
                &format!("  prompt and output are kept in {records}/{}", contract_inference::STORED),
            );
        }
    }

    fn receipt(&self, appended: &Appended) -> Value {
        json!({
            "id": appended.receipt_id,
            "sequence": appended.sequence,
            "head": appended.head,
            "evidenceHash": appended.evidence_hash.as_str(),
            "folder": self.folder.display().to_string(),
        })
    }
}
