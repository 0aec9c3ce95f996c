//! Writing envelopes: ids and times in series (R50).

use std::ops::Range;

use contract_json::write_canonical_string;

use crate::clock::Timestamp;

/// Numbers the messages of one direction and writes their lines.
#[derive(Debug, Clone)]
pub struct Sender {
    prefix: [u8; 16],
    clock: Timestamp,
    next: u64,
}

impl Sender {
    /// A series whose ids start with `prefix` and whose times start at `clock`.
    #[must_use]
    pub fn new(prefix: [u8; 16], clock: Timestamp) -> Self {
        Self { prefix, clock, next: 0 }
    }

    /// The number of the next message.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// The id of message `number`.
    #[must_use]
    pub fn id(&self, number: u64) -> [u8; 32] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut id = [0; 32];
        id[..16].copy_from_slice(&self.prefix);
        for (place, digit) in id[16..].iter_mut().rev().enumerate() {
            *digit = HEX[(number >> (4 * place) & 15) as usize];
        }
        id
    }

    /// The number of the message with this id, when it is of this series.
    #[must_use]
    pub fn number(&self, id: &str) -> Option<u64> {
        let digits = id.as_bytes().strip_prefix(&self.prefix)?;
        if digits.len() != 16 {
            return None;
        }
        digits.iter().try_fold(0, |value, digit| match digit {
            b'0'..=b'9' => Some(value << 4 | u64::from(digit - b'0')),
            b'a'..=b'f' => Some(value << 4 | u64::from(digit - b'a' + 10)),
            _ => None,
        })
    }

    /// Appends one line: members in canonical order, `payload` (a JSON object) as `write` leaves it. Returns where in
    /// `out` the payload stands.
    pub fn write(
        &mut self,
        out: &mut Vec<u8>,
        kind: &str,
        reply_to: Option<&str>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Range<usize> {
        out.extend_from_slice(b"{\"id\":\"");
        out.extend_from_slice(&self.id(self.next));
        out.extend_from_slice(b"\",\"payload\":");
        let start = out.len();
        write(out);
        let payload = start..out.len();
        if let Some(id) = reply_to {
            out.extend_from_slice(b",\"replyTo\":");
            write_canonical_string(out, id);
        }
        out.extend_from_slice(b",\"ts\":\"");
        out.extend_from_slice(&self.clock.plus_ms(self.next).to_bytes());
        out.extend_from_slice(b"\",\"type\":");
        write_canonical_string(out, kind);
        out.extend_from_slice(b",\"v\":\"ipc.v0\"}\n");
        self.next += 1;
        payload
    }
}
