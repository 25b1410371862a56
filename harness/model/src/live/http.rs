//! A live backend as a model: blocking HTTP/1.1, one connection for each call under way, kept between calls.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::Clock;
use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue, Request, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Body, Error, Proxy};
use wire::{Protocol, sse};

use super::Backend;
use super::fault;
use super::line::Line;
use super::stream::{Ending, Frames};
use crate::{Call, Model, ModelFault, Reply, TransportFault};

/// Bytes of an answer in one piece, and of an error.
const BODY_MAX: u64 = 256 << 20;
const ERROR_MAX: u64 = 64 << 10;
/// Bytes of each of a connection's two buffers: there may be hundreds of connections.
const BUFFER: usize = 32 << 10;
/// Idle connections that are kept.
const LINES_MAX: usize = 64;
/// What stands where a key stood.
const HIDDEN: &str = "[key]";
/// Headers that belong to a connection or to the client's own account: never passed on.
const OWN: [&str; 11] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
];

/// A backend that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its key is not there.
    #[error("backend {backend} needs a key: set the environment variable {variable}")]
    NoKey {
        /// The backend.
        backend: String,
        /// The variable.
        variable: String,
    },
    /// Its key cannot be sent.
    #[error("backend {backend}: the value of {variable} cannot stand in a header")]
    Key {
        /// The backend.
        backend: String,
        /// The variable.
        variable: String,
    },
    /// A header, an address or a proxy that makes no sense.
    #[error("backend {backend}: {what}")]
    Setting {
        /// The backend.
        backend: String,
        /// What is wrong.
        what: String,
    },
}

/// A backend's key. It shows itself to nobody.
#[derive(Default)]
pub(super) struct Secret(Option<String>);

impl Secret {
    /// The text without the key; nothing where the key is not in it.
    pub(super) fn hide(&self, text: &str) -> Option<String> {
        let key = self.0.as_deref().filter(|key| text.contains(key))?;
        Some(text.replace(key, HIDDEN))
    }

    fn hidden(&self, text: String) -> String {
        self.hide(&text).unwrap_or(text)
    }

    pub(super) fn hide_in(&self, fault: ModelFault) -> ModelFault {
        match fault {
            ModelFault::Status { status, body, retry_after_ms } => {
                ModelFault::Status { status, body: self.hidden(body), retry_after_ms }
            }
            ModelFault::Transport { kind, detail } => {
                ModelFault::Transport { kind, detail: self.hidden(detail) }
            }
            fault => fault,
        }
    }
}

/// Connections that nobody uses now.
#[derive(Default)]
pub(super) struct Lines(Mutex<Vec<Line>>);

impl Lines {
    fn take(&self) -> Option<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn give_back(&self, line: Option<Line>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES_MAX {
            lines.extend(line);
        }
    }
}

/// Asks a live backend.
pub struct LiveModel {
    backend: Backend,
    secret: Secret,
    headers: Vec<(HeaderName, HeaderValue)>,
    config: Config,
    lines: Lines,
    clock: Box<dyn Clock>,
}

impl LiveModel {
    /// Opens a backend. `lookup` gives the value of an environment variable; `clock` is for dates in answers.
    pub fn open(
        backend: Backend,
        lookup: &dyn Fn(&str) -> Option<String>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let name = || backend.name.clone();
        let mut headers = Vec::new();
        for (header, value) in &backend.headers {
            let bad = || OpenError::Setting { backend: name(), what: format!("{header:?} is no header") };
            let header = HeaderName::try_from(header.as_str()).map_err(|_| bad())?;
            headers.push((header, HeaderValue::try_from(value.as_str()).map_err(|_| bad())?));
        }
        let mut secret = Secret::default();
        if let Some(variable) = &backend.key_env {
            let key = lookup(variable).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| OpenError::NoKey { backend: name(), variable: variable.clone() })?;
            let (header, text) = match backend.protocol {
                Protocol::Messages => (HeaderName::from_static("x-api-key"), key.clone()),
                _ => (HeaderName::from_static("authorization"), format!("Bearer {key}")),
            };
            let mut value = HeaderValue::try_from(text)
                .map_err(|_| OpenError::Key { backend: name(), variable: variable.clone() })?;
            value.set_sensitive(true);
            headers.push((header, value));
            secret = Secret(Some(key));
        }
        let config = config(&backend, lookup)?;
        Ok(Self { backend, secret, headers, config, lines: Lines::default(), clock })
    }

    /// What stands at a path: status and text.
    pub fn get(&self, path: &str) -> Result<(u16, String), ModelFault> {
        let other = |what: String| ModelFault::Transport { kind: TransportFault::Other, detail: what };
        let mut request = Request::get(self.backend.url(path)).header("accept", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let timeouts = self.backend.timeouts;
        let line = Line::new(self.config.clone());
        line.begin(&timeouts);
        let response = line.agent.run(request.body(String::new()).map_err(|error| other(error.to_string()))?);
        let response = response.map_err(|error| {
            self.secret.hide_in(fault::transport(error, line.watch.has_answer(), &timeouts))
        })?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut reader = response.into_body().into_with_config().limit(ERROR_MAX).reader();
        // A body that breaks off is as good as there is.
        let _ = reader.read_to_end(&mut body);
        Ok((status, self.secret.hidden(String::from_utf8_lossy(&body).into_owned())))
    }

    /// What it asks.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<String>, ModelFault> {
        let other = |what: String| ModelFault::Transport { kind: TransportFault::Other, detail: what };
        if call.protocol != self.backend.protocol {
            let (asked, spoken) = (call.protocol.name(), self.backend.protocol.name());
            let what = format!("backend {} speaks {spoken}, not {asked}", self.backend.name);
            return Err(other(format!("{what}; requests are never translated")));
        }
        let path = call.sent.map_or(call.protocol.path(), |sent| sent.path);
        let mut request = Request::post(self.backend.url(path));
        let passed = call.sent.map_or(&[][..], |sent| sent.headers);
        let passed = passed.iter().filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()));
        for (name, value) in passed {
            request = request.header(name, value);
        }
        let accept = if call.streams() { "text/event-stream" } else { "application/json" };
        let agent = concat!("retake/", env!("CARGO_PKG_VERSION"));
        let own = [("content-type", "application/json"), ("accept", accept), ("user-agent", agent)];
        let has = |request: &ureq::http::request::Builder, name: &str| {
            request.headers_ref().is_some_and(|headers| headers.contains_key(name))
        };
        for (name, value) in own {
            if !has(&request, name) {
                request = request.header(name, value);
            }
        }
        // What a client says of the version it speaks goes before what the backend's table says.
        for (name, value) in &self.headers {
            if !has(&request, name.as_str()) {
                request = request.header(name, value);
            }
        }
        let body = match call.sent {
            Some(sent) => sent.body.to_owned(),
            None => call.protocol.join(call.prompt.blocks()),
        };
        request.body(body).map_err(|error| other(error.to_string()))
    }

    fn refused(&self, response: Response<Body>) -> ModelFault {
        let retry_after_ms = fault::retry_after_ms(response.headers(), self.clock.now());
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut reader = response.into_body().into_with_config().limit(ERROR_MAX).reader();
        // A body that breaks off is as good as there is.
        let _ = reader.read_to_end(&mut body);
        let body = String::from_utf8_lossy(&body).into_owned();
        self.secret.hide_in(ModelFault::Status { status, body, retry_after_ms })
    }

    fn whole(&self, response: Response<Body>, line: Line) -> Result<Reply<'_>, ModelFault> {
        let mut body = Vec::new();
        let mut reader = response.into_body().into_with_config().limit(BODY_MAX).reader();
        reader.read_to_end(&mut body).map_err(|error| {
            self.secret.hide_in(fault::transport(Error::from(error), true, &self.backend.timeouts))
        })?;
        let total_us = base::micros(line.watch.since_sent());
        self.lines.give_back(Some(line));
        let body = String::from_utf8(body).map_err(|_| ModelFault::malformed("the answer is no UTF-8"))?;
        Ok(Reply::Body { body: self.secret.hidden(body), total_us })
    }
}

impl Model for LiveModel {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let request = self.request(call)?;
        let timeouts = self.backend.timeouts;
        let line = self.lines.take().unwrap_or_else(|| Line::new(self.config.clone()));
        line.begin(&timeouts);
        let response = line.agent.run(request).map_err(|error| {
            self.secret.hide_in(fault::transport(error, line.watch.has_answer(), &timeouts))
        })?;
        if !response.status().is_success() {
            let fault = self.refused(response);
            self.lines.give_back(Some(line));
            return Err(fault);
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let events = kind.map_or(call.streams(), |kind| kind.trim_start().starts_with("text/event-stream"));
        if !events {
            return self.whole(response, line);
        }
        Ok(Reply::Stream(Box::new(Frames {
            protocol: call.protocol,
            timeouts,
            secret: &self.secret,
            lines: &self.lines,
            line: Some(line),
            body: response.into_body().into_with_config().limit(u64::MAX).reader(),
            parser: Some(sse::Parser::default()),
            ready: VecDeque::new(),
            last: Duration::ZERO,
            arrived: Duration::ZERO,
            end: Ending::default(),
        })))
    }
}

/// Who vouches for servers: those that come with the program, or those of the file that `SSL_CERT_FILE` names.
fn roots(backend: &Backend, lookup: &dyn Fn(&str) -> Option<String>) -> Result<RootCerts, OpenError> {
    let Some(path) = lookup("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let setting = |what: String| OpenError::Setting {
        backend: backend.name.clone(),
        what: format!("SSL_CERT_FILE {path}: {what}"),
    };
    let text = std::fs::read(&path).map_err(|error| setting(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| setting(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(setting("it holds no certificate in PEM".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn config(backend: &Backend, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Config, OpenError> {
    let setting = |what: String| OpenError::Setting { backend: backend.name.clone(), what };
    let url: ureq::http::Uri = backend
        .base_url
        .parse()
        .map_err(|error| setting(format!("{:?} is no address: {error}", backend.base_url)))?;
    let host = url.host().unwrap_or_default();
    let here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    let variables = match url.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        Some("http") => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
        _ => return Err(setting(format!("{:?} begins with neither https:// nor http://", backend.base_url))),
    };
    // Never for what is on this host. A proxy's address may hold a password: no error shows it.
    let found = variables.iter().find_map(|name| Some((name, lookup(name).filter(|url| !url.is_empty())?)));
    let proxy = match found.filter(|_| !here) {
        Some((name, url)) => {
            Some(Proxy::new(&url).map_err(|_| setting(format!("the value of {name} is no proxy")))?)
        }
        None => None,
    };
    Ok(Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(backend.timeouts.connect))
        .timeout_connect(Some(backend.timeouts.connect))
        .timeout_global(Some(backend.timeouts.total))
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .no_delay(true)
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .proxy(proxy)
        .tls_config(TlsConfig::builder().root_certs(roots(backend, lookup)?).build())
        .build())
}
