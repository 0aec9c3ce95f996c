//! Upper-case a text: the smallest adapter.
