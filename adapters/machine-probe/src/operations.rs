//! The three operations.

use std::sync::Arc;
use std::time::Duration;

use contract_adapter::{Adapter, Answer, Context, Failure, Offer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::deadline::GROUP;
use crate::facts::{self, Asked, Facts, Observed};
use crate::profile::{Classified, classify};
use crate::remarks::{Remark, Remarks, remarks};
use crate::tree::Tree;
use crate::{documents, summary};

/// The adapter.
#[derive(Debug)]
pub struct MachineProbe {
    tree: Arc<Tree>,
    deadline: Duration,
}

/// Arguments of all operations.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    names: bool,
    landlock_abi: Option<u64>,
}

/// Data of `machine.probe`.
#[derive(Debug, Serialize)]
struct Probed {
    summary: String,
    documents: Map<String, Value>,
    facts: Value,
    warnings: Vec<Remark>,
    failures: Vec<Remark>,
    observed: Observed,
}

/// Data of `machine.paths` and `machine.doctor`.
#[derive(Debug, Serialize)]
struct Told {
    summary: String,
    documents: Map<String, Value>,
    warnings: Vec<Remark>,
    failures: Vec<Remark>,
}

/// What every operation starts from.
struct Read {
    facts: Facts,
    tree: Value,
    classified: Classified,
    remarks: Remarks,
}

impl MachineProbe {
    /// Probes the machine that this process runs on.
    #[must_use]
    pub fn live() -> Self {
        Self::of(Tree::live(), GROUP)
    }

    /// Probes `tree`; each group of facts may take `deadline`.
    #[must_use]
    pub fn of(tree: Tree, deadline: Duration) -> Self {
        Self { tree: Arc::new(tree), deadline }
    }

    fn read(&self, input: &Input) -> Result<Read, Failure> {
        let asked = Asked { names: input.names, landlock_abi: input.landlock_abi };
        let facts = facts::read(&self.tree, asked, self.deadline);
        let tree = serde_json::to_value(&facts)
            .map_err(|error| Failure::new("ADAPTER_BAD_OUTPUT", format!("the facts are no JSON: {error}")))?;
        let classified = classify(&facts);
        let remarks = remarks(&facts, &tree, &classified);
        Ok(Read { facts, tree, classified, remarks })
    }

    fn probe(&mut self, input: Input, _: &mut Context<'_>) -> Result<Answer<Probed>, Failure> {
        let Read { facts, tree, classified, mut remarks } = self.read(&input)?;
        let documents = documents::of_probe(&facts, &classified, input.names, &mut remarks);
        Ok(Answer::Yes(Probed {
            summary: summary::of_probe(&facts, &classified, &remarks),
            documents,
            observed: facts.observed(),
            facts: tree,
            warnings: remarks.warnings,
            failures: remarks.failures,
        }))
    }

    fn paths(&mut self, input: Input, _: &mut Context<'_>) -> Result<Answer<Told>, Failure> {
        let Read { facts, remarks, .. } = self.read(&input)?;
        Ok(Answer::Yes(Told {
            summary: summary::of_paths(&facts),
            documents: documents::of_paths(&facts),
            warnings: remarks.warnings,
            failures: remarks.failures,
        }))
    }

    fn doctor(&mut self, input: Input, _: &mut Context<'_>) -> Result<Answer<Told>, Failure> {
        let Read { facts, remarks, .. } = self.read(&input)?;
        let told = Told {
            summary: summary::of_doctor(&facts, &remarks),
            documents: documents::of_doctor(&facts, input.names),
            warnings: remarks.warnings,
            failures: remarks.failures,
        };
        Ok(if told.failures.is_empty() { Answer::Yes(told) } else { Answer::No(told) })
    }
}

impl Adapter for MachineProbe {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json"))
            .operation("machine.probe", Self::probe)
            .operation("machine.paths", Self::paths)
            .operation("machine.doctor", Self::doctor)
    }
}
