//! Checking evidence, offline, in the steps of `docs/receipts.md`.

mod file;
mod lines;
mod meaning;
mod payload;
mod receipt_file;
mod transcript_rules;

use std::path::Path;

use contract_ipc::{Session, Timestamp};
use contract_json::{Digest, FileDigest, ParseDigestError, Tape, Value};

use crate::folder::Folder;
use crate::names::{LANE_RECEIPT, RECEIPT, TRANSCRIPT, WIRE};
use crate::receipt::Receipt;
use crate::subject;
use crate::verdict::{Finding, Stop, Verdict};
use transcript_rules::TranscriptRules;

/// Checks the evidence in `dir`. `expect` is `blake3:HEX` or `sha256:HEX` of the receipt; look at it with
/// [`check_expected`] first, because a malformed one is the user's error and not the evidence's.
///
/// The evidence of a lane is that of all its runs, and what joins them.
///
/// Memory does not grow with the transcript, only with its longest line. No link inside `dir` is followed.
#[must_use]
pub fn verify(dir: &Path, expect: Option<&str>) -> Verdict {
    if dir.join(LANE_RECEIPT).symlink_metadata().is_ok() {
        return crate::lane::verify(dir, expect);
    }
    verify_run(dir, expect)
}

/// The same for the evidence of a single run.
pub(crate) fn verify_run(dir: &Path, expect: Option<&str>) -> Verdict {
    steps(dir, expect).unwrap_or_else(Verdict::from)
}

/// Whether `expect` can be given to [`verify`].
///
/// # Errors
/// It is neither `blake3:` nor `sha256:` and 64 lower-case hex digits.
pub fn check_expected(expect: &str) -> Result<(), ParseDigestError> {
    Digest::of(b"").matches(expect).map(|_| ())
}

fn steps(dir: &Path, expect: Option<&str>) -> Result<Verdict, Stop> {
    let folder = Folder::open(dir).map_err(|error| {
        let name = dir.display().to_string();
        Stop::unverifiable(Finding::new(1, &name, None, "a folder", error.to_string()))
    })?;
    let bytes = receipt_file::read(&folder)?;
    let mut tape = Tape::new();
    let value = receipt_file::parse(&mut tape, &bytes)?;
    let receipt = receipt_file::shape(value)?;
    receipt_file::check_form(value, &bytes, &receipt)?;

    let session = session_of(&receipt)?;
    let mut rules = TranscriptRules::new(&session);
    let broken = check_files(&folder, &receipt, &mut rules)?;
    if let Some(stop) = broken {
        return Err(stop);
    }
    meaning::check_contents(value, &receipt, &session, &rules)?;
    meaning::check_status(&receipt, &rules)?;
    check_subject(value, &receipt)?;
    check_expectation(receipt.digests.receipt, expect)
}

/// Seed and clock, from which ids and times follow. Whether the id fits is looked at in step 6.
fn session_of(receipt: &Receipt) -> Result<Session, Stop> {
    let unreadable = |pointer| {
        Stop::unverifiable(Finding::new(1, RECEIPT, Some(pointer), "the form of the schema", "another"))
    };
    let seed = receipt.session.seed.parse().map_err(|_| unreadable("/session/seed"))?;
    let clock: Timestamp = receipt.session.clock.parse().map_err(|_| unreadable("/session/clock"))?;
    Ok(Session::new(seed, clock))
}

/// Step 4, and step 5 in the same pass over the transcript: what breaks step 5 is returned, to be told after all of step 4.
fn check_files(
    folder: &Folder,
    receipt: &Receipt,
    rules: &mut TranscriptRules,
) -> Result<Option<Stop>, Stop> {
    let digests = &receipt.digests;
    if receipt.transcript.is_some() != digests.transcript.is_some() {
        return Err(Stop::mismatch(Finding::new(
            4,
            RECEIPT,
            Some("/digests/transcript"),
            "a digest when and only when /transcript names the file",
            "the contrary",
        )));
    }
    let mut broken = None;
    if let Some(stated) = &digests.transcript {
        let mut lines = lines::Lines::default();
        let actual = file::digest(folder, TRANSCRIPT, stated, |block| {
            if broken.is_none() {
                broken = lines.feed(block, |line| rules.line(line)).err();
            }
        })?;
        compare_digests(TRANSCRIPT, "/digests/transcript", stated, &actual)?;
        broken = broken.or_else(|| lines.end(|line| rules.line(line)).err());
    }
    if let Some(stated) = &digests.wire {
        let actual = file::digest(folder, WIRE, stated, |_| {})?;
        compare_digests(WIRE, "/digests/wire", stated, &actual)?;
    }
    // A file that the receipt does not know proves nothing, and looks as if it did.
    for (name, is_stated) in [(TRANSCRIPT, digests.transcript.is_some()), (WIRE, digests.wire.is_some())] {
        if !is_stated && folder.has(name) {
            return Err(Stop::mismatch(Finding::new(
                4,
                name,
                None,
                "no such file (its digest is null)",
                "one",
            )));
        }
    }
    Ok(broken)
}

fn compare_digests(file: &str, pointer: &str, stated: &FileDigest, actual: &FileDigest) -> Result<(), Stop> {
    let members = [
        ("lines", stated.lines.to_string(), actual.lines.to_string()),
        ("blake3", stated.blake3.clone(), actual.blake3.clone()),
        ("sha256", stated.sha256.clone(), actual.sha256.clone()),
    ];
    match members.into_iter().find(|(_, stated, actual)| stated != actual) {
        None => Ok(()),
        Some((name, stated, actual)) => Err(Stop::mismatch(Finding::new(
            4,
            file,
            None,
            format!("{stated} ({pointer}/{name} of the receipt)"),
            actual,
        ))),
    }
}

fn check_subject(value: Value<'_>, receipt: &Receipt) -> Result<(), Stop> {
    expect_digest(8, "/digests/subject", &receipt.digests.subject, &subject::subject_digest(value))
}

/// Both digests of a member are what follows from the rest.
fn expect_digest(step: u8, pointer: &str, stated: &Digest, actual: &Digest) -> Result<(), Stop> {
    for (name, stated, actual) in
        [("blake3", &stated.blake3, &actual.blake3), ("sha256", &stated.sha256, &actual.sha256)]
    {
        if stated != actual {
            let pointer = format!("{pointer}/{name}");
            return Err(Stop::mismatch(Finding::new(step, RECEIPT, Some(&pointer), actual, stated)));
        }
    }
    Ok(())
}

fn check_expectation(receipt: Digest, expect: Option<&str>) -> Result<Verdict, Stop> {
    let Some(expect) = expect else { return Ok(Verdict::Consistent { receipt }) };
    let finding = |found: String| Finding::new(9, RECEIPT, Some("/digests/receipt"), expect, found);
    match receipt.matches(expect) {
        Ok(true) => Ok(Verdict::Verified { receipt }),
        Ok(false) if expect.starts_with("sha256:") => {
            Err(Stop::mismatch(finding(format!("sha256:{}", receipt.sha256))))
        }
        Ok(false) => Err(Stop::mismatch(finding(receipt.blake3_uri()))),
        Err(error) => Err(Stop::unverifiable(finding(error.to_string()))),
    }
}
