//! The ways in which a text can go on by a grammar.
//!
//! A way is a stack of places in the grammar, the innermost last. Equal stacks are one number, sets of them are one number,
//! and what a character makes of a set is kept: most of a vocabulary is answered by looking it up.

use std::collections::{HashMap, HashSet};

use super::{Element, Grammar};

/// Most places that are looked at for one token, so that no grammar takes the turn of others for long.
const MOST_WORK: usize = 1 << 17;
/// How many looks at a way are as much work as following it.
const LOOKS: usize = 16;
/// What is kept before all but the present is forgotten: stacks, answers, and stacks in sets.
const MOST_KEPT: usize = 1 << 18;
/// The stack that has nothing on it: the text may end.
const EMPTY: u32 = 0;
/// The set that has no stack.
const NONE: u32 = 0;

/// Where a text is: a set of ways, and the bytes of a character that is not complete yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    set: u32,
    partial: [u8; 3],
    partial_length: u8,
}

/// A grammar leaves so much open that following it takes too long; without end, where a rule begins with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it leaves too many ways open at once, or nests too deep: make it less ambiguous, and let no rule begin with itself"
)]
pub(crate) struct TooMuch;

/// All that is known of the ways through a grammar.
pub(crate) struct Ways {
    grammar: Grammar,
    /// Of each stack but the empty one, its innermost place and the stack below.
    stacks: Vec<(u32, u32)>,
    stack_numbers: HashMap<(u32, u32), u32>,
    sets: Vec<Set>,
    set_numbers: HashMap<Vec<u32>, u32>,
    /// The set that stacks lead to.
    settled: HashMap<Vec<u32>, u32>,
    /// The set after a character.
    after: HashMap<(u32, u32), u32>,
    /// Stacks in all sets, and in what leads to them.
    in_sets: usize,
    work: usize,
}

/// Stacks, each of which is empty or has a character or class as its innermost place.
#[derive(Default)]
struct Set {
    /// All of them, sorted.
    stacks: Vec<u32>,
    /// Those with one character there, sorted by it.
    chars: Vec<(u32, u32)>,
    /// Those with a class there.
    classes: Vec<u32>,
}

impl Ways {
    /// The ways at the begin of a text, and where it is then.
    pub(crate) fn new(grammar: Grammar) -> Result<(Self, State), TooMuch> {
        let mut ways = Self {
            grammar,
            stacks: Vec::new(),
            stack_numbers: HashMap::new(),
            sets: Vec::new(),
            set_numbers: HashMap::new(),
            settled: HashMap::new(),
            after: HashMap::new(),
            in_sets: 0,
            work: 0,
        };
        ways.forget();
        let begins = ways.grammar.rules[ways.grammar.root as usize].clone();
        let begins = begins.into_iter().map(|begin| ways.push(begin, EMPTY)).collect();
        let set = ways.settle(begins)?;
        Ok((ways, State { set, partial: [0; 3], partial_length: 0 }))
    }

    /// Begins the work for one token. What is kept is brought down to the state when it has become much.
    pub(crate) fn begin_token(&mut self, state: &mut State) -> Result<(), TooMuch> {
        self.work = 0;
        if self.stacks.len().max(self.after.len()).max(self.in_sets) <= MOST_KEPT {
            return Ok(());
        }
        let present = self.sets[state.set as usize].stacks.clone();
        let stacks = std::mem::take(&mut self.stacks);
        let mut is_needed = vec![false; stacks.len()];
        let mut open = present.clone();
        while let Some(stack) = open.pop() {
            if stack != EMPTY && !std::mem::replace(&mut is_needed[stack as usize], true) {
                open.push(stacks[stack as usize].1);
            }
        }
        self.forget();
        // A stack has a higher number than the one below.
        let mut renamed = vec![EMPTY; stacks.len()];
        for (stack, (place, below)) in stacks.into_iter().enumerate() {
            if is_needed[stack] {
                renamed[stack] = self.intern(place, renamed[below as usize]);
            }
        }
        state.set = self.number_of(present.into_iter().map(|stack| renamed[stack as usize]).collect());
        if self.stacks.len() <= MOST_KEPT / 2 { Ok(()) } else { Err(TooMuch) }
    }

    /// Whether the text may end here.
    pub(crate) fn may_end(&self, state: State) -> bool {
        state.partial_length == 0 && self.sets[state.set as usize].stacks.first() == Some(&EMPTY)
    }

    /// Where the text is after one more byte; `None` when that byte cannot follow.
    pub(crate) fn step(&mut self, state: State, byte: u8) -> Result<Option<State>, TooMuch> {
        if state.partial_length == 0 && byte.is_ascii() {
            let set = self.after(state.set, u32::from(byte))?;
            return Ok((set != NONE).then_some(State { set, ..state }));
        }
        let length = usize::from(state.partial_length);
        let mut bytes = [0; 4];
        bytes[..length].copy_from_slice(&state.partial[..length]);
        bytes[length] = byte;
        match std::str::from_utf8(&bytes[..=length]) {
            Ok(text) => {
                let char = text.chars().next().map_or(0, u32::from);
                let set = self.after(state.set, char)?;
                Ok((set != NONE).then_some(State { set, partial: [0; 3], partial_length: 0 }))
            }
            Err(error) if error.error_len().is_none() => {
                let (low, high) = completions(&bytes[..=length]);
                let can_follow = self.can_follow(state.set, low, high)?;
                let partial = [bytes[0], bytes[1], bytes[2]];
                let partial_length = state.partial_length + 1;
                Ok(can_follow.then_some(State { set: state.set, partial, partial_length }))
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether any character from `low` to `high` can follow.
    fn can_follow(&mut self, set: u32, low: u32, high: u32) -> Result<bool, TooMuch> {
        self.spend(self.sets[set as usize].classes.len() / LOOKS)?;
        let Set { chars, classes, .. } = &self.sets[set as usize];
        let at = chars.partition_point(|&(char, _)| char < low);
        Ok(chars.get(at).is_some_and(|&(char, _)| char <= high)
            || classes.iter().any(|&stack| self.takes(stack, low, high)))
    }

    fn takes(&self, stack: u32, low: u32, high: u32) -> bool {
        self.top(stack).is_some_and(|(place, _)| self.grammar.meets(place, low, high))
    }

    fn after(&mut self, set: u32, char: u32) -> Result<u32, TooMuch> {
        if let Some(&known) = self.after.get(&(set, char)) {
            return Ok(known);
        }
        let Set { chars, classes, .. } = &self.sets[set as usize];
        let at = chars.partition_point(|&(other, _)| other < char);
        let with_char = chars[at..].iter().take_while(|&&(other, _)| other == char).map(|&(_, stack)| stack);
        let with_class = classes.iter().copied().filter(|&stack| self.takes(stack, char, char));
        let taking: Vec<u32> = with_char.chain(with_class).collect();
        self.spend((classes.len() + taking.len()) / LOOKS)?;
        let tops: Vec<_> = taking.into_iter().filter_map(|stack| self.top(stack)).collect();
        let next: Vec<u32> = tops.into_iter().map(|(place, below)| self.push(place + 1, below)).collect();
        let after = match self.settled.get(&next) {
            Some(&known) => known,
            None => {
                let after = self.settle(next.clone())?;
                self.in_sets += next.len();
                self.settled.insert(next, after);
                after
            }
        };
        self.after.insert((set, char), after);
        Ok(after)
    }

    /// The set of all stacks that these lead to, with rules followed until a character is innermost.
    fn settle(&mut self, mut open: Vec<u32>) -> Result<u32, TooMuch> {
        let mut seen = HashSet::new();
        let mut settled = Vec::new();
        while let Some(stack) = open.pop() {
            self.spend(1)?;
            if !seen.insert(stack) {
                continue;
            }
            let Some((place, below)) = self.top(stack) else {
                settled.push(stack);
                continue;
            };
            let Element::Rule(rule) = self.grammar.at(place) else {
                settled.push(stack);
                continue;
            };
            let rest = self.push(place + 1, below);
            for index in 0..self.grammar.rules[rule as usize].len() {
                self.spend(1)?;
                let begin = self.grammar.rules[rule as usize][index];
                open.push(self.push(begin, rest));
            }
        }
        Ok(self.number_of(settled))
    }

    fn spend(&mut self, work: usize) -> Result<(), TooMuch> {
        self.work += work;
        if self.work <= MOST_WORK { Ok(()) } else { Err(TooMuch) }
    }

    fn top(&self, stack: u32) -> Option<(u32, u32)> {
        (stack != EMPTY).then(|| self.stacks[stack as usize])
    }

    /// A stack with a place on it, unless an alternate ends there.
    fn push(&mut self, place: u32, below: u32) -> u32 {
        if self.grammar.at(place) == Element::End { below } else { self.intern(place, below) }
    }

    fn intern(&mut self, place: u32, below: u32) -> u32 {
        *self.stack_numbers.entry((place, below)).or_insert_with(|| {
            self.stacks.push((place, below));
            number(self.stacks.len() - 1)
        })
    }

    fn number_of(&mut self, mut stacks: Vec<u32>) -> u32 {
        stacks.sort_unstable();
        if let Some(&set) = self.set_numbers.get(&stacks) {
            return set;
        }
        let set = number(self.sets.len());
        self.in_sets += stacks.len();
        let mut sorted = Set { stacks: stacks.clone(), ..Set::default() };
        for &stack in &stacks {
            match self.top(stack).map(|(place, _)| self.grammar.at(place)) {
                Some(Element::Char(char)) => sorted.chars.push((char, stack)),
                Some(Element::Class(_)) => sorted.classes.push(stack),
                Some(Element::Rule(_) | Element::End) | None => {}
            }
        }
        sorted.chars.sort_unstable();
        self.sets.push(sorted);
        self.set_numbers.insert(stacks, set);
        set
    }

    fn forget(&mut self) {
        // A place that is never looked at.
        self.stacks = vec![(0, EMPTY)];
        self.stack_numbers.clear();
        self.sets = vec![Set::default()];
        self.set_numbers = HashMap::from([(Vec::new(), NONE)]);
        self.settled.clear();
        self.in_sets = 0;
        self.after.clear();
    }
}

/// The first and the last character that begin with these bytes, which are the begin of one.
fn completions(bytes: &[u8]) -> (u32, u32) {
    let (length, first, least) = match bytes[0] {
        byte @ 0xC0..0xE0 => (2, byte & 0x1F, 0x80),
        byte @ 0xE0..0xF0 => (3, byte & 0x0F, 0x800),
        byte => (4, byte & 0x07, 0x1_0000),
    };
    let known = bytes[1..].iter().fold(u32::from(first), |value, byte| value << 6 | u32::from(byte & 0x3F));
    let open = 6 * (length - bytes.len());
    let low = known << open;
    (low.max(least), (low | ((1 << open) - 1)).min(u32::from(char::MAX)))
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("what is kept is bounded")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(grammar: &str, text: &[u8]) -> Result<Option<bool>, TooMuch> {
        let (mut ways, mut state) = Ways::new(Grammar::parse(grammar).unwrap())?;
        for &byte in text {
            ways.begin_token(&mut state)?;
            match ways.step(state, byte)? {
                Some(next) => state = next,
                None => return Ok(None),
            }
        }
        Ok(Some(ways.may_end(state)))
    }

    #[track_caller]
    fn fits(grammar: &str, text: &str) {
        assert_eq!(follow(grammar, text.as_bytes()), Ok(Some(true)), "{grammar}: {text}");
    }

    #[track_caller]
    fn does_not_fit(grammar: &str, text: &str) {
        assert_ne!(follow(grammar, text.as_bytes()), Ok(Some(true)), "{grammar}: {text}");
    }

    #[test]
    fn texts_fit_or_do_not() {
        for (grammar, good, bad) in [
            ("root ::= \"a\" | \"bc\"", &["a", "bc"][..], &["", "b", "c", "ab", "bca"][..]),
            ("root ::= \"\"", &[""], &["a"]),
            ("root ::= [a-c]{2,3} \"!\"?", &["ab", "abc!", "cc!"], &["a", "abca", "ab!!", "ad"]),
            (
                "root ::= (\"ab\" | other)+ # said\nother ::=\n  [^\\x00-z]*",
                &["", "ab", "ab\u{20ac}{ab", "~"],
                &["a", "aab"],
            ),
            ("root ::= \"ab\"{2}{2} .", &["abababab\u{1F600}"], &["abab", "abababab"]),
            ("root ::= \"a\"{0} \"b\"{2,}", &["bb", "bbbb"], &["b", "abb"]),
            ("root ::= [\u{e4}-\u{f6}]", &["\u{e4}", "\u{ef}"], &["\u{e3}", "\u{f7}", "a"]),
            (
                "root ::= value\nvalue ::= \"[\" (value (\",\" value)*)? \"]\" | [0-9]+",
                &["7", "[]", "[[1,22],[],3]"],
                &["[", "[1,]", "[[]"],
            ),
            ("root ::= [a\\-\\]-]+ \"\\\"\\\\\\u0041\"", &["a-]\"\\A"], &["b\"\\A"]),
        ] {
            good.iter().for_each(|text| fits(grammar, text));
            bad.iter().for_each(|text| does_not_fit(grammar, text));
        }
    }

    #[test]
    fn a_byte_that_begins_no_fitting_character_cannot_follow() {
        let grammar = "root ::= [\u{e4}\u{20ac}]+";
        for good in [&b"\xC3"[..], b"\xE2", b"\xE2\x82", b"\xC3\xA4\xE2"] {
            assert_eq!(follow(grammar, good), Ok(Some(false)), "{good:?}");
        }
        for bad in [&b"\xC4"[..], b"\xE3", b"\xE2\x83", b"\xF0", b"\xA4", b"\xFF", b"\xC3a"] {
            assert_eq!(follow(grammar, bad), Ok(None), "{bad:?}");
        }
        assert_eq!(follow("root ::= .", b"\xED\xA0"), Ok(None), "half of a pair is no character");
        assert_eq!(follow("root ::= [\\U0010FFFF]", "\u{10FFFF}".as_bytes()), Ok(Some(true)));
    }

    #[test]
    fn ways_that_double_with_each_character_end_in_an_error() {
        let doubles = "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"\"";
        assert_eq!(follow(doubles, b"aabc"), Ok(Some(true)));
        assert_eq!(follow(doubles, &[b'a'; 64]), Err(TooMuch));
        let at_once: String =
            (0..40).map(|level| format!("r{level} ::= \"\" | r{} r{}\n", level + 1, level + 1)).collect();
        let at_once = format!("root ::= r0\n{at_once}r40 ::= \"a\" | \"\"");
        assert_eq!(follow(&at_once, b"a"), Err(TooMuch));
    }

    #[test]
    fn a_rule_that_begins_with_itself_ends_in_an_error_however_it_hides() {
        for grammar in [
            "root ::= root \"a\" | \"b\"",
            "root ::= a\na ::= b\nb ::= \"x\" | a \"y\"",
            "root ::= maybe root \"a\"\nmaybe ::= \"m\"?",
            "root ::= \"a\" | (root) \"b\"",
        ] {
            assert_eq!(follow(grammar, b"a"), Err(TooMuch), "{grammar}");
        }
        fits("root ::= (\"a\"* [b]?)*", "aabab");
        // It ends the alternate there, so nothing comes back deeper.
        fits("root ::= root | \"y\"", "y");
    }

    #[test]
    fn looking_through_many_classes_is_work_also_within_a_character() {
        let grammar = format!("root ::= {}\"a\"", "[\u{e4}]|".repeat(40_000));
        let (mut ways, mut state) = Ways::new(Grammar::parse(&grammar).unwrap()).unwrap();
        ways.begin_token(&mut state).unwrap();
        let mut looks = (0..64).map(|_| ways.step(state, 0xC4));
        assert_eq!(looks.find(Result::is_err), Some(Err(TooMuch)));
    }

    #[test]
    fn a_stack_that_is_too_much_to_keep_ends_in_an_error() {
        let nested = "root ::= \"[\" root \"]\" | [a-z]*";
        let text = |depth| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert_eq!(follow(nested, &text(MOST_KEPT / 4)), Ok(Some(true)));
        assert_eq!(follow(nested, &text(MOST_KEPT)), Err(TooMuch));
    }

    /// The most that was kept, and how often it became less.
    fn kept(grammar: &str, text: &[u8], forgets: bool) -> (usize, usize) {
        let (mut ways, mut state) = Ways::new(Grammar::parse(grammar).unwrap()).unwrap();
        let (mut most, mut times) = (0, 0);
        for &byte in text {
            let before = ways.sets.len();
            ways.work = 0;
            if forgets {
                ways.begin_token(&mut state).unwrap();
            }
            times += usize::from(ways.sets.len() < before);
            state = ways.step(state, byte).unwrap().unwrap();
            most = most.max(ways.stacks.len() + ways.after.len() + ways.in_sets);
        }
        assert!(ways.may_end(state));
        (most, times)
    }

    #[test]
    fn a_long_text_needs_no_more_than_is_kept() {
        // Brackets by the bits of a number, the lowest outermost: most stacks are new each time.
        let grammar = "root ::= (\"a\" root \"b\" | \"c\" root \"d\")*";
        let text: Vec<u8> = (0..4000_u64)
            .flat_map(|number| {
                let opened = (0..60).map(move |bit| if number >> bit & 1 == 0 { b'a' } else { b'c' });
                opened.clone().chain(opened.rev().map(|open| open + 1))
            })
            .collect();
        let (most, times) = kept(grammar, &text, true);
        assert!(most <= 4 * MOST_KEPT && times > 1, "{most} kept, {times} times less");
        let (all, times) = kept(grammar, &text, false);
        assert!(all > 4 * MOST_KEPT && times == 0, "{all}");
    }
}
