//! The flags that name a model, for every command that runs one.

use std::path::PathBuf;

use crate::gate::Wanted;

/// Which model, as typed.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ModelArgs {
    /// The profile of the model: a LocalModelProfile
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// The model: a GGUF file, or urn:srcos:model:sha256:HEX of an imported one
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// A manifest that must know the model's bytes [default: NAME.manifest.json beside NAME.profile.json]
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// A LoRA adapter whose base the manifest pins, with its weight after a colon: caps.gguf:0.5
    #[arg(long, value_name = "FILE", value_parser = lora)]
    pub lora: Vec<(PathBuf, f64)>,
    /// A variable of the environment whose value the server of the profile wants as API key; it needs --allow env=NAME, too
    #[arg(long, value_name = "NAME")]
    pub api_key_env: Option<String>,
    /// The store of imported models [default: contract-runner/models below XDG_DATA_HOME]
    #[arg(long, value_name = "FOLDER")]
    pub store: Option<PathBuf>,
}

impl ModelArgs {
    /// What is meant.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted {
            profile: self.profile.clone(),
            model: self.model.clone(),
            manifest: self.manifest.clone(),
            loras: self.lora.clone(),
            api_key_env: self.api_key_env.clone(),
            store: self.store.clone(),
        }
    }
}

fn lora(text: &str) -> Result<(PathBuf, f64), String> {
    let Some((path, scale)) = text.rsplit_once(':') else { return Ok((text.into(), 1.0)) };
    match scale.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale != 0.0 => Ok((path.into(), scale)),
        _ => Err(format!("`{scale}` after the colon is no weight, such as 0.5")),
    }
}
