//! The documents that follow from the facts.

mod classic;
mod environment;
mod machine;
mod tiers;

use serde_json::{Map, Value};

use crate::facts::Facts;
use crate::profile::Classified;
use crate::remarks::Remarks;

/// Version of the formats of Agent Machine.
const SPEC_VERSION: &str = "0.1.0";

/// The documents of `machine.paths`.
#[must_use]
pub fn of_paths(facts: &Facts) -> Map<String, Value> {
    gather([("agent-machine.paths", classic::paths(facts))])
}

/// The documents of `machine.doctor`.
#[must_use]
pub fn of_doctor(facts: &Facts, names: bool) -> Map<String, Value> {
    gather([("agent-machine.doctor", Some(classic::doctor(facts, names)))])
}

/// The documents of `machine.probe`: all of them.
#[must_use]
pub fn of_probe(
    facts: &Facts,
    classified: &Classified,
    names: bool,
    remarks: &mut Remarks,
) -> Map<String, Value> {
    let machine = machine::machine(facts, classified, remarks);
    let mut documents = gather([
        ("agent-machine.probe", Some(classic::probe(facts))),
        ("agent-machine.paths", classic::paths(facts)),
        ("agent-machine.doctor", Some(classic::doctor(facts, names))),
        ("agent-machine", machine),
        ("agent-machine.capabilities", Some(machine::capabilities(facts, classified))),
        ("agent-machine.placement", machine::placement(facts)),
        ("os.release", environment::os_release(facts)),
        ("env.fingerprint", environment::fingerprint(facts)),
    ]);
    documents.extend(tiers::tiers(facts));
    documents
}

fn gather<const N: usize>(documents: [(&str, Option<Value>); N]) -> Map<String, Value> {
    documents.into_iter().filter_map(|(key, document)| Some((key.to_owned(), document?))).collect()
}
