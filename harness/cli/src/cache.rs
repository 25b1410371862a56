//! `retake cache` and `retake cache lint`: what prompt caches gave and could have given, and what will break them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use promptcache::{Level, Linter, O200k, Price, PriceTable, Profiles, Rules, analyse_all, changes, what_ifs};
use report::TerminalOptions;
use report::cache::{
    CacheDetail, CacheInput, CacheSummary, UnreadableLine, cache_csv, cache_lint_text, cache_text, trace_line,
};
use serde_json::json;

use crate::args::{CacheArgs, CacheVerb, Common, RuleArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::progress::FileBar;
use crate::settings::Settings;

/// Carries the verb out.
pub(crate) fn cache(args: &CacheArgs, common: &Common) -> Result<Exit, Failure> {
    if let Some(CacheVerb::Lint { paths, rules }) = &args.verb {
        return lint(paths, rules, common);
    }
    let ground = Ground::new(&args.rules, common)?;
    let rules = ground.rules();
    for name in &args.what_if {
        if ground.profiles.named(name).is_none() {
            let known = ground.profiles.names().join(", ");
            return Err(Failure::usage(format!("there is no profile {name:?}; there are {known}")));
        }
    }
    let read = ground.read(&args.paths, common)?;
    let sessions = analyse_all(&read.sessions, &rules);
    let input = CacheInput {
        what_if: what_ifs(&read.sessions, &changes(&read.sessions, &rules, &args.what_if), &rules),
        traces: read.traces.iter().map(trace_line).collect(),
        unreadable: unreadable(&read),
        skipped: read.skipped.len() as u64,
        duplicates: read.duplicates.clone(),
        tokenizer: rules.tokenizer.name().to_owned(),
        sessions,
    };
    if args.csv {
        output::text(&cache_csv(&input)?)?;
    } else {
        let summary = CacheSummary::of(&input, args.calls);
        if common.json {
            output::json(&summary)?;
        } else {
            let options = TerminalOptions { color: output::color(), width: None };
            output::text(&cache_text(&input, &summary, &options, CacheDetail { calls: args.calls }))?;
        }
    }
    if input.sessions.is_empty() && input.traces.is_empty() {
        return nothing(&input.unreadable);
    }
    Ok(Exit::Done)
}

fn lint(paths: &[String], args: &RuleArgs, common: &Common) -> Result<Exit, Failure> {
    let ground = Ground::new(args, common)?;
    let rules = ground.rules();
    let read = ground.read(paths, common)?;
    let reports = analyse_all(&read.sessions, &rules);
    let known: Vec<_> = read
        .sessions
        .iter()
        .zip(&reports)
        .filter(|(session, _)| session.has_requests())
        .map(|(session, report)| (session, report, rules.profile_of(session)))
        .collect();
    let findings = Linter::new().map_err(Failure::host)?.findings(&known);
    let unreadable = unreadable(&read);
    if common.json {
        let without = read.sessions.len() - known.len();
        output::json(&json!({
            "sessions": known.len(),
            "sessions_without_requests": without,
            "findings": findings,
            "unreadable": unreadable,
        }))?;
    } else {
        let options = TerminalOptions { color: output::color(), width: None };
        output::text(&cache_lint_text(&findings, &options))?;
        for fault in &unreadable {
            output::note(&format!("{}:{}: {}", fault.path, fault.line, fault.problem));
        }
    }
    if findings.iter().any(|finding| finding.level == Level::Breaks) {
        return Ok(Exit::Gate);
    }
    if !unreadable.is_empty() {
        return Ok(Exit::BadInput);
    }
    if known.is_empty() {
        output::note("no source holds whole requests: there is nothing to look at");
        return Ok(Exit::Nothing);
    }
    Ok(Exit::Done)
}

fn nothing(unreadable: &[UnreadableLine]) -> Result<Exit, Failure> {
    match unreadable {
        [] => Err(Failure::new(Exit::Nothing, "there is no session, trace or capture there")),
        [only] => Err(Failure::input(format!("{}: {}", only.path, only.problem))),
        _ => Ok(Exit::BadInput),
    }
}

fn unreadable(read: &interop::Read) -> Vec<UnreadableLine> {
    let line = |fault: &interop::Unreadable| UnreadableLine {
        path: fault.path.display().to_string(),
        line: fault.line,
        problem: fault.problem.clone(),
    };
    read.unreadable.iter().map(line).collect()
}

/// What an analysis stands on.
struct Ground {
    directory: PathBuf,
    profiles: Profiles,
    forced: Option<String>,
    prices: PriceTable,
    own_prices: BTreeMap<String, Price>,
}

impl Ground {
    fn new(args: &RuleArgs, common: &Common) -> Result<Self, Failure> {
        let directory = common.directory.clone().unwrap_or_default();
        let mut profiles = Profiles::built_in().map_err(Failure::host)?;
        let mut forced = None;
        if let Some(name) = &args.profile {
            if profiles.named(name).is_some() {
                forced = Some(name.clone());
            } else {
                forced = added(&mut profiles, &directory.join(name))?;
            }
        }
        let prices = PriceTable::built_in().map_err(Failure::host)?;
        Ok(Self { directory, profiles, forced, prices, own_prices: own_prices(common) })
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            profiles: &self.profiles,
            forced: self.forced.as_deref(),
            prices: &self.prices,
            own_prices: &self.own_prices,
            tokenizer: &O200k,
        }
    }

    /// Reads files, folders and runs.
    fn read(&self, paths: &[String], common: &Common) -> Result<interop::Read, Failure> {
        let mut found = Vec::with_capacity(paths.len());
        for name in paths {
            let path = self.directory.join(name);
            if path.exists() {
                found.push(path);
                continue;
            }
            let run = Settings::read(common).and_then(|settings| settings.find_run(name));
            let run =
                run.map_err(|_| Failure::input(format!("{name}: there is no such file, folder or run")))?;
            found.push(run.path);
        }
        let bar = FileBar::new(common.json);
        let read = interop::read_paths(&found, &bar);
        bar.clear();
        Ok(read)
    }
}

/// Adds the profiles of a file. One that names no models is meant for all of them.
fn added(profiles: &mut Profiles, file: &Path) -> Result<Option<String>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let known = profiles.names().join(", ");
        Failure::usage(format!("{}: {error}; a profile is one of {known}, or a file", file.display()))
    })?;
    let names = profiles.add(file, &text).map_err(Failure::input)?;
    let for_all = |name: &String| profiles.named(name).is_some_and(|profile| profile.models.is_empty());
    Ok(names.iter().find(|name| for_all(name)).cloned())
}

/// The prices that retake.toml states for its backends, where there is one.
fn own_prices(common: &Common) -> BTreeMap<String, Price> {
    Settings::read(common).map(|settings| settings.own_prices()).unwrap_or_default()
}
