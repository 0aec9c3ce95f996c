//! `model route`

use std::ops::ControlFlow;

use contract_engine::{Failure, Surroundings, now};
use contract_inference::{Finder, RouteRequest, Shelf};
use contract_ipc::Exit;
use serde_json::json;

use super::super::{note, print_json, print_line};
use crate::args::{Format, Output, RouteArgs};
use crate::style::tame;

pub(super) fn route(args: &RouteArgs, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let shelf = Shelf::read(&around.root.join(&args.profiles))?;
    for text in &shelf.passed_over {
        note(output, &format!("note: passed over, no JSON: {}", tame(text)));
    }
    if shelf.profiles.iter().next().is_none() {
        let what =
            format!("note: no profile in {}; --profiles names another folder", args.profiles.display());
        note(output, &tame(&what));
    }
    let request = RouteRequest { task: args.task, profile: args.profile.as_deref() };
    let decision = Finder::new(&shelf, around, args.keys.as_deref(), now())?
        .decide(request, &mut |_, _| ControlFlow::Continue(()));
    if output.format == Format::Json {
        print_json(&json!(decision))?;
    } else {
        for line in decision.to_string().lines() {
            print_line(&tame(line))?;
        }
    }
    Ok(if decision.chosen().is_some() { Exit::Satisfied } else { Exit::Violated })
}
