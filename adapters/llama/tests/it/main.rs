//! What adapter-llama promises, in memory and through the real process, with a model that is made here.

#![expect(clippy::unwrap_used, reason = "what a test needs must be there")]

mod calls;
mod chat;
mod embed;
mod files;
mod forms;
mod generate;
mod hostile;
mod identity;
mod inspect;
mod lora;
mod manifest;
mod model_file;
mod mutated;
mod parallel;
mod process;
mod session;
mod state;
mod tiny_words;
