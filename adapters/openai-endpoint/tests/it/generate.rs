//! Servers that behave well.

use serde_json::{Value, json};

use crate::call::{KEY, call, done, fails, generate, hello, hello_with, told};
use crate::peer::{DONE, Peer, STREAM_HEAD, chat, chunk, event, finish, piece, stream};

#[test]
fn a_chat_is_streamed_and_counted_by_the_server() {
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 4}});
    let first = event(
        &json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": null}, "finish_reason": null}]}),
    );
    let last =
        event(&json!({"choices": [], "usage": usage, "timings": {"prompt_ms": 1.5, "predicted_ms": 2}}));
    let events = [first, piece("Hel"), piece("lo \u{1f600}"), finish("stop"), last, DONE.to_owned()];
    let peer = Peer::answers(stream(&events));
    let called = generate(&peer, &hello_with(&json!({"apiKeyEnv": "SERVER_KEY"})));
    let (ok, data) = done(&called);
    assert!(ok);
    assert_eq!(data["text"], "Hello \u{1f600}");
    assert_eq!(data["finishReason"], "stop");
    assert_eq!(
        data["usage"],
        json!({"promptTokens": 9, "cachedTokens": 4, "outputTokens": 3, "estimated": false})
    );
    assert_eq!(data["model"], json!({"architecture": null, "name": "tiny", "tokenizerDigest": null}));
    assert_eq!((&data["timings"]["promptMs"], &data["timings"]["loadMs"]), (&json!(1.5), &Value::Null));
    assert!(data["timings"]["firstTokenMs"].is_number());
    let steps: Vec<_> = called.progress.iter().map(|step| step.data.clone().unwrap()).collect();
    assert_eq!(steps, [json!({"text": "Hel", "tokens": 1}), json!({"text": "lo \u{1f600}", "tokens": 2})]);
    let seen = peer.seen();
    assert!(seen.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", seen.head);
    assert!(seen.head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{}", seen.head);
    assert_eq!(seen.json()["messages"], json!([{"role": "user", "content": "say hello"}]));
}

#[test]
fn a_prompt_goes_to_completions_and_pieces_are_counted_when_nobody_else_counts() {
    let text = |text: &str, reason: Value| {
        event(&json!({"choices": [{"index": 0, "text": text, "finish_reason": reason}]}))
    };
    let events = [text("a", Value::Null), text("b", Value::Null), text("", json!("length")), DONE.to_owned()];
    let peer = Peer::answers(stream(&events));
    let args = json!({"model": "tiny", "prompt": "p", "basePath": "/api/v1", "maxTokens": 2});
    let called = generate(&peer, &args);
    let (ok, data) = done(&called);
    assert!(ok, "a text without a schema may end at the limit");
    assert_eq!((&data["text"], &data["finishReason"]), (&json!("ab"), &json!("length")));
    assert_eq!(
        data["usage"],
        json!({"promptTokens": null, "cachedTokens": null, "outputTokens": 2, "estimated": true})
    );
    assert!(data["model"].get("name").is_none());
    let seen = peer.seen();
    assert!(seen.head.starts_with("POST /api/v1/completions HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.json()["max_tokens"], 2);
}

#[test]
fn the_answer_is_the_same_however_its_bytes_are_cut() {
    let whole = chat(&["\u{fc}", "\u{1f600} b", "\r\n"], "stop");
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"\u{fc}\u{1f600} b\\r\\n\"},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n";
    let mut single_bytes = STREAM_HEAD.to_owned().into_bytes();
    for byte in body.bytes() {
        single_bytes.extend_from_slice(b"1\r\n");
        single_bytes.push(byte);
        single_bytes.extend_from_slice(b"\r\n");
    }
    single_bytes.extend_from_slice(b"0\r\n\r\n");
    let until_close =
        format!("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n{body}");
    let with_length = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for bytes in [whole.into_bytes(), single_bytes, until_close.into_bytes(), with_length.into_bytes()] {
        let called = generate(&Peer::answers(bytes.clone()), &hello());
        let (ok, data) = done(&called);
        assert_eq!(
            (ok, &data["text"]),
            (true, &json!("\u{fc}\u{1f600} b\r\n")),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
        assert_eq!(told(&called), "\u{fc}\u{1f600} b\r\n");
    }
}

#[test]
fn interim_answers_and_comments_are_passed_over() {
    let mut events = vec![": ping\n\n".to_owned(), piece("a"), "event: x\nid: 1\nretry: 5\n\n".to_owned()];
    events.extend([finish("stop"), DONE.to_owned()]);
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let called = generate(&Peer::answers(format!("{early}{}", stream(&events))), &hello());
    assert_eq!(called.data()["text"], "a");
}

#[test]
fn nothing_is_read_behind_the_end() {
    // A second answer on the same connection, and one that says done and then goes on.
    let glued = format!("{}{}", chat(&["a"], "stop"), chat(&["b"], "stop"));
    assert_eq!(generate(&Peer::answers(glued), &hello()).data()["text"], "a");
    let more = stream(&[piece("a"), finish("stop"), DONE.to_owned(), piece("b")]);
    let peer = Peer::answers_and_holds(more);
    assert_eq!(generate(&peer, &hello()).data()["text"], "a");
    peer.seen();
}

#[test]
fn a_stream_whose_last_words_are_missing_is_whole_by_its_finish_reason() {
    let called = generate(&Peer::answers(stream(&[piece("a"), finish("stop")])), &hello());
    assert_eq!(called.data()["text"], "a");
}

#[test]
fn stop_strings_are_in_no_text_and_end_it_whatever_the_server_does() {
    let peer = Peer::answers_and_holds(format!(
        "{STREAM_HEAD}{}",
        [piece("one EN"), piece("D two"), piece(" three")].map(|event| chunk(&event)).concat()
    ));
    let called = generate(&peer, &hello_with(&json!({"stop": ["END", "\n"]})));
    let (ok, data) = done(&called);
    assert_eq!((ok, &data["text"], &data["finishReason"]), (true, &json!("one "), &json!("stop-string")));
    assert_eq!(told(&called), "one ");
    assert_eq!(peer.seen().json()["stop"], json!(["END", "\n"]));

    // What was held back comes when the text has ended; vLLM names the stop string.
    let named = event(
        &json!({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop", "stop_reason": "\n"}]}),
    );
    let peer = Peer::answers(stream(&[piece("one EN"), named, DONE.to_owned()]));
    let called = generate(&peer, &hello_with(&json!({"stop": ["END", "\n"]})));
    assert_eq!((told(&called).as_str(), &called.data()["finishReason"]), ("one EN", &json!("stop-string")));
}

#[test]
fn json_is_yes_only_when_it_is_whole_and_holds() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
    for (text, reason, is_yes, fault) in [
        (r#"{"a": 1}"#, "stop", true, None),
        (r#"{"a": 1}"#, "length", false, Some("not whole")),
        (r#"{"a": 1"#, "length", false, Some("not whole")),
        (r#"{"a": "1"}"#, "stop", false, Some("/properties/a/type")),
        (r#"{"a": 1, "a": 1}"#, "stop", false, Some("no JSON")),
        ("Sure! {\"a\": 1}", "stop", false, Some("no JSON")),
        ("", "stop", false, Some("no JSON")),
    ] {
        let peer = Peer::answers(chat(&[text], reason));
        let called = generate(&peer, &hello_with(&json!({ "jsonSchema": schema })));
        let (ok, data) = done(&called);
        assert_eq!(ok, is_yes, "{text} {reason}");
        assert_eq!(data["text"], text);
        let found = data.get("schemaFault").map(|fault| fault.as_str().unwrap());
        assert!(
            found.is_none() == fault.is_none() && found.unwrap_or("").contains(fault.unwrap_or("")),
            "{found:?}"
        );
        assert_eq!(peer.seen().json()["response_format"]["json_schema"]["schema"], schema);
    }
}

#[test]
fn thoughts_are_counted_and_not_told() {
    let thought = |name: &str| event(&json!({"choices": [{"index": 0, "delta": {name: "hm"}}]}));
    let events =
        [thought("reasoning_content"), thought("reasoning"), piece("a"), finish("stop"), DONE.to_owned()];
    let called = generate(&Peer::answers(stream(&events)), &hello());
    assert_eq!((told(&called).as_str(), called.progress.len()), ("a", 3));
    assert_eq!(called.data()["usage"]["outputTokens"], 3);
}

#[test]
fn other_ends_are_errors_that_say_so() {
    for (reason, code, words) in [
        ("tool_calls", "ADAPTER_ENDPOINT_PROTOCOL", "calls a tool, and none was offered"),
        ("function_call", "ADAPTER_ENDPOINT_PROTOCOL", "calls a tool"),
        ("content_filter", "ADAPTER_ENDPOINT_FILTERED", "content filter"),
        ("abort", "ADAPTER_ENDPOINT_PROTOCOL", "finish_reason is `abort`"),
    ] {
        fails(&generate(&Peer::answers(chat(&["a"], reason)), &hello()), code, words);
    }
    let tool = event(&json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]}));
    fails(&generate(&Peer::answers(stream(&[tool])), &hello()), "ADAPTER_ENDPOINT_PROTOCOL", "calls a tool");
    let second = event(&json!({"choices": [{"index": 1, "delta": {"content": "a"}}]}));
    fails(
        &generate(&Peer::answers(stream(&[second])), &hello()),
        "ADAPTER_ENDPOINT_PROTOCOL",
        "several texts",
    );
}

#[test]
fn arguments_that_contradict_each_other_reach_no_server() {
    let peer = Peer::with(|_| panic!("connected"));
    for (more, words) in [
        (json!({"prompt": "p"}), "either `prompt` or `messages`"),
        (json!({"jsonSchema": {"type": "text"}}), "no JSON Schema"),
        (json!({"basePath": "v1"}), "write a path"),
        (json!({"apiKeyEnv": "MISSING"}), "--allow env=MISSING"),
        (json!({"endpoint": "https://api.example.org"}), "tunnel"),
        (json!({"endpoint": "localhost"}), "HOST:PORT"),
    ] {
        let called = call(&peer, "inference.generate", &hello_with(&more));
        fails(&called, "ADAPTER_BAD_INPUT", words);
    }
}
