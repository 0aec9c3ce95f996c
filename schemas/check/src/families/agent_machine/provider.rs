//! InferenceProvider.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::machine::{MAC, check_gates, check_metal};
use super::scope::{has, text};

/// Gates of a provider.
const GATES: &[&str] = &["policyFabricRequired", "agentRegistryRequired", "receiptRequired"];
/// Types that say in their name that they are local.
const LOCAL_TYPES: &[&str] = &["openai-compatible-local", "anthropic-compatible-local"];
/// Interfaces, and the ability that each of them needs.
const ABILITIES: &[(&str, &str)] = &[
    ("openai-embeddings", "embeddings"),
    ("openai-rerank", "reranking"),
    ("mcp-tools", "toolCalling"),
    ("vlm", "vision"),
    ("ocr", "ocr"),
];

pub(crate) static PROVIDER_REMOTE_MODE: Rule = Rule {
    id: "PROVIDER_REMOTE_MODE",
    severity: Severity::Warning,
    kinds: &["inference-provider"],
    what: "The type of the provider and where it runs contradict each other.",
    why: "Remote providers see the data that they are sent; who reads the type alone would take it for a local one, or the other way round.",
    mend: "Use remote-governed with remote-endpoint, and any other mode with a local type.",
    source: "advice",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/runtime/mode",
        good: r#""systemd""#,
        bad: r#""remote-endpoint""#,
    },
};
pub(crate) static PROVIDER_ENDPOINT_NOT_LOOPBACK: Rule = Rule {
    id: "PROVIDER_ENDPOINT_NOT_LOOPBACK",
    severity: Severity::Warning,
    kinds: &["inference-provider"],
    what: "A local provider is reached at an address other than loopback.",
    why: "Requests carry prompts in clear text, and anyone on that network may send some.",
    mend: "Listen on 127.0.0.1 or [::1], or declare the provider with mode remote-endpoint or kubernetes.",
    source: "gap: the original never checks that a local endpoint is loopback",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/runtime/endpoint",
        good: r#""http://localhost:7997""#,
        bad: r#""http://0.0.0.0:7997""#,
    },
};
pub(crate) static PROVIDER_SURFACE_WITHOUT_ABILITY: Rule = Rule {
    id: "PROVIDER_SURFACE_WITHOUT_ABILITY",
    severity: Severity::Warning,
    kinds: &["inference-provider"],
    what: "An interface is offered whose ability is said to be absent.",
    why: "A router that trusts `apiSurfaces` sends requests that must fail.",
    mend: "Drop the interface, or set the ability to true.",
    source: "advice",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/apiSurfaces",
        good: r#"["openai-embeddings"]"#,
        bad: r#"["openai-embeddings", "vlm"]"#,
    },
};
pub(crate) static PROVIDER_DIGEST_OPTIONAL: Rule = Rule {
    id: "PROVIDER_DIGEST_OPTIONAL",
    severity: Severity::Warning,
    kinds: &["inference-provider"],
    what: "Models are loaded without a known digest.",
    why: "Nobody can say afterwards which model answered.",
    mend: "Leave `requiresDigest` out, or set it to true.",
    source: "advice: Agent Machine storage rules, models carry a digest",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/modelStore/requiresDigest",
        good: "true",
        bad: "false",
    },
};
pub(crate) static PROVIDER_CACHE_REUSE_OPEN: Rule = Rule {
    id: "PROVIDER_CACHE_REUSE_OPEN",
    severity: Severity::Warning,
    kinds: &["inference-provider"],
    what: "A provider with prompt caches lets them be reused without policy.",
    why: "A cached prefix carries text of another person's prompt.",
    mend: "Set `cacheReuseRequiresPolicy` to true.",
    source: "advice: Agent Machine storage rules, cache reuse is bound to identity and policy domain",
    example: Example {
        base: "agent-machine/inference-provider.json",
        at: "/policy/cacheReuseRequiresPolicy",
        good: "true",
        bad: "false",
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &PROVIDER_REMOTE_MODE,
    &PROVIDER_ENDPOINT_NOT_LOOPBACK,
    &PROVIDER_SURFACE_WITHOUT_ABILITY,
    &PROVIDER_DIGEST_OPTIONAL,
    &PROVIDER_CACHE_REUSE_OPEN,
];

pub(super) fn check(provider: Node<'_>, report: &mut Report<'_>) {
    let runtime = provider.get("runtime");
    if let Some(profile) = provider.get("profileSupport").items().find(|profile| !profile.is(MAC)) {
        check_metal(runtime.get("acceleration"), profile, report);
    }
    check_gates(provider.get("policy"), GATES, report);
    check_place(provider.get("providerType"), runtime, report);
    let (surfaces, abilities) = (provider.get("apiSurfaces"), provider.get("capabilities"));
    for (surface, ability) in ABILITIES {
        if abilities.get(ability).bool() == Some(false) && has(surfaces, surface) {
            let place = surfaces.items().find(|item| item.is(surface)).unwrap_or(surfaces);
            report.add(
                &PROVIDER_SURFACE_WITHOUT_ABILITY,
                place,
                format!("{surface} needs `{ability}`, which is false"),
            );
        }
    }
    let digest = provider.get("modelStore").get("requiresDigest");
    if digest.bool() == Some(false) {
        report.add(&PROVIDER_DIGEST_OPTIONAL, digest, "models need no digest");
    }
    let reuse = provider.get("policy").get("cacheReuseRequiresPolicy");
    let caches = ["prefixCache", "kvCache"].iter().find(|cache| abilities.get(cache).is_true());
    if reuse.bool() == Some(false)
        && let Some(cache) = caches
    {
        report.add(
            &PROVIDER_CACHE_REUSE_OPEN,
            reuse,
            format!("`{cache}` is on and its reuse needs no policy"),
        );
    }
}

fn check_place(kind: Node<'_>, runtime: Node<'_>, report: &mut Report<'_>) {
    let mode = runtime.get("mode");
    let is_remote = mode.is("remote-endpoint");
    let contradicts =
        if is_remote { LOCAL_TYPES.iter().any(|local| kind.is(local)) } else { kind.is("remote-governed") };
    if mode.str().is_some() && contradicts {
        let message = format!("a provider of type {} with mode {}", text(kind), text(mode));
        report.add(&PROVIDER_REMOTE_MODE, mode, message);
    }
    let endpoint = runtime.get("endpoint");
    if !is_remote
        && !mode.is("kubernetes")
        && let Some(host) = endpoint.str().and_then(host)
        && !is_loopback(host)
    {
        report.add(&PROVIDER_ENDPOINT_NOT_LOOPBACK, endpoint, format!("{host} is not loopback"));
    }
}

/// The host of an HTTP address.
fn host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    if place.starts_with('[') {
        return place.find(']').map(|end| &place[..=end]);
    }
    Some(place.split_once(':').map_or(place, |(host, _)| host))
}

fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (address, loopback) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("https://LOCALHOST/v1", true),
            ("http://[::1]:8080/", true),
            ("http://127.0.0.1.example:80", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://[::]:80", false),
            ("http://", false),
        ] {
            assert_eq!(is_loopback(host(address).unwrap()), loopback, "{address}");
        }
        assert_eq!(host("unix:/run/provider.sock"), None);
    }
}
