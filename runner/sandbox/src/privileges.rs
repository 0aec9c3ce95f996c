//! No capabilities and no way to gain one, read back.

use caps::CapSet;

use crate::failure::LaunchFailure;

const SETS: [CapSet; 5] =
    [CapSet::Ambient, CapSet::Inheritable, CapSet::Bounding, CapSet::Effective, CapSet::Permitted];

/// Empties every capability set and sets `no_new_privs`, then reads all of it back.
///
/// # Errors
/// [`LaunchFailure::NotEnforced`] names the set that is not empty.
pub(crate) fn drop_all() -> Result<(), LaunchFailure> {
    // Without CAP_SETPCAP the bounding set cannot shrink; with no_new_privs it gives nothing then.
    let may_shrink = caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).unwrap_or(false);
    for set in SETS {
        if matches!(set, CapSet::Bounding) && !may_shrink {
            continue;
        }
        let held = caps::read(None, set).map_err(|e| not_dropped(set, e))?;
        if !held.is_empty() {
            caps::clear(None, set).map_err(|e| not_dropped(set, e))?;
        }
    }
    rustix::thread::set_no_new_privs(true).map_err(|e| LaunchFailure::not_enforced("no_new_privs", e))?;
    for set in SETS {
        let held = caps::read(None, set).map_err(|e| not_dropped(set, e))?;
        if !held.is_empty() && (may_shrink || !matches!(set, CapSet::Bounding)) {
            return Err(not_dropped(set, format!("{} left", held.len())));
        }
    }
    match rustix::thread::no_new_privs() {
        Ok(true) => Ok(()),
        other => Err(LaunchFailure::not_enforced("no_new_privs", format!("reads back as {other:?}"))),
    }
}

fn not_dropped(set: CapSet, why: impl std::fmt::Display) -> LaunchFailure {
    LaunchFailure::not_enforced("capabilities", format!("{set:?} set: {why}"))
}
