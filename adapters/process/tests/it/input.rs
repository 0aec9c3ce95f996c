use serde_json::{Value, json};

use crate::program::{done, failed, script_with};

#[track_caller]
fn refused(args: Value) -> (String, Value) {
    let (code, message, details) = failed(args);
    assert_eq!(code, "ADAPTER_BAD_INPUT", "{message}");
    (message, details["pointer"].clone())
}

#[test]
fn refuses_a_command_without_words() {
    let (message, pointer) = refused(json!({ "argv": [] }));
    assert_eq!((message.contains("at least one word"), pointer), (true, json!("/argv")));
    assert!(refused(json!({})).0.contains("argv"));
}

#[test]
fn refuses_a_program_that_would_have_to_be_looked_for() {
    for program in ["sh", "./sh", "bin/sh", "", "~/sh"] {
        let (message, pointer) = refused(json!({ "argv": [program] }));
        assert_eq!((message.contains("no absolute path"), pointer), (true, json!("/argv")), "{message}");
    }
    assert_eq!(refused(json!({ "argv": ["/bin/true"], "cwd": "tmp" })).1, "/cwd");
}

#[test]
fn refuses_a_nul_where_the_kernel_would_see_the_end() {
    assert_eq!(refused(json!({ "argv": ["/bin/echo\0"] })).1, "/argv/0");
    assert_eq!(refused(json!({ "argv": ["/bin/echo", "a", "b\0c"] })).1, "/argv/2");
    assert_eq!(refused(json!({ "argv": ["/bin/echo"], "cwd": "/\0" })).1, "/cwd");
    assert_eq!(refused(json!({ "argv": ["/bin/echo"], "environment": { "A": "\0" } })).1, "/environment/A");
}

#[test]
fn refuses_names_that_are_no_variables() {
    for name in ["", "A=B", "=", "1A", "A B", "A\0", "é", "A-B"] {
        let (message, pointer) = refused(json!({ "argv": ["/bin/true"], "environment": { name: "x" } }));
        assert!(message.contains("no name of a variable"), "{name:?}: {message}");
        assert!(pointer.as_str().unwrap().starts_with("/environment"), "{pointer}");
    }
}

#[test]
fn refuses_numbers_out_of_bounds_and_unknown_members() {
    for (name, number) in [
        ("maxOutputBytes", json!(1_048_577)),
        ("outputLimitBytes", json!(0)),
        ("outputLimitBytes", json!(1_073_741_825)),
        ("terminationGraceMs", json!(60_001)),
        ("terminationGraceMs", json!(-1)),
        ("maxOutputBytes", json!(1.5)),
        ("shell", json!(true)),
    ] {
        let (message, pointer) = refused(json!({ "argv": ["/bin/true"], name: number }));
        assert_eq!(pointer, json!(format!("/{name}")), "{message}");
    }
}

#[test]
fn the_program_gets_its_folder_its_variables_and_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let args = script_with(
        "pwd; printf '%s|' \"$_A1\" \"$PATH\" \"$0\" \"$@\"",
        &json!({ "cwd": path, "environment": { "_A1": "a=b\n", "PATH": "/nowhere" } }),
    );
    let mut args = args;
    args["argv"].as_array_mut().unwrap().extend([json!("zero"), json!("$HOME *"), json!("")]);
    let (ok, data) = done(args);
    let expected = format!("{}\na=b\n|/nowhere|zero|$HOME *||", path.display());
    assert_eq!((ok, &data["stdout"]["tail"]), (true, &json!(expected)));
}
