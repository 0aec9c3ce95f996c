//! Which entry is meant for which machine.

use contract_models::{DeviceClass, Manifest, ModelError, Target};
use serde_json::{Value, json};

use crate::{document, json};

fn manifest(targetings: &[Value]) -> Manifest {
    let mut value = json("model-carry/model-carry-manifest.first.json");
    let base = value["entries"][0].clone();
    let entries = targetings.iter().enumerate().map(|(index, targeting)| {
        let mut entry = base.clone();
        entry["entryId"] = json!(format!("urn:srcos:model-carry-entry:{index}"));
        entry["modelRef"] = json!("m");
        entry["targeting"] = targeting.clone();
        entry
    });
    value["entries"] = entries.collect();
    Manifest::of(&document(&value)).unwrap()
}

fn target(device: &str, version: &str, locale: &str) -> Target {
    let classes = DeviceClass::MACHINES;
    Target {
        device: classes.into_iter().find(|(name, _)| *name == device).map(|(_, class)| class),
        os_version: version.parse().ok(),
        locale: locale.parse().ok(),
    }
}

/// The index of the entry that is chosen, or the code of the error.
fn resolved(targetings: &[Value], target: &Target) -> Result<usize, &'static str> {
    match manifest(targetings).resolve("m", target) {
        Ok(found) => Ok(found.chosen.id.rsplit(':').next().unwrap().parse().unwrap()),
        Err(error) => Err(error.code().as_str()),
    }
}

#[test]
fn the_entry_that_says_most_about_the_machine_is_chosen() {
    let any = json!({"deviceClass": ["any"]});
    let laptop = json!({"deviceClass": ["laptop"]});
    let new = json!({"deviceClass": ["any"], "osVersionRange": ">=2"});
    let dutch = json!({"deviceClass": ["any"], "locale": ["nl"]});
    let belgian = json!({"deviceClass": ["any"], "locale": ["nl_BE", "fr_BE"]});
    let here = target("laptop", "2.1", "nl_BE.UTF-8");
    let none = "MODEL_TARGET_NONE";
    let table: &[(&[&Value], &Target, Result<usize, &str>)] = &[
        (&[&any], &here, Ok(0)),
        // A named class goes before everything else.
        (&[&any, &laptop, &new, &belgian], &here, Ok(1)),
        // A range goes before a locale.
        (&[&any, &belgian, &new], &here, Ok(2)),
        // An exact locale goes before a language.
        (&[&any, &dutch, &belgian], &here, Ok(2)),
        (&[&any, &dutch], &here, Ok(1)),
        // What does not fit is not chosen, however exact it is.
        (&[&any, &laptop], &target("server", "2.1", "nl_BE"), Ok(0)),
        (&[&any, &new], &target("laptop", "1.9.9", "nl_BE"), Ok(0)),
        (&[&any, &belgian], &target("laptop", "2.1", "nl_NL"), Ok(0)),
        (&[&laptop], &target("server", "2.1", "nl_BE"), Err(none)),
        // What is not known does not fit.
        (&[&laptop], &Target::default(), Err(none)),
        (&[&new], &Target::default(), Err(none)),
        (&[&dutch], &Target::default(), Err(none)),
        (&[&any], &Target::default(), Ok(0)),
        // Two that say as much are a tie, wherever they stand.
        (&[&any, &any], &here, Err("MODEL_TARGET_TIE")),
        (&[&laptop, &any, &laptop], &here, Err("MODEL_TARGET_TIE")),
        (&[&any, &laptop, &any], &here, Ok(1)),
    ];
    for (targetings, target, expected) in table {
        let targetings: Vec<Value> = targetings.iter().copied().cloned().collect();
        assert_eq!(resolved(&targetings, target), *expected, "{targetings:?} for {target:?}");
    }
}

#[test]
fn null_absent_and_any_mean_every_machine() {
    let here = target("laptop", "2.1", "de_DE");
    for one in [
        json!({"deviceClass": ["any"], "osVersionRange": null, "locale": null}),
        json!({"deviceClass": ["any"], "osVersionRange": "any", "locale": ["any"]}),
        json!({"deviceClass": ["any"]}),
    ] {
        assert_eq!(resolved(std::slice::from_ref(&one), &here), Ok(0));
        let any = json!({"deviceClass": ["any"]});
        assert_eq!(resolved(&[one, any], &here), Err("MODEL_TARGET_TIE"), "they mean the same");
    }
}

#[test]
fn a_range_that_cannot_be_read_fits_no_machine_and_is_named() {
    let manifest = manifest(&[json!({"deviceClass": ["any"], "osVersionRange": "~1.2"})]);
    let error = manifest.resolve("m", &target("laptop", "1.2", "de_DE")).unwrap_err();
    assert!(matches!(error, ModelError::NoTarget(_)));
    assert!(error.to_string().contains("~1.2"), "{error}");
}

#[test]
fn locales_are_compared_by_language_and_territory() {
    let fits = |entry: &str, user: &str| {
        resolved(&[json!({"deviceClass": ["any"], "locale": [entry]})], &target("laptop", "1", user)).is_ok()
    };
    for (entry, user, expected) in [
        ("en_US", "en_US.UTF-8", true),
        ("en-us", "EN_us", true),
        ("en", "en_GB", true),
        ("en", "en", true),
        ("en_US", "en", false),
        ("en_US", "en_GB", false),
        ("de_DE", "de_DE@euro", true),
        ("es_419", "es-419", true),
        ("deu", "de_DE", false),
        ("C", "de_DE", false),
        ("", "de_DE", false),
        ("de_DE_x", "de_DE", false),
    ] {
        assert_eq!(fits(entry, user), expected, "{entry} for {user}");
    }
}

#[test]
fn models_are_resolved_each_by_itself() {
    let mut value = json("model-carry/model-carry-manifest.json");
    value["entries"][2]["targeting"] = json!({"deviceClass": ["any"]});
    let manifest = Manifest::of(&document(&value)).unwrap();
    assert_eq!(manifest.models(), ["qwen2.5-1.5b", "customs-forms@qwen2.5-1.5b", "berth-plan@qwen2.5-1.5b"]);
    let here = target("workstation", "2.1.0", "nl_NL");
    for model in manifest.models() {
        assert_eq!(manifest.resolve(model, &here).unwrap().chosen.model, model);
    }
    assert!(matches!(manifest.resolve("other", &here), Err(ModelError::NoTarget(_))));
}
