//! `validate`: documents against their contracts.

mod explain;
mod github;
mod human;
mod inputs;
mod json;
mod junit;
mod malformed;
mod sarif;

use std::io;

use contract_check::{Checked, Checker, Exchange, Kind, Options, Severity, Violation, kind};
use contract_engine::Failure;
use contract_ipc::Exit;
use contract_json::{Position, Tape};

use self::inputs::{Excluded, Seen, Text, Unreadable};
use super::usage;
use crate::args::{Format, Output, ValidateArgs};

/// What was seen, for the last line and the exit status.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Totals {
    documents: u64,
    invalid: u64,
    errors: u64,
    warnings: u64,
    unreadable: u64,
}

impl Totals {
    fn count(&mut self, checked: &Checked) {
        self.documents += 1;
        self.invalid += u64::from(!checked.is_valid());
        for violation in &checked.violations {
            match violation.rule.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
    }

    fn exit(self) -> Exit {
        match self {
            Self { unreadable: 1.., .. } => Exit::Usage,
            Self { invalid: 1.., .. } => Exit::Violated,
            _ => Exit::Satisfied,
        }
    }
}

/// One way of printing what is found. Errors of stdout end the run: nobody reads any more.
trait Printer {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()>;
    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()>;
    fn end(&mut self, totals: Totals) -> io::Result<()>;
}

pub(crate) fn validate(args: &ValidateArgs, output: Output) -> Result<Exit, Failure> {
    if let Some(rule) = &args.explain {
        return explain::explain(rule, output);
    }
    if args.documents.is_empty() {
        return Err(
            usage("no document is named").hint("Name files, folders, patterns, or - for standard input.")
        );
    }
    let kind = args.kind.as_deref().map(known_kind).transpose()?;
    let excluded = Excluded::parse(&args.exclude).map_err(usage)?;
    let checker = Checker::new(Options { home: args.home.clone() });
    let out = io::BufWriter::new(io::stdout().lock());
    let mut printer: Box<dyn Printer> = match output.format {
        Format::Human => Box::new(human::Human::new(out, output)),
        Format::Json => Box::new(json::Json::new(out)),
        Format::Sarif => Box::new(sarif::Sarif::new(out)),
        Format::Junit => Box::new(junit::Junit::new(out)),
        Format::Github => Box::new(github::Github::new(out)),
    };
    let (totals, written) = check_all(&args.documents, &excluded, &checker, kind, printer.as_mut());
    super::printed(written.and_then(|()| printer.end(totals)))?;
    Ok(totals.exit())
}

fn check_all(
    documents: &[String],
    excluded: &Excluded,
    checker: &Checker,
    kind: Option<&'static Kind>,
    printer: &mut dyn Printer,
) -> (Totals, io::Result<()>) {
    let mut totals = Totals::default();
    let mut printed = Ok(());
    let mut tape = Tape::new();
    let mut exchange = Exchange::default();
    inputs::read(documents, excluded, &mut |seen| {
        let unreadable = match seen {
            Seen::Unreadable(unreadable) => unreadable,
            Seen::Text(text) => {
                if text.begins {
                    exchange = Exchange::default();
                }
                match checker.check_line(&mut tape, text.bytes, kind, &mut exchange) {
                    Err(error) => malformed::malformed(&text, &error),
                    Ok(checked) => {
                        totals.count(&checked);
                        if printed.is_ok() {
                            printed = printer.document(&text, &checked);
                        }
                        return;
                    }
                }
            }
        };
        totals.unreadable += 1;
        if printed.is_ok() {
            printed = printer.unreadable(&unreadable);
        }
    });
    (totals, printed)
}

pub(super) fn known_kind(name: &str) -> Result<&'static Kind, Failure> {
    kind(name).ok_or_else(|| {
        usage(format!("there is no kind {name}")).hint("`contract-runner schema list` shows the kinds.")
    })
}

/// Line and column of a violation in its file.
fn position(text: &Text<'_>, violation: &Violation) -> Position {
    Position { line: violation.at.line + text.first_line - 1, ..violation.at }
}
