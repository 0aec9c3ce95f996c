//! `inference.generate`: a prompt or a chat to text, as it comes.

mod input;
mod task;
mod transcript;

pub(crate) use crate::generate::task::GenerateTask;
