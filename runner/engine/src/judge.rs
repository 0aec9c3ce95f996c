//! Calls against the manifest, so that what it already tells is told before anything starts.

use contract_ipc::{Code, SideEffects};

use crate::calls::Call;
use crate::command::Command;
use crate::failure::Failure;
use crate::manifest::{FoundManifest, Operation};
use crate::right::Right;
use crate::schema::Schema;

/// Judges each call of a run. A schema is compiled once, at the first call that needs it.
pub(crate) struct CallJudge<'c> {
    name: &'c str,
    found: Option<&'c FoundManifest>,
    op: Option<&'c str>,
    inputs: Vec<Option<Schema>>,
}

impl<'c> CallJudge<'c> {
    /// `op` is the operation of calls that name none.
    pub(crate) fn new(command: &'c Command, op: Option<&'c str>) -> Self {
        let found = command.manifest.as_ref();
        let count = found.map_or(0, |found| found.manifest.operations.len());
        let inputs = std::iter::repeat_with(|| None).take(count).collect();
        Self { name: &command.name, found, op, inputs }
    }

    /// Adds to `asked` what the operation does to the world.
    ///
    /// # Errors
    /// `CONTRACT_OP_NOT_OFFERED`, `CONTRACT_ARGS_INVALID`, or `ADAPTER_MANIFEST_INVALID` for a schema that is none.
    pub(crate) fn judge(&mut self, call: &Call, asked: &mut Vec<Right>) -> Result<(), Failure> {
        let Some(found) = self.found else { return Ok(()) };
        let (at, operation) = self.operation(found, call)?;
        if self.inputs[at].is_none() {
            let place = format!("{}: the inputSchema of {}", found.path.display(), operation.name);
            self.inputs[at] = Some(Schema::compile(operation.input_schema.as_ref(), &place)?);
        }
        if let Some(input) = &self.inputs[at] {
            input.check(&call.args, "args", Code::ContractArgsInvalid)?;
        }
        ask_for_effects(operation, asked);
        Ok(())
    }

    /// As [`judge`](Self::judge), for calls whose arguments are not known yet.
    ///
    /// # Errors
    /// `CONTRACT_OP_NOT_OFFERED`
    pub(crate) fn judge_operation(&mut self, op: &str, asked: &mut Vec<Right>) -> Result<(), Failure> {
        let Some(found) = self.found else { return Ok(()) };
        let (_, operation) = self.operation(found, &Call { op: Some(op.to_owned()), args: Vec::new() })?;
        ask_for_effects(operation, asked);
        Ok(())
    }

    fn operation(&self, found: &'c FoundManifest, call: &Call) -> Result<(usize, &'c Operation), Failure> {
        let operations = &found.manifest.operations;
        let names = || operations.iter().map(|op| format!("--op {}", op.name)).collect::<Vec<_>>().join(", ");
        let Some(name) = call.op.as_deref().or(self.op) else {
            let what = format!("adapter `{}` has several operations, and none was named", self.name);
            return Err(
                Failure::new(Code::ContractOpNotOffered, what).hint(format!("Add one of {}.", names()))
            );
        };
        let Some(at) = operations.iter().position(|operation| operation.name == name) else {
            let what = format!("adapter `{}` does not offer `{name}`", self.name);
            return Err(
                Failure::new(Code::ContractOpNotOffered, what).hint(format!("It offers {}.", names()))
            );
        };
        Ok((at, &operations[at]))
    }
}

fn ask_for_effects(operation: &Operation, asked: &mut Vec<Right>) {
    for right in operation.side_effects.iter().flat_map(SideEffects::declared).map(Right::SideEffect) {
        if !asked.contains(&right) {
            asked.push(right);
        }
    }
}
