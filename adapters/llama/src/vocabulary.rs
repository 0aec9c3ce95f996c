//! The texts of all tokens, in an order in which what two have in common is looked at once.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::gbnf::{State, TooMuch, Ways};

/// Tokens with their bytes, sorted by these. Control tokens, which have none, are not among them.
pub(crate) struct Vocabulary {
    pieces: Vec<(Box<[u8]>, i32)>,
    size: usize,
}

impl Vocabulary {
    pub(crate) fn of(model: &LlamaModel) -> Self {
        let vocabulary = model.vocab();
        let mut size = 0;
        let mut pieces = Vec::new();
        for token in vocabulary.tokens() {
            size += 1;
            let mut bytes = Vec::new();
            vocabulary.token_to_piece_into(token, &mut bytes, false, None);
            if !bytes.is_empty() && !vocabulary.is_eog(token) {
                pieces.push((bytes.into_boxed_slice(), token.0));
            }
        }
        pieces.sort_unstable();
        Self { pieces, size }
    }

    /// Of each token, whether its bytes may follow.
    pub(crate) fn fitting(&self, ways: &mut Ways, state: State) -> Result<Vec<bool>, TooMuch> {
        let mut fits = vec![false; self.size];
        // The states after each byte of the piece before, as far as it could follow.
        let mut path = vec![state];
        let mut before: &[u8] = &[];
        for (piece, token) in &self.pieces {
            let shared = before.iter().zip(piece).take_while(|(one, other)| one == other).count();
            before = piece;
            if shared >= path.len() {
                // It begins with what could not follow.
                continue;
            }
            path.truncate(shared + 1);
            for &byte in &piece[shared..] {
                match ways.step(path[path.len() - 1], byte)? {
                    Some(next) => path.push(next),
                    None => break,
                }
            }
            fits[*token as usize] = path.len() == piece.len() + 1;
        }
        Ok(fits)
    }
}

/// Whether a token fits by its number; one that the vocabulary does not have fits nothing.
pub(crate) fn is_fitting(fits: &[bool], token: LlamaToken) -> bool {
    usize::try_from(token.0).is_ok_and(|token| fits.get(token).copied().unwrap_or(false))
}
