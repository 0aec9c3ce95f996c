//! A model that may be run: its profile read, its bytes looked at, its papers compared.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use contract_engine::{Failure, FoundGrant, Request, Right, Surroundings};
use contract_ipc::{Code, Timestamp};
use contract_models::{
    DigestCache, Documents, FileIdentity, Manifest, ModelError, ModelRef, Part, Sha256Digest, Store,
    digest_file,
};

use crate::ask::Ask;
use crate::completion::{Device, Lora, Model, ModelDigest, RunPlace};
use crate::egress::{self, Decision, Egress, EgressRequest, LeaseRef};
use crate::endpoint::Place;
use crate::loaded::Loaded;
use crate::profile::{Binding, Profile, Runtime};

/// Which model is meant, as typed.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A LocalModelProfile.
    pub profile: Option<PathBuf>,
    /// A GGUF file, or `urn:srcos:model:sha256:HEX` of an imported one.
    pub model: Option<String>,
    /// A ModelCarryManifest that must have an entry for the model's bytes. Without it, one beside the profile counts.
    pub manifest: Option<PathBuf>,
    /// LoRA adapters, each with its weight.
    pub loras: Vec<(PathBuf, f64)>,
    /// A variable of the environment that holds the API key of a server.
    pub api_key_env: Option<String>,
    /// The store of imported models; without it the user's own.
    pub store: Option<PathBuf>,
}

/// Told how far reading is: bytes done, and bytes in all. It says whether to go on.
pub type Reading<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// What looking at a model takes from its surroundings.
struct Looking<'a> {
    around: &'a Surroundings,
    /// Imported models.
    store: Option<PathBuf>,
    /// Digests that were computed before.
    cache: Option<DigestCache>,
    now: Timestamp,
    progress: Reading<'a>,
}

/// What a request needs that leaves this machine.
#[derive(Debug, Default)]
pub struct EgressPapers {
    /// The lease.
    pub lease: Option<LeaseRef>,
    /// The escalation decision.
    pub decision: Option<Decision>,
    /// Grant documents.
    pub grants: Vec<FoundGrant>,
}

impl EgressPapers {
    /// Reads what the user names; `root` is where relative paths begin.
    ///
    /// # Errors
    /// What cannot be read or is not valid.
    pub fn read(
        lease: Option<&str>,
        decision: Option<&Path>,
        grants: &[PathBuf],
        root: &Path,
    ) -> Result<Self, Failure> {
        let lease = lease.map(LeaseRef::parse).transpose()?;
        let decision = decision
            .map(|path| Decision::read(&contract_models::read_text(&root.join(path)).map_err(of_model)?))
            .transpose()?;
        let grants =
            grants.iter().map(|path| FoundGrant::read(&root.join(path))).collect::<Result<_, _>>()?;
        Ok(Self { lease, decision, grants })
    }
}

/// A model that may be run.
#[derive(Debug, Clone)]
pub struct Gate {
    /// What is run.
    pub binding: Binding,
    /// The profile, when one was named.
    pub profile: Option<Profile>,
    /// What receipts say of the model.
    pub model: Model,
    /// Its files as they were when their digests were taken.
    files: Vec<(PathBuf, FileIdentity)>,
    loras: Vec<(String, f64)>,
    api_key_env: Option<String>,
    is_pinned: bool,
}

impl Gate {
    /// Looks at the model that is wanted.
    ///
    /// # Errors
    /// What cannot be read, is not valid, or does not fit together. Nothing was started.
    pub fn open(
        wanted: &Wanted,
        around: &Surroundings,
        now: Timestamp,
        progress: Reading<'_>,
    ) -> Result<Self, Failure> {
        let store = wanted.store.as_ref().map(|folder| around.root.join(folder));
        let mut looking = Looking {
            around,
            store: store.or_else(|| Some(around.data_folder()?.join("models"))),
            cache: around.cache_folder().map(|folder| DigestCache::open(&folder)),
            now,
            progress,
        };
        let gate = Self::look(wanted, &mut looking);
        if let Some(cache) = &mut looking.cache {
            // A cache that cannot be written costs time and nothing else.
            let _ = cache.save();
        }
        gate
    }

    fn look(wanted: &Wanted, looking: &mut Looking<'_>) -> Result<Self, Failure> {
        let root = &looking.around.root;
        let profile = wanted.profile.as_ref().map(|path| Profile::open(&root.join(path))).transpose()?;
        let named = wanted.model.as_deref().map(|text| Named::parse(text, looking)).transpose()?;
        let binding = match (&profile, &named) {
            (Some(profile), named) => profile.binding(named.as_ref().map(|named| named.path.as_path()))?,
            (None, Some(named)) => Binding::Llama { model: named.path.clone() },
            (None, None) => {
                return Err(Failure::new(Code::ContractUsage, "no model is named")
                    .hint("Give --profile FILE or --model FILE."));
            }
        };
        match &binding {
            Binding::Endpoint { model, .. } => Ok(Self {
                model: Model {
                    name: model.clone(),
                    digest: ModelDigest::Unknown,
                    tokenizer: None,
                    loras: Vec::new(),
                },
                binding,
                profile,
                files: Vec::new(),
                loras: no_loras(wanted)?,
                api_key_env: api_key_env(wanted)?,
                is_pinned: false,
            }),
            Binding::Llama { model } => {
                if let Some(name) = &wanted.api_key_env {
                    let what = format!("--api-key-env {name}: only a profile of a server has a use for it");
                    return Err(Failure::new(Code::ContractUsage, what));
                }
                let path = model.clone();
                let papers = Papers::find(wanted, profile.as_ref(), root)?;
                let base = looking.digest(&path)?;
                let is_pinned =
                    papers.0.is_some() || named.as_ref().is_some_and(|named| named.recorded.is_some());
                if let Some(recorded) = named.and_then(|named| named.recorded)
                    && recorded != base.0
                {
                    return Err(of_model(ModelError::Mismatch {
                        what: format!("{}: the store has another digest on record", path.display()),
                        expected: recorded,
                        found: base.0,
                    }));
                }
                papers.check_base(&path, base.0)?;
                let mut gate = Self {
                    model: Model {
                        name: file_name(&path),
                        digest: ModelDigest::Computed(to_sha256(base.0)),
                        tokenizer: None,
                        loras: Vec::new(),
                    },
                    binding,
                    profile,
                    files: vec![(path, base.1)],
                    loras: Vec::new(),
                    api_key_env: None,
                    is_pinned,
                };
                for (path, scale) in &wanted.loras {
                    let path = real(&root.join(path))?;
                    let (digest, identity) = looking.digest(&path)?;
                    papers.check_lora(&path, digest, base.0)?;
                    gate.model.loras.push(Lora { digest: to_sha256(digest), scale: *scale });
                    gate.loras.push((path.display().to_string(), *scale));
                    gate.files.push((path, identity));
                }
                Ok(gate)
            }
        }
    }

    /// Whether a manifest or a record names the model's bytes.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    /// The files are those that were looked at. What it cannot see is in docs/local-model-door.md.
    ///
    /// # Errors
    /// `MODEL_CHANGED`
    pub fn check_unchanged(&self) -> Result<(), Failure> {
        for (path, before) in &self.files {
            if FileIdentity::of_path(path).ok().as_ref() != Some(before) {
                return Err(of_model(ModelError::Changed { path: path.clone() }));
            }
        }
        Ok(())
    }

    /// The files that an adapter says it uses are those that were looked at, by what the system says of the open file: a path
    /// can lead elsewhere between two looks. An adapter that says nothing of a model with files is not believed.
    ///
    /// # Errors
    /// `MODEL_CHANGED`
    pub fn check_loaded(&self, loaded: Option<&Loaded>) -> Result<(), Failure> {
        let Binding::Llama { model } = &self.binding else { return Ok(()) };
        if !loaded.is_some_and(|loaded| loaded.is(self.files.iter().map(|(_, identity)| identity))) {
            return Err(of_model(ModelError::Changed { path: model.clone() }));
        }
        self.check_unchanged()
    }

    /// Whether this request may be answered, and where it will be.
    ///
    /// # Errors
    /// `INFERENCE_REFUSED`, `INFERENCE_EGRESS_REFUSED`, `MODEL_CHANGED`
    pub fn judge(
        &self,
        ask: &Ask,
        papers: &EgressPapers,
        adapter_digest: &str,
        now: Timestamp,
    ) -> Result<RunPlace, Failure> {
        let text = ask.input_text();
        if let Some(profile) = &self.profile {
            profile.restrictions.judge_prompt(&profile.reference, &text)?;
        }
        self.check_unchanged()?;
        let Binding::Endpoint { at, .. } = &self.binding else {
            return Ok(RunPlace::OnDevice(Some(Device::Cpu)));
        };
        let judged = egress::judge(&EgressRequest {
            target: at,
            adapter: self.binding.adapter(),
            adapter_digest,
            task: ask.kind().task(),
            input_hash: &crate::sha256::Sha256::of(&text),
            lease: papers.lease.as_ref(),
            grants: &papers.grants,
            decision: papers.decision.as_ref(),
            now,
        })?;
        Ok(match judged {
            Egress::Stays => RunPlace::OnDevice(None),
            Egress::Permitted(permit) => RunPlace::OffDevice(permit),
        })
    }

    /// Completes the request for a run of the adapter. The operator who names a model lets its adapter read these files, and gives it
    /// what its manifest asks for when it came with the runner; a connection is asked for, and only the operator's own `--allow` or
    /// grant gives it.
    ///
    /// Calls will be of `ops`. `cpu` is the most processor time of the run, as in [`Request::limits`]: models take more than other adapters. A limit that the
    /// operator set holds instead.
    pub fn complete(&self, request: &mut Request, ops: &[&str], cpu: &str) {
        request.limits.insert(0, format!("cpu={cpu}"));
        self.binding.adapter().clone_into(&mut request.adapter);
        request.delegates_asks = true;
        let reads = self.files.iter().map(|(path, _)| Right::Read(path.clone()).to_string());
        request.allow.extend(reads);
        request.asks.extend(self.binding.asks().iter().map(ToString::to_string));
        request.asks.extend(self.files.iter().skip(1).map(|(path, _)| Right::Read(path.clone()).to_string()));
        request.asks.extend(self.api_key_env.iter().map(|name| Right::Env(name.clone()).to_string()));
        request.calls = contract_engine::Calls::Live(ops.iter().map(|&op| op.to_owned()).collect());
    }

    /// The arguments of the operation for a request.
    #[must_use]
    pub fn args(&self, ask: &Ask) -> Vec<u8> {
        ask.args(&self.binding, &self.loras, self.api_key_env.as_deref())
    }

    /// Whether the prompt stays on this machine, told by address.
    #[must_use]
    pub fn is_on_device(&self) -> bool {
        match &self.binding {
            Binding::Llama { .. } => true,
            Binding::Endpoint { at, .. } => matches!(at.place(), Place::Loopback(_)),
        }
    }
}

impl Looking<'_> {
    fn digest(&mut self, path: &Path) -> Result<(Sha256Digest, FileIdentity), Failure> {
        let digested = digest_file(path, self.now.unix_ms(), self.cache.as_mut(), &mut *self.progress)
            .map_err(of_model)?;
        Ok((digested.sha256, digested.identity))
    }
}

/// A model that the user named.
struct Named {
    path: PathBuf,
    /// The digest that the store has on record.
    recorded: Option<Sha256Digest>,
}

impl Named {
    fn parse(text: &str, looking: &Looking<'_>) -> Result<Self, Failure> {
        if text.starts_with("urn:") {
            let reference: ModelRef = text
                .parse()
                .map_err(|error| Failure::new(Code::ContractUsage, format!("--model: {error}")))?;
            let folder = looking.store.as_ref().ok_or_else(|| {
                Failure::new(Code::ContractUsage, "neither XDG_DATA_HOME nor HOME says where the store is")
                    .hint("Name it with --store FOLDER.")
            })?;
            let found = Store::new(folder).get(&Documents::default(), reference).map_err(of_model)?;
            return Ok(Self { path: real(&found.path)?, recorded: Some(reference.0) });
        }
        Ok(Self { path: real(&looking.around.root.join(text))?, recorded: None })
    }
}

/// The manifest that speaks of the model, when there is one.
struct Papers(Option<(PathBuf, Manifest)>);

impl Papers {
    fn find(wanted: &Wanted, profile: Option<&Profile>, root: &Path) -> Result<Self, Failure> {
        let beside = || {
            let path = root.join(wanted.profile.as_ref()?);
            let stem = path.file_name()?.to_str()?.strip_suffix(".profile.json")?;
            let beside = path.with_file_name(format!("{stem}.manifest.json"));
            // It speaks of the file that the profile names, not of another one.
            let is_own = wanted.model.is_none()
                && matches!(profile.map(|profile| &profile.runtime), Some(Runtime::Llama(_)));
            // A link that leads nowhere is a manifest that cannot be read, and not none.
            (is_own && beside.symlink_metadata().is_ok()).then_some(beside)
        };
        let Some(path) = wanted.manifest.as_ref().map(|path| root.join(path)).or_else(beside) else {
            return Ok(Self(None));
        };
        let manifest = Manifest::read(&Documents::default(), &path).map_err(of_model)?;
        Ok(Self(Some((path, manifest))))
    }

    /// A manifest names every model that may be used with it: other bytes are a hard stop.
    fn check_base(&self, path: &Path, found: Sha256Digest) -> Result<(), Failure> {
        let Some((manifest_path, manifest)) = &self.0 else { return Ok(()) };
        let bases = || manifest.entries.iter().filter(|entry| matches!(entry.part, Part::Base));
        if bases().any(|entry| entry.content == found) {
            return Ok(());
        }
        let what = format!("{}: {} has no base with these bytes", path.display(), manifest_path.display());
        match bases().next() {
            Some(entry) => Err(of_model(ModelError::Mismatch { what, expected: entry.content, found })),
            None => Err(Failure::new(Code::ModelDigestMismatch, what)),
        }
    }

    /// An adapter runs only on the base that a manifest pins for it.
    fn check_lora(&self, path: &Path, lora: Sha256Digest, base: Sha256Digest) -> Result<(), Failure> {
        let refused = |what: String| {
            Failure::new(Code::ModelAdapterBase, format!("{}: {what}", path.display()))
                .hint("Give --manifest FILE with an entry that pins the base of this adapter.")
        };
        let Some((manifest_path, manifest)) = &self.0 else {
            return Err(refused("no manifest says which base it is for".to_owned()));
        };
        let pins = manifest.with_content(lora).find_map(|entry| match &entry.part {
            Part::Adapter(pin) => Some(pin),
            Part::Base => None,
        });
        match pins {
            Some(pin) => pin.check(base).map_err(of_model),
            None => Err(refused(format!("{} has no adapter with these bytes", manifest_path.display()))),
        }
    }
}

fn no_loras(wanted: &Wanted) -> Result<Vec<(String, f64)>, Failure> {
    match wanted.loras.first() {
        None => Ok(Vec::new()),
        Some((path, _)) => Err(Failure::new(
            Code::ContractUsage,
            format!("{}: an adapter cannot be given to a server, which has its models", path.display()),
        )),
    }
}

/// The name of the variable, if it can be one.
fn api_key_env(wanted: &Wanted) -> Result<Option<String>, Failure> {
    let Some(name) = &wanted.api_key_env else { return Ok(None) };
    Right::check_form(&Right::Env(name.clone()).to_string())
        .map_err(|error| Failure::new(Code::ContractUsage, format!("--api-key-env {name}: {}", error.why)))?;
    Ok(Some(name.clone()))
}

pub(crate) fn real(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize()
        .map_err(|error| Failure::new(Code::ContractInputUnreadable, format!("{}: {error}", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn to_sha256(digest: Sha256Digest) -> crate::sha256::Sha256 {
    crate::sha256::Sha256::parse(&format!("sha256:{digest}")).expect("it has 64 hex digits")
}

pub(crate) fn of_model(error: ModelError) -> Failure {
    Failure::new(error.code(), error.to_string())
}
