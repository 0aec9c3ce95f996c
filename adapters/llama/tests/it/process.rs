//! The real process: its lines, its stderr, its limits.

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::calls::{generated, with_model};
use crate::model_file::{CONTEXT, model, written};
use crate::session::Session;

#[test]
fn a_process_says_what_the_adapter_says_in_memory_and_nothing_on_stderr() {
    let args = json!({ "prompt": "The quick", "maxTokens": 50 });
    let mut session = Session::start();
    session.invoke("inference.generate", &with_model(&args));
    let end = session.end().unwrap();
    assert_eq!(end["payload"]["data"]["text"], generated(&args).1["text"]);
    session.invoke("inference.generate", &json!({ "model": "/missing", "prompt": "a" }));
    assert_eq!(session.end().unwrap()["payload"]["code"], "ADAPTER_MODEL_UNREADABLE");
    let ended = session.close();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_failure_to_load_says_why_and_leaves_stderr_alone() {
    let mut file = model();
    file.tensors.retain(|(name, ..)| name != "output_norm.weight");
    let (_folder, path) = written(&file.bytes());
    let mut session = Session::start();
    session.invoke("inference.generate", &json!({ "model": path, "prompt": "a" }));
    let end = session.end().unwrap();
    assert!(end["payload"]["message"].as_str().unwrap().contains("output_norm.weight"), "{end}");
    assert_eq!(session.close().stderr, "");
}

#[test]
fn a_process_with_too_little_memory_refuses_before_it_loads() {
    let mut session = Session::start();
    let pid = Pid::from_raw(i32::try_from(session.adapter.id()).unwrap()).unwrap();
    let limit = Rlimit { current: Some(16 << 20), maximum: Some(1 << 30) };
    prlimit(Some(pid), Resource::Data, limit).unwrap();
    session.invoke("inference.generate", &with_model(&json!({ "prompt": "a" })));
    let end = session.end().unwrap();
    assert_eq!(end["payload"]["code"], "ADAPTER_MEMORY", "{end}");
    let details: &Value = &end["payload"]["details"];
    assert_eq!(
        (&details["limitBytes"], &details["limit"]),
        (&json!(16 << 20), &json!("the limit of this process"))
    );
    assert!(details["estimateBytes"].as_u64().unwrap() > 16 << 20);
    assert_eq!(session.close().status.code(), Some(0));
}

#[test]
fn the_estimate_is_above_what_is_used() {
    let mut session = Session::start();
    let private = |session: &Session| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", session.adapter.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    };
    session.invoke("model.inspect", &with_model(&json!({})));
    let inspected = session.end().unwrap();
    let estimate = inspected["payload"]["data"]["memory"]["estimateBytes"].as_u64().unwrap();
    let prompt = "a".repeat(CONTEXT as usize - 50);
    session.invoke("inference.generate", &with_model(&json!({ "prompt": prompt, "maxTokens": 40 })));
    assert!(session.end().unwrap()["payload"]["ok"].as_bool().unwrap());
    let used = private(&session);
    assert!(used < estimate, "{used} bytes are used, and {estimate} were estimated");
    session.close();
}
