//! Two sessions side by side, for people and for programs: the fork first, then what else differs, in under a screen.
//! Every recorded text is bounded and inert; prints nothing.

use std::fmt::{self, Write};

use cassette::align::{Comparison, Fork, Glimpse, LedBy, SettingDifference};
use journal::{FailureMode, Outcome};
use serde::{Deserialize, Serialize};

use crate::figures::word;
use crate::text::line;

/// Characters of a call that are shown.
const CALL: usize = 72;
/// Characters of an excerpt of an output, or of a name.
const EXCERPT: usize = 88;
/// Lines of a small screen.
const LINES: usize = 24;
/// Differences of the openings that are shown with their texts.
const SETTINGS: usize = 1;

/// What `retake diff --json` answers with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// The first.
    pub a: ComparedSide,
    /// The second.
    pub b: ComparedSide,
    /// What they have in common and what not.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedSide {
    /// The trial, as `RUN:TRIAL`, or the file as it was named.
    pub name: String,
    /// The attempt of a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How the trial ended; nothing where it did not, and for a cassette.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureMode>,
}

/// The comparison as a person reads it, in at most 24 lines.
pub fn comparison(report: &ComparisonReport) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = put(&mut out, report);
    out
}

fn put(out: &mut String, report: &ComparisonReport) -> fmt::Result {
    let comparison = &report.comparison;
    side(out, "A", &report.a, comparison.a_steps)?;
    side(out, "B", &report.b, comparison.b_steps)?;
    settings(out, &comparison.setting)?;
    match &comparison.fork {
        Some(fork) => put_fork(out, fork)?,
        None if comparison.equal => {
            writeln!(out, "\nequal: both did the same {}, with the same outcomes", actions(comparison.same))?;
        }
        None => writeln!(out, "\nno fork: both went the same way")?,
    }
    others(out, comparison)
}

fn side(out: &mut String, name: &str, side: &ComparedSide, steps: u32) -> fmt::Result {
    let ended = match (side.outcome, side.failure) {
        (Some(outcome), Some(failure)) => format!("{}: {}, ", word(&outcome), word(&failure)),
        (Some(outcome), None) => format!("{}, ", word(&outcome)),
        (None, _) if side.attempt.is_some() => "unfinished, ".to_owned(),
        (None, _) => String::new(),
    };
    writeln!(out, "{name}  {}  {ended}{steps} steps", line(&side.name, EXCERPT))
}

fn settings(out: &mut String, settings: &[SettingDifference]) -> fmt::Result {
    if settings.is_empty() {
        return Ok(());
    }
    out.push('\n');
    for (number, setting) in settings.iter().enumerate() {
        let declared = if setting.declared { ", declared" } else { "" };
        writeln!(out, "opening differs: {}{declared}, at {}", setting.cause, line(&setting.path, EXCERPT))?;
        if number < SETTINGS {
            setting.diff.lines().take(2).try_for_each(|row| writeln!(out, "     {}", line(row, EXCERPT)))?;
        }
    }
    Ok(())
}

fn put_fork(out: &mut String, fork: &Fork) -> fmt::Result {
    let lane = if fork.lane == "main" { String::new() } else { format!(" in lane {}", line(&fork.lane, 40)) };
    let path = if fork.path.is_empty() { String::new() } else { format!(" at {}", line(&fork.path, 60)) };
    writeln!(
        out,
        "\nFORK at step {} of A, step {} of B{lane}: {}{path}",
        fork.a_step, fork.b_step, fork.cause
    )?;
    for (name, action) in [("A", &fork.a), ("B", &fork.b)] {
        let action = action.as_ref().map_or_else(|| "had ended".to_owned(), call);
        writeln!(out, "  {name}  {action}")?;
    }
    match &fork.led_by {
        None => writeln!(out, "  shortly before it every common action had come to the same"),
        Some(led) => led_by(out, led),
    }
}

fn led_by(out: &mut String, led: &LedBy) -> fmt::Result {
    let (a, b, what) = (led.a_step, led.b_step, word(&led.what));
    writeln!(out, "  before it, at step {a} of A and {b} of B, this came to something else ({what}):")?;
    writeln!(out, "     {}", call(&led.action))?;
    if led.a != led.b {
        writeln!(out, "     - {}", line(&led.a, EXCERPT))?;
        writeln!(out, "     + {}", line(&led.b, EXCERPT))?;
    }
    Ok(())
}

fn call(action: &Glimpse) -> String {
    let failed = if action.failed { "  (failed)" } else { "" };
    match action.tool.as_str() {
        "" => format!("answers: {}{failed}", line(&action.text, CALL)),
        tool => format!("{}  {}{failed}", line(tool, 40), line(&action.text, CALL)),
    }
}

/// One difference beside the fork.
struct Row {
    after_fork: bool,
    steps: (u32, u32),
    text: String,
}

fn rows(comparison: &Comparison) -> Vec<Row> {
    let again = |repeated| if repeated { "  (repeated)" } else { "" };
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(comparison.missing.iter().map(|extra| Row {
        after_fork: extra.after_fork,
        steps: (extra.step, 0),
        text: format!("- step {} of A: {}{}", extra.step, call(&extra.action), again(extra.repeated)),
    }));
    rows.extend(comparison.inserted.iter().map(|extra| Row {
        after_fork: extra.after_fork,
        steps: (extra.step, 1),
        text: format!("+ step {} of B: {}{}", extra.step, call(&extra.action), again(extra.repeated)),
    }));
    rows.extend(comparison.changed.iter().map(|changed| Row {
        after_fork: changed.after_fork,
        steps: (changed.a_step, changed.b_step),
        text: format!(
            "~ step {} of A, {} of B, {}: {}",
            changed.a_step,
            changed.b_step,
            word(&changed.what),
            call(&changed.a)
        ),
    }));
    rows.extend(comparison.moved.iter().map(|moved| Row {
        after_fork: moved.after_fork,
        steps: (moved.a_step, moved.b_step),
        text: format!("% step {} of A, {} of B, moved: {}", moved.a_step, moved.b_step, call(&moved.action)),
    }));
    rows.sort_by_key(|row| row.steps);
    rows
}

fn others(out: &mut String, comparison: &Comparison) -> fmt::Result {
    let rows = rows(comparison);
    let (after, before): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.after_fork);
    if !before.is_empty() {
        let fork = if comparison.fork.is_some() { "before the fork" } else { "beside it" };
        writeln!(out, "\n{fork}: {}", counts(comparison, false))?;
        // Below stand what is left out of the list, and what follows the fork.
        let listed = LINES.saturating_sub(out.lines().count() + 3).max(1);
        before.iter().take(listed).try_for_each(|row| writeln!(out, "  {}", row.text))?;
        if before.len() > listed {
            writeln!(out, "  ... and {} more (--json has all)", before.len() - listed)?;
        }
    }
    if !after.is_empty() {
        writeln!(out, "\nfrom the fork on: {}", counts(comparison, true))?;
    }
    Ok(())
}

fn counts(comparison: &Comparison, after_fork: bool) -> String {
    let count = |flags: &mut dyn Iterator<Item = bool>| flags.filter(|after| *after == after_fork).count();
    let Comparison { missing, inserted, changed, moved, .. } = comparison;
    let parts = [
        (count(&mut missing.iter().map(|x| x.after_fork)), "missing in B (-)"),
        (count(&mut inserted.iter().map(|x| x.after_fork)), "inserted in B (+)"),
        (count(&mut changed.iter().map(|x| x.after_fork)), "changed (~)"),
        (count(&mut moved.iter().map(|x| x.after_fork)), "in another order (%)"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}

fn actions(count: u32) -> String {
    if count == 1 { "action".to_owned() } else { format!("{count} actions") }
}
