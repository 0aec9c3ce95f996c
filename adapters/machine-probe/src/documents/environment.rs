//! What evidence needs to know of the surroundings that it was made in.

use serde_json::{Value, json};

use super::classic::or_unknown;
use crate::facts::Facts;

/// What os-release says, with a digest of it.
pub(super) fn os_release(facts: &Facts) -> Option<Value> {
    let host = facts.host.known()?;
    let found = host.distribution.known()?;
    Some(json!({
        "id": found.id,
        "versionId": found.version_id,
        "variantId": found.variant_id,
        "prettyName": found.pretty_name,
        "kernelRelease": or_unknown(Some(&host.kernel)),
        "architecture": or_unknown(Some(&host.architecture)),
        "digest": found.digest,
    }))
}

/// Facts that stay until somebody changes the machine. None when a group was not read: a fingerprint that lacks facts
/// would be the fingerprint of another machine.
pub(super) fn fingerprint(facts: &Facts) -> Option<Value> {
    let (host, hardware) = (facts.host.known()?, facts.hardware.known()?);
    let release = host.distribution.known();
    let features = hardware.cpu_features.known();
    let mut print = json!({
        "osRelease": {"id": release.map(|own| &own.id), "versionId": release.map(|own| &own.version_id)},
        "kernelRelease": or_unknown(Some(&host.kernel)),
        "architecture": or_unknown(Some(&host.architecture)),
        "cpuModel": or_unknown(Some(&hardware.cpu_model)),
        "cpuFeaturesDigest": features.map(|names| contract_json::sha256_text(names.join(" ").as_bytes())),
        "cgroupMode": or_unknown(Some(&host.cgroup_mode)),
        "selinuxMode": or_unknown(Some(&host.selinux_mode)),
        "securityModules": host.security_modules.known(),
        "landlockActive": host.landlock_active.known(),
        "landlockAbi": host.landlock_abi.known(),
        "userNamespaces": host.user_namespaces.known(),
    });
    print["digest"] = json!(contract_json::sha256_text(&contract_json::to_canonical_vec(&print)));
    Some(print)
}
