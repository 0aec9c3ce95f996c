//! Devices: what they can do, who they are, and how far they are trusted.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::{roots, terminal, times};

pub(crate) static OPS_CAPABILITY_CONTRADICTED: Rule = Rule {
    id: "OPS_CAPABILITY_CONTRADICTED",
    severity: Severity::Warning,
    kinds: &["capability-profile"],
    what: "A capability is available without the thing that it needs, or in use while it is not available.",
    why: "A gate that reads one of the two members decides differently from one that reads the other.",
    mend: "Correct the member that is wrong.",
    source: "gap: the original does not compare the members",
    example: Example {
        base: "workspace-ops/capability-profile.json",
        at: "/capabilities/sandbox/runtime",
        good: r#""podman""#,
        bad: r#""none""#,
    },
};

pub(crate) static OPS_TRUST_UNRESTRICTED: Rule = Rule {
    id: "OPS_TRUST_UNRESTRICTED",
    severity: Severity::Warning,
    kinds: &["device-identity"],
    what: "A device that is untrusted or revoked may still act.",
    why: "Such a device works under restrictions, if at all.",
    mend: "Set the permission to false, or attest the device anew.",
    source: "gap: the texts of the original demand restrictions, its tool does not look",
    example: Example {
        base: "workspace-ops/device-identity.trust-profile.json",
        at: "/trustLevel",
        good: r#""provisional""#,
        bad: r#""untrusted""#,
    },
};

pub(super) fn check_capabilities(profile: Node<'_>, report: &mut Report<'_>) {
    let capabilities = profile.get("capabilities");
    let filesystem = capabilities.get("filesystem");
    filesystem.get("allowedRoots").items().for_each(|root| roots::check(root, report));
    let terminal = capabilities.get("terminal");
    let audit = terminal.get("auditEnabled");
    if terminal.get("available").is_true() && audit.bool() == Some(false) {
        report.add(&terminal::OPS_AUDIT_OFF, audit, "terminal sessions are not audited");
    }
    for name in ["sandbox", "localModel"] {
        let runtime = capabilities.get(name).get("runtime");
        if capabilities.get(name).get("available").is_true() && runtime.is("none") {
            report.add(
                &OPS_CAPABILITY_CONTRADICTED,
                runtime,
                format!("{name} is available with runtime none"),
            );
        }
    }
    let network = capabilities.get("network");
    if network.get("available").bool() == Some(false) {
        for member in ["online", "vpnActive"] {
            if network.get(member).is_true() {
                let message = format!("the network is not available, but `{member}` is true");
                report.add(&OPS_CAPABILITY_CONTRADICTED, network.get(member), message);
            }
        }
    }
}

/// Checks the identity of a device or its trust profile.
pub(super) fn check_identity(device: Node<'_>, report: &mut Report<'_>) {
    times::in_order(device, "attestedAt", "validUntil", report);
    let Some(level @ ("untrusted" | "revoked")) = device.get("trustLevel").str() else { return };
    for (name, permission) in device.get("restrictions").members() {
        if name.starts_with("allow") && permission.is_true() {
            report.add(
                &OPS_TRUST_UNRESTRICTED,
                permission,
                format!("the device is {level}, but `{name}` is true"),
            );
        }
    }
}
