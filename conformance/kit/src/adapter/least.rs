//! Least privilege: each right is taken away alone, and something that is named is lost.

use std::path::{Path, PathBuf};

use super::cases::{Expect, Least};
use super::data::is_known;
use super::run::{Ended, Scene};
use super::{Faults, Test, judge};

impl Test<'_> {
    /// Tests every row, and that every right that is asked for on this machine has one.
    pub(super) fn rights(&self, faults: &mut Faults) {
        for least in &self.cases.least {
            let name = least.right.all().join(", ");
            match self.least(least) {
                Ok(Tested::Needed) => faults.tested += 1,
                Ok(Tested::Absent) => faults.skipped.push(format!("{name}: not on this machine")),
                Ok(Tested::GivenAnyway(folder)) => faults.skipped.push(format!(
                    "{name}: on this machine below {}, which a program needs to be loaded",
                    folder.display()
                )),
                Ok(Tested::NotShown(path)) => {
                    faults.skipped.push(format!("{name}: this machine has no {path}"))
                }
                Err(what) => faults.list.push(format!("right {name}: {what}")),
            }
        }
        let has_row = |right: &String| self.cases.least.iter().any(|row| row.right.all().contains(right));
        for right in self.adapter.asks().iter().filter(|right| !has_row(right)) {
            faults.list.push(format!("right {right}: asked for, and no row says what needs it"));
        }
    }

    fn least(&self, least: &Least) -> Result<Tested, String> {
        let scene = Scene::set(&least.call)?;
        let removed: Vec<String> = least.right.all().iter().map(|right| scene.text(right)).collect();
        let known = |right: &String| self.adapter.asks().contains(right) || scene.allow().contains(right);
        if let Some(stray) = removed.iter().find(|right| !known(right)) {
            return Err(format!("{stray} is neither asked for nor given to this call"));
        }
        if !removed.iter().any(|right| self.adapter.is_present(right)) {
            return Ok(Tested::Absent);
        }
        if let Some(path) = least.only_with.as_ref().filter(|path| !Path::new(path).exists()) {
            return Ok(Tested::NotShown(path.clone()));
        }
        let rights = self.granted(&scene);
        let with = self.run(&scene, &self.adapter, &rights, "with")?;
        judge(&with, &least.with, &scene).map_err(|what| format!("with it, the call {what}"))?;
        if let Some(pointer) = least.needs.as_ref().filter(|pointer| !is_known(&with.data, pointer)) {
            return Err(format!("with it, {pointer} is not known"));
        }
        let fewer: Vec<String> = rights.into_iter().filter(|right| !removed.contains(right)).collect();
        let adapter = self.adapter.without(&removed, &scene.folder("adapter")?)?;
        let without = self.run(&scene, &adapter, &fewer, "without")?;
        if let Some(folder) = given_anyway(&removed, &without) {
            return Ok(Tested::GivenAnyway(folder));
        }
        let mut expect = least
            .without
            .clone()
            .unwrap_or_else(|| Expect { status: least.with.status.clone(), ..Expect::default() });
        expect.unknown.extend(least.needs.clone());
        if least.without.is_none() && least.needs.is_none() {
            return Err("the row says neither what `needs` it nor what happens `without` it".to_owned());
        }
        judge(&without, &expect, &scene).map_err(|what| format!("without it, the call {what}"))?;
        Ok(Tested::Needed)
    }
}

/// What became of a row.
enum Tested {
    /// Something is lost without the right.
    Needed,
    /// Its path is not on this machine.
    Absent,
    /// This machine cannot show it, for lack of this path.
    NotShown(String),
    /// Everybody who loads libraries may read this folder, and the path lies below it.
    GivenAnyway(PathBuf),
}

/// The folder that a run without these rights could read all the same, when all of their paths lie below one.
fn given_anyway(removed: &[String], without: &Ended) -> Option<PathBuf> {
    let paths: Option<Vec<&str>> = removed.iter().map(|right| right.strip_prefix("read=")).collect();
    let present = paths?.into_iter().map(Path::new).filter(|path| path.exists());
    let above: Option<Vec<PathBuf>> = present.map(|path| without.readable_above(path)).collect();
    above?.pop()
}
