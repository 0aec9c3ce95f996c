//! How much a run may use: memory, files, processor time, and its deadlines.

use contract_sandbox::Limits;
use serde::{Deserialize, Serialize};

use crate::quantity::{parse_bytes, parse_ms};

/// Limits as a manifest or a grant writes them: `{"memory": "512MiB", "total": "30s"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LimitTexts(pub std::collections::BTreeMap<String, String>);

impl LimitTexts {
    /// Checks names and amounts.
    ///
    /// # Errors
    /// What to write instead.
    pub fn check(&self) -> Result<(), String> {
        let mut budget = Budget::default();
        self.0.iter().try_for_each(|(name, value)| budget.set(name, value))
    }
}

/// What a run may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Limits of the process.
    pub limits: Limits,
    /// Milliseconds until the handshake must be done.
    pub handshake_ms: u64,
    /// Milliseconds without a progress message of an invoke.
    pub idle_ms: u64,
    /// Milliseconds for one invoke; the capability may ask for less.
    pub total_ms: u64,
    /// Milliseconds for the whole run.
    pub run_ms: Option<u64>,
}

impl Default for Budget {
    /// The deadlines of docs/ipc-v0.md, and small limits.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handshake_ms: 10_000,
            idle_ms: 60_000,
            total_ms: 600_000,
            run_ms: None,
        }
    }
}

/// Milliseconds between cancel and shutdown (R31).
pub const CANCEL_GRACE_MS: u64 = 1_000;
/// Milliseconds between the end of stdin and SIGTERM (R41).
pub const EXIT_GRACE_MS: u64 = 2_000;
/// The same when the run has failed already and only the exit status is of interest.
pub const FAILED_GRACE_MS: u64 = 200;
/// Milliseconds in which an early end of stdout must be followed by an exit to be one (R42).
pub const EARLY_EXIT_MS: u64 = 1_000;
/// Milliseconds between SIGTERM and SIGKILL (R41).
pub const TERM_GRACE_MS: u64 = 1_000;

/// With less the launcher itself cannot work.
const MIN_MEMORY_BYTES: u64 = 4 << 20;

const NAMES: &str = "memory, address-space, file-size, open-files, cpu, handshake, idle, total and run";

impl Budget {
    /// Sets the limit called `name`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let bytes = || {
            parse_bytes(value)
                .filter(|&n| n > 0)
                .ok_or_else(|| format!("limit {name}={value}: write bytes such as 4096, 64KiB or 512MiB"))
        };
        let ms = || {
            parse_ms(value)
                .filter(|&n| n > 0)
                .ok_or_else(|| format!("limit {name}={value}: write a time such as 500ms, 10s or 5min"))
        };
        match name {
            "memory" => match bytes()? {
                bytes if bytes < MIN_MEMORY_BYTES => {
                    return Err(format!("limit memory={value}: no program starts with less than 4MiB"));
                }
                bytes => self.limits.memory_bytes = bytes,
            },
            "address-space" => self.limits.address_space_bytes = Some(bytes()?),
            "file-size" => self.limits.file_size_bytes = bytes()?,
            "open-files" => match value.parse() {
                Ok(count @ 16..=1_048_576) => self.limits.open_files = count,
                _ => return Err(format!("limit open-files={value}: write a number from 16 to 1048576")),
            },
            "cpu" => self.limits.cpu_seconds = ms()?.div_ceil(1000),
            "handshake" => self.handshake_ms = ms()?,
            "idle" => self.idle_ms = ms()?,
            "total" => self.total_ms = ms()?,
            "run" => self.run_ms = Some(ms()?),
            _ => return Err(format!("limit `{name}` is unknown; the limits are {NAMES}")),
        }
        Ok(())
    }

    /// Sets a limit written as `name=value`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn set_text(&mut self, text: &str) -> Result<(), String> {
        match text.split_once('=') {
            Some((name, value)) => self.set(name, value),
            None => Err(format!(
                "limit `{text}` has no `=`; write for example memory=512MiB; the limits are {NAMES}"
            )),
        }
    }

    /// The smaller of each limit.
    #[must_use]
    pub fn min(&self, other: &Self) -> Self {
        fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            }
        }
        Self {
            limits: Limits {
                memory_bytes: self.limits.memory_bytes.min(other.limits.memory_bytes),
                address_space_bytes: least(self.limits.address_space_bytes, other.limits.address_space_bytes),
                file_size_bytes: self.limits.file_size_bytes.min(other.limits.file_size_bytes),
                open_files: self.limits.open_files.min(other.limits.open_files),
                cpu_seconds: self.limits.cpu_seconds.min(other.limits.cpu_seconds),
            },
            handshake_ms: self.handshake_ms.min(other.handshake_ms),
            idle_ms: self.idle_ms.min(other.idle_ms),
            total_ms: self.total_ms.min(other.total_ms),
            run_ms: least(self.run_ms, other.run_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_set_by_its_name() {
        let mut budget = Budget::default();
        for text in [
            "memory=256MiB",
            "address-space=1GiB",
            "file-size=1MiB",
            "open-files=32",
            "cpu=1500ms",
            "handshake=1s",
            "idle=2s",
            "total=3s",
            "run=4s",
        ] {
            budget.set_text(text).unwrap();
        }
        let limits = Limits {
            memory_bytes: 256 << 20,
            address_space_bytes: Some(1 << 30),
            file_size_bytes: 1 << 20,
            open_files: 32,
            cpu_seconds: 2,
        };
        assert_eq!(
            budget,
            Budget { limits, handshake_ms: 1000, idle_ms: 2000, total_ms: 3000, run_ms: Some(4000) }
        );
    }

    #[test]
    fn a_bad_limit_says_what_to_write() {
        let mut budget = Budget::default();
        for (text, why) in [
            ("memory", "has no `=`"),
            ("memory=0", "write bytes"),
            ("memory=3MiB", "less than 4MiB"),
            ("mem=1", "is unknown"),
            ("idle=1 day", "write a time"),
            ("open-files=3", "from 16"),
        ] {
            assert!(budget.set_text(text).unwrap_err().contains(why), "{text}");
        }
        assert_eq!(budget, Budget::default());
    }
}
