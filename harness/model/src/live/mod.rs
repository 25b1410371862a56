//! Live backends over HTTP(S): what there is to know of one, and the model that speaks to it. A request passes
//! through as its client sent it; the answer's frames come as they arrive, with the gaps measured at the socket.
//! Knows nothing of retries, limits or prices: those are layers.
//!
//! The first gap runs from the moment the last byte of the request was handed to the system to the moment the bytes
//! that complete the first event were read; so looking a name up, connecting and TLS are not part of it. Every gap
//! is the difference of two times since that moment, so that they add up to the time of the last frame.

#[cfg(feature = "live")]
mod fault;
#[cfg(feature = "live")]
mod http;
#[cfg(feature = "live")]
mod line;
#[cfg(feature = "live")]
mod stream;

use std::collections::BTreeMap;
use std::time::Duration;

use wire::Protocol;

#[cfg(feature = "live")]
pub use http::{LiveModel, OpenError};

use crate::{Limits, Price, Retry};

/// A server that answers, and how to treat it.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// Its name, as in `openai:gpt-5.6`.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it is, with or without a final `/v1`.
    pub base_url: String,
    /// The environment variable that holds its key; nothing where it needs none.
    pub key_env: Option<String>,
    /// The model that is meant where none is named.
    pub model: Option<String>,
    /// Headers that every request carries.
    pub headers: BTreeMap<String, String>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How much it may be asked.
    pub limits: Limits,
    /// How often to try.
    pub retry: Retry,
    /// Prices of its models by pattern, before those of the built-in table.
    pub prices: BTreeMap<String, Price>,
}

/// How long a backend may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To look its name up, connect and agree on a key.
    pub connect: Duration,
    /// From the request to the first byte of the answer: of its headers, which some servers send only with the
    /// first event.
    pub first_byte: Duration,
    /// Between two pieces of the answer; comments that keep the connection alive are some.
    pub idle: Duration,
    /// For the whole call.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), first_byte: seconds(600), idle: seconds(300), total: seconds(3600) }
    }
}

impl Backend {
    /// A backend without a key, at an address.
    pub fn at(name: &str, protocol: Protocol, base_url: &str) -> Self {
        Self {
            name: name.to_owned(),
            protocol,
            base_url: base_url.to_owned(),
            key_env: None,
            model: None,
            headers: BTreeMap::new(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            retry: Retry::default(),
            prices: BTreeMap::new(),
        }
    }

    /// Names of the backends that need no description.
    pub const BUILT_IN: [&str; 7] =
        ["anthropic", "llamacpp", "lmstudio", "ollama", "openai", "openrouter", "vllm"];

    /// A backend that needs no description: a vendor, or a server at its usual address on this host.
    pub fn built_in(name: &str) -> Option<Self> {
        let responses = |url: &str| Self::at(name, Protocol::Responses, url);
        let keyed = |backend: Self, key: &str| Self { key_env: Some(key.to_owned()), ..backend };
        Some(match name {
            "openai" => keyed(responses("https://api.openai.com/v1"), "OPENAI_API_KEY"),
            "openrouter" => keyed(responses("https://openrouter.ai/api/v1"), "OPENROUTER_API_KEY"),
            "anthropic" => {
                let backend = Self::at(name, Protocol::Messages, "https://api.anthropic.com");
                let version = ("anthropic-version".to_owned(), "2023-06-01".to_owned());
                keyed(Self { headers: [version].into(), ..backend }, "ANTHROPIC_API_KEY")
            }
            "vllm" => responses("http://127.0.0.1:8000/v1"),
            "llamacpp" => responses("http://127.0.0.1:8080/v1"),
            "ollama" => responses("http://127.0.0.1:11434/v1"),
            "lmstudio" => responses("http://127.0.0.1:1234/v1"),
            _ => return None,
        })
    }

    /// The address of a request: the base, then the path without the version that the base already ends with.
    #[cfg(any(feature = "live", test))]
    fn url(&self, path: &str) -> String {
        let base = self.base_url.trim_end_matches('/');
        let last = base.rsplit('/').next().unwrap_or_default();
        let version =
            last.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        let path = if version {
            path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path)
        } else {
            path
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{base}{slash}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_once_in_the_address() {
        let url = |base: &str, path: &str| Backend::at("x", Protocol::Responses, base).url(path);
        assert_eq!(url("https://a.example/v1/", "/v1/responses"), "https://a.example/v1/responses");
        assert_eq!(
            url("https://a.example", "/v1/messages?beta=true"),
            "https://a.example/v1/messages?beta=true"
        );
        assert_eq!(url("https://a.example/api/v4", "/v1/responses"), "https://a.example/api/v4/responses");
        assert_eq!(url("https://a.example/v1", "/responses"), "https://a.example/v1/responses");
        assert_eq!(url("https://a.example/vault", "/v1/responses"), "https://a.example/vault/v1/responses");
    }

    #[test]
    fn every_built_in_backend_is_there() {
        for name in Backend::BUILT_IN {
            let backend = Backend::built_in(name).unwrap();
            assert_eq!(
                (backend.name.as_str(), backend.key_env.is_none()),
                (name, backend.base_url.starts_with("http:"))
            );
        }
        assert_eq!(Backend::built_in("nobody"), None);
    }
}
