//! `[backend.NAME]` of retake.toml: what a repository says of a live backend. Knows neither the backends that need
//! no description nor anything of HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base::toml_file::Diagnostic;
use serde::Deserialize;
use wire::Protocol;

/// Headers that hold a key: it belongs in the environment, not in a file.
const SECRET: [&str; 5] = ["api-key", "authorization", "cookie", "proxy-authorization", "x-api-key"];

/// What is said of a backend; what is not said is as usual.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backend {
    /// What it speaks: `responses`, `chat_completions` or `messages`.
    pub protocol: Option<Protocol>,
    /// Where it is.
    pub base_url: Option<String>,
    /// The environment variable that holds its key; empty: it needs none.
    pub key_env: Option<String>,
    /// The model that is meant where none is named.
    pub model: Option<String>,
    /// Headers that every request carries.
    pub headers: BTreeMap<String, String>,
    /// How long it may take, in seconds.
    pub timeouts: Timeouts,
    /// How much it may be asked.
    pub limits: Limits,
    /// How often to try.
    pub retry: Retry,
    /// Prices of its models by name, or by a pattern that ends in `*`.
    pub prices: BTreeMap<String, Price>,
}

/// How long a backend may take, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// To connect.
    pub connect: Option<f64>,
    /// From the request to the answer's first byte.
    pub first_byte: Option<f64>,
    /// Between two pieces of the answer.
    pub idle: Option<f64>,
    /// For the whole call.
    pub total: Option<f64>,
}

/// How much a backend may be asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls under way at a time.
    pub concurrent: Option<u32>,
    /// Requests per minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens per minute.
    pub tokens_per_minute: Option<u32>,
    /// Output tokens that the spend limit keeps money for where a request does not bound its answer.
    pub output_reserve: Option<u32>,
}

/// How often to try a call, and how long to wait between tries.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Tries of one call.
    pub attempts: Option<u32>,
    /// The first wait, in seconds.
    pub base: Option<f64>,
    /// The longest wait, in seconds.
    pub max: Option<f64>,
    /// All waits of one call together, in seconds.
    pub total: Option<f64>,
}

/// USD per million tokens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of the prompt.
    pub input: f64,
    /// Of the prompt, read from the cache; as `input` where it isn't said.
    pub cached: Option<f64>,
    /// Of the prompt, written to the cache; as `input` where it isn't said.
    pub cache_write: Option<f64>,
    /// Of the prompt, written to the cache for an hour; as `cache_write` where it isn't said.
    pub cache_write_1h: Option<f64>,
    /// Of the answer.
    pub output: f64,
}

/// Seconds as a duration, where they are one.
pub fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok().filter(|time| !time.is_zero())
}

/// Refuses what no backend can be.
pub(crate) fn check(file: &Path, text: &str, name: &str, backend: &Backend) -> Result<(), Diagnostic> {
    let fault = |path: &[&str], message: String| {
        let path: Vec<&str> = ["backend", name].into_iter().chain(path.iter().copied()).collect();
        Err(Diagnostic::at_key(file, text, &path, message))
    };
    if let Some(url) = &backend.base_url {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if rest.is_none_or(|rest| {
            rest.is_empty() || rest.starts_with('/') || rest.contains(['@', '?', '#', ' '])
        }) {
            let problem =
                "base_url is an address such as https://api.example/v1, without user, query or fragment";
            return fault(&["base_url"], problem.to_owned());
        }
    }
    let is_name = |name: &str| !name.contains(['=', '\0', ' ']) && !name.contains(char::is_whitespace);
    if backend.key_env.as_deref().is_some_and(|name| !is_name(name)) {
        return fault(
            &["key_env"],
            "key_env is the name of an environment variable, not its value".to_owned(),
        );
    }
    for (header, value) in &backend.headers {
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if SECRET.contains(&header.to_ascii_lowercase().as_str()) {
            let message =
                format!("`{header}` holds a key: put it into the environment and name it with key_env");
            return fault(&["headers", header], message);
        }
        if header.is_empty() || !header.chars().all(token) || value.chars().any(char::is_control) {
            return fault(&["headers", header], format!("`{header}` is no header"));
        }
    }
    let (times, retry) = (&backend.timeouts, &backend.retry);
    let durations = [
        (["timeouts", "connect"], times.connect),
        (["timeouts", "first_byte"], times.first_byte),
        (["timeouts", "idle"], times.idle),
        (["timeouts", "total"], times.total),
        (["retry", "base"], retry.base),
        (["retry", "max"], retry.max),
        (["retry", "total"], retry.total),
    ];
    for (path, value) in durations {
        if value.is_some_and(|value| seconds(value).is_none()) {
            return fault(&path, format!("{} is a number of seconds above 0", path[1]));
        }
    }
    let limits = &backend.limits;
    let counts = [
        (["limits", "concurrent"], limits.concurrent),
        (["limits", "requests_per_minute"], limits.requests_per_minute),
        (["limits", "tokens_per_minute"], limits.tokens_per_minute),
        (["limits", "output_reserve"], limits.output_reserve),
        (["retry", "attempts"], retry.attempts),
    ];
    for (path, value) in counts {
        if value == Some(0) {
            return fault(&path, format!("{} is at least 1", path[1]));
        }
    }
    for (model, price) in &backend.prices {
        let all = [Some(price.input), price.cached, price.cache_write, Some(price.output)];
        if all.into_iter().flatten().any(|usd| !usd.is_finite() || usd < 0.0) {
            return fault(&["prices", model], "a price is a number of USD per million tokens".to_owned());
        }
    }
    Ok(())
}
