//! `validate` and `schema`: what is said, in which form, with which exit status.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::command::{Bench, Done, done, repository, skipped};

const GOOD: &str = r#"{"v":"grant.v0","issuer":"me","subject":{"adapter":"a"},"rights":[],"expires":"2027-01-01T00:00:00Z"}"#;
const BAD: &str = "{\n  \"v\": \"grant.v0\",\n  \"issuer\": 7,\n  \"subject\": {\"adapter\": \"a\"},\n  \"rights\": [],\n  \"expires\": \"2027-01-01T00:00:00Z\"\n}\n";

fn with_stdin(bench: &Bench, arguments: &[&str], stdin: &[u8]) -> Done {
    let mut child = bench
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    done(&child.wait_with_output().unwrap())
}

fn json_lines(done: &Done) -> Vec<Value> {
    done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn valid_invalid_and_unreadable_have_three_exit_statuses() {
    let bench = Bench::new();
    bench.write("good.json", GOOD);
    bench.write("bad.json", BAD);
    bench.write("broken.json", "{\"a\":1,\"a\":2}");
    bench.run(["validate", "good.json"]).expect(0);
    bench.run(["validate", "good.json", "bad.json"]).expect(1);
    for unreadable in ["broken.json", "nope.json", "*.yaml", "."] {
        if unreadable != "." {
            bench.run(["validate", "good.json", unreadable]).expect(2);
        }
    }
    bench
        .run(["validate", "bad.json", "broken.json"])
        .expect(2)
        .says("--> broken.json:1:8")
        .says("duplicate key `a`");
    bench.run(["validate"]).expect(2).says("no document is named");
    bench.run(["validate", "good.json", "--kind", "nothing"]).expect(2).says("schema list");
    bench.run(["validate", "good.json", "--kind", "adapter.v0"]).expect(1);
}

#[test]
fn a_violation_shows_rule_place_pointer_source_and_mend() {
    let bench = Bench::new();
    bench.write("bad.json", BAD);
    let done = bench.run(["validate", "bad.json"]);
    done.expect(1);
    for words in [
        "error[SCHEMA_TYPE]",
        "bad.json:3:13",
        "\"issuer\": 7,",
        "a string is needed, not 7",
        "/issuer",
        "do: ",
        "1 document: 0 valid, 1 invalid (1 error)",
    ] {
        assert!(done.stdout.contains(words), "`{words}` is not in: {}", done.stdout);
    }
}

#[test]
fn every_form_carries_the_same_violation() {
    let bench = Bench::new();
    bench.write("a b,c.json", BAD);
    let form = |form: &str| bench.run(["validate", "a b,c.json", "--format", form]).expect(1).stdout.clone();
    let lines = form("json");
    let document: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let violation = &document["violations"][0];
    assert_eq!(
        (&violation["rule"], &violation["line"], &violation["column"], &violation["pointer"]),
        (&"SCHEMA_TYPE".into(), &3.into(), &13.into(), &"/issuer".into())
    );
    let sarif: Value = serde_json::from_str(&form("sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "SCHEMA_TYPE");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b%2Cc.json");
    assert_eq!(place["region"], serde_json::json!({"startLine": 3, "startColumn": 13, "endColumn": 14}));
    assert!(
        form("junit").contains(r#"<failure message="A value has the wrong JSON type." type="SCHEMA_TYPE">"#)
    );
    assert!(form("github").contains("::error file=a b%2Cc.json,line=3,col=13,title=SCHEMA_TYPE::"));
    bench.run(["verify", "x", "--format", "sarif"]).expect(2).says("`validate` only");
}

#[test]
fn ndjson_folders_patterns_and_standard_input() {
    let bench = Bench::new();
    bench.write("deep/er/good.json", GOOD);
    bench.write("deep/lines.ndjson", &format!("# a comment\n{GOOD}\n\n{}\n", BAD.replace('\n', "")));
    bench.write("deep/.hidden/bad.json", BAD);
    bench.write("deep/other.txt", BAD);
    let done = bench.run(["validate", "deep", "--format", "json"]);
    let lines = json_lines(done.expect(1));
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!((&lines[2]["file"], &lines[2]["line"]), (&"deep/lines.ndjson".into(), &4.into()));
    assert_eq!(lines[2]["violations"][0]["line"], 4);
    bench.run(["validate", "deep/**/g*.json"]).expect(0);
    with_stdin(&bench, &["validate", "-"], GOOD.as_bytes()).expect(0);
    with_stdin(&bench, &["validate", "-"], BAD.as_bytes()).expect(1);
    let two = with_stdin(&bench, &["validate", "-"], format!("{GOOD}\n{GOOD}\n").as_bytes());
    assert!(two.expect(0).stdout.starts_with("2 documents"), "{}", two.stdout);
    with_stdin(&bench, &["validate", "-"], b"").expect(2);
    bench.write("empty/readme.md", "");
    bench.run(["validate", "empty"]).expect(2).says("no document in this folder");
}

#[test]
fn messages_are_paired_within_a_file_and_not_between_files() {
    const ASKED: &str = "{\"id\":\"a\",\"op\":\"info\"}\n";
    const ANSWERED: &str = "{\"id\":\"a\",\"ok\":true,\"result\":{},\"errors\":[]}\n";
    let bench = Bench::new();
    bench.write("asked.ndjson", ASKED);
    bench.write("answered.ndjson", ANSWERED);
    bench.write("twice.ndjson", &format!("{ASKED}{ANSWERED}{ANSWERED}"));
    bench.run(["validate", "asked.ndjson", "answered.ndjson", "asked.ndjson"]).expect(0);
    let twice = bench.run(["validate", "twice.ndjson"]);
    twice.expect(1);
    assert!(twice.stdout.contains("twice.ndjson:3:7") && twice.stdout.contains("M2_RESPONSE_UNPAIRED"));
    let in_use = with_stdin(&bench, &["validate", "-"], format!("{ASKED}{ASKED}").as_bytes());
    in_use.expect(1);
    assert!(in_use.stdout.contains("M2_REQUEST_ID_IN_USE"));
}

#[test]
fn nothing_that_is_no_regular_file_holds_it_up() {
    let bench = Bench::new();
    bench.write("folder/good.json", GOOD);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        bench.path("pipe.json"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    bench.run(["validate", "pipe.json"]).expect(2).says("`-`");
    bench.run(["validate", "/dev/zero"]).expect(2);
    std::os::unix::fs::symlink(".", bench.path("folder/loop")).unwrap();
    std::os::unix::fs::symlink("a.json", bench.path("folder/b.json")).unwrap();
    std::os::unix::fs::symlink("b.json", bench.path("folder/a.json")).unwrap();
    let done = bench.run(["validate", "folder"]);
    done.expect(2).says("a.json");
    assert!(done.stdout.starts_with("1 document: 1 valid, 2 unreadable"), "{}", done.stdout);
}

#[test]
fn a_file_without_permission_is_unreadable() {
    if !rustix::process::getuid().is_root() {
        let bench = Bench::new();
        let path = bench.write("closed.json", GOOD);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o0)).unwrap();
        bench.run(["validate", "closed.json"]).expect(2).says("closed.json");
    } else {
        skipped("root may read everything");
    }
}

#[test]
fn hostile_json_gets_an_error_and_no_crash() {
    let bench = Bench::new();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        deep.as_str(),
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1e999}",
        "{\"a\":123456789012345678901234567890}",
        "{\"a\":NaN}",
        "{} {}",
        "{\"a\":1,}",
        "",
    ] {
        bench.write("x.json", text);
        bench.run(["validate", "x.json"]).expect(2).says("x.json");
    }
    for text in ["1", "null", "[]", "{}", "\"kind\"", "[[[[]]]]", "{\"kind\":7}"] {
        bench.write("x.json", text);
        bench.run(["validate", "x.json"]).expect(1);
    }
    let nested = format!("{{\"v\":\"grant.v0\",\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    bench.write("x.json", &nested);
    bench.run(["validate", "x.json"]).expect(1);
}

#[test]
fn large_files_are_read_or_refused_in_time() {
    let bench = Bench::new();
    let file = std::fs::File::create(bench.path("large.json")).unwrap();
    file.set_len(100 << 20).unwrap();
    bench.run(["validate", "large.json"]).expect(2).says("more than 64 MiB");
    // One line of 24 MB with very many faults.
    let members: Vec<String> = (0..300_000).map(|n| format!("\"m{n}\":\"{}\"", "x".repeat(60))).collect();
    bench.write("wide.json", &format!("{{\"v\":\"grant.v0\",{}}}", members.join(",")));
    let done = bench.run(["validate", "wide.json", "--format", "github"]);
    assert_eq!(done.expect(1).stdout.matches("SCHEMA_UNKNOWN_MEMBER").count(), 300_000);
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let bench = Bench::new();
    bench.write("bad.ndjson", &format!("{}\n", BAD.replace('\n', "")).repeat(5000));
    let mut child = bench
        .command(["validate", "bad.ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    done(&child.wait_with_output().unwrap()).expect(1);
}

#[test]
fn a_rule_is_explained() {
    let bench = Bench::new();
    let done = bench.run(["validate", "--explain", "MOUNT_ROOT_WHOLE_HOME"]);
    for words in ["why ", "do ", "bad ", "good "] {
        assert!(done.expect(0).stdout.contains(words), "{}", done.stdout);
    }
    bench.run(["validate", "--explain", "mount-root-whole-home"]).expect(0);
    bench.run(["validate", "--explain", "WHOLE_HOME"]).expect(2).says("MOUNT_ROOT_WHOLE_HOME");
}

#[test]
fn schemas_are_listed_shown_and_exported() {
    let bench = Bench::new();
    let list = bench.run(["schema", "list", "--format", "json"]);
    let list: Value = serde_json::from_str(&list.expect(0).stdout).unwrap();
    let kinds = list["kinds"].as_array().unwrap();
    assert!(kinds.len() > 50, "{}", kinds.len());
    bench.run(["schema", "export", "out"]).expect(0);
    for kind in kinds {
        let (family, name) = (kind["family"].as_str().unwrap(), kind["kind"].as_str().unwrap());
        let shown = bench.run(["schema", "show", name]).stdout;
        let exported = bench.text(&format!("out/{family}/{name}.schema.json"));
        assert_eq!(shown.trim_end(), exported.trim_end());
    }
    bench.run(["schema", "show", "nothing"]).expect(2);
    bench.write("file", "");
    bench.run(["schema", "export", "file/x"]).expect(74).says("CONTRACT_OUTPUT_FAILED");
}

#[test]
fn the_documents_of_this_repository_and_of_a_run_are_valid() {
    let root = repository();
    let manifests =
        ["adapters", "conformance/echo", "examples/lanes", "repository.jsonld", "conformance/good"];
    let bench = Bench::new();
    let paths = manifests.iter().map(|below| root.join(below).display().to_string());
    // Recorded machines are no documents.
    let flags = ["validate", "--exclude", "trees"].map(str::to_owned);
    let done = bench.run(flags.into_iter().chain(paths));
    done.expect(0);
    assert!(done.stdout.contains(" 0 warnings") || !done.stdout.contains("warning"), "{}", done.stdout);
    bench.run(["run", "--adapter", "text-caps", "--text", "hello", "--out", "out", "--keep-wire"]).expect(0);
    bench.run(["adapter", "lock", "text-caps", "--out", "adapters.lock.json"]).expect(0);
    let done = bench.run(["validate", "out", "adapters.lock.json"]);
    assert!(done.expect(0).stdout.ends_with(" valid\n"), "{}", done.stdout);
}

#[test]
fn what_is_no_json_is_shown_with_its_place_and_what_to_do() {
    let bench = Bench::new();
    for (text, why, mend) in [
        ("{\"a\": 1,\n}", "unexpected `}`", "Remove the comma"),
        ("// no\n{}", "unexpected `/`", "no comments"),
        ("{'a': 1}", "unexpected `'`", "double quotes"),
        ("{\"a\": 1 \"b\": 2}", "unexpected `\"`", "Write a comma"),
        ("{a: 1}", "unexpected `a`", "names and texts in double quotes"),
        ("kind: x", "unexpected `k`", "YAML"),
        ("{\"a\": 1, \"a\": 2}", "duplicate key `a`", "Keep one"),
        ("{\"a\": [1", "unexpected end of text", "Close every"),
    ] {
        bench.write("a.json", text);
        bench.run(["validate", "a.json"]).expect(2).says("--> a.json:").says(why).says(mend);
    }
    bench.write("empty.ndjson", "# nothing\n\n");
    bench.run(["validate", "empty.ndjson"]).expect(2).says("no document in this file");
}

#[test]
fn names_are_left_out_of_folders_and_told_alike_however_they_are_given() {
    let bench = Bench::new();
    bench.write("lanes/good.json", GOOD);
    bench.write("lanes/package.json", "{}");
    bench.write("lanes/schemas/a.schema.json", "{}");
    bench.run(["validate", "lanes"]).expect(1);
    let exclude = ["--exclude", "package.json", "--exclude", "lanes/schemas"];
    bench.run(["validate", "lanes"].iter().chain(&exclude)).expect(0);
    bench.run(["validate", "lanes/*.json", "--exclude", "p*.json"]).expect(0);
    bench.run(["validate", "lanes/package.json", "--exclude", "package.json"]).expect(1);
    bench.run(["validate", "lanes", "--exclude", "["]).expect(2).says("--exclude [");
    bench.write("bad.json", BAD);
    let named =
        |path: &str| json_lines(&bench.run(["validate", path, "--format", "json"]))[0]["file"].clone();
    assert_eq!([named("."), named("./bad.json")], ["bad.json"; 2]);
    let whole = bench.path("bad.json").display().to_string();
    let sarif = bench.run(["validate", whole.as_str(), "--format", "sarif"]);
    assert!(sarif.stdout.contains(&format!("\"uri\":\"file://{whole}\"")), "{}", sarif.stdout);
}

#[test]
fn what_acts_on_a_terminal_does_not_leave_in_any_form() {
    let bench = Bench::new();
    bench.write("bad.json", &BAD.replace("issuer", "a\u{202e}b"));
    for format in ["human", "json", "sarif", "junit", "github"] {
        let done = bench.run(["validate", "bad.json", "--format", format]);
        assert!(!done.expect(1).stdout.contains('\u{202e}'), "{format}");
    }
}

#[test]
fn output_that_is_lost_is_a_failure() {
    let bench = Bench::new();
    bench.write("good.json", GOOD);
    for arguments in [
        &["validate", "good.json"][..],
        &["schema", "list"],
        &["completions", "bash"],
        &["validate", "--explain", "SCHEMA_TYPE"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = bench.command(arguments).stdout(full).output().unwrap();
        done(&output).expect(74).says("CONTRACT_OUTPUT_FAILED");
    }
}

#[test]
fn a_home_is_a_whole_path_and_one_that_holds_others_hides_nothing() {
    let bench = Bench::new();
    let lane = std::fs::read_to_string(
        repository().join("conformance/good/workstation/workstation-contract.v0.1.json"),
    )
    .unwrap();
    let mut lane: Value = serde_json::from_str(&lane).unwrap();
    for (root, home) in
        [("/home/me", "/"), ("/home/me/.ssh", "/"), ("/root", "/"), ("/home", "/home"), ("/home/me", "/home")]
    {
        lane["spec"]["lanes"][0]["steps"][0]["run"] =
            format!("sourceosctl agent-machine mounts plan --dev-root {root}").into();
        bench.write("lane.json", &lane.to_string());
        let done = bench.run(["validate", "lane.json", "--home", home]);
        assert!(done.expect(1).stdout.contains("MOUNT_ROOT_"), "{root} {home}: {}", done.stdout);
    }
    for home in ["", "here", "~"] {
        bench.run(["validate", "lane.json", "--home", home]).expect(2).says("--home");
    }
}
