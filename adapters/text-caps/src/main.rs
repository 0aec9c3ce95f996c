//! Upper-case a text: the smallest adapter.

use std::process::ExitCode;

use contract_adapter::{Adapter, Context, Failure, Offer, serve};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Text {
    text: String,
}

struct TextCaps;

impl TextCaps {
    fn caps(&mut self, input: Text, _: &mut Context<'_>) -> Result<Text, Failure> {
        Ok(Text { text: input.text.to_uppercase() })
    }
}

impl Adapter for TextCaps {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("../adapter.json")).operation("text.caps", Self::caps)
    }
}

fn main() -> ExitCode {
    serve(TextCaps)
}
