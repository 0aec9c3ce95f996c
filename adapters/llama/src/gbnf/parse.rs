//! From the text of a grammar to its elements.

use std::collections::HashMap;

use super::{Class, DEEPEST, Element, Grammar, GrammarFault, MOST_ELEMENTS, MOST_REPETITIONS};

impl Grammar {
    /// Reads a text of the user's.
    pub(crate) fn parse(text: &str) -> Result<Self, GrammarFault> {
        Self::read(text, false)
    }

    /// Reads what is made of a schema. A limit of more repetitions than are taken is none, as in llama.cpp: the finished text is
    /// held against the schema.
    pub(crate) fn parse_made(text: &str) -> Result<Self, GrammarFault> {
        Self::read(text, true)
    }

    fn read(text: &str, is_made: bool) -> Result<Self, GrammarFault> {
        let mut parser = Parser {
            text,
            is_made,
            at: 0,
            depth: 0,
            grown: 0,
            names: HashMap::new(),
            rules: Vec::new(),
            elements: Vec::new(),
            classes: Vec::new(),
        };
        parser.space(true);
        while parser.at < text.len() {
            parser.rule()?;
        }
        let Parser { names, rules, elements, classes, .. } = parser;
        let root = names.get("root").copied().ok_or(GrammarFault::NoRoot)?;
        let defined = rules.into_iter().map(|rule| {
            rule.alternates.ok_or(GrammarFault::At { at: rule.first, why: "this rule is not defined" })
        });
        let rules = defined.collect::<Result<_, _>>()?;
        Ok(Self { elements, rules, classes, root })
    }
}

struct Parser<'t> {
    text: &'t str,
    is_made: bool,
    at: usize,
    depth: usize,
    /// Elements that were ever made: those of groups that are still open and of rules that are not finished, too.
    grown: usize,
    names: HashMap<&'t str, u32>,
    rules: Vec<Rule>,
    elements: Vec<Element>,
    classes: Vec<Class>,
}

struct Rule {
    /// Where it is first named.
    first: usize,
    alternates: Option<Vec<u32>>,
}

type Parsed<T> = Result<T, GrammarFault>;

impl<'t> Parser<'t> {
    fn wrong<T>(&self, why: &'static str) -> Parsed<T> {
        Err(GrammarFault::At { at: self.at, why })
    }

    /// Asked before anything grows, so that what waits for the end of its rule is within the bound, too.
    fn grow(&mut self, by: usize) -> Parsed<()> {
        self.grown += by;
        if self.grown <= MOST_ELEMENTS { Ok(()) } else { Err(GrammarFault::TooLarge) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_there = self.text.as_bytes()[self.at..].starts_with(wanted.as_bytes());
        if is_there {
            self.at += wanted.len();
        }
        is_there
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'t str {
        let begin = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        // Bytes that are wanted are ASCII.
        &self.text[begin..self.at]
    }

    /// Blanks and comments, with line ends where a text may go on behind them.
    fn space(&mut self, over_lines: bool) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' => self.at += 1,
                b'\r' | b'\n' if over_lines => self.at += 1,
                b'#' => {
                    while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn new_rule(&mut self) -> u32 {
        self.rules.push(Rule { first: self.at, alternates: None });
        u32::try_from(self.rules.len() - 1).expect("there are fewer rules than bytes and elements")
    }

    /// The rule of the name that is here.
    fn name(&mut self) -> Parsed<u32> {
        let begin = self.at;
        let name = self.take_while(is_word);
        if name.is_empty() {
            return self.wrong("the name of a rule is expected here");
        }
        if let Some(&rule) = self.names.get(name) {
            return Ok(rule);
        }
        let rule = self.new_rule();
        self.rules[rule as usize].first = begin;
        self.names.insert(name, rule);
        Ok(rule)
    }

    /// A definition; a later one of the same name takes the place of the first.
    fn rule(&mut self) -> Parsed<()> {
        let rule = self.name()?;
        self.space(false);
        if !self.take("::=") {
            return self.wrong("`::=` is expected here");
        }
        self.space(true);
        let alternates = self.alternates(false)?;
        self.define(rule, &alternates);
        if !matches!(self.peek(), None | Some(b'\r' | b'\n')) {
            return self.wrong("the end of the line is expected here");
        }
        self.space(true);
        Ok(())
    }

    /// Of alternates whose elements and ends are counted.
    fn define(&mut self, rule: u32, alternates: &[Vec<Element>]) {
        let mut begins = Vec::with_capacity(alternates.len());
        for alternate in alternates {
            begins.push(u32::try_from(self.elements.len()).expect("their number is bounded"));
            self.elements.extend_from_slice(alternate);
            self.elements.push(Element::End);
        }
        self.rules[rule as usize].alternates = Some(begins);
    }

    fn alternates(&mut self, nested: bool) -> Parsed<Vec<Vec<Element>>> {
        let mut alternates = vec![self.sequence(nested)?];
        while self.take("|") {
            self.space(true);
            alternates.push(self.sequence(nested)?);
        }
        Ok(alternates)
    }

    fn sequence(&mut self, nested: bool) -> Parsed<Vec<Element>> {
        let mut sequence = Vec::new();
        // The end.
        self.grow(1)?;
        // Where the item begins that a repetition would repeat.
        let mut item = 0;
        while let Some(byte) = self.peek() {
            let mut begin = sequence.len();
            if matches!(byte, b'[' | b'(' | b'.') || is_word(byte) {
                self.grow(1)?;
            }
            match byte {
                b'"' => self.literal(&mut sequence)?,
                b'[' => sequence.push(self.class()?),
                b'(' => sequence.push(self.group()?),
                b'.' => {
                    self.at += 1;
                    sequence.push(self.add_class(Class::new(Vec::new(), true)));
                }
                b'*' | b'+' | b'?' | b'{' => {
                    if item == sequence.len() {
                        return self.wrong("there is nothing to repeat");
                    }
                    let (least, most) = self.times()?;
                    self.repeat(&mut sequence, item, least, most)?;
                    // A further repetition repeats what this one made.
                    begin = item;
                }
                b'<' | b'!' => return self.wrong("tokens by name or number are not taken"),
                byte if is_word(byte) => sequence.push(Element::Rule(self.name()?)),
                _ => break,
            }
            item = begin;
            self.space(nested);
        }
        Ok(sequence)
    }

    fn group(&mut self) -> Parsed<Element> {
        if self.depth == DEEPEST {
            return self.wrong("groups are nested deeper than 256");
        }
        self.at += 1;
        self.depth += 1;
        self.space(true);
        let rule = self.new_rule();
        let alternates = self.alternates(true)?;
        self.define(rule, &alternates);
        self.depth -= 1;
        if !self.take(")") {
            return self.wrong("`)` is expected here");
        }
        Ok(Element::Rule(rule))
    }

    fn literal(&mut self, sequence: &mut Vec<Element>) -> Parsed<()> {
        self.at += 1;
        while !self.take("\"") {
            self.grow(1)?;
            sequence.push(Element::Char(self.char()?));
        }
        Ok(())
    }

    fn class(&mut self) -> Parsed<Element> {
        self.at += 1;
        let negated = self.take("^");
        let mut ranges = Vec::new();
        while !self.take("]") {
            let low = self.char()?;
            let is_range = self.peek() == Some(b'-') && self.text.as_bytes().get(self.at + 1) != Some(&b']');
            let high = if is_range {
                self.at += 1;
                self.char()?
            } else {
                low
            };
            ranges.push((low, high));
        }
        if ranges.is_empty() {
            return self.wrong("the class before this has no characters");
        }
        Ok(self.add_class(Class::new(ranges, negated)))
    }

    fn add_class(&mut self, class: Class) -> Element {
        self.classes.push(class);
        Element::Class(u32::try_from(self.classes.len() - 1).expect("there are fewer classes than bytes"))
    }

    /// One character of a literal or a class.
    fn char(&mut self) -> Parsed<u32> {
        let Some(char) = self.text[self.at..].chars().next() else {
            return self.wrong("the text ends within a literal or a class");
        };
        if char == '\0' {
            return self.wrong("the text has a NUL");
        }
        if char != '\\' {
            self.at += char.len_utf8();
            return Ok(u32::from(char));
        }
        let escape = self.text.as_bytes().get(self.at + 1).copied();
        let digits = match escape {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let char = match escape {
            Some(b't') => u32::from('\t'),
            Some(b'r') => u32::from('\r'),
            Some(b'n') => u32::from('\n'),
            Some(byte @ (b'\\' | b'"' | b'[' | b']' | b'-')) => u32::from(byte),
            Some(b'x' | b'u' | b'U') => {
                let digits = self.text.as_bytes().get(self.at + 2..self.at + 2 + digits);
                let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                let number = digits.and_then(|digits| std::str::from_utf8(digits).ok());
                let Some(number) = number.and_then(|number| u32::from_str_radix(number, 16).ok()) else {
                    return self.wrong("this escape lacks hexadecimal digits");
                };
                number
            }
            _ => return self.wrong("this escape is unknown"),
        };
        self.at += 2 + digits;
        Ok(char)
    }

    /// How often: at least, and at most if there is a limit.
    fn times(&mut self) -> Parsed<(u32, Option<u32>)> {
        if self.take("*") {
            return Ok((0, None));
        }
        if self.take("+") {
            return Ok((1, None));
        }
        if self.take("?") {
            return Ok((0, Some(1)));
        }
        self.at += 1;
        self.space(true);
        let least = self.number()?;
        let mut most = Some(least);
        if self.take(",") {
            self.space(true);
            most = if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                Some(self.number()?)
            } else {
                None
            };
        }
        if !self.take("}") {
            return self.wrong("`}` is expected here");
        }
        let is_many = |number| number > MOST_REPETITIONS;
        if is_many(least) || most.is_some_and(is_many) && !self.is_made {
            return self.wrong("more than 2000 repetitions are asked for");
        }
        if most.is_some_and(|most| most < least) {
            return self.wrong("the most repetitions are fewer than the least");
        }
        Ok((least, most.filter(|&most| !is_many(most))))
    }

    /// A number; one that is too large is the largest.
    fn number(&mut self) -> Parsed<u32> {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return self.wrong("a number is expected here");
        }
        self.space(true);
        Ok(digits.parse().unwrap_or(u32::MAX))
    }

    /// S{2,4} is S S T with T = S U | and U = S |; S{2,} is S S T with T = S T |.
    fn repeat(
        &mut self,
        sequence: &mut Vec<Element>,
        item: usize,
        least: u32,
        most: Option<u32>,
    ) -> Parsed<()> {
        let repeated = match &sequence[item..] {
            [one] => *one,
            several => {
                self.grow(1)?;
                let (rule, several) = (self.new_rule(), several.to_vec());
                self.define(rule, &[several]);
                Element::Rule(rule)
            }
        };
        sequence.truncate(item);
        self.grow(least as usize + 1)?;
        sequence.extend((0..least).map(|_| repeated));
        match most {
            None => {
                self.grow(4)?;
                let rule = self.new_rule();
                self.define(rule, &[vec![repeated, Element::Rule(rule)], Vec::new()]);
                sequence.push(Element::Rule(rule));
            }
            Some(most) => {
                let mut rest: Option<Element> = None;
                for _ in least..most {
                    self.grow(4)?;
                    let rule = self.new_rule();
                    let once = std::iter::once(repeated).chain(rest).collect();
                    self.define(rule, &[once, Vec::new()]);
                    rest = Some(Element::Rule(rule));
                }
                sequence.extend(rest);
            }
        }
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fault(text: &str) -> GrammarFault {
        Grammar::parse(text).unwrap_err()
    }

    #[test]
    fn faults_have_a_place_and_no_words_of_the_text() {
        for (text, at, says) in [
            ("secret", 6, "`::=`"),
            ("root ::= secret", 9, "not defined"),
            ("root ::= (\"secret\"", 18, "`)`"),
            ("root ::= \"secret", 16, "ends within"),
            ("root ::= [secret", 16, "ends within"),
            ("root ::= * secret", 9, "nothing to repeat"),
            ("root ::= \"a\"{secret}", 13, "a number"),
            ("root ::= \"a\"{3,2}", 17, "fewer than the least"),
            ("root ::= \"a\"{2001}", 18, "more than 2000"),
            ("root ::= \"a\"{0,2001}", 20, "more than 2000"),
            ("root ::= \"a\" []", 15, "no characters"),
            ("root ::= [^]", 12, "no characters"),
            ("root ::= \"\\q\"", 10, "escape is unknown"),
            ("root ::= \"\\u12\"", 10, "hexadecimal"),
            ("root ::= \"a\" ) secret", 13, "end of the line"),
            ("root ::= <secret>", 9, "tokens by name"),
            ("::= \"a\"", 0, "name of a rule"),
        ] {
            let fault = fault(text);
            let GrammarFault::At { at: found, why } = fault else { panic!("{text}: {fault}") };
            assert_eq!(found, at, "{text}: {why}");
            assert!(why.contains(says) && !fault.to_string().contains("secret"), "{text}: {why}");
        }
        assert_eq!(fault("start ::= \"a\""), GrammarFault::NoRoot);
        assert_eq!(fault(""), GrammarFault::NoRoot);
    }

    #[test]
    fn what_grows_without_end_is_refused_and_what_is_long_is_read() {
        assert!(matches!(
            fault(&format!("root ::= {}", "(".repeat(100_000))),
            GrammarFault::At { at: 265, .. }
        ));
        assert!(Grammar::parse(&format!("root ::= {}\"a\"{}", "(".repeat(256), ")".repeat(256))).is_ok());
        assert_eq!(fault(&format!("root ::= {}", "[a]{0,2000}".repeat(20_000))), GrammarFault::TooLarge);
        assert_eq!(fault(&format!("root ::= {}", "a{2000} ".repeat(20_000))), GrammarFault::TooLarge);
        // The end of a rule or of a group is never reached: its fault would be told instead.
        let wide = ".{2000}".repeat(513);
        for open in [vec![wide.clone(); 71].join("|"), vec![wide; 71].join("(")] {
            assert_eq!(fault(&format!("root ::= {open} \"\\q\"")), GrammarFault::TooLarge);
        }
        let brackets = "\"((((\" [(((] # ((((\n";
        assert!(Grammar::parse(&format!("root ::= {brackets}")).is_ok());
        // llama.cpp looks at each of 2^40 ways to come down here, and descends 20,000 calls there.
        let twice: String = (0..40).map(|level| format!("r{level} ::= r{0} | r{0}\n", level + 1)).collect();
        assert!(Grammar::parse(&format!("root ::= r0\n{twice}r40 ::= \"a\"")).is_ok());
        let chain: String = (0..20_000).map(|level| format!("r{level} ::= r{}\n", level + 1)).collect();
        assert!(Grammar::parse(&format!("root ::= r0\n{chain}r20000 ::= \"a\"")).is_ok());
    }
}
