//! `retake record`: runs an agent of the host with its model behind the gateway, and keeps every exchange.

use std::path::{Path, PathBuf};

use agent::external::ExternalAgent;
use base::{Clock, Digest, SystemClock};
use runner::hosted::{self, ProgramEnd, RecordPlan, Recorded};
use serde::Serialize;

use crate::args::{Common, RecordArgs};
use crate::exit::{Exit, Failure};
use crate::hosted::{HostAgent, exit_code, tell, warnings};
use crate::settings::{self, Settings, Signals};
use crate::{leash, output};

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    cassette: String,
    exchanges: u64,
    threads: u64,
    bytes: u64,
    agent_exit: Option<i32>,
    /// Why the agent did not simply finish; empty where it did.
    agent_end: String,
    start_workspace: String,
    workspace_digest: Digest,
    /// What was spent, where there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    warnings: Vec<String>,
}

/// Carries the verb out.
pub(crate) fn record(args: &RecordArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let agent = HostAgent::of(&args.command, &args.start, &settings.directory)?;
    let name = match &args.model {
        Some(name) => name.as_str(),
        None => usual_model(&agent.agent)?,
    };
    let model = hosted::open(
        name,
        (&agent.agent).into(),
        &settings.directory,
        &settings.config.backends,
        &settings::variable,
        args.max_cost,
    )?;
    let clock = SystemClock::start();
    let cassette = match &args.cassette {
        Some(path) => settings.directory.join(path),
        None => {
            let name = format!("{}-{}.jsonl", agent.agent.name(), clock.now().compact());
            settings.directory.join(".retake/recordings").join(name)
        }
    };
    let cassette = whole_path(&cassette)?;
    let signals = Signals::listen()?;
    let plan = RecordPlan {
        command: agent.command(),
        version: agent.version(),
        folder: &settings.directory,
        cassette: &cassette,
        model,
        spawn: &settings::spawn,
        clock: &clock,
    };
    let bounds = leash::Bounds { limit: args.start.limit, cancel: &signals.cancel, stdout: !common.json };
    let recorded = hosted::record(plan, &|program| leash::run(program, &bounds))?;
    report(&recorded, common)?;
    Ok(match recorded.end {
        ProgramEnd::Stopped => signals.exit(),
        _ if recorded.exchanges == 0 => Exit::Nothing,
        _ => Exit::Done,
    })
}

/// The path without `..` and links in it, so that a recording within the workspace is known; its folder is made.
fn whole_path(path: &Path) -> Result<PathBuf, Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
    let name = path.file_name().ok_or_else(|| Failure::usage(format!("{}: not a file", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    Ok(folder.canonicalize().map_err(failed)?.join(name))
}

/// The backend of the agent's own vendor.
fn usual_model(agent: &ExternalAgent) -> Result<&'static str, Failure> {
    match agent {
        ExternalAgent::Codex => Ok("openai"),
        ExternalAgent::ClaudeCode => Ok("anthropic"),
        _ => Err(Failure::usage("which model answers? Say --model BACKEND, script:FILE or cassette:FILE")),
    }
}

fn report(recorded: &Recorded, common: &Common) -> Result<(), Failure> {
    let Recorded { cassette, archive, exchanges, threads, bytes, end, workspace, spent, heard } = recorded;
    tell(*end, heard);
    if *exchanges == 0 {
        output::note(
            "the agent asked nothing: it may not honour the variables that point it here (see --agent)",
        );
    }
    let shown = |path: &PathBuf| path.display().to_string();
    if common.json {
        return output::json(&Report {
            cassette: shown(cassette),
            exchanges: *exchanges,
            threads: *threads,
            bytes: *bytes,
            agent_exit: exit_code(*end),
            agent_end: end.reason(),
            start_workspace: shown(archive),
            workspace_digest: *workspace,
            cost_usd: *spent,
            warnings: warnings(heard),
        });
    }
    if let Some(spent) = spent {
        output::note(&format!("spent {spent:.4} USD"));
    }
    // Standard output is the agent's.
    output::note(&format!(
        "recorded {exchanges} exchanges of {threads} threads, {bytes} bytes, in {}; the start workspace is {}",
        shown(cassette),
        shown(archive)
    ));
    Ok(())
}
