//! Host interfaces: the broker between an agent and the terminals, browsers, editors and tools of its host.

mod decision;
mod grant;
mod receipt;

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! schema {
    ($name:literal) => {
        include_str!(concat!("../../../json/host-interface/", $name, ".schema.json"))
    };
}

/// The kinds. Grant and receipt are parts of an envelope that are also kept alone.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "host-interface-envelope",
        title: "HostInterfaceEnvelope",
        family: "host-interface",
        schema: schema!("host-interface-envelope"),
        marks: &[Mark::Is("schemaVersion", "host-interfaces/envelope/v1")],
        check: Check::Document(decision::check),
    },
    Kind {
        name: "host-interface-grant",
        title: "HostInterfaceGrant",
        family: "host-interface",
        schema: schema!("host-interface-grant"),
        marks: &[Mark::Is("schemaVersion", "host-interfaces/grant/v1")],
        check: Check::Document(grant::check),
    },
    Kind {
        name: "host-interface-receipt",
        title: "HostInterfaceReceipt",
        family: "host-interface",
        schema: schema!("host-interface-receipt"),
        marks: &[Mark::Is("schemaVersion", "host-interfaces/receipt/v1")],
        check: Check::Document(receipt::check_alone),
    },
];

/// The rules, in the order in which they are listed.
pub(crate) static RULES: &[&Rule] = &[
    &decision::HOST_ALLOW_WITHOUT_GRANT,
    &grant::HOST_GRANT_REVOKED,
    &grant::HOST_GRANT_EXPIRED,
    &grant::HOST_GRANT_NOT_YET_ISSUED,
    &grant::HOST_GRANT_OTHER_INTERFACE,
    &grant::HOST_GRANT_OTHER_WORKSPACE,
    &grant::HOST_SCOPE_EXCEEDED,
    &grant::HOST_GRANT_TIMES_REVERSED,
    &grant::HOST_REVOCATION_UNFLAGGED,
    &grant::HOST_CAPABILITY_DUPLICATE,
    &decision::HOST_NEGOTIATED_TOO_MUCH,
    &decision::HOST_ALLOW_ON_REQUEST,
    &decision::HOST_DENY_DESPITE_GRANT,
    &receipt::HOST_DENY_WITHOUT_REASON,
    &receipt::HOST_ALLOW_WITH_REASON,
    &decision::HOST_TOOL_UNNAMED,
    &receipt::HOST_RECEIPT_DIFFERS,
    &receipt::HOST_RECEIPT_OTHER_GRANT,
    &receipt::HOST_RECEIPT_OTHER_POLICY,
    &receipt::HOST_REDACTION_COUNT,
];
