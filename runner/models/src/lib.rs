//! Which models are here, and whether their bytes and papers are in order. Nothing here starts a program, opens a connection or reads a
//! clock.
//!
//! ```text
//! file -> digest_file (DigestCache) -> Sha256Digest
//! document -> Documents (schema and rules) -> Manifest, Pack, Kit, ImportRecord, a reference to a service
//! Manifest::follows, ::holders, ::resolve; AdapterFor::check; Pack::eligibility; Store, import; verify_signature
//! ```

mod cache;
mod carry;
mod digest;
mod document;
mod error;
mod folder;
mod holders;
mod import;
mod keys;
mod kit;
mod locale;
mod manifest;
mod pack;
mod range;
mod record;
mod reference;
mod signature;
mod statement;
mod store;
mod target;

pub use cache::{CACHE_FILE, DigestCache};
pub use carry::{
    CARRY_REF, CARRY_REF_END, CarryItem, CarryRefs, CarryResult, Signatures, Status, check_carry_refs,
};
pub use digest::{Digested, FileIdentity, ParseSha256Error, Progress, Sha256Digest, digest_file};
pub use document::{Document, Documents, Refused, read_text};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use error::ModelError;
pub use folder::{json_files, model_files};
pub use holders::Held;
pub use import::{Imported, import};
pub use keys::{Keys, key_id, read_signing_key};
pub use kit::{Kit, KitPack, Place, ROOT};
pub use locale::{Locale, LocaleError, LocaleFit};
pub use manifest::{AdapterFor, Entry, MANIFEST, Manifest, Part};
pub use pack::{Eligibility, FileFact, Footprint, MachineFacts, PACK, Pack, Reason};
pub use range::{Range, RangeError, Version};
pub use record::{
    Conditions, IMPORT_EVIDENCE, ImportRecord, ImportedFile, LicenceRecord, LicenceState, Origin,
};
pub use reference::{ModelRef, ParseModelRefError};
pub use signature::{SIGNATURE, Signed, sign, signature_path, verify_signature};
pub use statement::{Licence, Statement, TASK_CLASSES};
pub use store::{Store, StoredModel};
pub use target::{DeviceClass, Fit, Misfit, Resolved, Target, Targeting};
