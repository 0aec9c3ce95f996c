//! Descriptors of repositories.

use crate::duplicate::duplicates;
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const KINDS: &[&str] = &["repository-descriptor.v0"];
const BASE: &str = "workstation/repository-descriptor.v0.json";

pub(super) static REPOSITORY_BACKEND_DUPLICATE: Rule = Rule {
    id: "REPOSITORY_BACKEND_DUPLICATE",
    severity: Severity::Error,
    kinds: KINDS,
    what: "A backend is listed twice.",
    why: "Nobody can tell which of the two entries says how far it is supported.",
    mend: "Keep one entry for each backend.",
    source: "ours",
    example: Example { base: BASE, at: "/backends/1/name", good: r#""nix""#, bad: r#""pixi""# },
};

pub(super) static REPOSITORY_BACKEND_NONE: Rule = Rule {
    id: "REPOSITORY_BACKEND_NONE",
    severity: Severity::Warning,
    kinds: KINDS,
    what: "Lane types are said to be supported, and every backend is only planned.",
    why: "Whoever chooses the repository for its lanes finds that none can be used.",
    mend: "Name a backend that works, or wait with the descriptor.",
    source: "ours",
    example: Example {
        base: BASE,
        at: "/backends",
        good: r#"[{"name": "nix", "support": "planned"}, {"name": "pixi", "support": "validate"}]"#,
        bad: r#"[{"name": "nix", "support": "planned"}]"#,
    },
};

pub(super) static REPOSITORY_LICENCE_INVALID: Rule = Rule {
    id: "REPOSITORY_LICENCE_INVALID",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The licence is no SPDX expression.",
    why: "Programs that guard licences cannot read it.",
    mend: "Write identifiers of the SPDX list, joined by AND, OR or WITH, for example MIT OR Apache-2.0.",
    source: "SPDX specification, annex D",
    example: Example {
        base: BASE,
        at: "/license",
        good: r#""(MIT OR Apache-2.0) AND CC-BY-4.0""#,
        bad: r#""MIT / Apache 2.0""#,
    },
};

pub(super) static REPOSITORY_URL_CREDENTIALS: Rule = Rule {
    id: "REPOSITORY_URL_CREDENTIALS",
    severity: Severity::Error,
    kinds: KINDS,
    what: "The address of the repository has a user name or a password in it.",
    why: "The descriptor is public, and so would be the password.",
    mend: "Remove what stands before the @, and replace the password where it was used.",
    source: "ours",
    example: Example {
        base: BASE,
        at: "/codeRepository",
        good: r#""https://code.example.org/harbour/desks""#,
        bad: r#""https://marit:tide@code.example.org/harbour/desks""#,
    },
};

/// The rules about descriptors.
pub(super) static RULES: &[&Rule] = &[
    &REPOSITORY_BACKEND_DUPLICATE,
    &REPOSITORY_BACKEND_NONE,
    &REPOSITORY_LICENCE_INVALID,
    &REPOSITORY_URL_CREDENTIALS,
];

/// Checks a descriptor.
pub(super) fn check(repository: Node<'_>, report: &mut Report<'_>) {
    let backends = repository.get("backends");
    for (first, name) in duplicates(backends, |backend| backend.get("name")) {
        report.add(&REPOSITORY_BACKEND_DUPLICATE, name, format!("entry {} has this name, too", first + 1));
    }
    let mut supports = backends.items().map(|backend| backend.get("support"));
    if backends.items().len() > 0 && supports.all(|support| support.is("planned")) {
        report.add(&REPOSITORY_BACKEND_NONE, backends, "every backend is only planned");
    }
    let (licence, address) = (repository.get("license"), repository.get("codeRepository"));
    if let Some(text) = licence.str()
        && !text.is_empty()
        && !is_licence_expression(text)
    {
        report.add(&REPOSITORY_LICENCE_INVALID, licence, format!("{text:?} is no SPDX expression"));
    }
    if address.str().is_some_and(has_credentials) {
        report.add(&REPOSITORY_URL_CREDENTIALS, address, "something stands before the @ of the host");
    }
}

/// Identifiers joined by operators, with balanced parentheses. Whether an identifier is on the SPDX list is not judged.
fn is_licence_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut depth, mut wants_name) = (0_usize, true);
    for token in spaced.split_ascii_whitespace() {
        match (token, wants_name) {
            ("(", true) => depth += 1,
            (")", false) if depth > 0 => depth -= 1,
            ("AND" | "OR" | "WITH", false) => wants_name = true,
            ("AND" | "OR" | "WITH" | "(" | ")", _) | (_, false) => return false,
            (name, true) => {
                if !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b':'))
                {
                    return false;
                }
                wants_name = false;
            }
        }
    }
    depth == 0 && !wants_name
}

/// `scheme://USER@host`. The user name `git` of an ssh address is no secret.
fn has_credentials(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') || !scheme.ends_with("ssh"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences() {
        for text in
            ["MIT", "MIT OR Apache-2.0", "((MIT) AND GPL-2.0+)", "GPL-3.0-only WITH Classpath-exception-2.0"]
        {
            assert!(is_licence_expression(text), "{text}");
        }
        for text in
            ["", "MIT/Apache-2.0", "MIT Apache-2.0", "(MIT", "MIT)", "MIT OR", "OR MIT", "()", "MIT or ISC"]
        {
            assert!(!is_licence_expression(text), "{text}");
        }
    }

    #[test]
    fn credentials() {
        assert!(has_credentials("https://token@a.example/x"));
        assert!(has_credentials("ssh://git:pw@a.example/x"));
        assert!(!has_credentials("ssh://git@a.example/x"));
        assert!(!has_credentials("https://a.example/x@y"));
    }
}
