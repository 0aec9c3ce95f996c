//! What the payload of each type must look like (R10 to R26).

use contract_ipc::{CancelReason, PROTOCOL, Reply, check_progress, check_result, is_error_code};
use contract_json::{Kind, Value};

/// Where a payload breaks a rule: the pointer below it, what should stand there, and what stands there.
pub(super) struct Broken {
    pub(super) pointer: String,
    pub(super) expected: String,
    pub(super) found: Option<String>,
}

pub(super) type Checked<T> = Result<T, Broken>;

pub(super) fn broken(pointer: &str, expected: &str, found: Option<Value<'_>>) -> Broken {
    Broken {
        pointer: pointer.to_owned(),
        expected: expected.to_owned(),
        found: found.map(crate::difference::shown),
    }
}

fn need(
    payload: Value<'_>,
    pointer: &str,
    expected: &str,
    is_good: impl Fn(Value<'_>) -> bool,
) -> Checked<()> {
    match payload.pointer(pointer) {
        Some(value) if is_good(value) => Ok(()),
        found => Err(broken(pointer, expected, found)),
    }
}

fn is_text(value: Value<'_>) -> bool {
    value.kind() == Kind::String
}

fn is_texts(value: Value<'_>) -> bool {
    value.kind() == Kind::Array && value.items().all(is_text)
}

/// R10.
pub(super) fn hello(payload: Value<'_>) -> Checked<()> {
    need(payload, "/role", "\"runner\"", |role| role.is_str("runner"))?;
    need(payload, "/protocols", "a list with \"ipc.v0\"", |list| {
        is_texts(list) && list.items().any(|item| item.is_str(PROTOCOL))
    })?;
    need(payload, "/requestedCapabilities", "a list of strings", is_texts)?;
    need(payload, "/session", "an object", |session| session.kind() == Kind::Object)
}

/// R11.
pub(super) fn hello_ack(payload: Value<'_>) -> Checked<()> {
    need(payload, "/selected", "\"ipc.v0\"", |selected| selected.is_str(PROTOCOL))
}

/// R12.
pub(super) fn capabilities(payload: Value<'_>) -> Checked<()> {
    need(payload, "/adapter/name", "a string", is_text)?;
    need(payload, "/adapter/version", "a string", is_text)?;
    need(payload, "/capabilities", "a list of records with a name", |list| {
        list.kind() == Kind::Array && list.items().all(|record| record.get("name").is_some_and(is_text))
    })
}

/// R13.
pub(super) fn capabilities_ack(payload: Value<'_>) -> Checked<()> {
    need(payload, "/accepted", "a list of strings", is_texts)
}

/// R20, but for the offer.
pub(super) fn invoke(payload: Value<'_>) -> Checked<()> {
    need(payload, "/op", "a string", is_text)?;
    need(payload, "/args", "an object", |args| args.kind() == Kind::Object)?;
    need(payload, "/timeoutMs", "a whole number", |ms| ms.as_u64().is_some())
}

/// R24; the `seq`.
pub(super) fn progress(payload: Value<'_>) -> Checked<u64> {
    let progress = check_progress(payload).map_err(|fault| Broken {
        pointer: String::new(),
        expected: fault.what,
        found: None,
    })?;
    Ok(progress.seq)
}

/// R22; whether the answer is yes.
pub(super) fn result(payload: Value<'_>) -> Checked<bool> {
    match check_result(payload) {
        Ok(Reply::Result { ok, .. }) => Ok(ok),
        Ok(Reply::Error(_)) => Err(broken("", "a result", None)),
        Err(fault) => Err(Broken { pointer: String::new(), expected: fault.what, found: None }),
    }
}

/// R23.
pub(super) fn error(payload: Value<'_>) -> Checked<()> {
    need(payload, "/code", "a code such as ADAPTER_BAD_INPUT", |code| {
        code.as_str().is_some_and(|code| is_error_code(&code))
    })?;
    need(payload, "/message", "a string", is_text)?;
    match payload.get("retryable") {
        Some(value) if value.kind() != Kind::Bool => Err(broken("/retryable", "a boolean", Some(value))),
        _ => Ok(()),
    }
}

/// R26.
pub(super) fn cancel(payload: Value<'_>) -> Checked<()> {
    let reasons = [CancelReason::Timeout, CancelReason::Interrupted, CancelReason::Shutdown];
    need(payload, "/reason", "timeout, interrupted or shutdown", |reason| {
        reasons.iter().any(|known| reason.is_str(known.as_str()))
    })
}
