//! From what the user typed to the file that will be executed, by reading files only (architecture, section 5).

mod executable;
mod language;
mod program;
mod resolve;
mod shim;

pub use program::{ProgramFiles, program_files};
pub use resolve::{Command, find, needs_of};
