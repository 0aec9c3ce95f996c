//! The shape of a script, as the reader gives it and the machine runs it.

use crate::text::Part;
use std::cell::OnceCell;
use std::rc::Rc;

/// Commands one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(Join, Pipeline)>,
    pub(crate) background: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    And,
    Or,
}

#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    /// `time` stands before it: for some shells that is a program.
    pub(crate) timed: bool,
    pub(crate) stages: Vec<Stage>,
}

/// One command of a pipeline with its redirections.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) action: Action,
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) line: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Simple(Simple),
    Group(List),
    Subshell(List),
    If {
        branches: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    While {
        condition: List,
        until: bool,
        body: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    ForArithmetic {
        expressions: Word,
        body: List,
    },
    /// `select`: one of the words, any number of times.
    Select {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<Arm>,
    },
    Function {
        name: String,
        body: Rc<Stage>,
    },
    /// `[[ … ]]`: its words, operators left out, and those of them that stand after `&&` and `||`.
    Test {
        words: Vec<Word>,
        starts: Vec<Word>,
    },
    /// `(( … ))`.
    Arithmetic(Word),
    Coprocess(Box<Stage>),
}

#[derive(Debug, Clone)]
pub(crate) struct Arm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    /// `;&` or `;;&`: the next arm may run too.
    pub(crate) goes_on: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Operand>,
}

/// A word of a simple command; `export X=(…)` and the like take assignments as words.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Word(Word),
    Assignment(Assignment),
}

#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// `name[index]=`.
    pub(crate) index: Option<Word>,
    /// `+=`.
    pub(crate) append: bool,
    pub(crate) value: Assigned,
}

#[derive(Debug, Clone)]
pub(crate) enum Assigned {
    Scalar(Word),
    /// Elements, each with its key when one is written.
    Array(Vec<(Option<Word>, Word)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    /// The descriptor that is written; `None` means the usual one.
    pub(crate) descriptor: Option<u32>,
    pub(crate) kind: RedirectKind,
    /// It is `&>`: where that is no operator, the command before it runs in the background.
    pub(crate) background: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum RedirectKind {
    Read(Word),
    Write(Word),
    Append(Word),
    ReadWrite(Word),
    /// `<&` or `>&` with a descriptor or `-`.
    Duplicate(Word),
    /// `&>`, `>&file`: both outputs.
    Both(Word),
    HereString(Word),
    /// A here-document. Its text stands after the line, so it is filled in later.
    HereDocument(Rc<OnceCell<Word>>),
}

/// A word as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    pub(crate) pieces: Vec<Piece>,
}

impl Word {
    /// The characters of a word without expansions; quotes taken off.
    pub(crate) fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) | Piece::Quoted(part) => text.push_str(part),
                _ => return None,
            }
        }
        Some(text)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// Unquoted characters.
    Text(String),
    /// Characters that quotes or a backslash protect.
    Quoted(String),
    /// What stands between double quotes.
    Double(Vec<Piece>),
    /// `~` or `~user`, the name without the tilde.
    Tilde(String),
    Parameter(Box<Parameter>),
    /// `$(…)` and backquotes.
    Substitution(Rc<List>),
    /// `<(…)` or `>(…)`; true for the first.
    Process(Rc<List>, bool),
    /// `$((…))`.
    Arithmetic(Word),
    /// A symbol from outside: what an earlier expansion put into the text of `eval` or `sh -c`, or a template.
    Symbol(Part),
}

/// `${…}`.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    /// `${!name}`.
    pub(crate) indirect: bool,
    pub(crate) operation: Operation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    Variable(String),
    Positional(usize),
    /// `$@` or `$*`.
    All(char),
    /// `$#`, `$?`, `$$`, `$!`, `$-`, `$0`, `$_`.
    Special(char),
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    None,
    /// `${#name}`.
    Length,
    /// `${name[key]}`, with what is done to the element.
    Element(Word, Box<Operation>),
    /// `${name[@]}` or `${name[*]}`, with what is done to each element.
    Elements(char, Box<Operation>),
    /// `${!name[@]}`.
    Keys,
    /// `-`, `=`, `?` or `+`, and whether a colon stands before.
    Test {
        operator: char,
        colon: bool,
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`.
    Remove {
        end: bool,
        longest: bool,
        pattern: Word,
    },
    /// `/`, `//`, `/#`, `/%`.
    Replace {
        which: Replaced,
        pattern: Word,
        with: Word,
    },
    /// `:offset:length`.
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    /// `^`, `^^`, `,`, `,,`: true for upper case, true for all.
    Case {
        upper: bool,
        all: bool,
    },
    /// `@Q` and its like.
    Transform(char),
    /// Anything else, with what is expanded in it.
    Other(Word),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    First,
    All,
    Prefix,
    Suffix,
}
