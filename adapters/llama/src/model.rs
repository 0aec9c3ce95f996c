//! The model that is loaded. It stays as long as requests name the same file with the same content.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use contract_adapter::{Context, Failure, Progress};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token_type::LlamaTokenAttr;

use crate::backend::backend;
use crate::facts::{Facts, Kind};
use crate::fault::Fault;
use crate::file::{Identity, Loaded as LoadedFiles, ModelFile};
use crate::gguf::Gguf;
use crate::lora;
use crate::memory::{Budget, Estimate, Room};
use crate::request::{LoraFile, Wanted};
use crate::seat::{BATCH, Lease, Purpose, Seat, Shape};
use crate::state::Prefix;
use crate::template::ControlTexts;
use crate::vocabulary::Vocabulary;

/// The context when nobody says how long it is to be. Tokens.
const DEFAULT_CONTEXT: u32 = 4096;
/// How much further loading has to be for the next message.
const FRACTION_STEP: f32 = 0.05;
/// Contexts that wait for the next request.
const MOST_IDLE: usize = 4;

/// A loaded model, with its adapter if it has one.
pub(crate) struct Engine {
    pub(crate) model: LlamaModel,
    lora: Option<(RefCell<LlamaLoraAdapter>, f32)>,
    pub(crate) path: String,
    /// The files that it was loaded from.
    pub(crate) loaded: LoadedFiles,
    pub(crate) facts: Facts,
    estimate: Estimate,
    control: OnceCell<ControlTexts>,
    vocabulary: OnceCell<Vocabulary>,
    _memory: Lease,
}

/// All that is kept between requests.
#[derive(Default)]
pub(crate) struct Models {
    loaded: Option<Loaded>,
    idle: Vec<Seat>,
    /// Bytes of models and contexts, those of open requests included.
    in_use: Rc<Cell<u64>>,
    pub(crate) prefix: Option<Prefix>,
}

struct Loaded {
    key: Key,
    engine: Rc<Engine>,
}

/// What a loaded model is told from others by.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    path: String,
    identity: Identity,
    lora: Option<(LoraFile, Identity)>,
}

impl Engine {
    /// The text of a token as the vocabulary has it; empty when there is no such token.
    pub(crate) fn text_of(&self, token: LlamaToken) -> String {
        let vocabulary = self.model.vocab();
        let text = (token.0 >= 0).then(|| vocabulary.text(token)).flatten();
        text.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Texts that llama.cpp reads as tokens only when it is told to.
    pub(crate) fn control_texts(&self) -> Result<&ControlTexts, Fault> {
        if let Some(texts) = self.control.get() {
            return Ok(texts);
        }
        let vocabulary = self.model.vocab();
        let control = vocabulary.tokens().filter(|&token| {
            vocabulary.attr(token).intersects(LlamaTokenAttr::Control | LlamaTokenAttr::Unknown)
        });
        let texts = ControlTexts::new(control.map(|token| self.text_of(token)))?;
        Ok(self.control.get_or_init(|| texts))
    }

    /// The texts of its tokens.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| Vocabulary::of(&self.model))
    }

    pub(crate) fn apply_lora(&self, context: &mut LlamaContext<'_>) -> Result<(), Fault> {
        let Some((lora, scale)) = &self.lora else { return Ok(()) };
        context
            .lora_adapter_set(&mut lora.borrow_mut(), *scale)
            .map_err(|error| Fault::Engine { what: error.to_string() })
    }

    /// Tokens that a context has room for, as the request or the model says.
    pub(crate) fn context_tokens(&self, wanted: Option<u32>) -> Result<u32, Failure> {
        let own = self.facts.context_tokens.and_then(|own| u32::try_from(own).ok());
        match (wanted, own) {
            (Some(wanted), Some(own)) if wanted > own => Err(Failure::bad_input(format!(
                "contextTokens is {wanted}, and the model was made for at most {own}"
            ))),
            (Some(wanted), _) => Ok(wanted),
            (None, Some(own)) => Ok(own.min(DEFAULT_CONTEXT)),
            (None, None) => Ok(DEFAULT_CONTEXT),
        }
    }
}

impl Models {
    /// The model that is wanted: the loaded one, or loaded now.
    pub(crate) fn open(&mut self, wanted: &Wanted, context: &mut Context<'_>) -> Result<Rc<Engine>, Failure> {
        let key = Key::of(wanted)?;
        if let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.key == key) {
            return Ok(Rc::clone(&loaded.engine));
        }
        // Open requests keep theirs until they end.
        self.idle.clear();
        self.loaded = None;
        self.prefix = None;
        let files = Files::open(&key)?;
        let gguf = files.model.gguf()?;
        let facts = Facts::of(&gguf, &key.path)?;
        if facts.kind == Kind::Adapter {
            let what = "it is an adapter and no whole model; name its base as model, and it among adapters";
            return Err(Fault::Unsupported { path: key.path, what: what.to_owned() }.into());
        }
        if let (Some((lora, _)), Some(file)) = (&key.lora, &files.lora) {
            lora::check(&lora.path, file, &gguf, &facts)?;
        }
        let lease = self.fits(&key.path, &facts, &gguf, wanted)?;
        let engine = load(&key, &files, facts, lease, context)?;
        if !files.are_those_of(&key) || Key::of(wanted)? != key {
            return Err(Fault::Changed { path: key.path }.into());
        }
        let engine = Rc::new(engine);
        self.loaded = Some(Loaded { key, engine: Rc::clone(&engine) });
        Ok(engine)
    }

    /// Whether the model, and one context for it, fits into memory.
    fn fits(
        &self,
        path: &str,
        facts: &Facts,
        gguf: &Gguf,
        wanted: &Wanted,
    ) -> Result<(Estimate, Lease), Fault> {
        let own = facts.context_tokens.and_then(|own| u32::try_from(own).ok()).unwrap_or(DEFAULT_CONTEXT);
        let context = wanted.context_tokens.unwrap_or(own.min(DEFAULT_CONTEXT));
        let estimate = Estimate::of(facts, gguf, Room { context, batch: BATCH });
        Budget::here()
            .check(estimate, self.in_use.get())
            .map_err(|shortage| Fault::Memory { path: path.to_owned(), shortage })?;
        Ok((estimate, Lease::new(&self.in_use, estimate.copied)))
    }

    /// A context of a shape: one that waits, or a new one. It remembers nothing.
    pub(crate) fn seat(&mut self, engine: &Rc<Engine>, shape: Shape) -> Result<Seat, Fault> {
        let waiting =
            self.idle.iter().position(|seat| seat.shape == shape && Rc::ptr_eq(seat.engine(), engine));
        if let Some(at) = waiting {
            let mut seat = self.idle.swap_remove(at);
            seat.clear()?;
            return Ok(seat);
        }
        let (kv, compute) = Estimate::of_context(&engine.facts, shape.room);
        let estimate = Estimate { mapped: engine.estimate.mapped, copied: 0, kv, compute };
        let budget = Budget::here();
        if budget.check(estimate, self.in_use.get()).is_err() {
            self.idle.clear();
        }
        budget
            .check(estimate, self.in_use.get())
            .map_err(|shortage| Fault::Memory { path: engine.path.clone(), shortage })?;
        let lease = Lease::new(&self.in_use, estimate.context());
        Seat::new(Rc::clone(engine), shape, lease)
    }

    /// Keeps a context for the next request of its shape.
    pub(crate) fn give_back(&mut self, seat: Seat) {
        let is_current = self.loaded.as_ref().is_some_and(|loaded| Rc::ptr_eq(&loaded.engine, seat.engine()));
        if is_current {
            if self.idle.len() >= MOST_IDLE {
                self.idle.remove(0);
            }
            self.idle.push(seat);
        }
    }
}

impl Shape {
    /// That of a context for text.
    pub(crate) fn of_text(context: u32, threads: u32) -> Self {
        Self { room: Room { context, batch: BATCH.min(context) }, threads, purpose: Purpose::Text }
    }
}

impl Key {
    fn of(wanted: &Wanted) -> Result<Self, Failure> {
        let lora = match wanted.adapters.as_slice() {
            [] => None,
            [one] => Some((one.clone(), Identity::of(&one.path)?)),
            _ => return Err(Failure::bad_input("one adapter at a time can be used")),
        };
        Ok(Self { path: wanted.model.clone(), identity: Identity::of(&wanted.model)?, lora })
    }
}

/// The open files of a model.
struct Files {
    model: ModelFile,
    lora: Option<ModelFile>,
}

impl Files {
    fn open(key: &Key) -> Result<Self, Fault> {
        let lora = key.lora.as_ref().map(|(file, _)| ModelFile::open(&file.path)).transpose()?;
        Ok(Self { model: ModelFile::open(&key.path)?, lora })
    }

    fn all(&self) -> impl Iterator<Item = &ModelFile> {
        std::iter::once(&self.model).chain(&self.lora)
    }

    /// Whether they are the ones that were asked for, as they were then.
    fn are_those_of(&self, key: &Key) -> bool {
        let wanted = std::iter::once(&key.identity).chain(key.lora.iter().map(|(_, identity)| identity));
        self.all().map(|file| &file.identity).eq(wanted) && self.all().all(ModelFile::is_unchanged)
    }
}

fn load(
    key: &Key,
    files: &Files,
    facts: Facts,
    (estimate, memory): (Estimate, Lease),
    context: &mut Context<'_>,
) -> Result<Engine, Failure> {
    let mut model = load_model(&key.path, &files.model, context)?;
    let lora = match (&key.lora, &files.lora) {
        (Some((wanted, _)), Some(file)) => {
            Some((RefCell::new(lora::load(&mut model, &wanted.path, file)?), wanted.scale))
        }
        _ => None,
    };
    let path = key.path.clone();
    let loaded = LoadedFiles { files: files.all().map(|file| file.identity.into()).collect() };
    Ok(Engine {
        model,
        lora,
        path,
        loaded,
        facts,
        estimate,
        control: OnceCell::new(),
        vocabulary: OnceCell::new(),
        _memory: memory,
    })
}

/// Loads in a thread of its own, so that this one can tell how far it is and hear a cancel.
fn load_model(path: &str, file: &ModelFile, context: &mut Context<'_>) -> Result<LlamaModel, Failure> {
    let backend = backend()?;
    let (said, heard) = mpsc::channel();
    let stop = Arc::new(AtomicBool::new(false));
    let loader = {
        let (link, stop) = (file.link(), Arc::clone(&stop));
        std::thread::spawn(move || {
            let params = LlamaModelParams::default().with_n_gpu_layers(0).with_use_mmap(true);
            let params = params.with_progress_callback(move |fraction| {
                // Nobody listens any more only when the load is given up.
                said.send(fraction).is_ok() && !stop.load(Ordering::Relaxed)
            });
            let loaded = LlamaModel::load_from_file(backend, link, &params);
            loaded.map_err(|error| crate::log::last_complaints().unwrap_or_else(|| error.to_string()))
        })
    };
    let (mut told, mut cancelled) = (f32::NEG_INFINITY, None);
    for fraction in heard {
        if cancelled.is_none() && (fraction >= told + FRACTION_STEP || fraction >= 1.0 && told < 1.0) {
            told = fraction;
            let progress = Progress::new().fraction(f64::from(fraction)).message("loading the model");
            if let Err(failure) = context.progress(progress) {
                stop.store(true, Ordering::Relaxed);
                cancelled = Some(failure);
            }
        }
    }
    let loaded = loader.join();
    if let Some(failure) = cancelled {
        return Err(failure);
    }
    match loaded {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(what)) => Err(not_loaded(path, what.replace(&file.link(), path))),
        Err(_) => Err(Fault::Engine { what: "the thread that loads panicked".to_owned() }.into()),
    }
}

fn not_loaded(path: &str, what: String) -> Failure {
    let path = path.to_owned();
    // llama-model-loader.cpp: "unknown model architecture: '...'".
    if what.contains("unknown model architecture") {
        return Fault::Unsupported { path, what: format!("llama.cpp does not know it: {what}") }.into();
    }
    Fault::NotLoaded { path, what }.into()
}

/// Milliseconds since a moment.
pub(crate) fn ms_since(begin: Instant) -> f64 {
    // Whole microseconds: more is noise.
    (begin.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0
}
