//! One attempt as a person reads it: stage by stage, with the agent's words, its actions and what came of them.
//! Every recorded text is bounded and inert; prints nothing.

use std::fmt::{self, Write};

use base::Digest;
use journal::{
    Acted, Attempt, CheckResult, Ended, Event, Generated, Host, ModelSource, PlanStep, Record, ToolOutcome,
};

use crate::figures::{count, duration, word};
use crate::score::virtual_us;
use crate::text::{block, line, sentence};

/// Characters of one recorded text that are shown.
const TEXT: usize = 20_000;
/// Findings of one check that are shown.
const FINDINGS: usize = 50;

/// The transcript of an attempt. `outputs` finds what a tool put out by its digest; where it knows nothing, the
/// journal's first line stands in.
pub fn transcript(attempt: &Attempt, outputs: &dyn Fn(Digest) -> Option<String>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = put(&mut out, attempt, outputs);
    out
}

fn put(out: &mut String, attempt: &Attempt, outputs: &dyn Fn(Digest) -> Option<String>) -> fmt::Result {
    writeln!(out, "{}  attempt {}", attempt.trial, attempt.number)?;
    let mut step = 0;
    for record in &attempt.records {
        if let Some(next) = step_of(&record.event).filter(|next| *next != step) {
            step = next;
            writeln!(out, "\n== step {step}")?;
        }
        if record.lane != "main" {
            writeln!(out, "[{}]", sentence(&record.lane))?;
        }
        event(out, &record.event, outputs)?;
        host(out, record)?;
    }
    if attempt.torn {
        writeln!(out, "\nthe journal ends within a line: it was being written when the harness stopped")?;
    } else if !matches!(attempt.records.last().map(|r| &r.event), Some(Event::TrialEnded(_))) {
        writeln!(out, "\nthe attempt is unfinished")?;
    }
    Ok(())
}

/// The step that an event belongs to, where it begins or continues one.
fn step_of(event: &Event) -> Option<u32> {
    match event {
        Event::Generated(generated) => Some(generated.step),
        Event::Acted(acted) => Some(acted.step),
        Event::GenerateFailed { step, .. } | Event::Said { step, .. } | Event::Diverged { step, .. } => {
            Some(*step)
        }
        _ => None,
    }
}

fn event(out: &mut String, event: &Event, outputs: &dyn Fn(Digest) -> Option<String>) -> fmt::Result {
    match event {
        Event::TrialStarted { task, agent, model, .. } => {
            writeln!(out, "agent   {}\nmodel   {}\ntask    {task}", sentence(agent), source(model))
        }
        Event::Understood { project_docs, instruction, date, .. } => {
            writeln!(out, "\n== understand\ninstruction {}, date {}", instruction.short(), sentence(date))?;
            project_docs.iter().try_for_each(|doc| writeln!(out, "  reads {}", sentence(doc)))
        }
        Event::Planned { steps } => plan(out, steps),
        Event::Generated(generated) => call(out, generated),
        Event::GenerateFailed { attempt, status, reason, .. } => {
            let status = status.map(|s| format!(" ({s})")).unwrap_or_default();
            writeln!(out, "model call {attempt} failed{status}: {}", sentence(reason))
        }
        Event::FaultInjected { attempt, rule, lost_us, .. } => {
            let lost = if *lost_us > 0 { format!(", {} lost", duration(*lost_us)) } else { String::new() };
            writeln!(out, "fault on purpose at try {attempt}: {}{lost}", sentence(rule))
        }
        Event::Warned { step, text } => writeln!(out, "warning, step {step}: {}", sentence(text)),
        Event::Said { text, .. } => write!(out, "agent says\n{}", block(text, "  | ", TEXT)),
        Event::PolicyDecided { call_id, allowed, rule, reason } => {
            let verdict = if *allowed { "allows" } else { "denies" };
            let (call_id, rule, reason) = (sentence(call_id), sentence(rule), sentence(reason));
            writeln!(out, "policy {verdict} {call_id} by rule {rule}: {reason}")
        }
        Event::Acted(call) => acted(out, call, outputs),
        Event::Diverged { cause, path, offset, diff, block: number, led_by, allowed, .. } => {
            let head = allowed
                .as_deref()
                .map_or("DIVERGED".to_owned(), |why| format!("differs ({})", sentence(why)));
            let number = number.map(|number| format!(" (block {number})")).unwrap_or_default();
            writeln!(out, "{head} {} at {}, byte {offset}{number}", sentence(cause), sentence(path))?;
            if let Some(led_by) = led_by {
                writeln!(out, "  after {}", sentence(led_by))?;
            }
            out.write_str(&block(diff, "  ", TEXT))
        }
        Event::Evaluated { round, checks, duration_us } => {
            writeln!(out, "\n== evaluate, round {round} ({})", duration(*duration_us))?;
            checks.iter().try_for_each(|c| check(out, c))
        }
        Event::FedBack { round, text } => {
            write!(out, "\n== feedback, round {round}\n{}", block(text, "  | ", TEXT))
        }
        Event::AgentEnded { failure, reason } => {
            let how = failure.map_or("finished".to_owned(), |f| format!("stopped: {}", word(&f)));
            writeln!(out, "\n== agent {how}\n{}", sentence(reason))
        }
        Event::Verified { step, reward, rewards, error } => {
            writeln!(out, "{}", format!("\n== verify {}", sentence(step)).trim_end())?;
            writeln!(out, "reward {}", reward.map_or("none".to_owned(), |r| r.to_string()))?;
            rewards.iter().take(FINDINGS).try_for_each(|(k, r)| writeln!(out, "  {} = {r}", sentence(k)))?;
            out.write_str(&block(error, "  ! ", TEXT))
        }
        Event::TrialEnded(ended) => verdict(out, ended),
    }
}

fn source(model: &ModelSource) -> String {
    match model {
        ModelSource::None => "none".to_owned(),
        ModelSource::Script { digest } => format!("script {} (SYNTHETIC)", digest.short()),
        ModelSource::Cassette { digest, synthetic } => {
            format!("cassette {}{}", digest.short(), if *synthetic { " (SYNTHETIC)" } else { "" })
        }
        ModelSource::Fork { digest, step, rest } => {
            format!("cassette {} to step {step}, then {}", digest.short(), source(rest))
        }
        ModelSource::Live { model } => format!("{} (live)", sentence(model)),
    }
}

fn plan(out: &mut String, steps: &[PlanStep]) -> fmt::Result {
    writeln!(out, "plan")?;
    for step in steps.iter().take(FINDINGS) {
        let mark = match step.status.as_str() {
            "completed" => "x",
            "in_progress" => ">",
            _ => " ",
        };
        writeln!(out, "  [{mark}] {}", sentence(&step.step))?;
    }
    Ok(())
}

fn call(out: &mut String, call: &Generated) -> fmt::Result {
    let usage = &call.usage;
    writeln!(
        out,
        "{} answers: {} in ({} cached), {} out; first token {}, all {}",
        sentence(&call.served),
        count(usage.input_tokens),
        count(usage.cached_tokens),
        count(usage.output_tokens),
        duration(call.ttft_us),
        duration(call.total_us),
    )
}

fn acted(out: &mut String, acted: &Acted, outputs: &dyn Fn(Digest) -> Option<String>) -> fmt::Result {
    writeln!(out, "{} ({})", sentence(&acted.tool), sentence(&acted.call_id))?;
    write_arguments(out, &acted.arguments)?;
    let exit = acted.exit.map(|code| format!(", exit code {code}")).unwrap_or_default();
    let how = match acted.outcome {
        ToolOutcome::Ok => "ok".to_owned(),
        other => word(&other).to_uppercase(),
    };
    writeln!(out, "  -> {how}{exit}, {} bytes, {}", acted.output_bytes, duration(acted.duration_us))?;
    match outputs(acted.output) {
        Some(text) => out.write_str(&block(&text, "  < ", TEXT)),
        None => out.write_str(&block(&acted.preview, "  < ", TEXT)),
    }
}

/// Each argument under its name where they are a JSON object, else as they were written.
fn write_arguments(out: &mut String, arguments: &str) -> fmt::Result {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(arguments) else {
        return out.write_str(&block(arguments, "  > ", TEXT));
    };
    for (name, value) in fields.iter().take(FINDINGS) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if text.contains('\n') {
            write!(out, "  {}:\n{}", sentence(name), block(&text, "  > ", TEXT))?;
        } else {
            writeln!(out, "  {}: {}", sentence(name), line(&text, TEXT))?;
        }
    }
    Ok(())
}

fn check(out: &mut String, check: &CheckResult) -> fmt::Result {
    let mark = if check.passed { "ok    " } else { "FAILED" };
    writeln!(out, "  {mark} {} ({})", sentence(&check.name), sentence(&check.kind))?;
    for finding in check.findings.iter().take(FINDINGS) {
        let file = finding.file.as_deref().map(sentence).unwrap_or_default();
        let at = finding.line.map(|n| format!(":{n}")).unwrap_or_default();
        let rule = finding.rule.as_deref().map(|r| format!(" [{}]", sentence(r))).unwrap_or_default();
        let place = format!("{file}{at}{rule}");
        writeln!(out, "         {} {}", place.trim_start(), sentence(&finding.message))?;
    }
    match check.findings.len().saturating_sub(FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "         ... and {more} more"),
    }
}

fn verdict(out: &mut String, ended: &Ended) -> fmt::Result {
    let mode = ended.failure.map(|f| format!(": {}", word(&f))).unwrap_or_default();
    writeln!(out, "\n== {}{mode}", word(&ended.outcome))?;
    if !ended.reason.is_empty() {
        writeln!(out, "{}", sentence(&ended.reason))?;
    }
    let (usage, kind) = (&ended.usage, word(&ended.kind));
    let tokens = format!("tokens in {}, out {}", count(usage.input_tokens), count(usage.output_tokens));
    let time = duration(virtual_us(ended));
    if ended.recorded_steps > 0 {
        writeln!(out, "after {} recorded steps, which do not count below", ended.recorded_steps)?;
    }
    for met in &ended.met {
        writeln!(out, "let pass: {} {} ({})", met.count, sentence(&met.cause), sentence(&met.allowed))?;
    }
    writeln!(out, "steps {}, tool calls {}, {tokens}, {time} ({kind})", ended.steps, ended.tool_calls)
}

/// What this host saw beside the event.
fn host(out: &mut String, record: &Record) -> fmt::Result {
    let Host { drift, ended, log, .. } = &record.host;
    if let Some(drift) = drift {
        write!(out, "  drift ({})\n{}", word(&drift.grade), block(&drift.detail, "  ~ ", TEXT))?;
    }
    if !log.is_empty() {
        write!(out, "  log\n{}", block(log, "  . ", TEXT))?;
    }
    let Some(ended) = ended else { return Ok(()) };
    writeln!(out, "measured here: wall {}, files changed {}", duration(ended.wall_us), ended.files_changed)?;
    ended.digest.map_or(Ok(()), |digest| writeln!(out, "digest {digest}"))
}
