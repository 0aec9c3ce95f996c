//! Damaged files through the real process: each ends in a result, an error or the end of the process.

use std::os::unix::process::ExitStatusExt as _;

use serde_json::json;

use crate::model_file::{model, written};
use crate::session::Session;

const FILES: usize = 300;
/// Where metadata and table of tensors are; damage there is what readers stumble over.
const HEAD: usize = 8000;

fn mutate(rng: &mut fastrand::Rng, whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let head = HEAD.min(bytes.len());
    for _ in 0..rng.usize(1..6) {
        let at = if rng.u8(..10) < 9 { rng.usize(..head) } else { rng.usize(..bytes.len()) };
        match rng.u8(..6) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes[at] ^= 1 << rng.u8(..8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.usize(..5)],
            3 => {
                let end = (at + 8).min(bytes.len());
                let number = [0, 1, u64::MAX, 1 << 63, 1 << 31, 0xffff_ffff][rng.usize(..6)].to_le_bytes();
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
            4 => {
                let count = rng.usize(1..20).min(bytes.len() - at);
                bytes.drain(at..at + count);
            }
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.len() <= head {
            break;
        }
    }
    bytes
}

#[test]
fn three_hundred_damaged_files_end_in_an_answer_or_an_abort() {
    let whole = model().bytes();
    let mut rng = fastrand::Rng::with_seed(5);
    let mut session = Session::start();
    let (mut answers, mut errors, mut aborts) = (0, 0, Vec::new());
    for number in 0..FILES {
        let (_folder, path) = written(&mutate(&mut rng, &whole));
        session.invoke("inference.generate", &json!({ "model": path, "prompt": "a", "maxTokens": 3 }));
        match session.end() {
            Some(end) if end["type"] == "result" => answers += 1,
            Some(end) => {
                let code = end["payload"]["code"].as_str().unwrap();
                assert!(code.starts_with("ADAPTER_") && code != "ADAPTER_PANIC", "file {number}: {end}");
                errors += 1;
            }
            None => {
                let ended = std::mem::replace(&mut session, Session::start()).close();
                assert!(ended.status.signal().is_some(), "file {number}: {}", ended.status);
                let last = ended.stderr.lines().last().unwrap_or_default().to_owned();
                aborts.push(format!("file {number}: {}: {last}", ended.status));
            }
        }
    }
    assert_eq!(answers + errors + aborts.len(), FILES);
    assert!(errors > FILES / 2, "{answers} answers, {errors} errors");
    assert!(aborts.len() <= FILES / 50, "{aborts:#?}");
    // What aborts says what it was: the runner shows the last lines of stderr.
    assert!(aborts.iter().all(|abort| !abort.ends_with(": ")), "{aborts:#?}");
    session.close();
}
