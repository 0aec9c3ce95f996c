//! Finds the lines of a file that have a word.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use contract_adapter::{Adapter, Answer, Context, Failure, Offer, Progress, serve};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Find {
    path: String,
    word: String,
}

#[derive(Serialize)]
struct Found {
    lines: Vec<usize>,
}

struct FindLines;

impl FindLines {
    fn find(&mut self, find: Find, context: &mut Context<'_>) -> Result<Answer<Found>, Failure> {
        let mut lines = Vec::new();
        for (index, line) in BufReader::new(File::open(&find.path)?).lines().enumerate() {
            if line?.contains(&find.word) {
                lines.push(index + 1);
            }
            if index % 1000 == 999 {
                context.progress(Progress::new().message("still reading"))?;
            }
        }
        Ok(if lines.is_empty() { Answer::No(Found { lines }) } else { Answer::Yes(Found { lines }) })
    }
}

impl Adapter for FindLines {
    fn offer(&self) -> Offer<Self> {
        Offer::from_manifest(include_str!("adapter.json")).operation("lines.find", Self::find)
    }
}

fn main() -> ExitCode {
    serve(FindLines)
}

#[cfg(test)]
mod tests {
    use contract_adapter::{End, Harness};
    use serde_json::json;

    use super::FindLines;

    #[test]
    fn finds_lines_and_says_no_when_there_are_none() {
        let mut adapter = Harness::new(FindLines);
        let found = adapter.call("lines.find", json!({"path": "Cargo.toml", "word": "contract-adapter"}));
        assert_eq!(found.data(), &json!({"lines": [2]}));
        let none = adapter.call("lines.find", json!({"path": "Cargo.toml", "word": "aardvark"}));
        assert_eq!(none.end, End::Result { ok: false, data: json!({"lines": []}) });
    }

    #[test]
    fn names_the_error_of_a_missing_file() {
        let called = Harness::new(FindLines).call("lines.find", json!({"path": "/missing", "word": "a"}));
        assert_eq!(called.code(), "ADAPTER_IO");
    }
}
