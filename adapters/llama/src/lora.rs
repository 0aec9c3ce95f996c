//! LoRA adapters: whether one fits its base, before llama.cpp sees it.

use std::collections::BTreeMap;

use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};

use crate::facts::{Facts, Kind};
use crate::fault::Fault;
use crate::file::ModelFile;
use crate::gguf::{Gguf, Tensor};

/// Refuses an adapter whose tensors do not fit those of the base.
pub(crate) fn check(path: &str, file: &ModelFile, base: &Gguf, base_facts: &Facts) -> Result<(), Fault> {
    let adapter = file.gguf()?;
    let wrong = |what: String| Fault::Lora { path: path.to_owned(), what };
    let facts = Facts::of(&adapter, path)?;
    if facts.kind != Kind::Adapter || adapter.text("adapter.type") != Some("lora") {
        return Err(wrong(
            "it is no LoRA adapter (`general.type` adapter and `adapter.type` lora)".to_owned(),
        ));
    }
    if facts.architecture != base_facts.architecture {
        let (own, base) = (&facts.architecture, &base_facts.architecture);
        return Err(wrong(format!(
            "it was made for architecture {own}, and the model is {base}; take the base that it was made for"
        )));
    }
    pairs(&adapter).map_err(&wrong)?.into_iter().try_for_each(|(name, (a, b))| {
        let target = base
            .tensor(name)
            .ok_or_else(|| wrong(format!("it changes `{name}`, which the model does not have")))?;
        if fits(target, name, a, b) {
            return Ok(());
        }
        Err(wrong(format!(
            "it was made for another model: the shapes {:?} and {:?} do not go with `{name}` of {:?}",
            a.shape, b.shape, target.shape
        )))
    })
}

type Pairs<'a> = BTreeMap<&'a str, (&'a Tensor, &'a Tensor)>;

/// The two factors of each tensor that is changed.
fn pairs(adapter: &Gguf) -> Result<Pairs<'_>, String> {
    let mut halves: BTreeMap<&str, [Option<&Tensor>; 2]> = BTreeMap::new();
    for tensor in &adapter.tensors {
        let half = [".lora_a", ".lora_b"].iter().position(|end| tensor.name.ends_with(end));
        let Some(half) = half else {
            return Err(format!("its tensor `{}` is no part of a LoRA", tensor.name));
        };
        halves.entry(&tensor.name[..tensor.name.len() - ".lora_a".len()]).or_default()[half] = Some(tensor);
    }
    if halves.is_empty() {
        return Err("it has no tensors".to_owned());
    }
    halves
        .into_iter()
        .map(|(name, halves)| match halves {
            [Some(a), Some(b)] => Ok((name, (a, b))),
            _ => Err(format!("of `{name}` one of the two factors is missing")),
        })
        .collect()
}

/// As llama-adapter.cpp has it: a is in x rank, b is rank x out; for token embeddings both are the other way round.
fn fits(target: &Tensor, name: &str, a: &Tensor, b: &Tensor) -> bool {
    let (&[t0, t1, ..], &[a0, a1, ..], &[b0, b1, ..]) =
        (target.shape.as_slice(), a.shape.as_slice(), b.shape.as_slice())
    else {
        return false;
    };
    if name == "token_embd.weight" {
        return t0 == b1 && t1 == a1 && a0 == b0;
    }
    t0 == a0 && t1 == b1 && a1 == b0
}

/// Loads one that was checked.
pub(crate) fn load(model: &mut LlamaModel, path: &str, file: &ModelFile) -> Result<LlamaLoraAdapter, Fault> {
    crate::log::forget();
    let link = file.link();
    model.lora_adapter_init(&link).map_err(|error| {
        let what = crate::log::last_complaints().unwrap_or_else(|| error.to_string());
        Fault::Lora { path: path.to_owned(), what: what.replace(&link, path) }
    })
}
