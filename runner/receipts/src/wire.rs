//! The wire layer: what went over the pipes, in the order of time.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;

use contract_json::write_canonical_string;

use crate::block_file::BlockFile;
use crate::redact::Redactor;

/// How much of the past is kept when the wire is not written.
pub(crate) const KEPT_BYTES: usize = 256 * 1024;
/// How much of one line is kept then.
pub(crate) const KEPT_TEXT_BYTES: usize = 4 * 1024;
/// What an entry costs beside its text.
const ENTRY_BYTES: usize = std::mem::size_of::<Entry>();

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Out,
    In,
}

/// What is said of a line in the wire layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// The end of an invoke that was given up.
    Late,
    /// Of an unknown type.
    Ignored,
    /// No envelope, and `--lax-stdout` was given.
    SetAside,
    /// It broke a rule and ended the run.
    Refused,
    /// It has private values; the text is its payload as the transcript has it.
    Private,
}

impl Other {
    /// The word in the wire layer.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Ignored => "ignored",
            Self::SetAside => "set aside",
            Self::Refused => "refused",
            Self::Private => "private values are digests",
        }
    }
}

/// One line, its end taken off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WireLine<'a> {
    pub(crate) at_us: u64,
    pub(crate) direction: Direction,
    /// Length on the wire.
    pub(crate) bytes: usize,
    pub(crate) text: &'a [u8],
    pub(crate) note: Option<Other>,
}

/// The wire layer in the making.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Every line is written.
    Whole(Box<BlockFile>),
    /// The last lines are kept in memory.
    Tail(Tail),
}

impl Wire {
    pub(crate) fn new(file: Option<File>) -> Self {
        file.map_or_else(|| Self::Tail(Tail::default()), |file| Self::Whole(Box::new(BlockFile::new(file))))
    }

    pub(crate) fn push(&mut self, line: WireLine<'_>, redactor: &Redactor) -> io::Result<()> {
        match self {
            Self::Whole(file) => {
                let shown = Shown {
                    at_us: line.at_us,
                    direction: line.direction,
                    bytes: line.bytes,
                    text: redactor.bytes(line.text),
                    note: line.note.map(Other::as_str).map(Cow::Borrowed),
                };
                shown.write(file.buffer());
                file.settle()
            }
            Self::Tail(tail) => {
                tail.push(line, redactor.longest_bytes());
                Ok(())
            }
        }
    }
}

/// A line as the file has it.
struct Shown<'a> {
    at_us: u64,
    direction: Direction,
    /// Length on the wire, without the line's end.
    bytes: usize,
    text: Cow<'a, [u8]>,
    note: Option<Cow<'a, str>>,
}

impl Shown<'_> {
    /// Members in canonical order.
    fn write(&self, out: &mut Vec<u8>) {
        let direction = match self.direction {
            Direction::Out => "out",
            Direction::In => "in",
        };
        out.extend_from_slice(
            format!("{{\"at_us\":{},\"bytes\":{},\"dir\":\"{direction}\"", self.at_us, self.bytes).as_bytes(),
        );
        if let Some(note) = &self.note {
            out.extend_from_slice(b",\"note\":");
            write_canonical_string(out, note);
        }
        out.extend_from_slice(b",\"text\":");
        write_canonical_string(out, &String::from_utf8_lossy(&self.text));
        out.extend_from_slice(b"}\n");
    }
}

/// The last lines, long ones cut.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    texts: VecDeque<u8>,
    entries: VecDeque<Entry>,
    dropped_lines: u64,
}

#[derive(Debug)]
struct Entry {
    at_us: u64,
    bytes: usize,
    kept_bytes: usize,
    direction: Direction,
    note: Option<Other>,
}

impl Tail {
    /// A secret may lie across the cut, so as much more is kept as a secret is long.
    fn push(&mut self, line: WireLine<'_>, longest_secret_bytes: usize) {
        let kept = &line.text[..line.text.len().min(KEPT_TEXT_BYTES + longest_secret_bytes)];
        self.texts.extend(kept);
        self.entries.push_back(Entry {
            at_us: line.at_us,
            bytes: line.bytes,
            kept_bytes: kept.len(),
            direction: line.direction,
            note: line.note,
        });
        while self.texts.len() + self.entries.len() * ENTRY_BYTES > KEPT_BYTES {
            // The newest line stays, whatever its length.
            if self.entries.len() == 1 {
                break;
            }
            if let Some(oldest) = self.entries.pop_front() {
                self.texts.drain(..oldest.kept_bytes);
                self.dropped_lines += 1;
            }
        }
    }

    /// Writes what is kept.
    pub(crate) fn write(mut self, file: &mut BlockFile, redactor: &Redactor) -> io::Result<()> {
        let texts = self.texts.make_contiguous();
        let mut start = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            let kept = &texts[start..start + entry.kept_bytes];
            start += entry.kept_bytes;
            let note = entry.note.map(Other::as_str);
            let dropped = (index == 0 && self.dropped_lines > 0)
                .then(|| format!("{} earlier lines were not kept", self.dropped_lines));
            let note = match (note, dropped) {
                (Some(note), Some(dropped)) => Some(Cow::Owned(format!("{note}; {dropped}"))),
                (note, dropped) => dropped.map(Cow::Owned).or(note.map(Cow::Borrowed)),
            };
            let shown = Shown {
                at_us: entry.at_us,
                direction: entry.direction,
                bytes: entry.bytes,
                text: redactor.prefix(kept, kept.len().min(KEPT_TEXT_BYTES)),
                note,
            };
            shown.write(file.buffer());
            file.settle()?;
        }
        Ok(())
    }
}
