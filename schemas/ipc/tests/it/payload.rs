use contract_ipc::{Reply, SideEffect, check_progress, check_result};
use contract_json::{Limits, Tape};

use crate::peer::{Runner, Told, bad, runner_id};

fn result(payload: &str) -> Result<(bool, Option<String>), String> {
    let mut tape = Tape::new();
    let value = tape.parse(payload.as_bytes(), &Limits::default()).unwrap();
    match check_result(value) {
        Ok(Reply::Result { ok, data }) => Ok((ok, data.map(|data| data.raw().to_owned()))),
        Ok(Reply::Error(_)) => panic!("a result is no error"),
        Err(fault) => Err(fault.to_string()),
    }
}

/// Number, fraction, message and data.
type Step = (u64, Option<f64>, Option<String>, Option<String>);

fn progress(payload: &str) -> Result<Step, String> {
    let mut tape = Tape::new();
    let value = tape.parse(payload.as_bytes(), &Limits::default()).unwrap();
    let step = check_progress(value).map_err(|fault| fault.to_string())?;
    Ok((step.seq, step.fraction, step.message.map(Into::into), step.data.map(|data| data.raw().into())))
}

fn error(payload: &str) -> Told {
    let mut runner = Runner::ready();
    runner.invoke();
    runner.gets("error", Some(&runner_id(2)), payload)
}

fn offer(capabilities: &str) -> Told {
    let payload = format!(r#"{{"adapter":{{"name":"x","version":"1"}},"capabilities":{capabilities}}}"#);
    Runner::greeted().gets("capabilities", None, &payload)
}

#[test]
fn r22_a_positive_result_has_data() {
    assert_eq!(result(r#"{"ok":true,"data":{"a":1},"meta":{}}"#), Ok((true, Some("{\"a\":1}".into()))));
    assert_eq!(result(r#"{"ok":false}"#), Ok((false, None)));
    assert_eq!(result(r#"{"ok":false,"data":{}}"#), Ok((false, Some("{}".into()))));
    for (payload, what) in [
        ("{}", "`ok` is missing in the result"),
        (r#"{"ok":1,"data":{}}"#, "`ok` is a number instead of a boolean"),
        (r#"{"ok":true}"#, "`data` is missing in a result with `ok: true`"),
        (r#"{"ok":true,"data":null}"#, "`data` is null instead of an object"),
        (r#"{"ok":false,"data":[]}"#, "`data` is an array instead of an object"),
    ] {
        assert_eq!(result(payload), Err(format!("IPC_BAD_ENVELOPE: {what}")));
    }
}

#[test]
fn r23_an_error_has_a_code_and_a_message() {
    assert_eq!(
        error(r#"{"code":"ADAPTER_X","message":"","details":[1],"retryable":true}"#),
        Ok("2 error ADAPTER_X".into())
    );
    assert_eq!(error(r#"{"message":"m"}"#), bad("`code` is missing in the payload"));
    assert_eq!(error(r#"{"code":"ADAPTER_X"}"#), bad("`message` is missing in the payload"));
    assert_eq!(error(r#"{"code":1,"message":"m"}"#), bad("`code` is a number instead of a string"));
    assert_eq!(error(r#"{"code":"ADAPTER_X","message":null}"#), bad("`message` is null instead of a string"));
    assert_eq!(
        error(r#"{"code":"ADAPTER_X","message":"m","retryable":"no"}"#),
        bad("`retryable` is no boolean")
    );
    assert_eq!(
        error(r#"{"code":"oops","message":"m"}"#),
        bad("`oops` is no error code: upper-case letters and digits, with `_` after the namespace")
    );
}

#[test]
fn r24_progress_has_a_whole_number_and_a_fraction_from_0_to_1() {
    assert_eq!(progress(r#"{"seq":0}"#), Ok((0, None, None, None)));
    assert_eq!(
        progress(r#"{"seq":18446744073709551615,"fraction":1,"message":"m","data":null}"#),
        Ok((u64::MAX, Some(1.0), Some("m".into()), Some("null".into())))
    );
    assert_eq!(progress(r#"{"seq":1,"fraction":0.0}"#), Ok((1, Some(0.0), None, None)));
    for payload in ["{}", r#"{"seq":-1}"#, r#"{"seq":1.0}"#, r#"{"seq":"1"}"#, r#"{"seq":null}"#] {
        assert_eq!(progress(payload), Err("IPC_BAD_ENVELOPE: `seq` is no whole number of 0 or more".into()));
    }
    for fraction in ["-0.1", "1.01", "\"1\"", "null", "1e300"] {
        let payload = format!(r#"{{"seq":0,"fraction":{fraction}}}"#);
        assert_eq!(progress(&payload), Err("IPC_BAD_ENVELOPE: `fraction` is no number from 0 to 1".into()));
    }
    assert_eq!(
        progress(r#"{"seq":0,"message":1}"#),
        Err("IPC_BAD_ENVELOPE: `message` is a number instead of a string".into())
    );
}

#[test]
fn r12_an_offer_may_be_empty_and_have_members_of_its_own() {
    assert_eq!(offer("[]"), Ok("0 offered".into()));
    let rich = r#"[{"name":"a","inputSchema":{"type":"object"},"outputSchema":"urn:x","timeouts":{"defaultMs":5,"idleMs":6},
        "sideEffects":["filesystem","network"],"skeletonMode":true},{"name":"b","inputSchema":true,"sideEffects":"none"}]"#;
    assert_eq!(offer(&rich.replace('\n', " ")), Ok("2 offered".into()));
}

#[test]
fn r12_a_bad_offer_is_refused() {
    assert_eq!(offer(r#"[{"name":"a"},{"name":"a"}]"#), bad("operation `a` is offered twice"));
    assert_eq!(
        offer(r#"[{"name":"a","inputSchema":7}]"#),
        bad("operation `a`: a schema is neither an object nor an `$id`")
    );
    for capabilities in [
        "{}",
        "[1]",
        "[{}]",
        r#"[{"name":1}]"#,
        r#"[{"name":"a","sideEffects":"everything"}]"#,
        r#"[{"name":"a","sideEffects":[1]}]"#,
        r#"[{"name":"a","timeouts":{"defaultMs":-1}}]"#,
    ] {
        let (code, what) = offer(capabilities).unwrap_err();
        assert_eq!(code, contract_ipc::Code::IpcBadEnvelope);
        assert!(what.starts_with("capabilities: "), "{what}");
    }
    assert!(Runner::greeted().gets("capabilities", None, "{}").is_err());
}

#[test]
fn r12_side_effects_are_a_word_or_a_list() {
    let read = |text: &str| -> Vec<SideEffect> {
        let capability: contract_ipc::Capability = serde_json::from_str(text).unwrap();
        capability.side_effects()
    };
    assert_eq!(read(r#"{"name":"a"}"#), []);
    assert_eq!(read(r#"{"name":"a","sideEffects":"none"}"#), []);
    assert_eq!(read(r#"{"name":"a","sideEffects":["none","network"]}"#), [SideEffect::Network]);
    let all = [SideEffect::Filesystem, SideEffect::Network, SideEffect::MutableState];
    assert_eq!(read(r#"{"name":"a","sideEffects":["filesystem","network","mutable_state"]}"#), all);
    assert_eq!(all.map(SideEffect::as_str), ["filesystem", "network", "mutable_state"]);
}

#[test]
fn r12_members_of_its_own_are_kept() {
    let text = r#"{"adapter":{"name":"x","version":"1"},"capabilities":[{"name":"a","remote":{"protocol":"p"},"timeouts":{"idleMs":6}}],"note":1}"#;
    let offer: contract_ipc::Capabilities = serde_json::from_str(text).unwrap();
    assert_eq!(offer.find("a").unwrap().other["remote"]["protocol"], "p");
    assert!(offer.find("b").is_none());
    let again: serde_json::Value = serde_json::to_value(&offer).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
}
