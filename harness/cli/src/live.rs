//! `retake doctor --live`: what a live server can do, in each protocol. Knows nothing of runs.

use crate::args::{Common, DoctorArgs};
use crate::exit::{Exit, Failure};

/// Looks at a server.
#[cfg(not(feature = "live"))]
pub(crate) fn live(_: &str, _: &DoctorArgs, _: &Common) -> Result<Exit, Failure> {
    Err(Failure::usage("this program was built without live backends: it can reach no server"))
}

/// Looks at a server.
#[cfg(feature = "live")]
pub(crate) fn live(url: &str, args: &DoctorArgs, common: &Common) -> Result<Exit, Failure> {
    let seen = asking::look(url, args)?;
    let speaks = seen.protocols.iter().any(|protocol| protocol.speaks);
    if common.json {
        crate::output::json(&seen)?;
    } else {
        crate::output::text(&asking::shown(&seen))?;
    }
    Ok(if speaks { Exit::Done } else { Exit::Fault })
}

#[cfg(feature = "live")]
mod asking {
    use std::fmt::Write as _;
    use std::time::Duration;

    use base::{Clock, SystemClock};
    use model::conform::{Conformance, Verdict, conform};
    use model::live::{Backend, LiveModel, Timeouts};
    use serde::Serialize;
    use serde_json::Value;
    use wire::Protocol;

    use crate::args::DoctorArgs;
    use crate::exit::Failure;

    /// Models that are named.
    const NAMED: usize = 20;
    /// The longest that one answer may take.
    const ANSWER: Duration = Duration::from_secs(90);

    /// What was seen of a server.
    #[derive(Serialize)]
    pub(super) struct Seen {
        url: String,
        /// The model that was asked for.
        model: String,
        /// The models that it lists; null where it lists none.
        models: Option<Vec<String>>,
        pub(super) protocols: Vec<Conformance>,
    }

    /// Asks a server in every protocol.
    pub(super) fn look(url: &str, args: &DoctorArgs) -> Result<Seen, Failure> {
        let protocols: Vec<Protocol> = match &args.protocol {
            None => Protocol::ALL.to_vec(),
            Some(name) => {
                let known = Protocol::ALL.into_iter().find(|protocol| protocol.name() == name);
                let names = Protocol::ALL.map(Protocol::name).join(", ");
                vec![known.ok_or_else(|| {
                    Failure::usage(format!("there is no protocol {name:?}; there are {names}"))
                })?]
            }
        };
        let clock = SystemClock::start();
        let limit = Duration::from_secs(args.limit);
        let open = |protocol| open(url, protocol, args, limit);
        let first = open(protocols[0])?;
        let models = listed(&first).map_err(|why| Failure::host(format!("{url}: {why}")))?;
        let model = args.model.clone().or_else(|| models.as_ref()?.first().cloned());
        let model = model.ok_or_else(|| {
            Failure::usage(format!("{url} lists no models: name the one to ask for with --model"))
        })?;
        let mut seen = Seen { url: url.to_owned(), model, models, protocols: Vec::new() };
        for protocol in protocols {
            let server = open(protocol)?;
            let told = conform(&server, protocol, &seen.model, &mut || clock.elapsed() < limit);
            seen.protocols.push(told);
        }
        Ok(seen)
    }

    fn open(url: &str, protocol: Protocol, args: &DoctorArgs, limit: Duration) -> Result<LiveModel, Failure> {
        let mut backend = Backend::at("live", protocol, url);
        backend.key_env.clone_from(&args.key_env);
        let total = limit.min(ANSWER);
        let connect = total.min(Duration::from_secs(10));
        backend.timeouts = Timeouts { connect, first_byte: total, idle: total, total };
        if protocol == Protocol::Messages {
            backend.headers.insert("anthropic-version".to_owned(), "2023-06-01".to_owned());
        }
        let lookup = |name: &str| std::env::var(name).ok();
        LiveModel::open(backend, &lookup, Box::new(SystemClock::start())).map_err(Failure::usage)
    }

    /// The models that a server lists.
    fn listed(server: &LiveModel) -> Result<Option<Vec<String>>, model::ModelFault> {
        let (status, body) = server.get("/v1/models")?;
        let Ok(list) = serde_json::from_str::<Value>(&body) else { return Ok(None) };
        let entries = list.get("data").or_else(|| list.get("models")).and_then(Value::as_array);
        let id = |entry: &Value| entry.get("id").or_else(|| entry.get("name"))?.as_str().map(str::to_owned);
        Ok(entries.filter(|_| status == 200).map(|entries| entries.iter().filter_map(id).collect()))
    }

    /// The same for people.
    pub(super) fn shown(seen: &Seen) -> String {
        let mut text = match &seen.models {
            None => format!("{} lists no models\n", seen.url),
            Some(models) => {
                let named = models.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
                let more = if models.len() > NAMED { ", ..." } else { "" };
                format!("{} lists {} models: {named}{more}\n", seen.url, models.len())
            }
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "asked for: {}", seen.model);
        for told in &seen.protocols {
            let word = if told.speaks { "yes" } else { "NO" };
            let served =
                if told.served.is_empty() { String::new() } else { format!(", answered by {}", told.served) };
            let _ = writeln!(
                text,
                "\n{:<20} {word}{served} ({} requests, {} tokens in, {} out)",
                told.protocol, told.requests, told.input_tokens, told.output_tokens
            );
            for finding in &told.findings {
                let word = match finding.verdict {
                    Verdict::Yes => "yes",
                    Verdict::No => "NO",
                    Verdict::Unclear => "unclear",
                    Verdict::Skipped => "skipped",
                };
                let _ = writeln!(text, "  {:<20} {word:<8} {}", finding.check, finding.detail);
            }
        }
        text
    }
}
