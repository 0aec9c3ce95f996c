//! A context of llama.cpp: KV cache and buffers for one request at a time.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use self_cell::self_cell;
use serde::Deserialize;

use crate::backend::backend;
use crate::fault::Fault;
use crate::memory::Room;
use crate::model::Engine;

/// Tokens of a prompt that are computed at once, and so the longest that a cancel waits while a prompt is read. With fewer a prompt
/// takes longer, with more not less (docs/benchmarks.md).
pub(crate) const BATCH: u32 = 128;

/// What a context is made for; one that exists serves a request of the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) room: Room,
    pub(crate) threads: u32,
    pub(crate) purpose: Purpose,
}

/// What comes out of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Text,
    Embedding(Pooling),
}

/// How the vectors of the tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pooling {
    /// As the model says; the mean when it says nothing.
    #[default]
    Model,
    Mean,
    Cls,
    Last,
}

self_cell! {
    struct Bound {
        owner: Rc<Engine>,
        #[covariant]
        dependent: LlamaContext,
    }
}

/// A context and the model that it belongs to.
pub(crate) struct Seat {
    bound: Bound,
    pub(crate) shape: Shape,
    /// Given back when the context is gone.
    _memory: Lease,
}

impl Seat {
    pub(crate) fn new(engine: Rc<Engine>, shape: Shape, memory: Lease) -> Result<Self, Fault> {
        let threads = i32::try_from(shape.threads).unwrap_or(1);
        let mut params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(shape.room.context))
            .with_n_batch(shape.room.batch)
            .with_n_ubatch(shape.room.batch)
            .with_n_seq_max(1)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_no_perf(true);
        if let Purpose::Embedding(pooling) = shape.purpose {
            params = params.with_embeddings(true).with_pooling_type(engine.pooling(pooling)?);
        }
        let backend = backend()?;
        crate::log::forget();
        let bound = Bound::try_new(engine, |engine| {
            let mut context = engine.model.new_context(backend, params).map_err(|error| Fault::Engine {
                what: crate::log::last_complaints().unwrap_or_else(|| error.to_string()),
            })?;
            engine.apply_lora(&mut context)?;
            Ok::<_, Fault>(context)
        })?;
        Ok(Self { bound, shape, _memory: memory })
    }

    pub(crate) fn engine(&self) -> &Rc<Engine> {
        self.bound.borrow_owner()
    }

    pub(crate) fn context(&self) -> &LlamaContext<'_> {
        self.bound.borrow_dependent()
    }

    pub(crate) fn with<R>(&mut self, work: impl FnOnce(&mut LlamaContext<'_>) -> R) -> R {
        self.bound.with_dependent_mut(|_, context| work(context))
    }

    /// Computes `tokens`, of which the first is at position `from`. The batch is reused space.
    pub(crate) fn decode(
        &mut self,
        batch: &mut LlamaBatch<'_>,
        tokens: &[LlamaToken],
        from: usize,
        wants_logits: bool,
    ) -> Result<(), Fault> {
        batch.clear();
        for (index, &token) in tokens.iter().enumerate() {
            let position = i32::try_from(from + index).expect("a context has fewer than 2^31 tokens");
            let is_last = index + 1 == tokens.len();
            batch.add(token, position, &[0], wants_logits && is_last).expect("a batch has room for its size");
        }
        crate::log::forget();
        self.with(|context| context.decode(batch)).map_err(|error| Fault::Engine {
            what: crate::log::last_complaints().unwrap_or_else(|| error.to_string()),
        })
    }

    /// Forgets the tokens of the request before.
    pub(crate) fn clear(&mut self) -> Result<(), Fault> {
        self.with(|context| context.clear_kv_cache_seq(Some(0), None, None))
            .map(|_| ())
            .map_err(|error| Fault::Engine { what: error.to_string() })
    }
}

impl Engine {
    /// What llama.cpp is told.
    fn pooling(&self, pooling: Pooling) -> Result<LlamaPoolingType, Fault> {
        match pooling {
            Pooling::Mean => Ok(LlamaPoolingType::Mean),
            Pooling::Cls => Ok(LlamaPoolingType::Cls),
            Pooling::Last => Ok(LlamaPoolingType::Last),
            // The numbers are llama.h's `llama_pooling_type`; 0 is none, as generating models have it.
            Pooling::Model => match self.facts.pooling {
                None | Some(0 | 1) => Ok(LlamaPoolingType::Mean),
                Some(2) => Ok(LlamaPoolingType::Cls),
                Some(3) => Ok(LlamaPoolingType::Last),
                Some(_) => Err(Fault::Unsupported {
                    path: self.path.clone(),
                    what: "it ranks texts and gives no embeddings, unless pooling is mean, cls or last"
                        .to_owned(),
                }),
            },
        }
    }
}

/// Bytes that are in use, counted until this is dropped.
pub(crate) struct Lease {
    total: Rc<Cell<u64>>,
    bytes: u64,
}

impl Lease {
    pub(crate) fn new(total: &Rc<Cell<u64>>, bytes: u64) -> Self {
        total.set(total.get().saturating_add(bytes));
        Self { total: Rc::clone(total), bytes }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.total.set(self.total.get().saturating_sub(self.bytes));
    }
}
