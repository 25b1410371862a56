//! `retake cassette accept`: old and new recording side by side, and the new one in the old one's place.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};

use cassette::Cassette;
use cassette::align::{Session as Actions, compare};
use journal::Outcome;
use promptcache::Session;
use report::{ComparedSide, ComparisonReport, Prices};
use serde::Serialize;
use wire::Usage;

use super::sets::{self, Held, Set};
use super::used::Used;
use crate::args::{CassetteAcceptArgs, Common};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// What a recording came to.
#[derive(Clone, Debug, Default, Serialize)]
struct Side {
    /// Null where neither the recording nor a run that is left says it.
    outcome: Option<Outcome>,
    usage: Usage,
    /// Null where its model has no price.
    cost_usd: Option<f64>,
}

/// One recording that was made again.
#[derive(Serialize)]
struct Review {
    name: String,
    accepted: bool,
    /// The recording that stands; null where there is none.
    old: Option<Side>,
    new: Side,
    /// What both did; null where there was no old one.
    comparison: Option<ComparisonReport>,
}

/// One recording that waits.
struct Waiting {
    title: String,
    held: Held,
    /// Where it belongs.
    target: std::path::PathBuf,
}

/// What somebody said to a question.
enum Said {
    Accept,
    Reject,
    Skip,
    Quit,
}

/// Carries the verb out.
pub(super) fn accept(
    args: &CassetteAcceptArgs,
    settings: &Settings,
    common: &Common,
) -> Result<Exit, Failure> {
    let waiting = waiting(args, settings)?;
    if waiting.is_empty() {
        output::note(
            "no recording waits: `retake run --record DIR --stale` makes those again that are stale",
        );
        return Ok(Exit::Nothing);
    }
    let asking = !args.all && args.names.is_empty();
    if asking && !(io::stdin().is_terminal() && output::watched()) {
        let names: Vec<&str> = waiting.iter().map(|one| one.title.as_str()).collect();
        let problem = format!("nobody can be asked here: say --all, or which of {}", names.join(", "));
        return Err(Failure::usage(problem));
    }
    let (used, prices) = (Used::find(settings), settings.prices()?);
    let mut reviews = Vec::new();
    for one in &waiting {
        let mut review = review(one, &used, &prices, settings)?;
        if !common.json {
            output::text(&text(&review))?;
        }
        let said = if asking { ask(&review.name)? } else { Said::Accept };
        match said {
            Said::Accept => {
                std::fs::rename(&one.held.path, &one.target)
                    .map_err(|error| Failure::host(format!("{}: {error}", one.target.display())))?;
                review.accepted = true;
            }
            Said::Reject => std::fs::remove_file(&one.held.path)
                .map_err(|error| Failure::host(format!("{}: {error}", one.held.path.display())))?,
            Said::Skip => {}
            Said::Quit => break,
        }
        reviews.push(review);
    }
    tidy(&waiting);
    let accepted = reviews.iter().filter(|review| review.accepted).count();
    if common.json {
        output::json(&reviews)?;
    }
    output::note(&format!("{accepted} of {} recordings accepted", waiting.len()));
    Ok(Exit::Done)
}

/// The recordings that wait, and are meant.
fn waiting(args: &CassetteAcceptArgs, settings: &Settings) -> Result<Vec<Waiting>, Failure> {
    let sets = match &args.dir {
        Some(dir) => vec![Set::alone(settings.directory.join(dir))],
        None => sets::sets(settings, &all_suites(settings))?,
    };
    let mut found = Vec::new();
    for set in &sets {
        for held in set.waiting()? {
            let target = set.folder.join(format!("{}.jsonl", held.name()));
            found.push(Waiting { title: set.title(&held), held, target });
        }
    }
    let fits = |one: &Waiting, name: &String| {
        let task = one.title.rsplit_once('.').map_or(one.title.as_str(), |(task, _)| task);
        [one.held.task.as_str(), &one.held.name(), task, &one.title].contains(&name.as_str())
    };
    if let Some(name) = args.names.iter().find(|name| !found.iter().any(|one| fits(one, name))) {
        let known: Vec<&str> = found.iter().map(|one| one.title.as_str()).collect();
        return Err(Failure::usage(format!(
            "no recording of {name:?} waits; there are: {}",
            known.join(", ")
        )));
    }
    found.retain(|one| args.names.is_empty() || args.names.iter().any(|name| fits(one, name)));
    Ok(found)
}

/// The names of every suite that retake.toml describes; none where it describes none.
fn all_suites(settings: &Settings) -> Vec<String> {
    settings.config.suites.keys().cloned().collect()
}

fn review(one: &Waiting, used: &Used, prices: &Prices, settings: &Settings) -> Result<Review, Failure> {
    let new = Cassette::load(&one.held.path)?;
    // One that cannot be read is replaced as one that is not there.
    let old = Cassette::load(&one.target).ok();
    let comparison = old.as_ref().map(|old| {
        let side = |path: &std::path::Path, cassette: &Cassette| ComparedSide {
            name: settings.shown(path),
            outcome: outcome(cassette, used),
            ..ComparedSide::default()
        };
        let (a, b) = (Actions::of_cassette(old), Actions::of_cassette(&new));
        ComparisonReport {
            a: side(&one.target, old),
            b: side(&one.held.path, &new),
            comparison: compare(&a, &b, Some(&new.profile), &[]),
        }
    });
    Ok(Review {
        name: one.title.clone(),
        accepted: false,
        old: old.as_ref().map(|old| side(old, used, prices)),
        new: side(&new, used, prices),
        comparison,
    })
}

fn side(cassette: &Cassette, used: &Used, prices: &Prices) -> Side {
    let session = Session::of_cassette(cassette, "");
    let (mut usage, mut cost) = (Usage::default(), Some(0.0));
    for call in &session.calls {
        let Some(of_call) = call.usage else { continue };
        usage.add(of_call);
        let price = prices.table.of(&call.model, &prices.own);
        cost = cost.zip(price).map(|(cost, price)| cost + price.cost_of(of_call, call.written));
    }
    Side { outcome: outcome(cassette, used), usage, cost_usd: cost.filter(|_| !session.calls.is_empty()) }
}

/// By the recording itself, else by the last run that played it.
fn outcome(cassette: &Cassette, used: &Used) -> Option<Outcome> {
    let own = cassette.reward.map(|reward| if reward >= 1.0 { Outcome::Passed } else { Outcome::Failed });
    own.or_else(|| used.outcome(cassette.digest))
}

fn text(review: &Review) -> String {
    let mut out = format!("{}\n", review.name);
    let outcome = |side: &Side| match side.outcome {
        Some(Outcome::Passed) => "passed".to_owned(),
        Some(Outcome::Failed) => "failed".to_owned(),
        Some(other) => format!("{other:?}"),
        None => "not known".to_owned(),
    };
    let spent = |side: &Side| {
        let cost = side.cost_usd.map_or_else(String::new, |usd| format!(", {usd:.4} USD"));
        format!("{} tokens in, {} out{cost}", side.usage.input_tokens, side.usage.output_tokens)
    };
    let rows = BTreeMap::from([("1 old", review.old.as_ref()), ("2 new", Some(&review.new))]);
    for (name, side) in rows {
        let said = side.map_or_else(
            || "there is none".to_owned(),
            |side| format!("{:<10} {}", outcome(side), spent(side)),
        );
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {}  {said}", &name[2..]);
    }
    if let Some(comparison) = &review.comparison {
        for line in report::comparison(comparison).lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

fn ask(name: &str) -> Result<Said, Failure> {
    loop {
        output::note(&format!("{name}: accept, reject (delete the new one), skip or quit? [a/r/s/q]"));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let read = read.map_err(|error| Failure::host(format!("cannot read the answer: {error}")))?;
        match line.trim().to_lowercase().as_str() {
            _ if read == 0 => return Ok(Said::Quit),
            "a" | "accept" | "y" => return Ok(Said::Accept),
            "r" | "reject" | "n" => return Ok(Said::Reject),
            "s" | "skip" => return Ok(Said::Skip),
            "q" | "quit" => return Ok(Said::Quit),
            _ => {}
        }
    }
}

/// Removes folders in which nothing waits any more.
fn tidy(waiting: &[Waiting]) {
    for folder in waiting.iter().filter_map(|one| one.held.path.parent()) {
        let left = std::fs::read_dir(folder).into_iter().flatten().flatten();
        if left.into_iter().all(|entry| entry.file_name() == ".gitignore") {
            // It is only tidier so.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
