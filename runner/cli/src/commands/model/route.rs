//! `model route`

use std::net::TcpStream;
use std::time::Duration;

use contract_engine::{Failure, Surroundings, find};
use contract_inference::{
    Binding, CandidateFacts, DigestFact, Endpoint, FileFact, Place, Profile, RouteRequest, Shelf, Standing,
    route as decide,
};
use contract_ipc::Exit;
use serde_json::json;

use super::super::{note, print_json, print_line};
use crate::args::{Format, Output, RouteArgs};
use crate::style::tame;

/// How long a server on this machine may take to accept a connection.
const CONNECT: Duration = Duration::from_millis(300);

pub(super) fn route(args: &RouteArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let shelf = Shelf::read(&around.root.join(&args.profiles))?;
    for text in &shelf.passed_over {
        note(output, &format!("note: passed over, no JSON: {}", tame(text)));
    }
    let request = RouteRequest { task: args.task, profile: args.profile.as_deref() };
    let decision = decide(request, &shelf.profiles, &shelf.boundaries, available_memory(), |profile| {
        facts(profile, around)
    });
    if output.format == Format::Json {
        print_json(&json!(decision))?;
    } else {
        for line in decision.to_string().lines() {
            print_line(&tame(line))?;
        }
    }
    Ok(if decision.chosen().is_some() { Exit::Satisfied } else { Exit::Violated })
}

/// What can be found out without running anything. Nothing here vouches for a fallback.
fn facts(profile: &Profile, around: &Surroundings) -> CandidateFacts {
    let Ok(binding) = profile.binding(None) else { return CandidateFacts::default() };
    let adapter = find(binding.adapter(), around).map(drop).map_err(|failure| failure.message);
    let (file, runtime) = match &binding {
        Binding::Llama { model } => (file(model), adapter),
        Binding::Endpoint { at, .. } => (FileFact::Unknown, adapter.and_then(|()| listens(at))),
    };
    CandidateFacts { file, runtime: Some(runtime), standing: Standing::default() }
}

fn file(path: &std::path::Path) -> FileFact {
    match path.metadata() {
        Ok(found) if found.is_file() => {
            FileFact::Present { bytes: found.len(), digest: DigestFact::NotOnRecord }
        }
        Ok(_) => FileFact::Absent(format!("{} is no file", path.display())),
        Err(error) => FileFact::Absent(format!("{}: {error}", path.display())),
    }
}

/// Whether somebody accepts connections. Only this machine is asked: looking elsewhere would already tell somebody.
fn listens(at: &Endpoint) -> Result<(), String> {
    let Place::Loopback(address) = at.place() else {
        return Err(format!(
            "{at} is not this machine: it takes a lease, a grant and an escalation decision"
        ));
    };
    TcpStream::connect_timeout(&address, CONNECT).map(drop).map_err(|error| format!("{at}: {error}"))
}

/// `MemAvailable` of <https://man7.org/linux/man-pages/man5/proc_meminfo.5.html>
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
