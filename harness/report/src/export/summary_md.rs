//! `summary.md`: a run on one page of GitHub-flavoured Markdown, as a job summary or a comment. Of this host: it may
//! name the run and measured times.

use std::fmt::Write;

use crate::highlights::{self, MOST_ROWS, one_suite};
use crate::text::code;
use crate::{Digests, ReportError, RunData, Scores, TrialState, faults, figures, quality};

/// Trials that are listed as not passed.
const MOST_TRIALS: usize = 50;
/// Reasons that are listed for what cannot run.
const MOST_REASONS: usize = 20;
/// Characters of the page: as many as a comment on GitHub may have, and room for the last line. A job summary may have
/// 1 MiB.
const MOST_CHARACTERS: usize = 65_536 - 200;

/// The page, of at most 65,536 characters. Every recorded word stands in a code span, where it is neither markup nor a
/// mention.
pub fn summary_md(data: &RunData, scores: &Scores) -> Result<Vec<u8>, ReportError> {
    let mut page = String::new();
    put(&mut page, data, scores).map_err(ReportError::encode("summary.md"))?;
    cut(&mut page);
    Ok(page.into_bytes())
}

/// Ends a page that is too long after a whole line, and says so.
fn cut(page: &mut String) {
    let Some((at, _)) = page.char_indices().nth(MOST_CHARACTERS) else { return };
    let end = page[..at].rfind('\n').map_or(0, |line| line + 1);
    page.truncate(end);
    page.push_str(
        "\nCut here, for a comment has no more room. The rest is in `results.csv` and `trials.csv`.\n",
    );
}

fn put(page: &mut String, data: &RunData, scores: &Scores) -> std::fmt::Result {
    let plan = &data.header.plan;
    writeln!(page, "# Retake: {}\n", figures::rate(scores.total.pass_rate.as_ref()))?;
    writeln!(page, "> {}\n", figures::claim(plan.mode, plan.synthetic))?;
    if let Some(warning) = faults::warning(data) {
        writeln!(page, "> {}\n", code(&warning))?;
    }
    if let Some(reservations) = figures::reservations(data) {
        writeln!(page, "> {reservations}\n")?;
    }
    let digest = Digests::of(data).run.map(|d| format!(", digest `{d}`")).unwrap_or_default();
    writeln!(page, "Run {}, {} trials{digest}.", code(data.header.run_id.as_str()), data.trials.len())?;
    writeln!(
        page,
        "Rates with their Wilson 95 % interval, for these tasks as sampled; times are virtual.\n"
    )?;
    scores_table(page, scores)?;
    faults_part(page, data, scores)?;
    quality_part(page, data)?;
    not_passed(page, data)?;
    missing(page, data)?;
    let drift = highlights::drift(data);
    if !drift.is_empty() {
        writeln!(page, "\n## Drift\n\n{drift} (see `drift.json`)")?;
    }
    slowest(page, data)
}

fn faults_part(page: &mut String, data: &RunData, scores: &Scores) -> std::fmt::Result {
    let Some(total) = faults::total(scores) else { return Ok(()) };
    writeln!(page, "\n## Faults\n\n{total}\n")?;
    let rows = faults::rows(data);
    if !rows.is_empty() {
        writeln!(page, "| {} |\n|---|---|---:|---:|---:|---|", faults::COLUMNS.join(" | "))?;
    }
    for [trial, injected, retries, lost, waited, outcome] in rows.iter().take(MOST_TRIALS) {
        let (trial, injected) = (code(trial), code(injected));
        writeln!(page, "| {trial} | {injected} | {retries} | {lost} | {waited} | {outcome} |")?;
    }
    more(page, rows.len(), MOST_TRIALS)?;
    let idle = faults::idle(data, scores);
    if !idle.is_empty() {
        writeln!(page, "\nNever happened: {}", code(&idle.join(", ")))?;
    }
    Ok(())
}

fn scores_table(page: &mut String, scores: &Scores) -> std::fmt::Result {
    writeln!(page, "| | variant | {} |", figures::COLUMNS.join(" | "))?;
    writeln!(page, "|---|---|{}", "---:|".repeat(figures::COLUMNS.len()))?;
    let mut row = |name: &str, variant: &str, score| {
        writeln!(page, "| {name} | {} | {} |", code(variant), figures::cells(score).join(" | "))
    };
    if scores.tasks.len() <= MOST_ROWS {
        for task in &scores.tasks {
            row(&code(&format!("{}/{}", task.suite, task.task)), &task.variant, &task.score)?;
        }
    }
    let suites = if one_suite(scores) { &[][..] } else { &scores.suites };
    for suite in suites.iter().take(MOST_ROWS) {
        row(&format!("suite {}", code(&suite.suite)), &suite.variant, &suite.score)?;
    }
    for variant in scores.variants.iter().take(MOST_ROWS) {
        row("**all**", &variant.variant, &variant.score)?;
    }
    let folded = suites.len().saturating_sub(MOST_ROWS) + scores.variants.len().saturating_sub(MOST_ROWS);
    if folded > 0 {
        writeln!(page, "\n... and {folded} more rows, in `results.json`.")?;
    }
    for variant in scores.variants.iter().take(MOST_ROWS) {
        for note in [figures::repeats(&variant.score), figures::beyond(&variant.score)].into_iter().flatten()
        {
            writeln!(page, "\n{}: {note}", code(&variant.variant))?;
        }
    }
    Ok(())
}

fn quality_part(page: &mut String, data: &RunData) -> std::fmt::Result {
    let variants = quality::of_variants(data);
    if variants.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## Quality of the result ({})\n", quality::worth(data))?;
    writeln!(page, "| variant | {} |", quality::COLUMNS.join(" | "))?;
    writeln!(page, "|---|{}", "---:|".repeat(quality::COLUMNS.len()))?;
    for (variant, quality) in variants.iter().take(MOST_ROWS) {
        writeln!(page, "| {} | {} |", code(variant), quality::cells(quality).join(" | "))?;
    }
    Ok(())
}

fn not_passed(page: &mut String, data: &RunData) -> std::fmt::Result {
    let trials = highlights::not_passed(data);
    if trials.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## Did not pass ({})\n", trials.len())?;
    writeln!(page, "{}\n", highlights::verdicts(&trials))?;
    writeln!(page, "| trial | verdict | reason |\n|---|---|---|")?;
    for trial in trials.iter().take(MOST_TRIALS) {
        let reason = match trial.state() {
            TrialState::Unfinished => String::new(),
            _ => code(trial.reason()),
        };
        let (id, verdict) = (code(&trial.id.to_string()), highlights::verdict(trial));
        writeln!(page, "| {id} | {verdict} | {reason} |")?;
    }
    more(page, trials.len(), MOST_TRIALS)
}

fn missing(page: &mut String, data: &RunData) -> std::fmt::Result {
    let reasons = highlights::missing(data);
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## Not runnable here\n\n| trials | because |\n|---:|---|")?;
    for (reason, trials) in reasons.iter().take(MOST_REASONS) {
        writeln!(page, "| {trials} | {} |", code(reason))?;
    }
    more(page, reasons.len(), MOST_REASONS)
}

fn slowest(page: &mut String, data: &RunData) -> std::fmt::Result {
    let trials = highlights::slowest(data, 5);
    if trials.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n## Slowest trials (measured here)\n\n| trial | wall |\n|---|---:|")?;
    for (trial, us) in trials {
        writeln!(page, "| {} | {} |", code(&trial.id.to_string()), figures::duration(us))?;
    }
    Ok(())
}

fn more(page: &mut String, all: usize, shown: usize) -> std::fmt::Result {
    if all > shown {
        writeln!(page, "\n... and {} more, in `trials.csv`.", all - shown)?;
    }
    Ok(())
}
