//! What a check finds.

use std::ops::Range;

use contract_json::Position;

use crate::locate::{Found, Place};
use crate::node::Node;
use crate::rule::Rule;

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// JSON pointer (RFC 6901) of the place; empty for the whole document.
    pub pointer: String,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// Line and column of its first byte.
    pub at: Position,
    /// What is wrong there.
    pub message: String,
}

/// What a user may fix for a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The home folder that `~` stands for. Without it a contract is judged for any home.
    pub home: Option<String>,
}

/// What the rules of a kind have found so far.
#[derive(Debug)]
pub struct Report<'a> {
    options: &'a Options,
    found: Vec<Found>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(options: &'a Options, found: Vec<Found>) -> Self {
        Self { options, found }
    }

    pub(crate) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// Adds a violation at `node`, or where it is missed.
    pub fn add(&mut self, rule: &'static Rule, node: Node<'_>, message: impl Into<String>) {
        // Most documents have no violation, so pointers are made afterwards.
        self.found.push(Found { rule, place: Place::Address(node.nearest()), message: message.into() });
    }

    /// The home folder that the user has fixed.
    #[must_use]
    pub fn home(&self) -> Option<&'a str> {
        self.options.home.as_deref()
    }
}
