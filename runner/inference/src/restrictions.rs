//! What a profile may do to a request: make it smaller, or refuse it.

use std::num::NonZeroU64;

use contract_engine::Failure;
use contract_ipc::Code;

/// The limits of a profile.
///
/// A profile can only restrict. This type has no member for egress, network, tools, downloads, training, promotion or lifecycle:
/// what a document says about them is judged (it must say no) and dropped, so that no code after the parser can read it as leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restrictions {
    max_prompt_chars: Option<NonZeroU64>,
}

impl Restrictions {
    pub(crate) fn new(max_prompt_chars: Option<NonZeroU64>) -> Self {
        Self { max_prompt_chars }
    }

    /// Whether a prompt of so many characters may be answered. Characters are Unicode scalar values of the input text.
    ///
    /// # Errors
    /// `INFERENCE_REFUSED`
    pub fn judge_prompt(&self, profile: &str, text: &str) -> Result<(), Failure> {
        let Some(most) = self.max_prompt_chars else { return Ok(()) };
        let length = text.chars().count() as u64;
        if length <= most.get() {
            return Ok(());
        }
        let what = format!("the prompt has {length} characters, {profile} takes at most {most}");
        Err(Failure::new(Code::InferenceRefused, what)
            .hint("Shorten the prompt, or choose a profile that takes more."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_over_the_limit_is_refused_with_both_numbers() {
        let limits = Restrictions::new(NonZeroU64::new(4));
        limits.judge_prompt("p", "äöü€").unwrap();
        let refused = limits.judge_prompt("p", "äöü€5").unwrap_err();
        assert_eq!(refused.code, Code::InferenceRefused);
        assert!(refused.message.contains("5 characters") && refused.message.contains("at most 4"));
        Restrictions::default().judge_prompt("p", "any").unwrap();
    }
}
