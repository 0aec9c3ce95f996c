//! What an adapter and the runner's broker say to each other: one packet each way on an inherited SOCK_SEQPACKET socket.
//!
//! The adapter finds the descriptor's number in `CONTRACT_BROKER_FD`. It asks with [`BrokerRequest`]; the runner answers with
//! [`BrokerAnswer`], and with one connected descriptor in `SCM_RIGHTS` when `ok` is true.

use serde::{Deserialize, Serialize};

/// Name of the variable with the descriptor's number.
pub const BROKER_VARIABLE: &str = "CONTRACT_BROKER_FD";

/// Largest packet in bytes, either way.
pub const MAX_PACKET_BYTES: usize = 4096;

/// Asks for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerRequest {
    /// `HOST:PORT`, as it was granted.
    pub connect: String,
}

/// Answers a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerAnswer {
    /// Whether a descriptor comes with this packet.
    pub ok: bool,
    /// `POLICY_DENIED`, or `ADAPTER_IO` when the connection failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
