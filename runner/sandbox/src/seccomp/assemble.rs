//! Classic BPF with labels. All jumps go forward and fit in one byte, because a filter stays below 256 instructions.

use super::rule::Verdict;

/// One instruction in the kernel's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when the test holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// Constant.
    pub k: u32,
}

/// `A = *(u32 *)(data + k)`.
pub const LOAD: u16 = 0x20;
/// `A &= k`.
pub const AND: u16 = 0x54;
/// `A == k`.
pub const JUMP_EQUAL: u16 = 0x15;
/// `A >= k`.
pub const JUMP_AT_LEAST: u16 = 0x35;
/// `A & k != 0`.
pub const JUMP_ANY_BIT: u16 = 0x45;
/// End with the answer `k`.
pub const RETURN: u16 = 0x06;

const RET_KILL_PROCESS: u32 = 0x8000_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const RET_ALLOW: u32 = 0x7fff_0000;

/// A place in the program that is known later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label(usize);

enum Line {
    Plain { code: u16, k: u32 },
    Jump { code: u16, k: u32, yes: Label, no: Label },
}

/// A program under construction.
#[derive(Default)]
pub(super) struct Assembler {
    lines: Vec<Line>,
    places: Vec<Option<usize>>,
    verdicts: Vec<(Verdict, Label)>,
}

impl Assembler {
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// The next instruction is what the label means.
    pub(super) fn place(&mut self, label: Label) {
        debug_assert!(self.places[label.0].is_none(), "a label has one place");
        self.places[label.0] = Some(self.lines.len());
    }

    pub(super) fn plain(&mut self, code: u16, k: u32) {
        self.lines.push(Line::Plain { code, k });
    }

    /// Adds a jump and returns its index.
    pub(super) fn jump(&mut self, code: u16, k: u32, yes: Label, no: Label) -> usize {
        self.lines.push(Line::Jump { code, k, yes, no });
        self.lines.len() - 1
    }

    /// The shared return instruction of a verdict, which comes at the end.
    pub(super) fn verdict(&mut self, verdict: Verdict) -> Label {
        if let Some((_, label)) = self.verdicts.iter().find(|(known, _)| *known == verdict) {
            return *label;
        }
        let label = self.label();
        self.verdicts.push((verdict, label));
        label
    }

    /// Appends the returns and resolves every label.
    pub(super) fn finish(mut self) -> Vec<Instruction> {
        for (verdict, label) in std::mem::take(&mut self.verdicts) {
            self.place(label);
            self.plain(RETURN, answer(verdict));
        }
        let places = self.places;
        let offset = |at: usize, label: Label| -> u8 {
            let place = places[label.0].expect("every label is placed");
            u8::try_from(place - at - 1).expect("a filter is shorter than 256 instructions")
        };
        self.lines
            .iter()
            .enumerate()
            .map(|(at, line)| match *line {
                Line::Plain { code, k } => Instruction { code, jt: 0, jf: 0, k },
                Line::Jump { code, k, yes, no } => {
                    Instruction { code, jt: offset(at, yes), jf: offset(at, no), k }
                }
            })
            .collect()
    }
}

/// The value a filter returns for a verdict.
pub fn answer(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allow => RET_ALLOW,
        Verdict::Errno(errno) => RET_ERRNO | u32::from(errno),
        Verdict::Kill => RET_KILL_PROCESS,
    }
}
