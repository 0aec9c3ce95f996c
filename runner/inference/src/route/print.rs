//! The decision for people.

use std::fmt;

use super::RouteDecision;

impl fmt::Display for RouteDecision {
    /// Several lines, without a line feed at the end. Texts of documents are as they are: whoever shows them tames them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chosen {
            Some(chosen) => write!(f, "{chosen}")?,
            None => f.write_str("no profile can serve this")?,
        }
        for candidate in &self.candidates {
            let chosen = self.chosen.as_ref() == Some(&candidate.profile);
            let word = match (chosen, candidate.eligible) {
                (true, _) => "chosen",
                (false, true) => "not needed",
                (false, false) => "no",
            };
            let depth = match candidate.depth {
                0 => String::new(),
                depth => format!(", fallback at step {depth}"),
            };
            write!(f, "\n\n{} ({word}{depth})", candidate.profile)?;
            for reason in &candidate.reasons {
                write!(f, "\n  {} {}", if reason.ok { '+' } else { '-' }, reason.text)?;
            }
        }
        for (index, note) in self.notes.iter().enumerate() {
            f.write_str(if index == 0 { "\n\nnote: " } else { "\nnote: " })?;
            f.write_str(note)?;
        }
        Ok(())
    }
}
