//! Flags of `carry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::model::Signers;

#[derive(Debug, Subcommand)]
pub(crate) enum CarryCommand {
    /// Checks every reference: schema, rules, names, and with --keys its signature
    Validate(RefsArgs),
    /// Lists the references, when all are in order
    List(RefsArgs),
    /// Checks the references, and what is needed to use them: keys, store, cache
    Doctor(RefsArgs),
    /// Writes what was found as evidence
    EmitEvidence {
        #[command(flatten)]
        refs: RefsArgs,
        /// Write it here instead of stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Signs a document: writes NAME.sig.json beside NAME.json
    Sign {
        /// The document
        document: PathBuf,
        /// An Ed25519 key, as `openssl genpkey -algorithm ed25519` writes it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RefsArgs {
    /// The folder with references: its files *-carry-ref.json
    #[arg(long, value_name = "FOLDER", default_value = "examples")]
    pub(crate) refs: PathBuf,
    #[command(flatten)]
    pub(crate) signers: Signers,
}
