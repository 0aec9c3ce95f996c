//! An adapter as a black box, run in the sandbox: every case of its `cases.toml` ends as it says, and every right that it asks for is
//! needed for something.

mod cases;
mod data;
mod least;
mod manifest;
mod names;
mod run;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use cases::{Case, Cases, Expect, Status};
use manifest::Manifest;
use names::Names;
use run::{Ended, Scene};

/// How often a run is made again whose data has a transient reason.
const TRIES: u32 = 10;

/// What is tested, and with what.
#[derive(Debug)]
pub(crate) struct Adapter {
    pub(crate) folder: PathBuf,
    pub(crate) cases: PathBuf,
    pub(crate) runner: PathBuf,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Cases and rights that were tested.
    pub(crate) tested: usize,
    /// What could not be tested on this machine, and why.
    pub(crate) skipped: Vec<String>,
    /// What is wrong, for people.
    pub(crate) list: Vec<String>,
}

/// Everything that a case is run with.
struct Test<'t> {
    runner: &'t Path,
    adapter: Manifest,
    cases: &'t Cases,
    names: Names,
}

/// Tests all that its file claims.
///
/// # Errors
/// In words, when the adapter, its file or the runner cannot be used at all.
pub(crate) fn test(adapter: &Adapter) -> Result<Faults, String> {
    let cases = Cases::read(&adapter.cases)?;
    // The runner is started in other folders.
    let runner = std::path::absolute(&adapter.runner).map_err(|error| error.to_string())?;
    let test = Test {
        runner: &runner,
        adapter: Manifest::read(&adapter.folder)?,
        cases: &cases,
        names: Names::of_this_machine(),
    };
    let mut faults = Faults { list: test.gaps(), ..Faults::default() };
    for case in &cases.case {
        faults.tested += 1;
        if let Err(what) = test.case(case) {
            faults.list.push(format!("case `{}`: {what}", case.name));
        }
    }
    test.rights(&mut faults);
    Ok(faults)
}

impl Test<'_> {
    /// Operations whose cases are not all there.
    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let operations: BTreeSet<&str> = self.adapter.operations().collect();
        for op in &operations {
            let has = |wanted: &[Status]| {
                let own = self.cases.case.iter().filter(|case| case.call.op == *op);
                own.flat_map(|case| case.expect.status.all()).any(|status| wanted.contains(status))
            };
            if !has(&[Status::Satisfied]) {
                gaps.push(format!("{op}: no case is satisfied"));
            }
            if !has(&[Status::Violated, Status::Failed]) && !self.cases.always.contains_key(*op) {
                gaps.push(format!("{op}: no case is violated or failed, and `always` does not say why"));
            }
            if !has(&[Status::Refused]) {
                gaps.push(format!("{op}: no case has bad input"));
            }
        }
        let unknown = self.cases.always.keys().filter(|op| !operations.contains(op.as_str()));
        gaps.extend(unknown.map(|op| format!("always: `{op}` is not offered")));
        gaps
    }

    /// All rights of a call that are on this machine.
    fn granted(&self, scene: &Scene) -> Vec<String> {
        let asks = self.adapter.asks().into_iter().filter(|right| self.adapter.is_present(right));
        asks.chain(scene.allow().iter().cloned()).collect()
    }

    fn case(&self, case: &Case) -> Result<(), String> {
        let scene = Scene::set(&case.call)?;
        let rights = self.granted(&scene);
        let first = self.run(&scene, &self.adapter, &rights, "first")?;
        judge(&first, &case.expect, &scene)?;
        if matches!(first.status, Status::Refused | Status::Denied) {
            return Ok(());
        }
        first.verify(self.runner).map_err(|said| format!("its evidence is not verified: {said}"))?;
        if case.hides_names {
            let said =
                Value::Object(case.call.args.clone()).to_string() + &scene.work().display().to_string();
            if let Some(name) = self.names.told_in(&first.transcript(), &said) {
                return Err(format!("its transcript has {name}"));
            }
        }
        let second = self.run(&scene, &self.adapter, &rights, "second")?;
        if first.subject.is_none() || first.subject != second.subject {
            let place = data::difference(&first.data, &second.data).unwrap_or_default();
            return Err(format!("a second run is another one: {place}"));
        }
        if matches!(first.status, Status::Satisfied | Status::Violated) {
            self.more_rights(case, &scene, rights, &first)?;
        }
        Ok(())
    }

    /// Rights beyond those that were asked for add nothing.
    fn more_rights(
        &self,
        case: &Case,
        scene: &Scene,
        mut rights: Vec<String>,
        first: &Ended,
    ) -> Result<(), String> {
        rights.extend(self.cases.more_rights.iter().filter(|right| self.adapter.is_present(right)).cloned());
        let more = self.run(scene, &self.adapter, &rights, "more")?;
        let volatile = self.adapter.volatile(&case.call.op);
        let stable = |data: &Value| data::without(data.clone(), &volatile);
        if more.status != first.status {
            return Err(format!("with more rights it is {}", more.status.as_str()));
        }
        match data::difference(&stable(&first.data), &stable(&more.data)) {
            Some(place) => Err(format!("with more rights it answers something else: {place}")),
            None => Ok(()),
        }
    }

    /// Runs a call; again, while its data has a transient reason.
    fn run(&self, scene: &Scene, adapter: &Manifest, rights: &[String], out: &str) -> Result<Ended, String> {
        let mut attempt = 1;
        loop {
            let ended = scene.run(self.runner, adapter, rights, &format!("{out}-{attempt}"))?;
            if attempt == TRIES || !data::is_unknown_because(&ended.data, &self.cases.transient) {
                return Ok(ended);
            }
            attempt += 1;
        }
    }
}

/// Holds the end of a run against what was expected.
fn judge(ended: &Ended, expect: &Expect, scene: &Scene) -> Result<(), String> {
    let Ended { status, code, message, data, .. } = ended;
    if !expect.status.all().contains(status) {
        let wanted: Vec<_> = expect.status.all().iter().map(|status| status.as_str()).collect();
        let wanted = wanted.join(" or ");
        return Err(format!("is {}, not {wanted}: {code} {message}", status.as_str()));
    }
    if let Some(wanted) = expect.code.as_ref().filter(|wanted| *wanted != code) {
        return Err(format!("its code is `{code}`, not `{wanted}`: {message}"));
    }
    if let Some(words) = expect.says.as_ref().map(|words| scene.text(words))
        && !message.contains(&words)
    {
        return Err(format!("`{words}` is not in its message: {message}"));
    }
    for (pointer, wanted) in &expect.data {
        let wanted = scene.value(wanted);
        let found = data::at(data, pointer);
        if found != Some(&wanted) {
            let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            return Err(format!("{pointer} is {found}, not {wanted}"));
        }
    }
    match expect.unknown.iter().find(|pointer| data::is_known(data, pointer)) {
        Some(pointer) => Err(format!("{pointer} is known")),
        None => Ok(()),
    }
}
