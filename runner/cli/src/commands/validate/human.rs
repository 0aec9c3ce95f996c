//! For people: each violation with its place in the source.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title};
use contract_check::{Checked, Severity, Violation};
use contract_json::Position;

use super::super::counted;
use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::args::Output;
use crate::style;

/// Bytes of a line that are shown before and after a place.
const AROUND: usize = 400;

pub(super) struct Human<W> {
    out: W,
    renderer: Renderer,
    /// For stderr.
    errors: Renderer,
    verbose: bool,
}

impl<W: Write> Human<W> {
    pub(super) fn new(out: W, output: Output) -> Self {
        let renderer = |colour| {
            let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
            renderer.term_width(110)
        };
        Self {
            out,
            renderer: renderer(style::stdout_has_colour()),
            errors: renderer(style::stderr_has_colour()),
            verbose: output.verbose,
        }
    }
}

impl<W: Write> Printer for Human<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        if self.verbose && checked.violations.is_empty() {
            let kind = checked.kind.map_or("", |kind| kind.name);
            writeln!(self.out, "ok: {}:{} {kind}", style::tame(text.file), text.first_line)?;
        }
        for violation in &checked.violations {
            let shown = Shown::of(text, violation).render(&self.renderer, text);
            writeln!(self.out, "{shown}\n")?;
        }
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable<'_>) -> io::Result<()> {
        self.out.flush()?;
        let why = style::tame(&unreadable.why);
        if let (Some(source), Some(at)) = (&unreadable.source, unreadable.at) {
            let shown = Shown {
                title: Level::ERROR.primary_title("no JSON").id("unreadable"),
                at,
                span: source.offset..source.offset + 1,
                label: why,
                pointer: None,
                mend: unreadable.mend,
            };
            style::say(&format!("{}\n", shown.render(&self.errors, &source.text)));
        } else {
            let place = unreadable.at.map(|at| format!(":{at}")).unwrap_or_default();
            let mend = unreadable.mend.map(|mend| format!("\n  do: {mend}")).unwrap_or_default();
            let file = style::tame(&unreadable.file);
            style::say(&format!("{}: {file}{place}: {why}{mend}", style::red("unreadable")));
        }
        Ok(())
    }

    fn end(&mut self, totals: Totals) -> io::Result<()> {
        let Totals { documents, invalid, errors, warnings, unreadable } = totals;
        let mut parts = vec![format!("{} valid", documents - invalid)];
        if invalid > 0 {
            parts.push(format!("{invalid} invalid ({})", counted(errors, "error", "errors")));
        }
        if warnings > 0 {
            parts.push(counted(warnings, "warning", "warnings"));
        }
        if unreadable > 0 {
            parts.push(format!("{unreadable} unreadable"));
        }
        writeln!(self.out, "{}: {}", counted(documents, "document", "documents"), parts.join(", "))?;
        self.out.flush()
    }
}

/// Something with a place in a text.
struct Shown<'a> {
    title: Title<'a>,
    at: Position,
    /// In bytes of the text.
    span: Range<usize>,
    label: String,
    pointer: Option<String>,
    mend: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(text: &Text<'_>, violation: &'a Violation) -> Self {
        let level = match violation.rule.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let pointer = if violation.pointer.is_empty() { "the whole document" } else { &violation.pointer };
        Self {
            title: level.primary_title(violation.rule.what).id(violation.rule.id),
            at: position(text, violation),
            span: violation.span.clone(),
            label: style::tame(&violation.message),
            pointer: Some(style::tame(pointer)),
            mend: Some(violation.rule.mend),
        }
    }

    fn render(self, renderer: &Renderer, text: &Text<'_>) -> String {
        let window = Window::around(text.bytes, &self.span);
        let file = style::tame(text.file);
        let snippet = Snippet::source(window.source)
            .line_start(self.at.line)
            .path(window.whole.then_some(file.clone()))
            .annotation(AnnotationKind::Primary.span(window.span).label(self.label));
        let mut group = Group::with_title(self.title);
        if !window.whole {
            group = group.element(Origin::path(file).line(self.at.line).char_column(self.at.column));
        }
        group = group.element(snippet);
        if let Some(pointer) = self.pointer {
            group = group.element(Level::NOTE.with_name("at").message(pointer));
        }
        if let Some(mend) = self.mend {
            group = group.element(Level::HELP.with_name("do").message(mend));
        }
        renderer.render(&[group])
    }
}

/// The line of a place, and of a long line the part around it.
struct Window {
    source: String,
    /// Whether it starts where the line starts.
    whole: bool,
    span: Range<usize>,
}

impl Window {
    fn around(bytes: &[u8], place: &Range<usize>) -> Self {
        let start = place.start;
        let back = start.saturating_sub(AROUND);
        let line_start = bytes[back..start].iter().rposition(|&b| b == b'\n').map(|at| back + at + 1);
        let from = line_start.unwrap_or(back);
        let ahead = (start + 2 * AROUND).min(bytes.len());
        let to = bytes[start..ahead].iter().position(|&b| b == b'\n').map_or(ahead, |at| start + at);
        // Of something that goes over several lines the first character is enough.
        let end = if place.end > to { (start + 1).min(to) } else { place.end };
        let part = |range: Range<usize>| style::tame(&String::from_utf8_lossy(&bytes[range]));
        let (before, marked) = (part(from..start), part(start..end));
        let span = before.len()..before.len() + marked.len();
        Self {
            source: format!("{before}{marked}{}", part(end..to)),
            whole: line_start.is_some() || back == 0,
            span,
        }
    }
}
