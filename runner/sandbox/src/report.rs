//! What the launcher did, in a form that the receipt embeds as it is.

use serde::{Deserialize, Serialize};

use crate::failure::LaunchFailure;
use crate::profile::Property;

/// The version tag of a [`Report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportVersion {
    /// The first version.
    #[serde(rename = "launch-report.v0")]
    V0,
}

/// What was requested, what is enforced and what is not covered, with the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Version tag.
    pub v: ReportVersion,
    /// The Landlock ABI that was used.
    pub landlock_abi: u8,
    /// The Landlock ABI that the kernel offers.
    pub kernel_landlock_abi: u8,
    /// The properties that the profile needs.
    pub requested: Vec<Property>,
    /// The properties that hold because of this launch, and what holds them.
    pub enforced: Vec<Enforced>,
    /// The properties that something around the launcher held already; not our doing.
    pub pre_existing: Vec<Property>,
    /// What the sandbox does not cover, accepted gaps included.
    pub not_covered: Vec<NotCovered>,
    /// BLAKE3 over the filter with process number 0 in place of the adapter's own, as `blake3:<hex>`.
    pub filter_digest: String,
    /// The number of BPF instructions.
    pub filter_instructions: u32,
    /// What was tried before and after the restriction.
    pub canaries: Vec<Canary>,
    /// The limits that were set and read back.
    pub limits: Vec<LimitSet>,
    /// Whether a supervisor stays beside the adapter.
    pub supervised: bool,
}

/// A property that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enforced {
    /// The property.
    pub property: Property,
    /// The mechanisms, for example `landlock`, `seccomp`, `rlimit`.
    pub by: Vec<String>,
    /// Each right or rule that is in force for it.
    pub rights: Vec<String>,
}

/// Something that the sandbox leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotCovered {
    /// What is open.
    pub what: String,
    /// Why.
    pub why: String,
}

/// An attempt made before and after the restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Canary {
    /// What was tried.
    pub name: String,
    /// The property it speaks for.
    pub property: Property,
    /// The answer before: `ok` or the symbol of an error number.
    pub before: String,
    /// The answer after.
    pub after: String,
    /// What follows from the two.
    pub verdict: CanaryVerdict,
}

/// What the two answers of a canary mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryVerdict {
    /// It reached the kernel before and is refused now.
    Denied,
    /// It was refused before already.
    Preexisting,
    /// Its answer before cannot be told from a refusal, so it proves nothing.
    NoCanary,
}

/// A limit that was set and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitSet {
    /// Its name, for example `memoryBytes`.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// The mechanism, for example `RLIMIT_DATA` or `cgroup v1 memory`.
    pub by: String,
}

/// One line on the launcher's report descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ReportLine {
    /// The restriction holds; the adapter is executed next.
    Report(Box<Report>),
    /// Nothing was started.
    Failure(LaunchFailure),
}

impl ReportLine {
    /// The line with its line feed.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a report holds only text and numbers");
        bytes.push(b'\n');
        bytes
    }
}

/// Everything the launcher wrote until the adapter ran or the launcher ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchOutcome {
    /// The adapter was executed under this report.
    Started(Box<Report>),
    /// Nothing ran; the report is there when the restriction held and the execution failed.
    Failed {
        /// Why.
        failure: LaunchFailure,
        /// The report that came before, if any.
        report: Option<Box<Report>>,
    },
    /// The lines end early or are no lines of a launcher.
    Garbled {
        /// What was read.
        message: String,
    },
}

impl LaunchOutcome {
    /// Reads all bytes of the report descriptor, up to its end.
    pub fn decode(bytes: &[u8]) -> LaunchOutcome {
        let mut report = None;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            return LaunchOutcome::Garbled { message: "the launcher's last line is cut off".into() };
        }
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(ReportLine::Report(found)) if report.is_none() => report = Some(found),
                Ok(ReportLine::Report(_)) => {
                    return LaunchOutcome::Garbled { message: "the launcher reported twice".into() };
                }
                Ok(ReportLine::Failure(failure)) => return LaunchOutcome::Failed { failure, report },
                Err(e) => {
                    return LaunchOutcome::Garbled { message: format!("no line of a launcher: {e}") };
                }
            }
        }
        match report {
            Some(report) => LaunchOutcome::Started(report),
            None => LaunchOutcome::Garbled { message: "the launcher ended without a report".into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_half_lines_are_not_a_start() {
        assert!(matches!(LaunchOutcome::decode(b""), LaunchOutcome::Garbled { .. }));
        assert!(matches!(LaunchOutcome::decode(b"{\"report\":"), LaunchOutcome::Garbled { .. }));
        assert!(matches!(LaunchOutcome::decode(b"hello\n"), LaunchOutcome::Garbled { .. }));
    }

    #[test]
    fn a_failure_line_is_a_failed_launch() {
        let line = ReportLine::Failure(LaunchFailure::spec("x".into())).encode();
        assert!(line.starts_with(br#"{"failure":{"kind":"spec""#));
        assert!(matches!(LaunchOutcome::decode(&line), LaunchOutcome::Failed { report: None, .. }));
    }
}
