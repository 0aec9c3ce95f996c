//! The one home of the wall clock.

use contract_ipc::Timestamp;

/// The time now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one home of the wall clock")]
pub fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// The name of a new run's folder: sorted by time, and different for two processes at the same time.
#[must_use]
pub fn run_id() -> String {
    let now: String = now().to_string().chars().filter(char::is_ascii_digit).collect();
    format!("{now}-{}", std::process::id())
}
