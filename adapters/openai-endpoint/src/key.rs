//! The API key: a granted variable of the runner's environment, known by its name.

use std::fmt;

use contract_adapter::Failure;
use serde_json::json;
use ureq_proto::http::HeaderValue;

/// A key that nothing prints.
#[derive(Clone)]
pub(crate) struct ApiKey(String);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

impl ApiKey {
    /// The value of the variable `name`.
    ///
    /// # Errors
    /// `ADAPTER_BAD_INPUT` when it is not granted or cannot stand in a header; the value is in no message.
    pub(crate) fn read(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let bad = |what: String| Failure::bad_input(what).details(json!({ "pointer": "/apiKeyEnv" }));
        let value = variable(name).ok_or_else(|| {
            bad(format!("there is no variable {name}; --allow env={name} would hand it on"))
        })?;
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad(format!(
                "the value of {name} is no API key: it is empty, or has spaces, line ends or letters beyond ASCII"
            )));
        }
        Ok(Self(value))
    }

    /// For comparing only.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", self.0)).expect("visible ASCII is a header value");
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_in_no_message() {
        for value in ["", "a b", "secret\n", "s\u{fc}cret"] {
            let failure = ApiKey::read("KEY", &|_| Some(value.to_owned())).unwrap_err();
            assert!(failure.to_string().contains("KEY"), "{failure}");
            assert!(value.is_empty() || !failure.to_string().contains(value), "{failure}");
        }
        let key = ApiKey::read("KEY", &|_| Some("s3cret".to_owned())).unwrap();
        assert_eq!(format!("{key:?} {:?}", key.header()), "ApiKey(..) Sensitive");
        assert_eq!(key.header().to_str().unwrap(), "Bearer s3cret");
        assert!(ApiKey::read("KEY", &|_| None).unwrap_err().to_string().contains("--allow env=KEY"));
    }
}
