//! A kill at any moment leaves no receipt or a whole one of that run, never an older one.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use contract_ipc::Session;
use contract_receipts::{Receipt, SessionInfo, Status, Verdict, verify};

use crate::session::{CLOCK, Run, Setup, draft, small_run};

/// Set in the child: the folder to write runs to.
const FOLDER: &str = "RECEIPTS_TEST_CRASH_FOLDER";

/// What the child says; the test harness says other things on the same pipe.
const BEGUN: u8 = 1;
const ENDED: u8 = 2;

/// The seed of run number `n`.
fn session(n: u64) -> Session {
    Session::new(format!("{n:032x}").parse().unwrap(), CLOCK.parse().unwrap())
}

/// Not a claim of its own: the child that writes run after run until it is killed. Without its variable it does nothing.
#[test]
fn child_that_writes_runs() {
    #[expect(clippy::disallowed_methods, reason = "the parent test names the folder")]
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let mut stdout = std::io::stdout();
    for n in 1.. {
        let mut run =
            Run::begin_session(Path::new(&dir), Setup { keep_wire: true, ..Setup::default() }, &session(n));
        stdout.write_all(&[BEGUN]).unwrap();
        stdout.flush().unwrap();
        run.handshake();
        for _ in 0..40 {
            let one = run.invoke("{}");
            run.reply(one, "result", &format!(r#"{{"ok":true,"data":{{"x":"{}"}}}}"#, "x".repeat(2_000)));
        }
        run.finish_with(Receipt { session: SessionInfo::from(&session(n)), ..draft() });
        stdout.write_all(&[ENDED]).unwrap();
        stdout.flush().unwrap();
    }
}

fn start(dir: &Path) -> Child {
    #[expect(clippy::disallowed_methods, reason = "only another process can be killed")]
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_writes_runs", "--nocapture", "--quiet"])
        .env(FOLDER, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_leaves_no_receipt_or_a_whole_one_of_that_run() {
    let (mut none, mut whole) = (0, 0);
    for kill_after in 1..40_u64 {
        let dir = tempfile::tempdir().unwrap();
        small_run(dir.path());
        let mut child = start(dir.path());
        let mut stdout = child.stdout.take().unwrap();
        let (mut begun, mut ended, mut byte) = (0, 0, [0]);
        while begun + ended < kill_after {
            stdout.read_exact(&mut byte).unwrap();
            begun += u64::from(byte[0] == BEGUN);
            ended += u64::from(byte[0] == ENDED);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said between our last look and the kill.
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();
        begun += rest.iter().filter(|&&byte| byte == BEGUN).count() as u64;
        ended += rest.iter().filter(|&&byte| byte == ENDED).count() as u64;
        match verify(dir.path(), None) {
            Verdict::Consistent { .. } => {
                whole += 1;
                let text = std::fs::read(dir.path().join("run-receipt.json")).unwrap();
                let n = u64::from_str_radix(&Receipt::from_bytes(&text).unwrap().session.seed, 16).unwrap();
                // Run n was the last to end, or it had its name and could not say so any more.
                assert!(n == ended || n == begun, "{n}: {begun} begun, {ended} ended");
                assert!(n > 0 && n >= begun, "an older receipt stands beside a run that had begun");
            }
            verdict => {
                none += 1;
                assert!(!dir.path().join("run-receipt.json").exists(), "{verdict}");
            }
        }
        let again = small_run(dir.path());
        assert_eq!(again.status, Status::Satisfied, "the folder can be used again");
        assert!(matches!(verify(dir.path(), None), Verdict::Consistent { .. }));
    }
    assert!(none > 0 && none + whole == 39, "{none} without, {whole} with a receipt");
}
