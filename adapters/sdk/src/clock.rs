//! Ids and times for a runner that gives no seed.

use contract_ipc::{Sender, Timestamp};
use rustix::rand::{GetRandomFlags, getrandom};

/// A series that no other session has: random ids, times from now on.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn random_sender() -> std::io::Result<Sender> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut random = [0; 16];
    let filled = getrandom(&mut random[..], GetRandomFlags::empty())?;
    // The kernel gives up to 256 bytes at once.
    debug_assert_eq!(filled, random.len());
    Ok(Sender::new(random.map(|byte| HEX[usize::from(byte & 15)]), now()))
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the only clock of an adapter whose runner gives none")]
    let now = std::time::SystemTime::now();
    let since_1970 = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
