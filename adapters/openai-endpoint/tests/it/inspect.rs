use serde_json::json;

use crate::call::{call, done};
use crate::peer::{Peer, json_answer};

#[test]
fn models_are_listed_and_one_that_is_missing_is_a_no() {
    let body =
        json!({"object": "list", "data": [{"id": "tiny", "owned_by": "us", "created": 1}, {"id": "b"}]});
    let peer = Peer::answers(json_answer(&body));
    let address = peer.address().to_owned();
    let called = call(&peer, "model.inspect", &json!({}));
    assert_eq!(
        called.data(),
        &json!({"summary": format!("{address} offers 2 models\ntiny (of us)\nb"), "models": [{"id": "tiny", "ownedBy": "us"}, {"id": "b"}]})
    );
    assert!(peer.seen().head.starts_with("GET /v1/models HTTP/1.1\r\n"));
    for (model, is_there) in [("b", true), ("c", false)] {
        let called = call(&Peer::answers(json_answer(&body)), "model.inspect", &json!({ "model": model }));
        let (ok, data) = done(&called);
        assert_eq!(ok, is_there);
        assert_eq!(data["summary"].as_str().unwrap().ends_with("c is not among them"), !is_there);
    }
}

#[test]
fn a_list_without_end_is_refused() {
    let models: Vec<_> = (0..10_001).map(|number| json!({"id": number.to_string()})).collect();
    let peer = Peer::answers(json_answer(&json!({ "data": models })));
    crate::call::fails(
        &call(&peer, "model.inspect", &json!({})),
        "ADAPTER_ENDPOINT_PROTOCOL",
        "more than 10000 models",
    );
}
