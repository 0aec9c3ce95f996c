//! Messages that belong together: what the lines of a file say to each other.

use std::collections::VecDeque;

/// Requests that are remembered. A file with more of them unanswered at once is no exchange of two programs.
const MAX_OPEN: usize = 1024;

/// The requests of a file that nothing has answered so far.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    asked: bool,
    open: VecDeque<Request>,
}

#[derive(Debug, Clone)]
struct Request {
    id: String,
    op: String,
}

/// What a response answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answers {
    /// The request with this operation.
    Request(String),
    /// No request that is open.
    Nothing,
    /// It cannot be known: no request was seen, so the lines are those of one side.
    Unknown,
}

impl Exchange {
    /// Keeps a request; `false` when one with this id is open.
    pub(crate) fn ask(&mut self, id: &str, op: &str) -> bool {
        self.asked = true;
        if self.open.iter().any(|request| request.id == id) {
            return false;
        }
        if self.open.len() == MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back(Request { id: id.to_owned(), op: op.to_owned() });
        true
    }

    /// Takes the request that a response with this id answers.
    pub(crate) fn answer(&mut self, id: &str) -> Answers {
        let open = self.open.iter().position(|request| request.id == id);
        match open.and_then(|index| self.open.remove(index)) {
            Some(request) => Answers::Request(request.op),
            None if self.asked => Answers::Nothing,
            None => Answers::Unknown,
        }
    }
}
