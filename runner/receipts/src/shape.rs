//! The forms of texts in a receipt, which types alone do not hold. `run-receipt.v0.schema.json` says the same.

use contract_ipc::{Timestamp, is_error_code};
use contract_json::{Digest, Kind, Limits, Tape, Value, to_canonical_vec, write_canonical_string};

use crate::difference::differences;
use crate::names::TRANSCRIPT;
use crate::receipt::Receipt;

/// Receipts beyond this size are not read.
pub(crate) const MAX_RECEIPT_BYTES: u64 = 64 << 20;
/// Limits for receipts from elsewhere: R4 without its 64-bit rule, and room for three payloads.
pub(crate) const RECEIPT_LIMITS: Limits =
    Limits { max_depth: 128, max_nodes: 16_777_216, wide_integers: true };
/// Our own receipts are read back whatever their size.
pub(crate) const RECEIPT_LIMITS_OWN: Limits =
    Limits { max_depth: 512, max_nodes: usize::MAX, wide_integers: true };

/// A receipt that does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}{}{what}", if pointer.is_empty() { "" } else { ": " })]
pub struct ShapeError {
    /// JSON pointer to the place, empty when it is not known.
    pub pointer: String,
    /// What is wrong there.
    pub what: String,
}

impl ShapeError {
    pub(crate) fn new(pointer: impl Into<String>, what: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), what: what.into() }
    }
}

type Check = fn(&str) -> bool;

pub(crate) fn check(receipt: &Receipt) -> Result<(), ShapeError> {
    let mut texts: Vec<(String, &str, Check)> = vec![
        ("/ts".into(), &receipt.ts, is_clock),
        ("/session/id".into(), &receipt.session.id, is_hex::<32>),
        ("/session/seed".into(), &receipt.session.seed, is_hex::<32>),
        ("/session/clock".into(), &receipt.session.clock, is_clock),
    ];
    let optional: [(&str, Option<&String>, Check); 6] = [
        ("/manifest", receipt.manifest.as_ref(), is_blake3_uri),
        ("/runner/digest", receipt.runner.digest.as_ref(), is_blake3_uri),
        ("/transcript", receipt.transcript.as_ref(), is_transcript),
        ("/authority/audit/transcript", receipt.authority.audit.transcript.as_ref(), is_transcript),
        ("/error/code", receipt.error.as_ref().map(|error| &error.code), is_error_code),
        ("/authority/audit/receipt", Some(&receipt.authority.audit.receipt), is_receipt_name),
    ];
    texts.extend(
        optional.into_iter().filter_map(|(at, text, check)| Some((at.into(), text?.as_str(), check))),
    );
    for (index, grant) in receipt.authority.delegation.grants.iter().enumerate() {
        let at = format!("/authority/delegation/grants/{index}");
        texts.push((format!("{at}/digest"), &grant.digest, is_blake3_uri));
        texts.push((format!("{at}/expires"), &grant.expires, Timestamp::is_valid));
        if let Some(digest) = &grant.subject.digest {
            texts.push((format!("{at}/subject/digest"), digest, is_blake3_uri));
        }
    }
    let digests = &receipt.digests;
    for (name, file) in [("transcript", &digests.transcript), ("wire", &digests.wire)] {
        if let Some(file) = file {
            texts.push((format!("/digests/{name}/blake3"), &file.blake3, is_hex::<64>));
            texts.push((format!("/digests/{name}/sha256"), &file.sha256, is_hex::<64>));
        }
    }
    for (name, Digest { blake3, sha256 }) in [("subject", &digests.subject), ("receipt", &digests.receipt)] {
        texts.push((format!("/digests/{name}/blake3"), blake3, is_hex::<64>));
        texts.push((format!("/digests/{name}/sha256"), sha256, is_hex::<64>));
    }
    match texts.into_iter().find(|(_, text, check)| !check(text)) {
        Some((pointer, text, _)) => {
            Err(ShapeError::new(pointer, format!("`{text}` has not the form that the schema asks for")))
        }
        None => check_objects(receipt),
    }
}

fn check_objects(receipt: &Receipt) -> Result<(), ShapeError> {
    let objects = [
        ("/capabilities", receipt.capabilities.as_ref()),
        ("/invocation/args", Some(&receipt.invocation.args)),
        ("/result", receipt.result.as_ref()),
        ("/sandbox/profile", Some(&receipt.sandbox.profile).filter(|profile| !profile.is_null())),
        ("/observed", Some(&receipt.observed)),
    ];
    match objects.into_iter().find(|(_, value)| value.is_some_and(|value| !value.is_object())) {
        None => Ok(()),
        Some((pointer, _)) => Err(ShapeError::new(pointer, "no object")),
    }
}

/// Both halves are 64 lower-case hex digits.
pub(crate) fn is_digest(digest: &Digest) -> bool {
    is_hex::<64>(&digest.blake3) && is_hex::<64>(&digest.sha256)
}

fn is_hex<const LENGTH: usize>(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_blake3_uri(text: &str) -> bool {
    text.strip_prefix("blake3:").is_some_and(is_hex::<64>)
}

fn is_transcript(text: &str) -> bool {
    text == TRANSCRIPT
}

fn is_receipt_name(text: &str) -> bool {
    matches!(text, crate::names::RECEIPT | crate::names::DENIED)
}

/// A time as the run clock is written.
fn is_clock(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok_and(|time| time.to_string() == text)
}

/// Members that come from elsewhere and have any content; types look at their kind alone.
const FOREIGN: [&str; 7] = [
    "/capabilities",
    "/invocation/args",
    "/result",
    "/error/details",
    "/sandbox/profile",
    "/sandbox/enforced",
    "/observed",
];

/// The receipt as types, its foreign members emptied: they may be as large as the file, and have any content.
pub(crate) fn read_hollow(value: Value<'_>) -> Result<Receipt, ShapeError> {
    let mut text = Vec::new();
    write_hollow(value, &mut String::new(), &mut text);
    let receipt: Receipt =
        serde_json::from_slice(&text).map_err(|error| ShapeError::new("", error.to_string()))?;
    check(&receipt)?;
    // serde takes a list of the right length for a struct; what it has read must be what stands there.
    let again = to_canonical_vec(&receipt);
    let (mut tape_a, mut tape_b) = (Tape::new(), Tape::new());
    let (Ok(found), Ok(read)) = (tape_a.parse(&text, &RECEIPT_LIMITS), tape_b.parse(&again, &RECEIPT_LIMITS))
    else {
        return Err(ShapeError::new("", "no strict JSON"));
    };
    match differences(read, found, 1).pop() {
        None => Ok(receipt),
        Some(first) => Err(ShapeError::new(first.pointer, format!("{} instead of {}", first.b, first.a))),
    }
}

fn write_hollow(value: Value<'_>, pointer: &mut String, out: &mut Vec<u8>) {
    let is_foreign = FOREIGN.contains(&pointer.as_str());
    match value.kind() {
        Kind::Object if is_foreign => out.extend_from_slice(b"{}"),
        Kind::Array if is_foreign => out.extend_from_slice(b"[]"),
        // Types would round a wide integer.
        Kind::Integer | Kind::Float if is_foreign => out.push(b'0'),
        Kind::Object => {
            out.push(b'{');
            for (index, (key, member)) in value.entries().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let name = key.as_str().unwrap_or_default();
                write_canonical_string(out, &name);
                out.push(b':');
                let length = pointer.len();
                pointer.push('/');
                pointer.push_str(&name);
                write_hollow(member, pointer, out);
                pointer.truncate(length);
            }
            out.push(b'}');
        }
        // Arrays of ours hold no foreign member.
        _ => out.extend_from_slice(value.raw().as_bytes()),
    }
}
