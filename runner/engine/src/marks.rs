//! The values that the evidence does not hold, as the manifest names them.

use contract_receipts::{Marks, OperationMarks};

use crate::command::Command;
use crate::manifest::Private;
use crate::request::Request;

/// The marks of a command's operations. Private values are none when the user wants them recorded.
pub(crate) fn marks(command: &Command, request: &Request) -> Marks {
    let operations = command.manifest.iter().flat_map(|found| &found.manifest.operations);
    Marks::new(operations.map(|operation| {
        let private = if request.record_private { Private::default() } else { operation.private.clone() };
        let marks = OperationMarks {
            volatile: operation.volatile.clone(),
            private_args: private.args,
            private_data: private.data,
            private_progress: private.progress,
        };
        (operation.name.clone(), marks)
    }))
}
