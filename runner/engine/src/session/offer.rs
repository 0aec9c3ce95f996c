//! What an adapter offers, against what was asked for, declared, locked and granted.

use contract_ipc::{Capabilities, Capability, Code, SchemaRef};
use contract_json::to_canonical_vec;

use crate::failure::Failure;
use crate::manifest::{FoundManifest, Operation};
use crate::plan::Plan;
use crate::request::Calls;
use crate::right::Right;
use crate::schema::Schema;

/// An operation that may be invoked.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) name: String,
    pub(crate) input: Schema,
    pub(crate) output: Schema,
    /// Milliseconds for one invoke: the smallest of budget and hint (R30).
    pub(crate) total_ms: u64,
}

/// The operations that the run will use for its `calls`; the first is that of calls that name none.
///
/// # Errors
/// The first thing that does not fit. Nothing was invoked.
pub(crate) fn judge(plan: &Plan, calls: u64, offered: &Capabilities) -> Result<Vec<Offered>, Failure> {
    if let Some(found) = &plan.command.manifest {
        check_declared(found, offered)?;
    }
    if let Some(lock) = &plan.lock {
        lock.check_offer(&plan.command.name, offered)?;
    }
    let wanted = match (plan.requested.as_slice(), offered.capabilities.as_slice()) {
        _ if calls == 0 => return Ok(Vec::new()),
        ([], [one]) => vec![one],
        ([], _) => {
            return Err(not_offered(
                format!("adapter `{}` has several operations, and none was named", plan.command.name),
                offered,
            ));
        }
        (names, _) => names
            .iter()
            .map(|name| {
                offered.find(name).ok_or_else(|| {
                    let what = format!("adapter `{}` does not offer `{name}`", plan.command.name);
                    not_offered(what, offered)
                })
            })
            .collect::<Result<_, _>>()?,
    };
    wanted.into_iter().map(|capability| accept(plan, capability)).collect()
}

fn not_offered(what: String, offered: &Capabilities) -> Failure {
    let names: Vec<_> =
        offered.capabilities.iter().map(|capability| format!("--op {}", capability.name)).collect();
    Failure::new(Code::ContractOpNotOffered, what).hint(match names.as_slice() {
        [] => "It offers nothing at all.".to_owned(),
        names => format!("Add one of {}.", names.join(", ")),
    })
}

fn accept(plan: &Plan, capability: &Capability) -> Result<Offered, Failure> {
    let missing: Vec<_> = capability
        .side_effects()
        .into_iter()
        .map(Right::SideEffect)
        .filter(|asked| !plan.rights.iter().any(|right| right.covers(asked)))
        .map(|right| format!("--allow {right}"))
        .collect();
    if !missing.is_empty() {
        let what = format!("operation {} has side effects that nobody granted", capability.name);
        return Err(Failure::new(Code::PolicyDenied, what)
            .hint(format!("To permit exactly that, add: {}", missing.join(" "))));
    }
    let hint_ms =
        capability.timeouts.as_ref().and_then(|timeouts| timeouts.default_ms).filter(|&hint| hint > 0);
    let schema = |schema, which: &str| {
        Schema::compile(schema, &format!("the {which} of {}", capability.name))
            // It came over the wire, so it is no manifest that is wrong.
            .map_err(|failure| {
                Failure { code: Code::IpcBadEnvelope, ..failure }.hint("Mend this schema in the adapter.")
            })
    };
    // With a manifest every call was judged by the same schema before anything started, but for those that are still to come.
    let is_live = matches!(plan.request.calls, Calls::Live(_));
    let input = match &capability.input_schema {
        Some(SchemaRef::Inline(_)) if plan.command.manifest.is_some() && !is_live => None,
        schema => schema.as_ref(),
    };
    Ok(Offered {
        name: capability.name.clone(),
        input: schema(input, "inputSchema")?,
        output: schema(capability.output_schema.as_ref(), "outputSchema")?,
        total_ms: hint_ms.map_or(plan.budget.total_ms, |hint| hint.min(plan.budget.total_ms)),
    })
}

/// What is offered must be what the manifest declares; less may be offered.
fn check_declared(found: &FoundManifest, offered: &Capabilities) -> Result<(), Failure> {
    let manifest = &found.manifest;
    let undeclared = |what: String| {
        let place = found.path.display();
        Err(Failure::new(Code::AdapterUndeclared, format!("{what}; {place} declares something else")))
    };
    if offered.adapter.name != manifest.name {
        return undeclared(format!("the adapter calls itself `{}`", offered.adapter.name));
    }
    for capability in &offered.capabilities {
        let name = &capability.name;
        let Some(declared) = manifest.operation(name) else {
            return undeclared(format!("the adapter offers `{name}`"));
        };
        if let Some(member) = first_difference(capability, declared) {
            return undeclared(format!("the adapter offers `{name}` with another {member}"));
        }
    }
    Ok(())
}

fn first_difference(offered: &Capability, declared: &Operation) -> Option<&'static str> {
    let mut effects =
        Capability { side_effects: declared.side_effects.clone(), ..offered.clone() }.side_effects();
    let mut offered_effects = offered.side_effects();
    effects.sort_unstable();
    offered_effects.sort_unstable();
    let differ = |a: &Option<_>, b: &Option<_>| to_canonical_vec(a) != to_canonical_vec(b);
    if effects != offered_effects {
        Some("sideEffects")
    } else if differ(&offered.input_schema, &declared.input_schema) {
        Some("inputSchema")
    } else if differ(&offered.output_schema, &declared.output_schema) {
        Some("outputSchema")
    } else {
        None
    }
}
