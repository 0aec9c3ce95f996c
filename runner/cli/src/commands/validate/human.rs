//! For people: each violation with its place in the source.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use contract_check::{Checked, Severity, Violation};

use super::inputs::{Text, Unreadable};
use super::{Printer, Totals, position};
use crate::args::Output;
use crate::style;

/// Bytes of a line that are shown before and after a place.
const AROUND: usize = 400;

pub(super) struct Human<W> {
    out: W,
    renderer: Renderer,
    verbose: bool,
}

impl<W: Write> Human<W> {
    pub(super) fn new(out: W, output: Output) -> Self {
        let renderer = if style::stdout_has_colour() { Renderer::styled() } else { Renderer::plain() };
        Self { out, renderer: renderer.term_width(110), verbose: output.verbose }
    }
}

impl<W: Write> Printer for Human<W> {
    fn document(&mut self, text: &Text<'_>, checked: &Checked) -> io::Result<()> {
        if self.verbose && checked.violations.is_empty() {
            let kind = checked.kind.map_or("", |kind| kind.name);
            writeln!(self.out, "ok: {}:{} {kind}", style::tame(text.file), text.first_line)?;
        }
        for violation in &checked.violations {
            let shown = render(&self.renderer, text, violation);
            writeln!(self.out, "{shown}\n")?;
        }
        Ok(())
    }

    fn unreadable(&mut self, unreadable: &Unreadable) -> io::Result<()> {
        self.out.flush()?;
        let place = unreadable.at.map(|at| format!(":{at}")).unwrap_or_default();
        let file = style::tame(&unreadable.file);
        style::say(&format!("{}: {file}{place}: {}", style::red("unreadable"), style::tame(&unreadable.why)));
        Ok(())
    }

    fn end(&mut self, totals: Totals) -> io::Result<()> {
        let Totals { documents, invalid, errors, warnings, unreadable } = totals;
        let mut parts = vec![format!("{} valid", documents - invalid)];
        if invalid > 0 {
            parts.push(format!("{invalid} invalid ({})", count(errors, "error")));
        }
        if warnings > 0 {
            parts.push(count(warnings, "warning"));
        }
        if unreadable > 0 {
            parts.push(format!("{unreadable} unreadable"));
        }
        writeln!(self.out, "{}: {}", count(documents, "document"), parts.join(", "))?;
        self.out.flush()
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn render(renderer: &Renderer, text: &Text<'_>, violation: &Violation) -> String {
    let level = match violation.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let window = Window::around(text, violation);
    let message = style::tame(&violation.message);
    let file = style::tame(text.file);
    let pointer = if violation.pointer.is_empty() { "the whole document" } else { &violation.pointer };
    let pointer = style::tame(pointer);
    let at = position(text, violation);
    let snippet = Snippet::source(window.source)
        .line_start(at.line)
        .path(window.whole.then_some(file.clone()))
        .annotation(AnnotationKind::Primary.span(window.span).label(message));
    let mut group = Group::with_title(level.primary_title(violation.rule.what).id(violation.rule.id));
    if !window.whole {
        group = group.element(Origin::path(file).line(at.line).char_column(at.column));
    }
    let group = group
        .element(snippet)
        .element(Level::NOTE.with_name("at").message(pointer))
        .element(Level::HELP.with_name("do").message(violation.rule.mend));
    renderer.render(&[group])
}

/// The line of a place, and of a long line the part around it.
struct Window {
    source: String,
    /// Whether it starts where the line starts.
    whole: bool,
    span: Range<usize>,
}

impl Window {
    fn around(text: &Text<'_>, violation: &Violation) -> Self {
        let bytes = text.bytes;
        let start = violation.span.start;
        let back = start.saturating_sub(AROUND);
        let line_start = bytes[back..start].iter().rposition(|&b| b == b'\n').map(|at| back + at + 1);
        let from = line_start.unwrap_or(back);
        let ahead = (start + 2 * AROUND).min(bytes.len());
        let to = bytes[start..ahead].iter().position(|&b| b == b'\n').map_or(ahead, |at| start + at);
        // Of something that goes over several lines the first character is enough.
        let end = if violation.span.end > to { (start + 1).min(to) } else { violation.span.end };
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
