//! M2 messages between a runner and the adapter of a lane backend, in both dialects.

mod handshake;
mod pairing;
mod request;
mod response;

use crate::exchange::Exchange;
use crate::kind::{Check, Kind, Mark};
use crate::node::Node;
use crate::report::Report;
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/lane-adapter/", $name, ".schema.json"))
    };
}

const AGENT_MACHINE: &str = "m2-message.agent-machine";
const WORKSTATION: &str = "m2-message.workstation";
const BOTH: &[&str] = &[AGENT_MACHINE, WORKSTATION];

/// The two dialects. Their version numbers are the same; only `protocol` tells them apart.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: AGENT_MACHINE,
        title: "M2 message (agent-machine)",
        family: "lane-adapter",
        schema: schema!("m2-message.agent-machine"),
        marks: &[Mark::HasAny(&["op", "ok"]), Mark::Lacks("protocol")],
        check: Check::Message(check_agent_machine),
    },
    Kind {
        name: WORKSTATION,
        title: "M2 message (workstation)",
        family: "lane-adapter",
        schema: schema!("m2-message.workstation"),
        marks: &[Mark::HasAny(&["op", "ok"]), Mark::Has("protocol")],
        check: Check::Message(check_workstation),
    },
];

/// The rules, by topic.
pub(crate) static RULES: &[&[&Rule]] = &[request::RULES, response::RULES, handshake::RULES, pairing::RULES];

fn check_agent_machine(message: Node<'_>, exchange: &mut Exchange, report: &mut Report<'_>) {
    if message.get("op").exists() {
        pairing::ask(message, exchange, report);
        request::check(message, report);
        handshake::check_request(message, report);
    } else {
        pairing::answer(message, exchange, report);
        response::check(message, response::AGENT_MACHINE_CODES, report);
        handshake::check_result(message, report);
    }
}

fn check_workstation(message: Node<'_>, exchange: &mut Exchange, report: &mut Report<'_>) {
    request::check_op(message, report);
    if response::is_response(message) {
        pairing::answer(message, exchange, report);
        response::check_ok(message, report);
        response::check(message, response::WORKSTATION_CODES, report);
        handshake::check_result(message, report);
    } else {
        pairing::ask(message, exchange, report);
        request::check(message, report);
        request::check_container(message, report);
        handshake::check_request(message.get("params"), report);
    }
}
