//! The real process: literal bytes, and what it asks of the kernel.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::machine::{Machine, OPERATION};

const PROGRAM: &str = env!("CARGO_BIN_EXE_adapter-mount-plan");

const HELLO: &str = concat!(
    r#"{"id":"d8d4b9c2a4b0e4b50000000000000000","payload":{"protocols":["ipc.v0"],"requestedCapabilities":["agent_machine.mounts.plan"],"#,
    r#""role":"runner","session":{"clock":"2026-01-31T12:00:00.000Z","id":"s","seed":"000102030405060708090a0b0c0d0e0f"}},"#,
    r#""ts":"2026-01-31T12:00:00.000Z","type":"hello","v":"ipc.v0"}"#,
    "\n",
    r#"{"id":"d8d4b9c2a4b0e4b50000000000000001","payload":{"accepted":["agent_machine.mounts.plan"]},"#,
    r#""replyTo":"1d0f8b4f3d9e0f3a0000000000000001","ts":"2026-01-31T12:00:00.001Z","type":"capabilities_ack","v":"ipc.v0"}"#,
    "\n"
);

fn session(args: &Value) -> String {
    format!(
        "{HELLO}{{\"id\":\"d8d4b9c2a4b0e4b50000000000000002\",\"payload\":{{\"args\":{args},\"op\":\"{OPERATION}\",\
         \"timeoutMs\":10000}},\"ts\":\"2026-01-31T12:00:00.002Z\",\"type\":\"invoke\",\"v\":\"ipc.v0\"}}\n"
    )
}

#[expect(clippy::disallowed_methods, reason = "the test is about the process")]
fn command(program: &str) -> Command {
    Command::new(program)
}

/// Runs a program with one call on its stdin, which is shorter than a pipe holds, and waits for its end.
fn run(mut command: Command, args: &Value) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(session(args).as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The payload of the last message.
fn payload(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line = text.lines().last().unwrap_or_else(|| panic!("{output:?}"));
    serde_json::from_str::<Value>(line).unwrap()["payload"].take()
}

#[test]
fn refuses_everything_byte_for_byte() {
    let output = run(command(PROGRAM), &json!({ "devRoot": "/" }));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[2],
        concat!(
            r#"{"id":"3ee9b6e9926f0a7b0000000000000002","payload":{"data":{"summary":"Refused: 1 fault.\n"#,
            r#"  devRoot: \"/\" holds home folders [MOUNT_ROOT_ABOVE_HOME]\n    Name the folder that is needed, for example ~/dev.","#,
            r#""documents":{},"violations":[{"rule":"MOUNT_ROOT_ABOVE_HOME","argument":"devRoot","path":"/","#,
            r#""message":"\"/\" holds home folders","mend":"Name the folder that is needed, for example ~/dev."}]},"ok":false},"#,
            r#""replyTo":"d8d4b9c2a4b0e4b50000000000000002","ts":"2026-01-31T12:00:00.002Z","type":"result","v":"ipc.v0"}"#
        )
    );
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// The program where every user may run it.
fn public_program(machine: &Machine) -> PathBuf {
    let program = PathBuf::from(machine.path("program"));
    fs::copy(PROGRAM, &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(machine.path(""), Permissions::from_mode(0o755)).unwrap();
    program
}

/// The answer for a user who owns nothing here; root opens what it likes.
fn as_a_stranger(machine: &Machine, args: &Value) -> Value {
    let mut command = command(public_program(machine).to_str().unwrap());
    if rustix::process::getuid().is_root() {
        command.uid(65534).gid(65534);
    }
    payload(&run(command, args))
}

#[test]
fn plans_a_folder_that_it_may_not_open_and_refuses_what_is_behind_it() {
    let machine = Machine::new();
    let closed = machine.folder("me/dev/closed");
    machine.folder("me/dev/closed/behind");
    let is_open = || fs::read_dir(&closed).is_ok();
    assert!(is_open());
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    assert!(rustix::process::getuid().is_root() || !is_open());
    let planned = as_a_stranger(&machine, &json!({ "devRoot": closed, "home": machine.home() }));
    let behind = json!({ "devRoot": format!("{closed}/behind"), "home": machine.home() });
    let refused = as_a_stranger(&machine, &behind);
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();

    assert_eq!(planned["ok"], true, "{planned}");
    let facts = &planned["data"]["documents"]["agent-machine.mount.evidence"]["mounts"][0];
    assert_eq!((&facts["permissions"], &facts["fileType"]), (&json!("0000"), &json!("folder")));
    assert_eq!(refused["ok"], false, "{refused}");
    let violation = &refused["data"]["violations"][0];
    assert_eq!(violation["rule"], "MOUNT_ROOT_UNRESOLVED");
    assert!(violation["message"].as_str().unwrap().contains("Permission denied"), "{violation}");
}

#[test]
fn asks_the_kernel_for_names_and_never_for_contents() {
    let machine = Machine::new();
    let dev = machine.path("me/dev");
    fs::write(format!("{dev}/file"), "content").unwrap();
    let trace = machine.path("trace");
    let traced = |arguments: &[&str]| {
        let mut strace = command("strace");
        strace.args(["-f", "-y", "-e", "trace=%file,%desc", "-o", &trace]).args(arguments);
        strace
    };
    if traced(&["true"]).status().is_ok_and(|status| status.success()) {
        let link = machine.link("me/dev/link", "/srv");
        for root in [&dev, &link] {
            run(traced(&[PROGRAM]), &json!({ "devRoot": root, "home": machine.home() }));
            let calls = fs::read_to_string(&trace).unwrap();
            let ours: Vec<_> = calls.lines().filter(|line| line.contains(&dev)).collect();
            assert!(!ours.is_empty(), "{calls}");
            for line in ours {
                // PID NAME(ARGUMENTS) = RESULT
                let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
                let name = call.split_once('(').map_or(call, |(name, _)| name);
                let of_names = ["statx", "readlink", "statfs", "lstat", "newfstatat"];
                let of_messages = ["read", "write"];
                assert!(of_names.contains(&name) || of_messages.contains(&name), "{line}");
                // Messages go through pipes; no descriptor stands for anything of the machine.
                assert!(!call.contains(&format!("<{dev}")), "{line}");
            }
        }
    } else {
        eprintln!("skipped: strace is not here, or may not trace");
    }
}

#[test]
fn a_home_that_is_mounted_at_another_place_is_still_the_home() {
    let machine = Machine::new();
    let (home, twin) = (machine.home(), machine.folder("twin"));
    let inside = |script: &str, root: &str| {
        let mut unshare = command("unshare");
        unshare.args(["--mount", "sh", "-ec", script, "sh", &home, &twin, PROGRAM]);
        run(unshare, &json!({ "devRoot": root, "home": home }))
    };
    let mounted = r#"mount --bind "$1" "$2"; exec "$3""#;
    if !inside(mounted, &twin).status.success() {
        eprintln!("skipped: this user may not mount");
        return;
    }
    let rules = |script: &str, root: &str| {
        let payload = payload(&inside(script, root));
        let violations = payload["data"]["violations"].as_array().unwrap().clone();
        violations.iter().map(|violation| violation["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules(r#"exec "$3""#, &twin), [""; 0]);
    assert_eq!(rules(mounted, &twin), ["MOUNT_ROOT_WHOLE_HOME"]);
    assert_eq!(rules(mounted, &format!("{twin}/.ssh")), ["MOUNT_ROOT_PRIVATE"]);
    assert_eq!(rules(mounted, &format!("{twin}/dev")), [""; 0]);
}
