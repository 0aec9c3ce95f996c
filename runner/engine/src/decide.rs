//! The one place between well-formed and permitted.

use contract_ipc::Code;

use crate::failure::Failure;
use crate::right::Right;

/// The name that a run may claim when it has no network right.
pub const LOCAL_PROFILE: &str = "airgapped_local_only";
/// The name that it has otherwise.
pub const NETWORK_PROFILE: &str = "local_with_granted_network";

/// Where a right comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `--allow` on the command line.
    Operator,
    /// A grant document.
    Document,
}

/// A right that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The right.
    pub right: Right,
    /// Who gave it.
    pub source: Source,
}

/// The rights of a run: all that was given, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// In force, sorted, each once.
    pub rights: Vec<Right>,
    /// The policy profile that the run may claim.
    pub policy_profile: &'static str,
}

/// Decides whether `asked` is covered by `given`.
///
/// # Errors
/// `POLICY_DENIED` with the exact `--allow` that would permit it, or `POLICY_GRANT_REQUIRED`.
pub fn decide(asked: &[Right], given: &[Given], require_grant: bool) -> Result<Decision, Failure> {
    let counts = |given: &&Given| !require_grant || given.source == Source::Document;
    let missing: Vec<String> = asked
        .iter()
        .filter(|asked| !given.iter().filter(counts).any(|given| given.right.covers(asked)))
        .map(ToString::to_string)
        .collect();
    let uncovered =
        given.iter().filter(|given| !counts(given)).map(|given| given.right.to_string()).collect::<Vec<_>>();
    if require_grant && (!missing.is_empty() || !uncovered.is_empty()) {
        let named: Vec<_> = missing.into_iter().chain(uncovered).collect();
        return Err(Failure::new(
            Code::PolicyGrantRequired,
            format!("no grant document covers {}", named.join(", ")),
        ));
    }
    if !missing.is_empty() {
        let what = missing.join(", ");
        let flags: Vec<String> = missing.iter().map(|right| flag("allow", right)).collect();
        return Err(Failure::new(
            Code::PolicyDenied,
            format!("the run asks for {what}, which nobody granted"),
        )
        .hint(format!("To permit exactly that, add: {}", flags.join(" "))));
    }
    let mut rights: Vec<Right> = given.iter().map(|given| given.right.clone()).collect();
    rights.sort();
    rights.dedup();
    let network = rights.iter().any(Right::is_network);
    Ok(Decision { rights, policy_profile: if network { NETWORK_PROFILE } else { LOCAL_PROFILE } })
}

/// A word as it is written on a command line; `None` when none can hold it.
#[must_use]
pub fn quoted(word: &str) -> Option<std::borrow::Cow<'_, str>> {
    shlex::try_quote(word).ok()
}

/// `--name value` as it can be pasted into a shell.
pub(crate) fn flag(name: &str, value: &str) -> String {
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"=/.:_-,@+%".contains(&b));
    match shlex::try_quote(value) {
        Ok(quoted) if !plain => format!("--{name} {quoted}"),
        _ => format!("--{name} {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(right: Right) -> Given {
        Given { right, source: Source::Operator }
    }

    #[test]
    fn what_nobody_granted_is_denied_with_the_exact_flag() {
        let asked = [Right::Read("/data/a b".into()), Right::Processes(4)];
        let denied = decide(&asked, &[operator(Right::Read("/data".into()))], false).unwrap_err();
        assert_eq!(
            (denied.code, denied.hint.as_deref()),
            (Code::PolicyDenied, Some("To permit exactly that, add: --allow processes=4"))
        );
        let denied = decide(&asked, &[], false).unwrap_err();
        assert_eq!(
            denied.hint.as_deref(),
            Some("To permit exactly that, add: --allow 'read=/data/a b' --allow processes=4")
        );
    }

    #[test]
    fn a_network_right_costs_the_name_of_the_local_profile() {
        assert_eq!(decide(&[], &[], false).unwrap().policy_profile, LOCAL_PROFILE);
        assert_eq!(
            decide(&[], &[operator(Right::Connect("h".into(), 1))], false).unwrap().policy_profile,
            NETWORK_PROFILE
        );
    }

    #[test]
    fn with_require_grant_the_command_line_gives_nothing() {
        let right = Right::Read("/data".into());
        let refused = decide(&[], &[operator(right.clone())], true).unwrap_err();
        assert_eq!(refused.code, Code::PolicyGrantRequired);
        assert!(
            decide(
                std::slice::from_ref(&right),
                &[Given { right: right.clone(), source: Source::Document }],
                true
            )
            .is_ok()
        );
    }
}
