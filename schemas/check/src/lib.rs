//! Documents against their schema and the rules of their family: text in, violations with places out.
//!
//! ```
//! use contract_check::{Checker, Options};
//!
//! let checker = Checker::new(Options::default());
//! let text = br#"{"v": "grant.v0", "issuer": "me"}"#;
//! let checked = checker.check(&mut contract_json::Tape::new(), text, None)?;
//! assert_eq!(checked.kind.unwrap().name, "grant.v0");
//! assert_eq!(checked.violations[0].rule.id, "SCHEMA_REQUIRED");
//! # Ok::<(), contract_json::JsonError>(())
//! ```

mod check;
mod digest;
mod duplicate;
mod exchange;
mod families;
mod kind;
mod locate;
mod node;
pub mod places;
mod recognise;
mod report;
mod rule;
mod secrets;
mod structure;
mod structure_rules;
mod text;
mod time;

pub use check::{Checked, Checker};
pub use exchange::Exchange;
pub use families::{FAMILIES, Family, RootFault, judge_root, kind, kinds, rule, rules, structure_rules};
pub use kind::{Check, Kind, Mark};
pub use node::Node;
pub use report::{Options, Report, Violation};
pub use rule::{Example, Rule, Severity};
pub use time::Time;
