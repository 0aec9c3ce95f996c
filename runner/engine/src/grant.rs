//! Grant documents: who may let which adapter do what, until when.

use std::path::Path;

use contract_ipc::{Code, Timestamp};
use contract_json::{Digest, to_canonical_vec};
use serde::{Deserialize, Serialize};

use crate::budget::LimitTexts;
use crate::document::read_document;
use crate::failure::Failure;
use crate::lock::check_blake3;
use crate::right::Right;

/// A grant, `schemas/json/authority/grant.v0.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// `grant.v0`
    pub v: GrantVersion,
    /// Who gives it.
    pub issuer: String,
    /// To whom.
    pub subject: Subject,
    /// Rights in the grammar of `--allow`, paths absolute.
    pub rights: Vec<String>,
    /// Upper bounds on what the run may use.
    #[serde(default)]
    pub limits: LimitTexts,
    /// Not valid before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Not valid from this time on.
    pub expires: String,
}

/// Version tag of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantVersion {
    /// The first version.
    #[serde(rename = "grant.v0")]
    V0,
}

/// The adapter that a grant is made out to; each member that is there must fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Name in its manifest, or the file name of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// `blake3:` digest of its program or script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A grant and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGrant {
    /// The document.
    pub grant: Grant,
    /// `blake3:` and the digest of its canonical form.
    pub digest: String,
}

impl FoundGrant {
    /// Reads a grant document.
    ///
    /// # Errors
    /// `POLICY_GRANT_INVALID` with file, line and column.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let invalid = |what: String| Failure::new(Code::PolicyGrantInvalid, what);
        let text = read_document(path).map_err(|error| invalid(format!("{}: {error}", path.display())))?;
        let grant: Grant = contract_json::from_slice(&text)
            .map_err(|error| invalid(format!("{}:{error}", path.display())))?;
        if grant.subject.adapter.is_none() && grant.subject.digest.is_none() {
            return Err(invalid(format!("{}: /subject: names neither adapter nor digest", path.display())));
        }
        for (name, time) in [("expires", Some(&grant.expires)), ("notBefore", grant.not_before.as_ref())] {
            if let Some(time) = time
                && let Err(error) = time.parse::<Timestamp>()
            {
                return Err(invalid(format!("{}: /{name}: {error}", path.display())));
            }
        }
        if let Some(digest) = &grant.subject.digest {
            check_blake3(digest)
                .map_err(|why| invalid(format!("{}: /subject/digest: {why}", path.display())))?;
        }
        for (index, text) in grant.rights.iter().enumerate() {
            Right::check_form(text)
                .map_err(|error| invalid(format!("{}: /rights/{index}: {error}", path.display())))?;
        }
        grant.limits.check().map_err(|why| invalid(format!("{}: /limits: {why}", path.display())))?;
        let digest = Digest::of(&to_canonical_vec(&grant)).blake3_uri();
        Ok(Self { grant, digest })
    }

    /// Whether it can be used now, by this adapter.
    ///
    /// # Errors
    /// `POLICY_GRANT_UNUSABLE` says why not.
    pub fn usable(&self, adapter: &str, digest: &str, now: Timestamp) -> Result<(), Failure> {
        let unusable = |why: String| {
            Err(Failure::new(
                Code::PolicyGrantUnusable,
                format!("the grant of `{}` {why}", self.grant.issuer),
            ))
        };
        let time = |text: &String| text.parse::<Timestamp>().expect("read() has checked the times");
        if now >= time(&self.grant.expires) {
            return unusable(format!("expired at {}", self.grant.expires));
        }
        if let Some(start) = self.grant.not_before.as_ref().filter(|start| now < time(start)) {
            return unusable(format!("is not valid before {start}"));
        }
        if let Some(name) = self.grant.subject.adapter.as_ref().filter(|name| *name != adapter) {
            return unusable(format!("is made out to adapter `{name}`, not to `{adapter}`"));
        }
        if let Some(expected) = self.grant.subject.digest.as_ref().filter(|expected| *expected != digest) {
            return unusable(format!(
                "is made out to the adapter with digest {expected}; this one has {digest}"
            ));
        }
        Ok(())
    }
}
