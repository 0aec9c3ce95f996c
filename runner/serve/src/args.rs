//! Every flag.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use contract_inference::ModelArgs;

/// Serves a model to programs on this machine over the OpenAI API. Each request runs in a sandboxed adapter and leaves a receipt.
#[derive(Debug, Parser)]
#[command(name = "contract-serve", version, max_term_width = 110)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// The port; 0 takes a free one, which the first line on stdout tells
    #[arg(long, value_name = "PORT", default_value_t = 8080, help_heading = "Where")]
    pub(crate) port: u16,
    /// The address: one of this machine's loopback, and no other
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = loopback, help_heading = "Where")]
    pub(crate) bind: IpAddr,
    /// Listen on a unix socket instead, which only this user can open
    #[arg(long, value_name = "PATH", conflicts_with_all = ["port", "bind"], help_heading = "Where")]
    pub(crate) socket: Option<PathBuf>,
    /// Only who sends the token in this file is served; the file must be readable by its owner alone
    #[arg(long, value_name = "FILE", help_heading = "Where")]
    pub(crate) token_file: Option<PathBuf>,

    /// Requests that the model answers at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Bounds")]
    pub(crate) parallel: u16,
    /// Requests that may wait for their turn; the next is told to come back (status 429)
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = "Bounds")]
    pub(crate) queue: u16,
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Bounds")]
    pub(crate) connections: u16,
    /// The largest request
    #[arg(long, value_name = "BYTES", default_value = "1MiB", value_parser = body_bytes, help_heading = "Bounds")]
    pub(crate) max_body: usize,
    /// The most time for one request, its wait for a turn included; at most 10min, which is what the adapters give an operation
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = time_ms, help_heading = "Bounds")]
    pub(crate) timeout: u64,
    /// Requests after which a new session begins, so that the evidence of one stays small
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Bounds")]
    pub(crate) session_requests: u64,

    /// The folder of receipts [default: .workstation/inference]
    #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
    pub(crate) records: Option<PathBuf>,
    /// Keep prompts and outputs beside the receipts, in stored.ndjson; without it only their digests are kept
    #[arg(long, help_heading = "Evidence")]
    pub(crate) store_texts: bool,

    /// Grant a right, such as connect=127.0.0.1:11434 for a profile of a server
    #[arg(long, value_name = "RIGHT", help_heading = "Authority")]
    pub(crate) allow: Vec<String>,
    /// Set a limit, such as memory=4GiB
    #[arg(long, value_name = "NAME=AMOUNT", help_heading = "Authority")]
    pub(crate) limit: Vec<String>,
    /// A grant document
    #[arg(long, value_name = "FILE", help_heading = "Authority")]
    pub(crate) grant: Vec<PathBuf>,
    /// Run although this property of the sandbox is missing; the receipt records it
    #[arg(long, value_name = "PROPERTY", help_heading = "Authority")]
    pub(crate) accept_gap: Vec<String>,
}

fn loopback(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| format!("`{text}` is no address"))?;
    if address.is_loopback() {
        Ok(address)
    } else {
        Err("only loopback is served: 127.0.0.0/8 or ::1; put a proxy of your own in front for more"
            .to_owned())
    }
}

fn body_bytes(text: &str) -> Result<usize, String> {
    contract_engine::parse_bytes(text)
        .filter(|bytes| (1024..=(64 << 20)).contains(bytes))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "write bytes from 1KiB to 64MiB".to_owned())
}

fn time_ms(text: &str) -> Result<u64, String> {
    contract_engine::parse_ms(text)
        .filter(|ms| (1..=600_000).contains(ms))
        .ok_or_else(|| "write a time of at most 10min, such as 30s, 500ms or 5min".to_owned())
}
