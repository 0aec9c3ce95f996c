//! From a prompt to tokens.

use contract_adapter::Failure;
use llama_cpp_2::token::LlamaToken;

use crate::fault::Fault;
use crate::model::Engine;
use crate::request::{Message, Prompt};
use crate::template::{Part, Template};

/// What comes after a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The model's answer.
    Answer,
    /// More of the prompt.
    More,
}

impl Engine {
    /// The tokens of a prompt. Texts of control tokens that it has are plain text, in messages and in a text alike; only the
    /// chat template of the model can say control tokens.
    pub(crate) fn tokens_of(&self, prompt: &Prompt, then: Then) -> Result<Vec<LlamaToken>, Failure> {
        let mut tokens = match prompt {
            Prompt::Text(text) => self.plain(text),
            Prompt::Messages(messages) => self.chat(messages, then)?,
        };
        let vocabulary = self.model.vocab();
        let begin = vocabulary.bos();
        if vocabulary.should_add_bos() && begin.0 >= 0 && tokens.first() != Some(&begin) {
            tokens.insert(0, begin);
        }
        if tokens.is_empty() {
            return Err(Failure::bad_input("the prompt has no tokens"));
        }
        Ok(tokens)
    }

    fn plain(&self, text: &str) -> Vec<LlamaToken> {
        self.model.vocab().tokenize(text.as_bytes(), false, false)
    }

    fn chat(&self, messages: &[Message], then: Then) -> Result<Vec<LlamaToken>, Fault> {
        let source = self
            .facts
            .template
            .as_deref()
            .ok_or_else(|| Fault::NoTemplate { what: "the model has no chat template".to_owned() })?;
        let vocabulary = self.model.vocab();
        let (bos, eos) = (self.text_of(vocabulary.bos()), self.text_of(vocabulary.eos()));
        let template = Template { source, bos: &bos, eos: &eos, control: self.control_texts()? };
        let parts = template.render(messages, then == Then::Answer)?;
        let tokens = parts.iter().flat_map(|part| match part {
            Part::Template(text) => vocabulary.tokenize(text.as_bytes(), false, true),
            Part::Plain(text) => self.plain(text),
        });
        Ok(tokens.collect())
    }
}
