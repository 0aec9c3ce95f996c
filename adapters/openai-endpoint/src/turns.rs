//! How long an invoke may look at its connection while others wait for their turn.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::bounds::{LOOK, SHARED_LOOK};

/// Counts the open exchanges of an adapter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Rc<Cell<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Turns);

impl Turns {
    pub(crate) fn begin(&self) -> Turn {
        self.0.set(self.0.get() + 1);
        Turn(self.clone())
    }
}

impl Turn {
    /// The longest wait for bytes.
    pub(crate) fn look(&self) -> Duration {
        if self.0.0.get() > 1 { SHARED_LOOK } else { LOOK }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}
