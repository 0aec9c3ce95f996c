//! Packs: floors and hashes.

use contract_models::{FileFact, MachineFacts, Pack, Sha256Digest};
use serde_json::json;

use crate::{document, json};

const GB: u64 = 1_000_000_000;

fn pack(sha256: Option<Sha256Digest>) -> Pack {
    let mut value = json("model-carry/model-carry-pack.byom-gguf.json");
    value["footprint"] =
        json!({"minimumFreeGb": 8, "recommendedFreeGb": 16, "minimumRamGb": 4, "recommendedRamGb": 8});
    value["provenance"]["sha256"] = json!(sha256.map(|digest| digest.to_string().to_uppercase()));
    Pack::of(&document(&value)).unwrap()
}

fn machine(free: Option<u64>, ram: Option<u64>) -> MachineFacts {
    MachineFacts { free_bytes: free, ram_bytes: ram }
}

#[test]
fn floors_are_held_against_the_machine_and_what_is_not_known_counts_as_not_enough() {
    let digest = Sha256Digest::of(b"weights");
    let pack = pack(Some(digest));
    let here = FileFact::Digest(digest);
    let table = [
        (machine(Some(8 * GB), Some(4 * GB)), true),
        (machine(Some(100 * GB), Some(100 * GB)), true),
        (machine(Some(8 * GB - 1), Some(4 * GB)), false),
        (machine(Some(8 * GB), Some(4 * GB - 1)), false),
        (machine(None, Some(4 * GB)), false),
        (machine(Some(8 * GB), None), false),
        (MachineFacts::default(), false),
    ];
    for (machine, expected) in table {
        let found = pack.eligibility(&machine, here);
        assert_eq!(found.is_eligible(), expected, "{machine:?}: {found:?}");
        assert_eq!(found.reasons.len(), 3);
    }
    let unknown = pack.eligibility(&MachineFacts::default(), here);
    assert!(unknown.reasons[0].what.contains("not known"), "{unknown:?}");
    let tight = pack.eligibility(&machine(Some(8 * GB), Some(8 * GB)), here);
    assert!(tight.reasons[0].what.contains("16 GB are recommended"), "{tight:?}");
    assert!(!tight.reasons[1].what.contains("recommended"), "{tight:?}");
}

#[test]
fn a_file_that_is_not_the_one_of_the_pack_is_not_used() {
    let digest = Sha256Digest::of(b"weights");
    let rich = machine(Some(100 * GB), Some(100 * GB));
    let eligible = |pack: &Pack, file| pack.eligibility(&rich, file).is_eligible();
    let known = pack(Some(digest));
    assert!(eligible(&known, FileFact::Digest(digest)));
    for file in [FileFact::Absent, FileFact::Unread, FileFact::Digest(Sha256Digest::of(b"WEIGHTS"))] {
        assert!(!eligible(&known, file), "{file:?}");
    }
    // No hash on record, and this kind of pack needs one.
    let unknown = pack(None);
    for file in [FileFact::Absent, FileFact::Unread, FileFact::Digest(digest)] {
        assert!(!eligible(&unknown, file), "{file:?}");
    }
}
