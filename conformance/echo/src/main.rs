//! An adapter for tests and benchmarks: it echoes, counts, takes turns, streams, waits, fails, panics and looks around.

mod flow;
mod surroundings;
mod turns;

use std::process::ExitCode;

use contract_adapter::{Adapter, Offer, serve};

struct Echo;

impl Adapter for Echo {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .raw_operation("echo", flow::echo)
            .operation("count", flow::count)
            .stepped_operation("turns", turns::turns)
            .operation("stream", flow::stream)
            .operation("wait", flow::wait)
            .operation("fail", flow::fail)
            .operation("panic", flow::panic)
            .operation("reject", flow::reject)
            .operation("print", surroundings::print)
            .operation("env", surroundings::env)
            .operation("read", surroundings::read)
            .operation("connect", surroundings::connect)
            .stepped_operation("exchange", turns::exchange)
    }
}

fn main() -> ExitCode {
    serve(Echo)
}
