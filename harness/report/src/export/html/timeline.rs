//! A trial from its first event to its verdict, stage by stage: what went to the model, what it said and did, what came
//! of it. Shows canonical parts only; knows nothing of pages.

use std::collections::HashSet;

use journal::{Attempt, Event, Generated, ModelSource, PlanStep, Record, ToolOutcome};

use super::checks;
use super::diff;
use super::markup::Markup;
use super::{call, prompt};
use crate::exchanges::Exchanges;
use crate::figures::{count, duration, percent, word};

/// Characters of one recorded text that are shown.
pub(super) const TEXT: usize = 20_000;
/// Characters of all recorded texts of a trial; beyond it only first lines are shown.
const ALL_TEXTS: usize = 1_500_000;
/// Entries of one list that are shown.
pub(super) const ENTRIES: usize = 50;
/// Events of a trial that are shown.
const EVENTS: usize = 20_000;

/// What a timeline has shown so far, so that nothing stands twice and no page grows without bound.
pub(super) struct Shown {
    /// The tool calls that the journal tells.
    pub(super) calls: HashSet<String>,
    /// Whether the journal tells what the agent said.
    pub(super) said: bool,
    left: usize,
}

impl Shown {
    fn of(attempt: &Attempt) -> Self {
        let mut shown = Self { calls: HashSet::new(), said: false, left: ALL_TEXTS };
        for record in &attempt.records {
            match &record.event {
                Event::Acted(acted) => {
                    shown.calls.insert(acted.call_id.clone());
                }
                Event::Said { .. } => shown.said = true,
                _ => {}
            }
        }
        shown
    }

    /// Whether there is room for more text.
    pub(super) fn room(&self) -> bool {
        self.left > 0
    }

    /// How much of a text may be shown; takes it from what is left.
    pub(super) fn take(&mut self, text: &str, limit: usize) -> usize {
        let limit = limit.min(self.left.max(160));
        self.left = self.left.saturating_sub(text.len().min(limit));
        limit
    }

    /// Lines of a text, as many as there is room for.
    pub(super) fn lines(&mut self, m: &mut Markup, text: &str, limit: usize) {
        let limit = self.take(text, limit);
        m.lines(text, limit);
    }
}

/// The ids of one trial's stages and events on a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    /// The trial's number, where several trials share the page.
    pub(super) trial: Option<usize>,
}

impl Ids {
    /// Of an event, by its number in the journal.
    pub(super) fn event(self, m: &mut Markup, number: usize) {
        self.prefix(m).raw("e").int(number as u64);
    }

    /// Of a step.
    pub(super) fn step(self, m: &mut Markup, lane: &str, step: u32) {
        self.prefix(m).raw("s").int(u64::from(step));
        if lane != "main" {
            m.raw("-").cut(&lane.replace(|c: char| !c.is_ascii_alphanumeric(), "_"), 40);
        }
    }

    fn prefix(self, m: &mut Markup) -> &mut Markup {
        if let Some(trial) = self.trial {
            m.raw("t").int(trial as u64).raw("-");
        }
        m
    }
}

struct Timeline<'a> {
    exchanges: Option<&'a Exchanges>,
    shown: Shown,
    ids: Ids,
    /// The stage that is open: its lane and step, or nothing.
    open: Option<(String, u32)>,
}

/// The events of an attempt.
pub(super) fn timeline(m: &mut Markup, attempt: &Attempt, exchanges: Option<&Exchanges>, ids: Ids) {
    let mut line = Timeline { exchanges, shown: Shown::of(attempt), ids, open: None };
    m.raw("<div class=\"line\">\n");
    for (number, record) in attempt.records.iter().take(EVENTS).enumerate() {
        line.stage(m, record);
        m.raw("<div class=\"ev\" id=\"").with(|m| ids.event(m, number)).raw("\">");
        line.event(m, record);
        m.raw("</div>\n");
    }
    if line.open.is_some() {
        m.raw("</section>\n");
    }
    if attempt.records.len() > EVENTS {
        m.raw("<p class=\"note\">").int((attempt.records.len() - EVENTS) as u64).raw(" more events.</p>\n");
    }
    if !matches!(attempt.records.last().map(|r| &r.event), Some(Event::TrialEnded(_))) {
        m.raw("<p class=\"note\">The attempt is unfinished.</p>\n");
    }
    m.raw("</div>\n");
}

impl Timeline<'_> {
    /// Opens the stage that an event begins, closing the one before.
    fn stage(&mut self, m: &mut Markup, record: &Record) {
        let step = match &record.event {
            Event::Generated(generated) => Some(generated.step),
            Event::Acted(acted) => Some(acted.step),
            Event::GenerateFailed { step, .. }
            | Event::Said { step, .. }
            | Event::FaultInjected { step, .. }
            | Event::Warned { step, .. }
            | Event::Diverged { step, .. } => Some(*step),
            _ => None,
        };
        let title: Option<String> = match (&record.event, step) {
            (_, Some(step)) => {
                let same = self.open.as_ref().is_some_and(|(lane, at)| *lane == record.lane && *at == step);
                (!same).then(|| format!("Step {step}"))
            }
            (Event::TrialStarted { .. }, _) => Some("Start".to_owned()),
            (Event::Evaluated { round, .. }, _) => Some(format!("Checks, round {round}")),
            (Event::AgentEnded { .. }, _) => Some("The agent ends".to_owned()),
            (Event::Verified { step, .. }, _) if step.is_empty() => Some("Hidden tests".to_owned()),
            (Event::Verified { step, .. }, _) => Some(format!("Hidden tests of {step}")),
            (Event::TrialEnded(_), _) => Some("Verdict".to_owned()),
            _ if self.open.is_none() => Some("Start".to_owned()),
            _ => None,
        };
        let Some(title) = title else { return };
        if self.open.replace((record.lane.clone(), step.unwrap_or(0))).is_some() {
            m.raw("</section>\n");
        }
        m.raw("<section class=\"step\"");
        if let Some(step) = step {
            m.raw(" id=\"").with(|m| self.ids.step(m, &record.lane, step)).raw("\"");
        }
        m.raw("><header><h3>").text(&title).raw("</h3>");
        if record.lane != "main" {
            m.raw("<span class=\"tag\">lane ").text(&record.lane).raw("</span>");
        }
        if let Event::Generated(generated) = &record.event {
            call_figures(m, generated);
        }
        m.raw("</header>\n");
    }

    fn event(&mut self, m: &mut Markup, record: &Record) {
        match &record.event {
            Event::TrialStarted { task, agent, model, .. } => {
                m.raw("<div class=\"call\"><dl><dt>agent</dt><dd>")
                    .text(agent)
                    .raw("</dd><dt>model</dt><dd>");
                source(m, model);
                m.raw("</dd><dt>task</dt><dd><code>").text(&task.short()).raw("</code></dd></dl></div>");
            }
            Event::Understood { project_docs, date, .. } => {
                m.raw("<p class=\"said\">The first messages are fixed: the instruction, the date ")
                    .text(date);
                for doc in project_docs.iter().take(ENTRIES) {
                    m.raw(", <code>").text(doc).raw("</code>");
                }
                m.raw(".</p>");
            }
            Event::Planned { steps } => plan(m, steps),
            Event::Generated(generated) => self.generated(m, record, generated),
            Event::GenerateFailed { attempt, status, reason, .. } => {
                m.raw("<div class=\"call warn\"><div class=\"row\">Model call ")
                    .int(u64::from(*attempt))
                    .raw(" failed");
                if let Some(status) = status {
                    m.raw(" (").int(u64::from(*status)).raw(")");
                }
                m.raw(": ").text(reason).raw("</div></div>");
            }
            Event::FaultInjected { attempt, rule, lost_us, .. } => {
                m.raw("<div class=\"call warn\"><div class=\"row\">A fault on purpose, in the way of try ");
                m.int(u64::from(*attempt)).raw(": <code>").text(rule).raw("</code>");
                if *lost_us > 0 {
                    m.raw(", ").text(&duration(*lost_us)).raw(" lost");
                }
                m.raw("</div></div>");
            }
            Event::Warned { text, .. } => {
                m.raw("<div class=\"call warn\"><div class=\"row\">No provider would take this request: ")
                    .text(text);
                m.raw("</div></div>");
            }
            Event::Said { text, .. } => self.words(m, "agent", text),
            Event::PolicyDecided { call_id, allowed, rule, reason } => {
                m.raw(if *allowed { "<div class=\"call\">" } else { "<div class=\"call warn\">" });
                m.raw("<div class=\"row\">The policy ")
                    .raw(if *allowed { "allows" } else { "denies" })
                    .raw(" <code>");
                m.text(call_id).raw("</code> by the rule <code>").text(rule).raw("</code>: ").text(reason);
                m.raw("</div></div>");
            }
            Event::Acted(acted) => call::acted(m, acted, self.exchanges, &mut self.shown),
            Event::Diverged { .. } => self.diverged(m, &record.event),
            Event::Evaluated { checks, duration_us, .. } => checks::round(m, checks, *duration_us),
            Event::FedBack { text, .. } => self.words(m, "what went back to the agent", text),
            Event::AgentEnded { failure, reason } => {
                m.raw("<p class=\"said\">");
                match failure {
                    Some(failure) => m.raw("It was stopped (<code>").text(&word(failure)).raw("</code>): "),
                    None => m.raw("It says that it is done: "),
                };
                m.text(reason).raw("</p>");
            }
            Event::Verified { reward, rewards, error, .. } => checks::verified(m, *reward, rewards, error),
            Event::TrialEnded(ended) => checks::ended(m, ended),
        }
    }

    fn diverged(&mut self, m: &mut Markup, event: &Event) {
        let Event::Diverged { cause, path, offset, diff, block, led_by, allowed, .. } = event else { return };
        m.raw(if allowed.is_some() { "<div class=\"call warn\">" } else { "<div class=\"call gone\">" });
        m.raw("<div class=\"row\"><strong>The request differs from the recorded one: ").text(cause);
        m.raw("</strong> at <code>").text(path).raw("</code>, byte ").int(*offset);
        if let Some(block) = block {
            m.raw(" (block ").int(u64::from(*block)).raw(")");
        }
        if let Some(led_by) = led_by {
            m.raw(", after <code>").text(led_by).raw("</code>");
        }
        if let Some(why) = allowed {
            m.raw("; let pass: ").text(why);
        }
        m.raw("</div>");
        let limit = self.shown.take(diff, TEXT);
        diff::patch(m, diff, limit);
        m.raw("</div>");
    }

    fn generated(&mut self, m: &mut Markup, record: &Record, generated: &Generated) {
        let added = self.exchanges.and_then(|e| Some((e, e.added(&record.lane, generated.step)?)));
        match added {
            Some((exchanges, added)) => prompt::added(m, exchanges, added, &mut self.shown),
            None => {
                m.raw("<p class=\"quiet\">A request of ")
                    .int(u64::from(generated.blocks))
                    .raw(" blocks.</p>");
            }
        }
    }

    fn words(&mut self, m: &mut Markup, who: &'static str, text: &str) {
        m.raw("<div class=\"said\"><span class=\"who\">").raw(who).raw("</span><pre>");
        self.shown.lines(m, text, TEXT);
        m.raw("</pre></div>");
    }
}

fn call_figures(m: &mut Markup, generated: &Generated) {
    let usage = &generated.usage;
    let share = (usage.input_tokens > 0).then(|| usage.cached_tokens as f64 / usage.input_tokens as f64);
    m.raw("<small>")
        .text(&generated.served)
        .raw("</small><small>")
        .text(&count(usage.input_tokens))
        .raw(" in, ");
    m.text(&percent(share))
        .raw(" cached</small><small>")
        .text(&count(usage.output_tokens))
        .raw(" out</small><small>");
    m.text(&duration(generated.total_us))
        .raw(", first token ")
        .text(&duration(generated.ttft_us))
        .raw("</small>");
}

fn source(m: &mut Markup, model: &ModelSource) {
    match model {
        ModelSource::None => m.raw("none"),
        ModelSource::Script { digest } => {
            m.raw("script <code>").text(&digest.short()).raw("</code>, synthetic")
        }
        ModelSource::Cassette { digest, synthetic } => {
            m.raw("cassette <code>").text(&digest.short());
            m.raw(if *synthetic { "</code>, synthetic" } else { "</code>" })
        }
        ModelSource::Fork { digest, step, rest } => {
            m.raw("cassette <code>")
                .text(&digest.short())
                .raw("</code> to step ")
                .int(u64::from(*step))
                .raw(", then ");
            m.with(|m| source(m, rest))
        }
        ModelSource::Live { model } => m.text(model).raw(" (live)"),
    };
}

fn plan(m: &mut Markup, steps: &[PlanStep]) {
    m.raw("<span class=\"who\">plan</span><ol class=\"plan\">");
    for step in steps.iter().take(ENTRIES) {
        let (class, mark) = match step.status.as_str() {
            "completed" => ("done", "\u{2713}"),
            "in_progress" => ("now", "\u{2192}"),
            _ => ("todo", "\u{25cb}"),
        };
        m.raw("<li class=\"").raw(class).raw("\"><span aria-hidden=\"true\">").raw(mark).raw("</span><span>");
        m.text(&step.step).raw("</span></li>");
    }
    m.raw("</ol>");
}

/// How a tool call went, in a word.
pub(super) fn outcome(outcome: ToolOutcome) -> &'static str {
    match outcome {
        ToolOutcome::Ok => "ok",
        ToolOutcome::Failed => "failed",
        ToolOutcome::Rejected => "rejected",
        ToolOutcome::Denied => "denied",
        ToolOutcome::TimedOut => "timed out",
    }
}
