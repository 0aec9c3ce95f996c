//! Escalation decisions: tiers, what each class of data needs, and where a request ran.

mod rules;

use std::collections::{HashMap, HashSet};

pub(super) use self::rules::RULES;
use self::rules::{
    CARRY_CLASS_DUPLICATE, CARRY_CLASS_MINIMUM_UNKNOWN, CARRY_CLASS_RESIDENCY, CARRY_DECISION_BELOW_MINIMUM,
    CARRY_DECISION_CLASS_UNKNOWN, CARRY_DECISION_LEAVES_DEVICE, CARRY_DECISION_TIER_UNKNOWN,
    CARRY_DECISION_UNATTESTED, CARRY_TIER_ATTESTATION, CARRY_TIER_CLASS_ORDER, CARRY_TIER_DUPLICATE,
    CARRY_TIER_ORDER,
};
use super::lists::urn;
use crate::node::Node;
use crate::report::Report;
use crate::rule::Rule;

const CLASSES: [&str; 4] = ["public", "internal", "confidential", "restricted"];

/// The tiers by name.
struct Tiers<'a> {
    by_name: HashMap<&'a str, Node<'a>>,
    /// Whether the list is sound, so that a name that is not in it is unknown.
    complete: bool,
}

impl<'a> Tiers<'a> {
    /// The tier that `reference` names; a violation of `unknown` when there is none.
    fn find(&self, reference: Node<'_>, unknown: &'static Rule, report: &mut Report<'_>) -> Option<Node<'a>> {
        let name = urn(reference)?;
        let tier = self.by_name.get(name).copied();
        if tier.is_none() && self.complete {
            report.add(unknown, reference, format!("{name} is no tier of computeTiers"));
        }
        tier
    }
}

pub(super) fn check(escalation: Node<'_>, report: &mut Report<'_>) {
    let tiers = check_tiers(escalation.get("computeTiers"), report);
    let classes = escalation.get("sensitivityClassMap");
    check_classes(classes, &tiers, report);
    check_decision(escalation.get("decision"), classes, &tiers, report);
}

fn check_tiers<'a>(list: Node<'a>, report: &mut Report<'_>) -> Tiers<'a> {
    let mut tiers = Tiers { by_name: HashMap::new(), complete: list.items().len() > 0 };
    for tier in list.items() {
        check_attestation(tier, report);
        let Some(name) = urn(tier.get("tierRef")) else {
            tiers.complete = false;
            continue;
        };
        if tiers.by_name.contains_key(name) {
            report.add(
                &CARRY_TIER_DUPLICATE,
                tier.get("tierRef"),
                format!("{name} is a tier before this one"),
            );
        } else {
            tiers.by_name.insert(name, tier);
        }
    }
    for (before, tier) in list.items().zip(list.items().skip(1)) {
        let place = tier.get("rank");
        if let (Some(lower), Some(rank)) = (before.get("rank").uint(), place.uint())
            && rank <= lower
        {
            report.add(&CARRY_TIER_ORDER, place, format!("{rank} does not rise above {lower}"));
        }
        let place = tier.get("tierClass");
        if let (Some(lower), Some(class)) = (strength(before.get("tierClass")), strength(place))
            && class < lower
        {
            report.add(
                &CARRY_TIER_CLASS_ORDER,
                place,
                format!(
                    "{} follows {}",
                    place.str().unwrap_or_default(),
                    before.get("tierClass").str().unwrap_or_default()
                ),
            );
        }
    }
    tiers
}

/// The kind of attestation must be the one of the class, and be there exactly where one is required.
fn check_attestation(tier: Node<'_>, report: &mut Report<'_>) {
    let (class, kind) = (tier.get("tierClass"), tier.get("attestationKind"));
    let named = match kind.str() {
        None if kind.is_null() => None,
        Some("none") => None,
        Some(named @ ("enclave_measurement" | "tee_remote_attestation")) => Some(named),
        _ => return,
    };
    let (Some(class), Some(required)) = (class.str(), tier.get("requiresAttestation").bool()) else { return };
    let of_class = match class {
        "on_device" => None,
        "sealed_enclave" => Some("enclave_measurement"),
        "attested_tee" => Some("tee_remote_attestation"),
        _ => return,
    };
    let message = if class == "attested_tee" && !required {
        "the tier is an attested_tee that requires no attestation".to_owned()
    } else if let Some(named) = named.filter(|named| Some(*named) != of_class) {
        format!("{named} is no attestation of a tier of class {class}")
    } else if required && named.is_none() {
        "the tier requires an attestation, but of no kind".to_owned()
    } else if let Some(named) = named.filter(|_| !required) {
        format!("the tier requires no attestation, but names {named}")
    } else {
        return;
    };
    report.add(&CARRY_TIER_ATTESTATION, kind, message);
}

fn check_classes(classes: Node<'_>, tiers: &Tiers<'_>, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for class in classes.items() {
        let place = class.get("sensitivityClass");
        if let Some(name) = place.str()
            && !seen.insert(name)
        {
            report.add(&CARRY_CLASS_DUPLICATE, place, format!("{name} is in the map already"));
        }
        let minimum = class.get("minimumTierRef");
        let Some(tier) = tiers.find(minimum, &CARRY_CLASS_MINIMUM_UNKNOWN, report) else { continue };
        let residency = class.get("dataResidencyClass");
        if let (Some(wanted), Some(found)) = (wanted_strength(residency), strength(tier.get("tierClass")))
            && found < wanted
        {
            report.add(
                &CARRY_CLASS_RESIDENCY,
                minimum,
                format!(
                    "the tier is of class {}, the data is {}",
                    tier.get("tierClass").str().unwrap_or_default(),
                    residency.str().unwrap_or_default()
                ),
            );
        }
    }
}

fn check_decision(decision: Node<'_>, classes: Node<'_>, tiers: &Tiers<'_>, report: &mut Report<'_>) {
    let (request, choice) = (decision.get("requestSensitivityClass"), decision.get("chosenTierRef"));
    let class = find_class(request, classes, report);
    let Some(tier) = tiers.find(choice, &CARRY_DECISION_TIER_UNKNOWN, report) else { return };
    if let Some(class) = class {
        check_choice(choice, tier, class, tiers, report);
    }
    let attestation = decision.get("attestationRef");
    let lacks = attestation.is_null() || attestation.is_blank();
    if tier.get("requiresAttestation").is_true() && lacks {
        let chosen = choice.str().unwrap_or_default();
        report.add(&CARRY_DECISION_UNATTESTED, attestation, format!("{chosen} requires an attestation"));
    }
}

fn find_class<'a>(request: Node<'_>, classes: Node<'a>, report: &mut Report<'_>) -> Option<Node<'a>> {
    let is_known = |name: &&str| CLASSES.contains(name);
    let name = request.str().filter(is_known)?;
    let mut names = classes.items().map(|class| class.get("sensitivityClass").str().filter(is_known));
    let found = classes.items().find(|class| class.get("sensitivityClass").is(name));
    if found.is_none() && classes.items().len() > 0 && names.all(|name| name.is_some()) {
        report.add(&CARRY_DECISION_CLASS_UNKNOWN, request, format!("{name} is not in sensitivityClassMap"));
    }
    found
}

fn check_choice(
    choice: Node<'_>,
    tier: Node<'_>,
    class: Node<'_>,
    tiers: &Tiers<'_>,
    report: &mut Report<'_>,
) {
    let minimum = class.get("minimumTierRef").str().unwrap_or_default();
    let needed = tiers.by_name.get(minimum).and_then(|minimum| minimum.get("rank").uint());
    if let (Some(rank), Some(needed)) = (tier.get("rank").uint(), needed)
        && rank < needed
    {
        report.add(
            &CARRY_DECISION_BELOW_MINIMUM,
            choice,
            format!("it has rank {rank}; the least is {needed} ({minimum})"),
        );
    }
    let place = tier.get("tierClass");
    if let Some(found) = place.str().filter(|found| *found != "on_device")
        && class.get("dataResidencyClass").is("on_device_only")
    {
        report.add(
            &CARRY_DECISION_LEAVES_DEVICE,
            choice,
            format!("the data is on_device_only, the tier is of class {found}"),
        );
    }
}

/// How strong the protection of a class of tiers is.
fn strength(class: Node<'_>) -> Option<u8> {
    match class.str()? {
        "on_device" => Some(0),
        "sealed_enclave" => Some(1),
        "attested_tee" => Some(2),
        _ => None,
    }
}

/// The strength that a residency asks for.
fn wanted_strength(residency: Node<'_>) -> Option<u8> {
    match residency.str()? {
        "on_device_only" => Some(0),
        "sealed_compute_only" => Some(1),
        "attested_compute_only" => Some(2),
        _ => None,
    }
}
