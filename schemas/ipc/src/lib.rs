//! IPC v0 as code: bytes in, events out. No I/O, no clock, no threads.
//!
//! The protocol is `docs/ipc-v0.md`; `R` numbers in this crate are its requirements. The runner, the adapter SDK, the
//! conformance kit and the fuzz targets all use these types, so there is one reading of the protocol.
//!
//! A whole session, both sides in memory:
//! ```
//! use contract_ipc::{AdapterEvent, AdapterSide, Capabilities, Envelope, Event, RunnerSide, Sender, Session};
//! use contract_json::{Limits, Tape};
//!
//! let session = Session::new("0".repeat(32).parse()?, "1970-01-01T00:00:00Z".parse()?);
//! let (mut runner, mut adapter) = (RunnerSide::new(session.clone()), AdapterSide::new(Sender::new(*b"0123456789abcdef", session.clock)));
//! let offer: Capabilities = serde_json::from_str(r#"{"adapter":{"name":"x","version":"1"},"capabilities":[{"name":"x.y"}]}"#)?;
//! let (mut to_adapter, mut to_runner, mut tape) = (Vec::new(), Vec::new(), Tape::new());
//!
//! runner.hello(&["x.y".into()], &mut to_adapter);
//! let hello = Envelope::parse(&mut tape, to_adapter.trim_ascii_end(), &Limits::default())?;
//! assert!(matches!(adapter.receive(&hello, &mut to_runner)?, AdapterEvent::Hello));
//! adapter.offer(&offer, &mut to_runner);
//!
//! for line in to_runner.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
//!     match runner.receive(&Envelope::parse(&mut tape, line, &Limits::default())?)? {
//!         Event::HelloAck => {}
//!         Event::Capabilities(offered) => assert_eq!(offered.capabilities[0].name, "x.y"),
//!         other => panic!("{other:?}"),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adapter;
pub mod broker;
mod clock;
mod code;
mod envelope;
mod line;
mod message;
mod recent;
mod runner;
mod sender;
mod session;

pub use adapter::{AdapterEvent, AdapterSide, ErrorText, Incoming};
pub use clock::{ParseTimeError, Timestamp};
pub use code::{Code, Exit};
pub use envelope::{Envelope, MessageType};
pub use line::{Line, LineReader, LineTooLong};
pub use message::{
    AdapterName, CancelReason, Capabilities, Capability, ErrorReply, Hello, Progress, Reply, SchemaRef,
    SideEffect, SideEffects, Timeouts, check_progress, check_result, is_error_code,
};
pub use recent::RecentIds;
pub use runner::{Event, Invocation, RunnerSide};
pub use sender::Sender;
pub use session::{ParseSeedError, Seed, Session};

/// A broken rule of the protocol: the code, what was seen, and where in the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {what}")]
pub struct Fault {
    /// The code of the rule.
    pub code: Code,
    /// What was seen, in one sentence without a full stop.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into() }
    }
}

/// The protocol this crate speaks.
pub const PROTOCOL: &str = "ipc.v0";

/// Most bytes in a line, its LF not counted, unless the user says otherwise (R3).
pub const DEFAULT_MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// Most invokes open at a time (R25).
pub const MAX_IN_FLIGHT: usize = 64;
