//! Who looks on while a run goes on: the command line, a test.

use std::borrow::Cow;

/// Told what happens, in the order in which it happens. All texts are redacted.
pub trait Watcher {
    /// The adapter runs in its sandbox.
    fn started(&mut self) {}

    /// The handshake is done; `calls` invokes follow.
    fn serving(&mut self, _calls: u64) {}

    /// Call number `call`, from 0, goes on.
    fn progress(&mut self, _call: u64, _note: &Note<'_>) {}

    /// Call number `call` of a live session had no more time. Its answer is still to come.
    fn expired(&mut self, _call: u64) {}

    /// Call number `call`, from 0, ended. Calls may end in any order.
    fn answer(&mut self, _call: u64, _answer: &Answer<'_>) {}

    /// The session ended before the adapter was asked for call number `call` of a live session. Another session may be asked for it;
    /// who does not do that has its end.
    fn unasked(&mut self, call: u64, answer: &Answer<'_>) {
        self.answer(call, answer);
    }
}

/// What a progress message says.
#[derive(Debug)]
pub struct Note<'a> {
    /// How much is done, 0 to 1.
    pub fraction: Option<f64>,
    /// In words.
    pub message: Option<Cow<'a, str>>,
    /// A piece of a stream: the text of a JSON value, as it came.
    pub data: Option<Cow<'a, [u8]>>,
}

/// The end of one invoke.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It was done.
    Result {
        /// Whether the answer is yes.
        ok: bool,
        /// A JSON object in canonical form.
        data: Option<Cow<'a, [u8]>>,
    },
    /// It could not be done.
    Error {
        /// The adapter's code, or ours when its result was no good.
        code: Cow<'a, str>,
        /// In words.
        message: Cow<'a, str>,
    },
}

/// Looks away.
#[derive(Debug)]
pub struct Nobody;

impl Watcher for Nobody {}
