//! From a request to a plan: all user input is judged here, and nowhere later.

use std::path::{Path, PathBuf};

use contract_ipc::{Code, Seed, Session, Timestamp};
use contract_json::{Digest, to_canonical_vec};
use contract_receipts::{Marks, Redactor};
use contract_sandbox::{Profile, Property};
use serde_json::json;

use crate::budget::Budget;
use crate::calls::{Call, CallSource, canonical_object};
use crate::command::{self, Command};
use crate::decide::{Decision, Given, LOCAL_PROFILE, Source, decide};
use crate::environment::Surroundings;
use crate::failure::Failure;
use crate::grant::FoundGrant;
use crate::judge::CallJudge;
use crate::lock::{Lock, digest_command};
use crate::marks::marks;
use crate::request::{Calls, Request};
use crate::right::{Right, parse_gap};
use crate::tokens::Tokens;

/// A request that was read and is well-formed, but not yet permitted.
#[derive(Debug)]
pub struct Draft {
    /// What will be executed.
    pub command: Command,
    /// The operation of a repeated call.
    pub op: Option<String>,
    /// Arguments of the first call, in canonical form.
    pub first_args: Vec<u8>,
    /// Digest of the batch file, when there is one.
    batch: Option<String>,
    calls: CallSource,
    requested: Vec<String>,
    asked: Vec<Right>,
    given: Vec<Given>,
    grants: Vec<FoundGrant>,
    budget: Budget,
    over_budget: Vec<String>,
    accepted_gaps: Vec<Property>,
    lock: Option<Lock>,
    request: Request,
    root: PathBuf,
    clock: Timestamp,
    variables: std::collections::BTreeMap<String, String>,
}

/// A permitted run.
#[derive(Debug)]
pub struct Plan {
    /// What will be executed.
    pub command: Command,
    /// The operation of calls that name none.
    pub op: Option<String>,
    /// Arguments of the first call, in canonical form.
    pub first_args: Vec<u8>,
    /// What will be invoked.
    pub calls: CallSource,
    /// Operations that hello asks for; empty when the one that is offered is meant.
    pub requested: Vec<String>,
    /// What it may use.
    pub budget: Budget,
    /// What it may do.
    pub rights: Vec<Right>,
    /// The policy profile that the run claims.
    pub policy_profile: &'static str,
    /// The grant documents in force.
    pub grants: Vec<FoundGrant>,
    /// Variables handed to the adapter, whose values are redacted everywhere.
    pub secrets: Vec<(String, String)>,
    /// The sandbox, scratch folder included.
    pub profile: Profile,
    /// HOME and TMPDIR of the adapter.
    pub scratch: PathBuf,
    /// For paths in receipts.
    pub tokens: Tokens,
    /// Seed, clock and id.
    pub session: Session,
    /// Pinned adapters.
    pub lock: Option<Lock>,
    /// The rest of the request.
    pub request: Request,
}

impl Draft {
    /// Reads everything that the request names.
    ///
    /// # Errors
    /// Input that cannot be used, with the place and the mend. Nothing was started, nothing was written.
    pub fn read(request: &Request, around: &Surroundings) -> Result<Self, Failure> {
        let usage = |what: String| Failure::new(Code::ContractUsage, what);
        let command = command::find(&request.adapter, around)?;
        let grants = request
            .grants
            .iter()
            .map(|path| FoundGrant::read(&around.root.join(path)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut given = Vec::new();
        for text in &request.allow {
            let right =
                Right::parse(text, &around.root).map_err(|error| usage(format!("--allow: {error}")))?;
            given.push(Given { right, source: Source::Operator });
        }
        for grant in &grants {
            for text in &grant.grant.rights {
                let right = Right::parse(text, &around.root)
                    .map_err(|error| Failure::new(Code::PolicyGrantInvalid, error.to_string()))?;
                given.push(Given { right, source: Source::Document });
            }
        }
        let mut budget = Budget::default();
        for text in &request.limits {
            budget.set_text(text).map_err(|why| usage(format!("--limit: {why}")))?;
        }
        let mut asked = asked_rights(&command)?;
        if request.delegates_asks && came_with_the_runner(&command, around) {
            given.extend(asked.iter().map(|right| Given { right: right.clone(), source: Source::Operator }));
        }
        for text in &request.asks {
            asked.push(Right::parse(text, &around.root).map_err(|error| usage(error.to_string()))?);
        }
        let over_budget = apply_manifest_limits(&command, &mut budget)?;
        for grant in &grants {
            let mut cap = budget.clone();
            for (name, value) in &grant.grant.limits.0 {
                cap.set(name, value).map_err(|why| Failure::new(Code::PolicyGrantInvalid, why))?;
            }
            budget = budget.min(&cap);
        }
        let accepted_gaps = request
            .accept_gaps
            .iter()
            .map(|name| parse_gap(name))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|why| usage(format!("--accept-gap: {why}")))?;
        if !(1..=contract_ipc::MAX_IN_FLIGHT).contains(&request.in_flight) {
            return Err(usage(format!(
                "--in-flight {}: write a number from 1 to {}",
                request.in_flight,
                contract_ipc::MAX_IN_FLIGHT
            )));
        }
        let lock = request.lock.as_ref().map(|path| Lock::read(&around.root.join(path))).transpose()?;
        let mut draft = Self {
            op: request.op.clone().or_else(|| only_operation(&command)),
            first_args: b"{}".to_vec(),
            batch: None,
            calls: CallSource::none(),
            requested: Vec::new(),
            asked: Vec::new(),
            given,
            grants,
            budget,
            over_budget,
            accepted_gaps,
            lock,
            request: request.clone(),
            root: around.root.clone(),
            clock: around.clock,
            variables: around.variables.clone(),
            command,
        };
        draft.read_calls(&mut asked)?;
        asked.sort();
        asked.dedup();
        draft.asked = asked;
        Ok(draft)
    }

    fn read_calls(&mut self, asked: &mut Vec<Right>) -> Result<(), Failure> {
        match self.request.calls.clone() {
            Calls::None => {}
            Calls::Repeat { args, count } => {
                let call = Call { op: None, args: canonical_object(&args, "args")? };
                CallJudge::new(&self.command, self.op.as_deref()).judge(&call, asked)?;
                self.requested.extend(self.op.clone());
                self.first_args.clone_from(&call.args);
                self.calls = CallSource::Repeat { call, left: count };
            }
            Calls::Live(ops) => {
                let mut judge = CallJudge::new(&self.command, None);
                for op in &ops {
                    judge.judge_operation(op, asked)?;
                }
                self.requested = ops;
            }
            Calls::Batch(path) => {
                let path = self.root.join(path);
                let mut ops: Vec<String> = Vec::new();
                let mut first = None;
                let mut judge = CallJudge::new(&self.command, self.op.as_deref());
                let calls = CallSource::batch(&path, |call| {
                    judge.judge(call, asked)?;
                    first.get_or_insert_with(|| call.clone());
                    match call.op.as_ref().or(self.op.as_ref()) {
                        Some(op) if !ops.contains(op) => ops.push(op.clone()),
                        _ => {}
                    }
                    Ok(())
                })?;
                if calls.left() == 0 {
                    return Err(Failure::new(
                        Code::ContractInputUnreadable,
                        format!("{}: no call in it", path.display()),
                    ));
                }
                let first = first.unwrap_or_default();
                self.op = first.op.or(self.op.take());
                self.first_args = first.args;
                self.batch = Some(crate::lock::digest_file(&path).map_err(|error| {
                    Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", path.display()))
                })?);
                self.requested = ops;
                self.calls = calls;
            }
        }
        Ok(())
    }

    /// Decides, and completes the plan for the output folder `out` (its real path).
    ///
    /// # Errors
    /// What is not permitted, with the exact flag that would permit it.
    pub fn decide(self, out: &Path, now: Timestamp) -> Result<Plan, (Box<Self>, Failure)> {
        match self.judge(now) {
            Ok((decision, secrets)) => match beside_the_evidence(&decision.rights, out) {
                Ok(()) => Ok(self.complete(out, decision, secrets)),
                Err(failure) => Err((Box::new(self), failure)),
            },
            Err(failure) => Err((Box::new(self), failure)),
        }
    }

    fn judge(&self, now: Timestamp) -> Result<(Decision, Vec<(String, String)>), Failure> {
        if let Some(lock) = &self.lock {
            lock.check_files(&self.command)?;
        }
        if !self.grants.is_empty() {
            let digest = digest_command(&self.command)?;
            for grant in &self.grants {
                grant.usable(&self.command.name, &digest, now)?;
            }
        }
        let decision = decide(&self.asked, &self.given, self.request.require_grant)?;
        if !self.over_budget.is_empty() {
            let flags: Vec<String> = self.over_budget.iter().map(|text| format!("--limit {text}")).collect();
            return Err(Failure::new(
                Code::PolicyDenied,
                format!("the manifest asks for more than the budget: {}", self.over_budget.join(", ")),
            )
            .hint(format!("To permit exactly that, add: {}", flags.join(" "))));
        }
        let mut secrets = Vec::new();
        for right in &decision.rights {
            let Right::Env(name) = right else { continue };
            match self.variables.get(name) {
                Some(value) if value.len() >= 8 => secrets.push((name.clone(), value.clone())),
                Some(_) => {
                    let what = format!(
                        "--allow env={name}: its value is shorter than 8 bytes, too short to be found and redacted"
                    );
                    return Err(Failure::new(Code::ContractUsage, what)
                        .hint("Secrets have at least 8 bytes; give other settings as arguments."));
                }
                None => {
                    return Err(Failure::new(
                        Code::ContractUsage,
                        format!("--allow env={name}: there is no such variable"),
                    )
                    .hint(format!("Set {name}, or leave the right away.")));
                }
            }
        }
        Ok((decision, secrets))
    }

    fn complete(self, out: &Path, decision: Decision, secrets: Vec<(String, String)>) -> Plan {
        let scratch = out.join("scratch");
        let tokens = self.tokens(out, &scratch);
        let mut profile = self.profile(&decision);
        profile.read.push(scratch.clone());
        profile.write.push(scratch.clone());
        profile.normalise();
        let session = self.session(&tokens, &profile);
        Plan {
            command: self.command,
            op: self.op,
            first_args: self.first_args,
            calls: self.calls,
            requested: self.requested,
            budget: self.budget,
            rights: decision.rights,
            policy_profile: decision.policy_profile,
            grants: self.grants,
            secrets,
            profile,
            scratch,
            tokens,
            session,
            lock: self.lock,
            request: self.request,
        }
    }

    fn tokens(&self, out: &Path, scratch: &Path) -> Tokens {
        let mut folders = vec![
            (scratch.to_owned(), "${SCRATCH}"),
            (out.to_owned(), "${OUT}"),
            (self.command.folder.clone(), "${RUNTIME}"),
        ];
        folders.extend(self.command.prefixes.iter().map(|prefix| (prefix.clone(), "${PREFIX}")));
        folders.push((self.root.clone(), "${ROOT}"));
        Tokens::new(folders)
    }

    fn profile(&self, decision: &Decision) -> Profile {
        let mut profile = Profile::strictest(decision.policy_profile);
        profile.limits = self.budget.limits.clone();
        profile.accepted_gaps.clone_from(&self.accepted_gaps);
        profile.read.clone_from(&self.command.read);
        profile.exec.clone_from(&self.command.exec);
        for right in &decision.rights {
            match right {
                Right::Read(path) => profile.read.push(path.clone()),
                Right::Write(path) => {
                    profile.read.push(path.clone());
                    profile.write.push(path.clone());
                }
                Right::Exec(path) => {
                    let needs = command::needs_of(path);
                    profile.exec.push(path.clone());
                    profile.exec.extend(needs.loader);
                    profile.read.extend(needs.libraries);
                }
                Right::RawTcp(port) => profile.raw_tcp.push(*port),
                Right::Processes(count) => profile.processes = profile.processes.max(*count),
                Right::Connect(..) | Right::SideEffect(_) | Right::Env(_) => {}
            }
        }
        profile
    }

    /// The seed follows from the plan, unless one was given: equal plans have equal ids.
    fn session(&self, tokens: &Tokens, profile: &Profile) -> Session {
        let seed = self.request.seed.as_ref().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let args: serde_json::Value = serde_json::from_slice(&self.first_args).unwrap_or_default();
            Seed::of_plan(&to_canonical_vec(&json!({
                "v": "run-plan.v0",
                "op": self.op,
                "args": args,
                "batch": self.batch,
                "profile": profile_json(profile, tokens),
                "manifest": self.command.manifest.as_ref().map(|found| &found.digest),
            })))
        });
        Session::new(seed, self.clock)
    }

    /// For a receipt of a run that was refused.
    #[must_use]
    pub fn refused_session(&self, out: &Path) -> Session {
        let tokens = self.tokens(out, &out.join("scratch"));
        self.session(&tokens, &Profile::strictest(LOCAL_PROFILE))
    }

    /// For a receipt of a run that was refused.
    #[must_use]
    pub fn refused_tokens(&self, out: &Path) -> Tokens {
        self.tokens(out, &out.join("scratch"))
    }

    /// Arguments of the first call, as a receipt of a run that was refused has them.
    #[must_use]
    pub fn recorded_args(&self) -> Vec<u8> {
        let op = self.op.as_deref().unwrap_or_default();
        marks(&self.command, &self.request).args(op, &self.first_args, &Redactor::none())
    }

    /// What was asked for, in the grammar of rights.
    #[must_use]
    pub fn asked(&self) -> &[Right] {
        &self.asked
    }

    /// What it might have used.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The grant documents that were given.
    #[must_use]
    pub fn grants(&self) -> &[FoundGrant] {
        &self.grants
    }
}

impl Plan {
    /// The values that the evidence does not hold.
    #[must_use]
    pub fn marks(&self) -> Marks {
        marks(&self.command, &self.request)
    }

    /// Arguments of the first call, as a receipt has them when the transcript has none.
    #[must_use]
    pub fn recorded_args(&self) -> Vec<u8> {
        let op = self.op.as_deref().unwrap_or_default();
        self.marks().args(op, &self.first_args, &Redactor::none())
    }
}

/// The profile with tokens for paths, as the receipt has it.
#[must_use]
pub fn profile_json(profile: &Profile, tokens: &Tokens) -> serde_json::Value {
    let mut shown = profile.clone();
    for paths in [&mut shown.read, &mut shown.write, &mut shown.exec] {
        for path in paths.iter_mut() {
            *path = tokens.path(path);
        }
    }
    shown.normalise();
    serde_json::to_value(&shown).expect("a profile is plain data")
}

/// Digest of the profile as the receipt has it.
#[must_use]
pub fn profile_digest(profile: &serde_json::Value) -> String {
    Digest::of(&to_canonical_vec(profile)).blake3_uri()
}

fn only_operation(command: &Command) -> Option<String> {
    match command.manifest.as_ref()?.manifest.operations.as_slice() {
        [one] => Some(one.name.clone()),
        _ => None,
    }
}

fn asked_rights(command: &Command) -> Result<Vec<Right>, Failure> {
    let Some(found) = &command.manifest else { return Ok(Vec::new()) };
    let must = found.manifest.asks.iter().enumerate().map(|(index, text)| {
        Right::parse(text, found.folder()).map_err(|error| {
            Failure::new(
                Code::AdapterManifestInvalid,
                format!("{}: /asks/{index}: {error}", found.path.display()),
            )
        })
    });
    // The form was checked when the manifest was read: what fails now is not on this machine.
    let may =
        found.manifest.asks_if_present.iter().filter_map(|text| Right::parse(text, found.folder()).ok());
    must.chain(may.map(Ok)).collect()
}

/// Whoever installed the runner installed this adapter, too; the receipt that a replay reads cannot say that of another one.
fn came_with_the_runner(command: &Command, around: &Surroundings) -> bool {
    let Some(manifest) = command.manifest.as_ref().and_then(|found| found.path.canonicalize().ok()) else {
        return false;
    };
    around.installed.canonicalize().is_ok_and(|folder| manifest.starts_with(folder))
}

/// Lowers the budget to what the manifest wants, and lists what it wants beyond.
fn apply_manifest_limits(command: &Command, budget: &mut Budget) -> Result<Vec<String>, Failure> {
    let Some(found) = &command.manifest else { return Ok(Vec::new()) };
    let mut over = Vec::new();
    for (name, value) in &found.manifest.limits.0 {
        let mut wanted = budget.clone();
        wanted.set(name, value).map_err(|why| {
            Failure::new(Code::AdapterManifestInvalid, format!("{}: /limits: {why}", found.path.display()))
        })?;
        if wanted.min(budget) == wanted {
            *budget = wanted;
        } else {
            over.push(format!("{name}={value}"));
        }
    }
    Ok(over)
}

/// An adapter that may write where its evidence is could change it, and lead our clean-up elsewhere.
fn beside_the_evidence(rights: &[Right], out: &Path) -> Result<(), Failure> {
    let covering = rights
        .iter()
        .find(|right| matches!(right, Right::Write(path) if out.starts_with(path) || path.starts_with(out)));
    covering.map_or(Ok(()), |right| {
        let what = format!("{right} covers the output folder {}, where the evidence is", out.display());
        Err(Failure::new(Code::ContractUsage, what)
            .hint("Give --out a folder elsewhere, or the right to write for a smaller folder."))
    })
}
