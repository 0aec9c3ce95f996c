//! Documents of each family, changed in their structure: the checker says something of every one, and never panics.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use contract_check::{Checker, FAMILIES, Options, kind};
use contract_damage::{change, places};
use contract_json::Tape;
use fastrand::Rng;
use serde_json::{Value, json};

/// Good documents by family, with their kinds.
fn documents() -> &'static HashMap<&'static str, Vec<(String, Value)>> {
    static DOCUMENTS: OnceLock<HashMap<&'static str, Vec<(String, Value)>>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/good");
        let read = |folder: &str| {
            let entries = std::fs::read_dir(good.join(folder)).expect("the corpus has the folder");
            let paths = entries.map(|entry| entry.expect("an entry can be read").path());
            let texts = paths.filter(|path| path.extension().is_some_and(|name| name == "json"));
            texts
                .map(|path| {
                    let text = std::fs::read_to_string(&path).expect("a good document can be read");
                    let value: Value = serde_json::from_str(&text).expect("a good document is JSON");
                    (path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned(), value)
                })
                .collect::<Vec<_>>()
        };
        FAMILIES
            .iter()
            .map(|family| {
                let mut folders: Vec<&str> = family.kinds.iter().map(|kind| kind.family).collect();
                folders.dedup();
                (family.name, folders.into_iter().flat_map(read).collect())
            })
            .collect()
    })
}

/// A value that no list has.
fn value(rng: &mut Rng, bytes: &[u8]) -> Value {
    match rng.u8(..3) {
        0 => json!(rng.u64(..)),
        1 => json!(rng.i64(..)),
        _ => json!(String::from_utf8_lossy(&bytes[..bytes.len().min(200)])),
    }
}

fn survive(family: &str, bytes: &[u8]) {
    let seed = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut rng = Rng::with_seed(seed);
    let documents = &documents()[family];
    let (name, document) = &documents[rng.usize(..documents.len())];
    let mut document = document.clone();
    for _ in 0..rng.usize(1..=6) {
        if rng.u8(..8) > 0 {
            change(&mut rng, &mut document);
            continue;
        }
        let found = places(&document);
        let new = value(&mut rng, bytes);
        *document.pointer_mut(&found[rng.usize(..found.len())]).expect("the place exists") = new;
    }
    // Judged as what it was, whatever it says of itself now.
    let longest =
        contract_check::kinds().filter(|kind| name.starts_with(kind.name)).max_by_key(|kind| kind.name.len());
    let forced = longest.and_then(|found| kind(found.name));
    let text = serde_json::to_vec(&document).expect("a tree serialises");
    thread_local! {
        static CHECKER: Checker = Checker::new(Options { home: Some("/srv/me".to_owned()) });
    }
    CHECKER.with(|checker| {
        for kind in [None, forced] {
            // Nesting or numbers beyond the reader's limits are refused before.
            let Ok(checked) = checker.check(&mut Tape::new(), &text, kind) else { return };
            for violation in checked.violations {
                assert!(violation.span.end <= text.len() && !violation.message.is_empty());
            }
        }
    });
}

macro_rules! families {
    ($($name:ident = $family:literal),+ $(,)?) => {
        $(pub(crate) fn $name(bytes: &[u8]) { survive($family, bytes) })+
    };
}

families! {
    workstation = "workstation",
    workspace_ops = "workspace-ops",
    host_interface = "host-interface",
    model_plane = "model-plane",
    model_carry = "model-carry",
    agent_machine = "agent-machine",
    lane_adapter = "lane-adapter",
    runner = "runner",
}
