use serde_json::{Value, json};

use crate::call::{call, fails};
use crate::peer::{Peer, json_answer};

fn args() -> Value {
    json!({"model": "tiny", "input": ["one", "two"]})
}

#[test]
fn vectors_come_in_the_order_of_the_texts_and_have_length_one() {
    let body = json!({"object": "list", "model": "tiny-embed", "usage": {"prompt_tokens": 5, "total_tokens": 5}, "data": [
        {"object": "embedding", "index": 1, "embedding": [0, -2.0]},
        {"object": "embedding", "index": 0, "embedding": [3.0, 4.0]},
    ]});
    let peer = Peer::answers(json_answer(&body));
    let called = call(&peer, "inference.embed", &args());
    let data = called.data();
    let near = |pointer: &str, value: f64| {
        let found = data.pointer(pointer).unwrap().as_f64().unwrap();
        assert!((found - value).abs() < 1e-6, "{pointer} is {found}");
    };
    near("/embeddings/0/0", 0.6);
    near("/embeddings/0/1", 0.8);
    near("/embeddings/1/0", 0.0);
    near("/embeddings/1/1", -1.0);
    assert_eq!((&data["dimensions"], &data["usage"]), (&json!(2), &json!({"promptTokens": 5})));
    assert_eq!(data["model"]["name"], "tiny-embed");
    let seen = peer.seen();
    assert!(seen.head.starts_with("POST /v1/embeddings HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.json(), json!({"model": "tiny", "input": ["one", "two"], "encoding_format": "float"}));
    let as_it_is = json!({"model": "tiny", "input": ["one", "two"], "normalize": false});
    let called = call(&Peer::answers(json_answer(&body)), "inference.embed", &as_it_is);
    assert_eq!(called.data()["embeddings"], json!([[3.0, 4.0], [0.0, -2.0]]));
}

#[test]
fn lists_that_do_not_fit_are_refused() {
    for (data, words) in [
        (json!([{"index": 0, "embedding": [1.0]}]), "not one embedding for each text"),
        (
            json!([{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]),
            "not of one length",
        ),
        (
            json!([{"index": 0, "embedding": [1e300]}, {"index": 1, "embedding": [1.0]}]),
            "has not the members of the API",
        ),
        (json!([{"index": 0, "embedding": "AACAPw=="}]), "has not the members of the API"),
    ] {
        let peer = Peer::answers(json_answer(&json!({ "data": data })));
        fails(&call(&peer, "inference.embed", &args()), "ADAPTER_ENDPOINT_PROTOCOL", words);
    }
}
