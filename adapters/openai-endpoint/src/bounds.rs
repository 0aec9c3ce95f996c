//! How much of a server's answer is taken.

use std::time::Duration;

/// One look at the connection. A cancel is seen within it.
pub(crate) const LOOK: Duration = Duration::from_millis(25);
/// The same while other invokes wait for their turn.
pub(crate) const SHARED_LOOK: Duration = Duration::from_millis(1);
/// Time for one invoke, when the runner names none.
pub(crate) const TOTAL: Duration = Duration::from_secs(600);
/// The answer leaves this much before the runner's deadline, so that the error says what was waited for.
pub(crate) const MARGIN: Duration = Duration::from_millis(200);

/// A server that is silent for so long is told of as progress: it may work on a long prompt, and the runner's own idle
/// deadline (60 s unless set) sees nothing but progress.
pub(crate) const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// One read.
pub(crate) const READ_BYTES: usize = 16 * 1024;
/// Status line and headers, with those of all interim answers (1xx).
pub(crate) const HEAD_BYTES: usize = 32 * 1024;
/// Size line of one chunk, or the trailers of a chunked answer.
pub(crate) const CHUNK_LINE_BYTES: usize = 8 * 1024;
/// The body of an answer, and all events of a stream.
pub(crate) const BODY_BYTES: u64 = 64 << 20;
/// What is read of the body of an error.
pub(crate) const ERROR_BODY_BYTES: usize = 64 * 1024;
/// One line of a stream, and the data of one event.
pub(crate) const EVENT_BYTES: usize = 1 << 20;
/// The text of one completion: the result is one line of at most 16 MiB, in which a character may be six.
pub(crate) const TEXT_BYTES: usize = 2 << 20;
/// Words of a server in one of our errors.
pub(crate) const WORDS_BYTES: usize = 300;
/// Models in a list.
pub(crate) const MODELS: usize = 10_000;
