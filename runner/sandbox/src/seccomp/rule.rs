//! What a filter can say about one system call.

/// The answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The kernel decides.
    Allow,
    /// The call fails with this error number.
    Errno(u16),
    /// The process ends with SIGSYS.
    Kill,
}

/// The rule for one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// The same answer for all arguments.
    Always(Verdict),
    /// The first case that fits decides.
    Cases {
        /// The cases, in order.
        cases: Vec<Case>,
        /// The answer when no case fits.
        otherwise: Verdict,
    },
}

/// A conjunction of tests and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) when: Vec<Test>,
    pub(super) then: Verdict,
}

/// One test of half of an argument. The kernel reads most of these arguments as 32-bit numbers, so the other
/// half must not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) arg: u8,
    pub(super) half: Half,
    pub(super) is: Is,
}

/// Which 32 bits of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Low,
    High,
}

/// What a half must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Is {
    /// At least one of these bits is set.
    AnyBit(u32),
    /// Under the mask it equals one of the values.
    OneOf { mask: u32, values: Vec<u32> },
    /// It is 0 or the adapter's own process number.
    Own,
}

impl Rule {
    pub(super) fn allow() -> Rule {
        Rule::Always(Verdict::Allow)
    }

    /// Allowed when a case fits, else refused.
    pub(super) fn only(cases: Vec<Vec<Test>>, errno: i32) -> Rule {
        Rule::Cases { cases: with(cases, Verdict::Allow), otherwise: refused(errno) }
    }

    /// Refused when a case fits, else allowed.
    pub(super) fn except(cases: Vec<Vec<Test>>, errno: i32) -> Rule {
        Rule::Cases { cases: with(cases, refused(errno)), otherwise: Verdict::Allow }
    }

    /// Always refused with this error number.
    pub(super) fn refuse(errno: i32) -> Rule {
        Rule::Always(refused(errno))
    }
}

fn with(cases: Vec<Vec<Test>>, then: Verdict) -> Vec<Case> {
    cases.into_iter().map(|when| Case { when, then }).collect()
}

fn refused(errno: i32) -> Verdict {
    Verdict::Errno(u16::try_from(errno).expect("error numbers are small and positive"))
}

/// The low half of an argument equals one of the values.
pub(super) fn one_of(arg: u8, values: &[u32]) -> Test {
    masked(arg, u32::MAX, values)
}

/// The low half of an argument, under a mask, equals one of the values.
pub(super) fn masked(arg: u8, mask: u32, values: &[u32]) -> Test {
    Test { arg, half: Half::Low, is: Is::OneOf { mask, values: values.to_vec() } }
}

/// The low half of an argument has one of the bits.
pub(super) fn any_bit(arg: u8, bits: u32) -> Test {
    Test { arg, half: Half::Low, is: Is::AnyBit(bits) }
}

/// The high half of an argument is not zero.
pub(super) fn high_bits(arg: u8) -> Test {
    Test { arg, half: Half::High, is: Is::AnyBit(u32::MAX) }
}

/// The argument names the adapter itself.
pub(super) fn own(arg: u8) -> Test {
    Test { arg, half: Half::Low, is: Is::Own }
}
