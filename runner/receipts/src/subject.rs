//! The two digests that a receipt carries of itself.

use contract_json::{Digest, Value, write_canonical_string};

/// Digest of the receipt without its member `digests.receipt`. `receipt` is in canonical form.
pub(crate) fn receipt_digest(receipt: Value<'_>) -> Digest {
    let mut out = Vec::with_capacity(receipt.span().len());
    write_members(receipt, &mut out, |key, value, out| {
        if key.is_str("digests") {
            write_without(value, "receipt", out);
        } else {
            value.write_canonical(out);
        }
    });
    Digest::of(&out)
}

fn write_without(object: Value<'_>, left_out: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    let start = out.len();
    for (key, value) in object.entries().filter(|(key, _)| !key.is_str(left_out)) {
        write_member(key, value, start, out);
    }
    out.push(b'}');
}

fn write_members(object: Value<'_>, out: &mut Vec<u8>, write: impl Fn(Value<'_>, Value<'_>, &mut Vec<u8>)) {
    out.push(b'{');
    for (index, (key, value)) in object.entries().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        key.write_canonical(out);
        out.push(b':');
        write(key, value, out);
    }
    out.push(b'}');
}

fn write_member(key: Value<'_>, value: Value<'_>, start: usize, out: &mut Vec<u8>) {
    if out.len() > start {
        out.push(b',');
    }
    key.write_canonical(out);
    out.push(b':');
    value.write_canonical(out);
}

/// Digest of what is equal on every machine for the same plan and answers.
pub(crate) fn subject_digest(receipt: Value<'_>) -> Digest {
    Digest::of(&subject_bytes(receipt))
}

/// The canonical form of the subject: its members stand here in their canonical order.
fn subject_bytes(receipt: Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut write = |name: &str, pointer: &str| {
        out.extend_from_slice(name.as_bytes());
        match receipt.pointer(pointer) {
            Some(value) => {
                value.write_canonical(&mut out);
            }
            // `error` and `digests.transcript` may be null, and have no members then.
            None => out.extend_from_slice(b"null"),
        }
    };
    write("{\"args\":", "/invocation/args");
    write(",\"manifest\":", "/manifest");
    write(",\"operation\":", "/invocation/op");
    write(",\"outcome\":{\"code\":", "/error/code");
    write(",\"status\":", "/status");
    write("},\"profile\":", "/sandbox/profile");
    write(",\"transcript\":", "/digests/transcript/blake3");
    out.extend_from_slice(b",\"v\":");
    write_canonical_string(&mut out, "run-subject.v0");
    out.push(b'}');
    out
}
