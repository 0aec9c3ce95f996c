//! Our own documents about models: what was on record at an import, and signatures.

use crate::kind::{Check, Kind, Mark};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/models/", $name, ".schema.json"))
    };
}

/// The kinds.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "model-import-evidence.v0",
        title: "Model import evidence",
        family: "models",
        schema: schema!("model-import-evidence.v0"),
        marks: &[Mark::Is("v", "model-import-evidence.v0")],
        check: Check::Document(check_import),
    },
    Kind {
        name: "signature.v0",
        title: "Signature",
        family: "models",
        schema: schema!("signature.v0"),
        marks: &[Mark::Is("v", "signature.v0")],
        check: Check::Structure,
    },
];

const IMPORTED: &str = "models/model-import-evidence.v0.json";
const KINDS_OF_IMPORT: &[&str] = &["model-import-evidence.v0"];
const SOURCE: &str = "ours: docs/models.md";

pub(crate) static IMPORT_OTHER_FILE: Rule = Rule {
    id: "IMPORT_OTHER_FILE",
    severity: Severity::Error,
    kinds: KINDS_OF_IMPORT,
    what: "The reference does not name the bytes that were imported.",
    why: "A router would be led to a model that nobody has put on record.",
    mend: "Do not trust the record; import the file again.",
    source: SOURCE,
    example: Example {
        base: IMPORTED,
        at: "/file/sha256",
        good: r#""9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08""#,
        bad: r#""2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae""#,
    },
};

pub(crate) static IMPORT_LICENCE_UNCLEAR: Rule = Rule {
    id: "IMPORT_LICENCE_UNCLEAR",
    severity: Severity::Error,
    kinds: KINDS_OF_IMPORT,
    what: "A licence is stated without its text, or refused with one.",
    why: "A condition of each import is that the state of the licence can be read without a guess.",
    mend: "Write the licence with `stated`, and null with `refused`.",
    source: SOURCE,
    example: Example { base: IMPORTED, at: "/licence/text", good: r#""MIT""#, bad: "null" },
};

pub(crate) static IMPORT_ELIGIBLE_WRONG: Rule = Rule {
    id: "IMPORT_ELIGIBLE_WRONG",
    severity: Severity::Error,
    kinds: KINDS_OF_IMPORT,
    what: "`eligible` is not what the seven conditions say.",
    why: "A router looks at this one member; it must not be able to say more than what it sums up.",
    mend: "Do not trust the record; import the file again.",
    source: "ours: docs/models.md; the seven conditions are those of the documents of ModelCarryPack",
    example: Example { base: IMPORTED, at: "/conditions/originNoted", good: "true", bad: "false" },
};

pub(crate) static IMPORT_VERIFIED_WRONG: Rule = Rule {
    id: "IMPORT_VERIFIED_WRONG",
    severity: Severity::Error,
    kinds: KINDS_OF_IMPORT,
    what: "`verified` is not what hash and licence say.",
    why: "A model that an operator brings stays unverified until its hash and its licence are on record.",
    mend: "Import the file again with --license, once its licence is known.",
    source: SOURCE,
    example: Example { base: IMPORTED, at: "/verified", good: "true", bad: "false" },
};

/// All rules of these kinds.
pub(crate) static RULES: &[&Rule] =
    &[&IMPORT_OTHER_FILE, &IMPORT_LICENCE_UNCLEAR, &IMPORT_ELIGIBLE_WRONG, &IMPORT_VERIFIED_WRONG];

fn check_import(record: Node<'_>, report: &mut Report<'_>) {
    let (model, sha256) = (record.get("model"), record.get("file").get("sha256"));
    if let (Some(urn), Some(hex)) = (model.str(), sha256.str())
        && !urn.ends_with(hex)
    {
        report.add(&IMPORT_OTHER_FILE, model, format!("the file has sha256:{hex}"));
    }
    let licence = record.get("licence");
    let text = licence.get("text");
    let stated = licence.get("state").is("stated");
    if stated && text.is_null() {
        report.add(&IMPORT_LICENCE_UNCLEAR, text, "the licence is stated, and not written");
    } else if licence.get("state").is("refused") && text.str().is_some() {
        report.add(&IMPORT_LICENCE_UNCLEAR, text, "no licence is attested, and one is written");
    }
    let conditions = record.get("conditions");
    let unmet: Vec<&str> =
        conditions.members().filter(|(_, met)| met.bool() == Some(false)).map(|(name, _)| name).collect();
    let eligible = record.get("eligible");
    if eligible.bool().is_some_and(|eligible| eligible != unmet.is_empty()) {
        let said = if unmet.is_empty() {
            "all are met".to_owned()
        } else {
            format!("not met: {}", unmet.join(", "))
        };
        report.add(&IMPORT_ELIGIBLE_WRONG, eligible, said);
    }
    let (verified, hashed) = (record.get("verified"), conditions.get("hashOnRecord").is_true());
    if verified.bool().is_some_and(|verified| verified != (hashed && stated)) {
        let hash = if hashed { "on record" } else { "not on record" };
        let licence = if stated { "stated" } else { "not stated" };
        report.add(&IMPORT_VERIFIED_WRONG, verified, format!("the hash is {hash}, the licence is {licence}"));
    }
}
