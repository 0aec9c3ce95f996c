//! Groups of facts, each on a thread of its own with a deadline: a file or mount that hangs costs its group and no more.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::fact::Fact;
use crate::tree::Tree;

/// How long one group of facts may take. All groups run at once, so that the whole probe stays below 150 ms.
pub const GROUP: Duration = Duration::from_millis(100);

/// A group that is being read.
pub struct Pending<T> {
    answer: Option<Receiver<T>>,
    until: Instant,
}

/// Starts to read a group of `tree`.
pub fn start<T: Send + 'static>(
    tree: &Arc<Tree>,
    until: Instant,
    read: impl FnOnce(&Tree) -> T + Send + 'static,
) -> Pending<T> {
    let (send, answer) = channel();
    let tree = Arc::clone(tree);
    // A thread that hangs is left behind; it ends with the process.
    let started = thread::Builder::new().spawn(move || drop(send.send(read(&tree))));
    Pending { answer: started.ok().map(|_| answer), until }
}

impl<T> Pending<T> {
    /// The group, if it answers in time.
    pub fn take(self) -> Fact<T> {
        let Some(answer) = self.answer else { return Fact::unknown("no thread could be started") };
        match answer.recv_timeout(self.until.saturating_duration_since(Instant::now())) {
            Ok(facts) => Fact::Known(facts),
            Err(RecvTimeoutError::Timeout) => Fact::unknown("deadline"),
            Err(RecvTimeoutError::Disconnected) => Fact::unknown("its reader stopped"),
        }
    }
}
