//! Providers of inference: found as files and as listeners. Nothing is started, nothing is connected to.

use serde::Serialize;

use crate::fact::Fact;
use crate::runtimes::{PROGRAMS, program};
use crate::tree::{Tree, optional};

/// Programs of each provider.
const BY_PROGRAM: &[(&str, &[&str])] = &[
    ("llama.cpp", &["llama-server", "llama-cli", "llama-embedding", "llama-bench"]),
    ("vllm", &["vllm"]),
    ("sglang", &["sglang"]),
    ("ollama-compatible", &["ollama"]),
];
/// The port that a server listens on unless told otherwise.
const USUAL_PORTS: &[(u16, &str)] =
    &[(8000, "vLLM"), (8080, "llama.cpp"), (11434, "Ollama"), (30000, "SGLang")];
/// State of a listening socket in /proc/net/tcp (include/net/tcp_states.h).
const LISTEN: &str = "0A";

/// What could serve a model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Providers {
    /// Programs that were found.
    pub programs: Vec<Provider>,
    /// Listeners on the usual ports. That a port is taken says nothing about who has taken it.
    pub listeners: Fact<Vec<Listener>>,
}

/// A provider whose program was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// In words of InferenceProvider.
    pub provider_type: &'static str,
    /// Paths of its programs.
    pub programs: Vec<String>,
}

/// A port with a listener.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// TCP port.
    pub port: u16,
    /// Whether other machines could reach it.
    pub loopback_only: bool,
    /// What that may be.
    pub says: String,
}

/// Finds programs.
pub fn programs(tree: &Tree) -> Vec<Provider> {
    BY_PROGRAM
        .iter()
        .filter(|(_, names)| names.iter().any(|name| program(tree, name)))
        .map(|(provider_type, names)| Provider { provider_type, programs: paths(tree, names) })
        .collect()
}

fn paths(tree: &Tree, names: &[&str]) -> Vec<String> {
    let all = PROGRAMS.iter().flat_map(|folder| names.iter().map(move |name| format!("{folder}/{name}")));
    all.filter(|path| tree.exists(path)).collect()
}

/// Finds listeners. The kernel walks all its sockets for this, which takes milliseconds at least: a group of its own.
pub fn listeners(tree: &Tree) -> Fact<Vec<Listener>> {
    // A kernel without IPv6 has no such file; one that may not be read could have the listeners of others.
    let six = optional(tree.read("/proc/self/net/tcp6")).map(Option::unwrap_or_default);
    let tables = tree.read("/proc/self/net/tcp").and_then(|four| six.map(|six| (four, six)));
    tables.map(|(four, six)| {
        let mut found: Vec<Listener> = Vec::new();
        for (address, port) in four.lines().chain(six.lines()).filter_map(listening) {
            let Some((_, name)) = USUAL_PORTS.iter().find(|(usual, _)| *usual == port) else { continue };
            match found.iter_mut().find(|listener| listener.port == port) {
                Some(listener) => listener.loopback_only &= is_loopback(address),
                None => found.push(Listener {
                    port,
                    loopback_only: is_loopback(address),
                    says: format!("a listener on the usual port of {name}"),
                }),
            }
        }
        found.sort();
        found
    })
}

/// Address and port of a line whose socket listens.
fn listening(line: &str) -> Option<(&str, u16)> {
    let mut words = line.split_whitespace().skip(1);
    let (address, port) = words.next()?.split_once(':')?;
    (words.nth(1)? == LISTEN).then_some((address, u16::from_str_radix(port, 16).ok()?))
}

/// 127.0.0.0/8 and ::1, in the byte order that the kernel prints on little-endian machines.
fn is_loopback(address: &str) -> bool {
    address == "00000000000000000000000001000000" || (address.len() == 8 && address.ends_with("7F"))
}
