//! Contracts for tests of lanes.

use serde_json::{Value, json};

use crate::command::{Bench, Done};
use crate::prefix::Prefix;

/// A contract of one lane called `lane`, with these steps and promises.
pub(crate) fn contract(steps: &[(&str, &str)], emit: &[&str]) -> Value {
    let steps: Vec<Value> = steps.iter().map(|(name, run)| json!({"name": name, "run": run})).collect();
    json!({
        "api_version": "workstation-contracts.socios.io/v0.1",
        "kind": "WorkstationContract",
        "metadata": {"id": "test-lane"},
        "spec": {"lanes": [{"name": "lane", "backend": {"type": "pixi", "pixi": {}}, "steps": steps, "evidence": {"emit": emit}}]},
    })
}

/// A place with an installation and a contract.
pub(crate) struct LaneBench {
    pub(crate) bench: Bench,
    pub(crate) prefix: Prefix,
}

impl LaneBench {
    pub(crate) fn new(contract: &Value) -> Self {
        let bench = Bench::new();
        bench.write("contract.json", &contract.to_string());
        Self { bench, prefix: Prefix::new() }
    }

    pub(crate) fn steps(steps: &[(&str, &str)]) -> Self {
        Self::new(&contract(steps, &[]))
    }

    /// `lane run` into `out`, in the sandbox; `flags` are separated by blanks.
    pub(crate) fn run(&self, flags: &str) -> Done {
        let fixed = ["lane", "run", "contract.json", "--backend", "sandbox", "--out", "out"];
        self.prefix.run(&self.bench, fixed.into_iter().chain(flags.split_whitespace()))
    }

    pub(crate) fn plan(&self, flags: &str) -> Done {
        let fixed = ["lane", "plan", "contract.json", "--backend", "sandbox"];
        self.prefix.run(&self.bench, fixed.into_iter().chain(flags.split_whitespace()))
    }

    pub(crate) fn receipt(&self) -> Value {
        serde_json::from_str(&self.bench.text("out/lane-receipt.json")).unwrap()
    }

    /// How each step ended.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let receipt = self.receipt();
        let steps = receipt["steps"].as_array().unwrap();
        steps.iter().map(|step| step["status"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn verify(&self, status: i32) -> Done {
        let done = self.bench.run(["verify", "out"]);
        done.expect(status);
        done
    }

    pub(crate) fn evidence(&self, key: &str) -> Value {
        serde_json::from_str(&self.bench.text(&format!("out/evidence/{key}.json"))).unwrap()
    }
}
