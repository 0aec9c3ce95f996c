//! From rules by name to a program: a binary search over ranges of call numbers, then the argument tests.

use super::assemble::{AND, Assembler, Instruction, JUMP_ANY_BIT, JUMP_AT_LEAST, JUMP_EQUAL, LOAD, Label};
use super::policy::{self, Shape};
use super::rule::{Case, Half, Is, Rule, Test, Verdict};
use super::{numbers_aarch64, numbers_x86_64};

/// An architecture with a table of call numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// x86-64; the x32 numbers are refused, i386 calls end the process.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

impl Arch {
    /// The architecture this program was built for.
    pub fn native() -> Option<Arch> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Arch::X86_64),
            "aarch64" => Some(Arch::Aarch64),
            _ => None,
        }
    }

    /// The kernel's `AUDIT_ARCH_*` value.
    pub fn audit(self) -> u32 {
        match self {
            Arch::X86_64 => 0xc000_003e,
            Arch::Aarch64 => 0xc000_00b7,
        }
    }

    /// Name and number of every known call, in rising order.
    pub fn calls(self) -> &'static [(&'static str, u32)] {
        match self {
            Arch::X86_64 => numbers_x86_64::CALLS,
            Arch::Aarch64 => numbers_aarch64::CALLS,
        }
    }
}

/// The first x32 number.
const X32: u32 = 0x4000_0000;
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_ARGS: u32 = 16;

/// A compiled filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    instructions: Vec<Instruction>,
    /// Where the adapter's process number stands.
    own_places: Vec<usize>,
}

/// The numbers from `start` up to the next range, and where they lead.
struct Range {
    start: u32,
    target: Label,
}

impl Filter {
    /// Compiles the filter, with process number 0 as the placeholder for the adapter's own.
    pub fn compile(arch: Arch, shape: Shape) -> Filter {
        let mut out = Compiler::default();
        let ranges = out.ranges(arch, shape);
        let kill = out.asm.verdict(Verdict::Kill);
        let known_arch = out.asm.label();
        out.asm.plain(LOAD, OFFSET_ARCH);
        out.asm.jump(JUMP_EQUAL, arch.audit(), known_arch, kill);
        out.asm.place(known_arch);
        out.asm.plain(LOAD, OFFSET_NUMBER);
        let root = out.asm.label();
        out.asm.place(root);
        out.search(&ranges);
        out.blocks();
        Filter { instructions: out.asm.finish(), own_places: out.own_places }
    }

    /// The program for the adapter with this process number.
    pub fn for_process(&self, pid: u32) -> Vec<Instruction> {
        let mut program = self.instructions.clone();
        for place in &self.own_places {
            program[*place].k = pid;
        }
        program
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// A filter is never empty.
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// BLAKE3 over the program with the placeholder, as `blake3:<hex>`.
    pub fn digest(&self) -> String {
        let mut bytes = Vec::with_capacity(self.instructions.len() * 8);
        for instruction in &self.instructions {
            bytes.extend_from_slice(&instruction.code.to_le_bytes());
            bytes.extend_from_slice(&[instruction.jt, instruction.jf]);
            bytes.extend_from_slice(&instruction.k.to_le_bytes());
        }
        format!("blake3:{}", blake3::hash(&bytes).to_hex())
    }
}

#[derive(Default)]
struct Compiler {
    asm: Assembler,
    /// Blocks of argument tests; equal ones are shared.
    blocks: Vec<(Vec<Case>, Verdict, Label)>,
    own_places: Vec<usize>,
}

impl Compiler {
    /// Neighbouring numbers with the same rule become one range; holes and the future answer ENOSYS.
    fn ranges(&mut self, arch: Arch, shape: Shape) -> Vec<Range> {
        let unknown = self.target(Rule::refuse(libc::ENOSYS));
        let mut ranges = Vec::new();
        let mut next = 0;
        for (name, number) in arch.calls() {
            if *number > next {
                push(&mut ranges, next, unknown);
            }
            let target = self.target(policy::rule(name, shape));
            push(&mut ranges, *number, target);
            next = number + 1;
        }
        push(&mut ranges, next, unknown);
        if arch == Arch::X86_64 {
            let refused = self.target(Rule::refuse(libc::EPERM));
            push(&mut ranges, X32, refused);
        }
        ranges
    }

    fn target(&mut self, rule: Rule) -> Label {
        match rule {
            Rule::Always(verdict) => self.asm.verdict(verdict),
            Rule::Cases { cases, otherwise } => {
                let same = |(c, o, _): &&(Vec<Case>, Verdict, Label)| *c == cases && *o == otherwise;
                if let Some((_, _, label)) = self.blocks.iter().find(same) {
                    return *label;
                }
                let label = self.asm.label();
                self.blocks.push((cases, otherwise, label));
                label
            }
        }
    }

    /// Emits the search below this point; a single range needs no instruction when it is jumped to directly.
    fn search(&mut self, ranges: &[Range]) {
        let (low, high) = ranges.split_at(ranges.len() / 2);
        let yes = if high.len() == 1 { high[0].target } else { self.asm.label() };
        let no = if low.len() == 1 { low[0].target } else { self.asm.label() };
        self.asm.jump(JUMP_AT_LEAST, high[0].start, yes, no);
        for (half, label) in [(low, no), (high, yes)] {
            if half.len() > 1 {
                self.asm.place(label);
                self.search(half);
            }
        }
    }

    fn blocks(&mut self) {
        for (cases, otherwise, label) in std::mem::take(&mut self.blocks) {
            self.asm.place(label);
            let last = self.asm.verdict(otherwise);
            let count = cases.len();
            let mut loaded = None;
            for (i, case) in cases.into_iter().enumerate() {
                let then = self.asm.verdict(case.then);
                let no = if i + 1 == count { last } else { self.asm.label() };
                self.case(&case.when, then, no, &mut loaded);
                if i + 1 < count {
                    self.asm.place(no);
                }
            }
        }
    }

    /// `loaded` is what the accumulator holds wherever this case can be entered from.
    fn case(&mut self, tests: &[Test], then: Label, no: Label, loaded: &mut Option<(u8, Half)>) {
        let first = tests.first().map(|test| (test.arg, test.half));
        for (i, test) in tests.iter().enumerate() {
            let place = (test.arg, test.half);
            if *loaded != Some(place) {
                self.asm.plain(LOAD, offset(place));
                *loaded = Some(place);
            }
            let yes = if i + 1 == tests.len() { then } else { self.asm.label() };
            self.test(&test.is, yes, no, loaded);
            if i + 1 < tests.len() {
                self.asm.place(yes);
            }
        }
        // The next case is entered after any test of this one, so the accumulator is known only if all tests
        // read the same half and none changed it.
        let same = tests.iter().all(|test| Some((test.arg, test.half)) == first);
        if !same || tests.iter().any(|test| is_masked(&test.is)) {
            *loaded = None;
        }
    }

    fn test(&mut self, is: &Is, yes: Label, no: Label, loaded: &mut Option<(u8, Half)>) {
        match is {
            Is::AnyBit(bits) => {
                self.asm.jump(JUMP_ANY_BIT, *bits, yes, no);
            }
            Is::OneOf { mask, values } if is_no_bit(*mask, values) => {
                self.asm.jump(JUMP_ANY_BIT, *mask, no, yes);
            }
            Is::OneOf { mask, values } => {
                if *mask != u32::MAX {
                    self.asm.plain(AND, *mask);
                    *loaded = None;
                }
                for (i, value) in values.iter().enumerate() {
                    let miss = if i + 1 == values.len() { no } else { self.asm.label() };
                    self.asm.jump(JUMP_EQUAL, *value, yes, miss);
                    if i + 1 < values.len() {
                        self.asm.place(miss);
                    }
                }
            }
            Is::Own => {
                let not_zero = self.asm.label();
                self.asm.jump(JUMP_EQUAL, 0, yes, not_zero);
                self.asm.place(not_zero);
                let place = self.asm.jump(JUMP_EQUAL, 0, yes, no);
                self.own_places.push(place);
            }
        }
    }
}

/// "No bit of the mask is set" needs one jump and leaves the accumulator alone.
fn is_no_bit(mask: u32, values: &[u32]) -> bool {
    values == [0] && mask != u32::MAX
}

fn is_masked(is: &Is) -> bool {
    matches!(is, Is::OneOf { mask, values } if *mask != u32::MAX && !is_no_bit(*mask, values))
}

fn push(ranges: &mut Vec<Range>, start: u32, target: Label) {
    if ranges.last().is_none_or(|last| last.target != target) {
        ranges.push(Range { start, target });
    }
}

fn offset((arg, half): (u8, Half)) -> u32 {
    let high = if half == Half::High { 4 } else { 0 };
    OFFSET_ARGS + 8 * u32::from(arg) + high
}
