use contract_adapter::{Adapter, Harness, Offer, Operation, SideEffect};
use serde_json::{Value, json};

use crate::workshop::{hello, replies};

/// An adapter whose offer is a test's own.
struct Made(fn() -> Offer<Made>);

impl Adapter for Made {
    fn offer(&self) -> Offer<Self> {
        (self.0)()
    }
}

const MANIFEST: &str = r#"{"v":"adapter.v0","name":"shop","version":"3","description":"","command":["./shop"],
    "operations":[
        {"name":"buy","inputSchema":{"type":"object"},"outputSchema":"urn:x:y","sideEffects":["network","filesystem"],
         "timeouts":{"defaultMs":5},"volatile":["/at"]},
        {"name":"sell","sideEffects":"none"}],
    "asks":["connect=127.0.0.1:80"],"limits":{}}"#;

fn nothing(
    _: &mut Made,
    _: Value,
    _: &mut contract_adapter::Context<'_>,
) -> Result<Value, contract_adapter::Failure> {
    Ok(json!({}))
}

fn mistake(offer: fn() -> Offer<Made>) -> String {
    let done = Harness::raw(Made(offer), hello(1));
    let replies = replies(&done.stdout);
    assert_eq!((replies.len(), done.status), (1, 2), "{}", done.stdout);
    assert!(!done.stdout.contains("hello_ack"));
    assert_eq!(replies[0].2["code"], "ADAPTER_MANIFEST_INVALID");
    replies[0].2["message"].as_str().unwrap().to_owned()
}

#[test]
fn offers_what_its_manifest_declares() {
    let offer = || Offer::from_manifest(MANIFEST).operation("sell", nothing).operation("buy", nothing);
    let harness = Harness::new(Made(offer));
    assert_eq!(
        serde_json::to_value(harness.offered()).unwrap(),
        json!({
            "adapter": {"name": "shop", "version": "3"},
            "capabilities": [
                {"name": "buy", "inputSchema": {"type": "object"}, "outputSchema": "urn:x:y",
                 "sideEffects": ["network", "filesystem"], "timeouts": {"defaultMs": 5}},
                {"name": "sell", "sideEffects": "none"},
            ]
        })
    );
}

#[test]
fn offers_what_its_code_declares() {
    let offer = || {
        let declared = Operation::new("a.b")
            .input(json!({"type": "object"}))
            .output_text(r#"{"required":["x"]}"#)
            .side_effects([SideEffect::Filesystem])
            .timeout_ms(7);
        Offer::new("made", "0.1").operation(declared, nothing).operation("c", nothing)
    };
    let harness = Harness::new(Made(offer));
    assert_eq!(
        serde_json::to_value(harness.offered()).unwrap(),
        json!({
            "adapter": {"name": "made", "version": "0.1"},
            "capabilities": [
                {"name": "a.b", "inputSchema": {"type": "object"}, "outputSchema": {"required": ["x"]},
                 "sideEffects": ["filesystem"], "timeouts": {"defaultMs": 7}},
                {"name": "c"},
            ]
        })
    );
}

#[test]
fn tells_the_runner_about_mistakes_in_the_offer() {
    assert_eq!(
        mistake(|| Offer::from_manifest(MANIFEST).operation("buy", nothing)),
        "operation `sell` is in adapter.json and has no code"
    );
    assert_eq!(
        mistake(|| Offer::from_manifest(MANIFEST).operation("steal", nothing)),
        "operation `steal` is not in adapter.json"
    );
    assert_eq!(
        mistake(|| Offer::new("x", "1").operation("a", nothing).operation("a", nothing)),
        "operation `a` is declared twice"
    );
    assert_eq!(
        mistake(|| Offer::new("x", "1").operation(Operation::new("a").input_text("{"), nothing)),
        "input schema of `a`: EOF while parsing an object at line 1 column 1"
    );
    assert_eq!(
        mistake(|| Offer::from_manifest("{\"v\":1,\n\"v\":1}")),
        "adapter.json:2:1: duplicate key at byte 8"
    );
    assert_eq!(
        mistake(|| Offer::from_manifest(r#"{"v":"adapter.v1","name":"","version":"","operations":[]}"#)),
        "adapter.json: `v` is `adapter.v1` instead of `adapter.v0`"
    );
}

#[test]
fn a_mistaken_offer_without_a_runner_ends_with_2_as_well() {
    assert_eq!(Harness::raw(Made(|| Offer::from_manifest("")), "").status, 2);
}

#[test]
fn the_limit_of_a_line_can_be_set() {
    let small = || Offer::new("x", "1").operation("a", nothing).max_line_bytes(100);
    let done = Harness::raw(Made(small), hello(1));
    assert_eq!(replies(&done.stdout)[0].2["code"], "IPC_LINE_TOO_LONG");
}
