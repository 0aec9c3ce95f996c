use serde_json::json;

use crate::call::{call, fails};
use crate::peer::{Peer, answer, json_answer};

#[test]
fn llama_server_tells_the_tokens() {
    let peer = Peer::answers(json_answer(&json!({"tokens": [1, 15043, 0]})));
    let called =
        call(&peer, "inference.tokenize", &json!({"model": "tiny", "text": "Hello", "parseSpecial": true}));
    assert_eq!((&called.data()["tokens"], &called.data()["count"]), (&json!([1, 15043, 0]), &json!(3)));
    let seen = peer.seen();
    assert!(seen.head.starts_with("POST /tokenize HTTP/1.1\r\n"), "{}", seen.head);
    let sent = json!({"model": "tiny", "content": "Hello", "add_special": true, "parse_special": true});
    assert_eq!(seen.json(), sent);
}

#[test]
fn other_servers_cannot_and_it_is_said_plainly() {
    for status in ["404 Not Found", "405 Method Not Allowed", "501 Not Implemented"] {
        let peer = Peer::answers(answer(status, "text/plain", "no"));
        let called = call(&peer, "inference.tokenize", &json!({"model": "tiny", "text": "Hello"}));
        fails(&called, "ADAPTER_ENDPOINT_STATUS", "only llama-server has POST /tokenize");
    }
    let peer = Peer::answers(json_answer(&json!({"tokens": [1.5]})));
    let called = call(&peer, "inference.tokenize", &json!({"model": "tiny", "text": "Hello"}));
    fails(&called, "ADAPTER_ENDPOINT_PROTOCOL", "has not the members of the API");
}
