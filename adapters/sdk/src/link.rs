//! Where the bytes come from and go to.

use std::io;

/// The two pipes to the runner, or their stand-in in memory.
pub(crate) trait Link {
    /// Reads at least one byte, waiting for it; 0 at the end of the input.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize>;

    /// Whether [`read`](Self::read) would return at once.
    fn is_ready(&mut self) -> bool;

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// What the system says; `BrokenPipe` when the runner reads no more.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}
