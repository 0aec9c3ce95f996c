//! One step of an operation that goes on.

use serde::Serialize;

/// What a progress message says; all of it is optional.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Progress<'a, D = ()> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fraction: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Default for Progress<'_> {
    fn default() -> Self {
        Self { data: None, fraction: None, message: None }
    }
}

impl Progress<'_> {
    /// A sign of life.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<'a, D> Progress<'a, D> {
    /// How much is done, from 0 to 1. A number outside is brought inside; one that is no number is left out.
    #[must_use]
    pub fn fraction(self, fraction: f64) -> Self {
        Self { fraction: (!fraction.is_nan()).then(|| fraction.clamp(0.0, 1.0)), ..self }
    }

    /// A text for people.
    #[must_use]
    pub fn message(self, message: &'a str) -> Self {
        Self { message: Some(message), ..self }
    }

    /// A piece of a stream: tokens, log lines. Any JSON value.
    #[must_use]
    pub fn data<T: Serialize>(self, data: T) -> Progress<'a, T> {
        Progress { data: Some(data), fraction: self.fraction, message: self.message }
    }
}
