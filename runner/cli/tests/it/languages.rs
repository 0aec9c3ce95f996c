//! Adapters in other languages work with the rights that the messages name.

use std::os::unix::fs::PermissionsExt;

use crate::command::{Bench, done, python, repository, skipped};

const SCRIPT: &str = "import json, os, sys\n\
def send(n, t, p, r=None):\n    m = {'v': 'ipc.v0', 'id': f'adapter-{n}', 'ts': '2026-01-01T00:00:00Z', 'type': t, 'payload': p}\n    if r: m['replyTo'] = r\n    print(json.dumps(m), flush=True)\n\
for number, text in enumerate(sys.stdin):\n    m = json.loads(text)\n    if m['type'] == 'hello':\n        send('00', 'hello_ack', {'selected': 'ipc.v0'}, m['id'])\n        send('01', 'capabilities', {'adapter': {'name': 'l', 'version': '1'}, 'capabilities': [{'name': 'x.y'}]})\n    if m['type'] == 'invoke':\n        send(f'x{number}', 'result', {'ok': True, 'data': {'prefix': sys.prefix}}, m['id'])\n";

#[test]
fn python_in_a_virtual_environment() {
    let bench = Bench::new();
    let made = std::process::Command::new(python())
        .args(["-m", "venv", "--without-pip", "--symlinks"])
        .arg(bench.path("venv"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    bench.write("l.py", SCRIPT);
    let done = bench.run(["run", "--adapter", "venv/bin/python l.py"]);
    let prefix = bench.path("venv").canonicalize().unwrap();
    assert_eq!(done.expect(0).stdout, format!("{{\"prefix\":\"{}\"}}\n", prefix.display()));
}

#[test]
fn a_python_script_with_a_first_line_and_a_shell_script() {
    let bench = Bench::new();
    for (name, text) in [
        ("l.py", format!("#!/usr/bin/env -S python3 -u\n{SCRIPT}")),
        (
            "l.sh",
            "#!/bin/sh\nread -r hello\nid=${hello#*\\\"id\\\":\\\"}; id=${id%%\\\"*}\n\
             echo '{\"v\":\"ipc.v0\",\"id\":\"adapter-1\",\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"hello_ack\",\"replyTo\":\"'$id'\",\"payload\":{\"selected\":\"ipc.v0\"}}'\n\
             echo '{\"v\":\"ipc.v0\",\"id\":\"adapter-2\",\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"capabilities\",\"payload\":{\"adapter\":{\"name\":\"sh\",\"version\":\"1\"},\"capabilities\":[{\"name\":\"x.y\"}]}}'\n\
             read -r ack; read -r invoke\nid=${invoke#*\\\"id\\\":\\\"}; id=${id%%\\\"*}\n\
             echo '{\"v\":\"ipc.v0\",\"id\":\"adapter-3\",\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"result\",\"replyTo\":\"'$id'\",\"payload\":{\"ok\":true,\"data\":{\"prefix\":\"sh\"}}}'\n"
                .to_owned(),
        ),
    ] {
        let path = bench.write(name, &text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let done = bench.run(["run", "--adapter", &format!("./{name}")]);
        assert!(done.expect(0).stdout.contains("prefix"), "{name}: {}", done.stdout);
    }
}

#[test]
fn an_interpreter_below_home_is_granted_its_own_prefix_and_not_the_home() {
    let bench = Bench::new();
    let prefix = bench.path("home/.pyenv/versions/3.11.2");
    std::fs::create_dir_all(prefix.join("bin")).unwrap();
    let real = std::fs::canonicalize(python()).unwrap();
    std::fs::copy(&real, prefix.join("bin/python3.11")).unwrap();
    std::fs::create_dir_all(prefix.join("lib")).unwrap();
    copy_tree("/usr/lib/python3.11".as_ref(), &prefix.join("lib/python3.11"));
    bench.write("home/private.txt", "mine");
    bench.write("home/work/l.py", SCRIPT);
    let adapter = "home/.pyenv/versions/3.11.2/bin/python3.11 home/work/l.py";
    let output = bench
        .command(["run", "--adapter", adapter, "--out", "o"])
        .env("HOME", bench.path("home"))
        .output()
        .unwrap();
    crate::command::done(&output).expect(0);
    let profile = bench.receipt("o")["sandbox"]["profile"].to_string();
    assert!(profile.contains("${PREFIX}") && !profile.contains("private"), "{profile}");
    let home = bench.path("home").canonicalize().unwrap();
    let whole = format!("\"{}\"", home.display());
    assert!(!profile.contains(&whole) && !profile.contains("\"${ROOT}/home\""), "{profile}");
}

fn copy_tree(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        let name = entry.file_name();
        if kind.is_dir()
            && !["test", "__pycache__", "idlelib", "site-packages", "dist-packages"]
                .iter()
                .any(|skip| name == *skip)
        {
            copy_tree(&entry.path(), &to.join(&name));
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

fn node() -> Option<&'static str> {
    let found =
        ["/usr/bin/node", "/usr/bin/nodejs"].into_iter().find(|path| std::path::Path::new(path).exists());
    if found.is_none() {
        skipped("there is no node");
    }
    found
}

const NODE_SCRIPT: &str = "const lines = require('readline').createInterface({input: process.stdin});\nlet n = 0;\n\
    const send = (type, payload, replyTo) => console.log(JSON.stringify({v: 'ipc.v0', id: 'adapter-' + ++n, ts: '2026-01-01T00:00:00Z', type, payload, ...(replyTo && {replyTo})}));\n\
    lines.on('line', text => { const m = JSON.parse(text);\n\
    if (m.type === 'hello') { send('hello_ack', {selected: 'ipc.v0'}, m.id); send('capabilities', {adapter: {name: 'js', version: '1'}, capabilities: [{name: 'x.y'}]}); }\n\
    if (m.type === 'invoke') send('result', {ok: true, data: {js: 1}}, m.id); });\n";

#[test]
fn node_works_with_the_rights_that_it_is_told() {
    let Some(node) = node() else { return };
    let bench = Bench::new();
    bench.write("l.js", NODE_SCRIPT);
    let done = bench.run(["run", "--adapter", &format!("{node} l.js"), "--limit", "memory=4GiB"]);
    assert_eq!(done.expect(0).stdout, "{\"js\":1}\n");
}

#[test]
fn node_below_home_as_nvm_puts_it_is_granted_its_own_prefix_and_not_the_home() {
    let Some(node) = node() else { return };
    let bench = Bench::new();
    let prefix = "home/.nvm/versions/node/v18.0.0";
    bench.write(&format!("{prefix}/lib/node_modules/npm/package.json"), "{}");
    bench.write("home/private.txt", "mine");
    bench.write("home/work/l.js", NODE_SCRIPT);
    std::fs::create_dir_all(bench.path(prefix).join("bin")).unwrap();
    let program = bench.path(prefix).join("bin/node");
    std::fs::copy(std::fs::canonicalize(node).unwrap(), &program).unwrap();
    let output = bench
        .command(["run", "--adapter"])
        .arg(format!("{} home/work/l.js", program.display()))
        .args(["--limit", "memory=4GiB", "--out", "out"])
        .env("HOME", bench.path("home"))
        .output()
        .unwrap();
    assert_eq!(done(&output).expect(0).stdout, "{\"js\":1}\n");
    let read = bench.receipt("out")["sandbox"]["profile"]["read"].to_string();
    assert!(read.contains("${PREFIX}"), "{read}");
    assert!(!read.contains("\"${ROOT}/home\""), "{read}");
}

#[test]
fn a_shim_is_not_followed_and_the_real_program_is_named() {
    let bench = Bench::new();
    let shim = bench.write(
        "home/.pyenv/shims/python3",
        "#!/usr/bin/env bash\nexec \"/home/x/.pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n",
    );
    std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench.write("l.py", SCRIPT);
    bench
        .run(["run", "--adapter", &format!("{} l.py", shim.display())])
        .expect(2)
        .says("ADAPTER_IS_SHIM")
        .says("pyenv");
    assert!(repository().exists());
}
