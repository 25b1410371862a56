//! The small pieces that sections share: states with their shapes, kinds, meters, links to trials. Knows no layout.

use base::TrialId;
use journal::FigureKind;

use super::markup::Markup;
use crate::score::{Rate, Score};
use crate::{RunData, Scores, TrialData, TrialState, figures};

/// A run as the sections see it.
pub(super) struct View<'a> {
    /// What was read of it.
    pub(super) data: &'a RunData,
    /// What it adds up to.
    pub(super) scores: &'a Scores,
    /// Where each trial is shown, in the plan's order.
    pub(super) places: Vec<Place>,
}

/// Where a trial is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it never began, or the run has too many.
    Nowhere,
    /// On the same page, below the number.
    Here(usize),
    /// On a page of its own.
    Page,
}

impl View<'_> {
    /// Each trial with its number in the plan, from 0.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &TrialData)> {
        self.data.trials.iter().enumerate()
    }

    /// A link to a trial around what `inner` writes; only that where the trial is shown nowhere.
    pub(super) fn link(&self, m: &mut Markup, number: usize, inner: impl FnOnce(&mut Markup)) {
        match self.href(number) {
            Some(href) => m.raw("<a href=\"").put(&href).raw("\">").with(inner).raw("</a>"),
            None => m.with(inner),
        };
    }

    /// Where a link to a trial leads, seen from the run's folder.
    pub(super) fn href(&self, number: usize) -> Option<Markup> {
        let mut href = Markup::new();
        match self.places.get(number).copied().unwrap_or(Place::Nowhere) {
            Place::Nowhere => return None,
            Place::Here(number) => href.raw("#t").int(number as u64),
            Place::Page => href.text(&page_name(&self.data.trials.get(number)?.id, "report")),
        };
        Some(href)
    }
}

/// The file of a trial's page below the run's folder, in one of the books' folders.
pub(super) fn page_name(id: &TrialId, folder: &str) -> String {
    format!("{folder}/{}/{}/{}.{}.html", id.suite, id.task, id.variant, id.number)
}

/// The way back to the run's folder from a page of [`page_name`].
pub(super) const UP: &str = "../../../";

/// The word of a state, as files and classes have it.
pub(super) fn class(state: TrialState) -> &'static str {
    match state {
        TrialState::Passed => "passed",
        TrialState::Failed => "failed",
        TrialState::Void => "void",
        TrialState::HarnessFault => "harness_fault",
        TrialState::NotRunnable => "not_runnable",
        TrialState::Invalid => "invalid",
        TrialState::Unfinished => "unfinished",
    }
}

/// Its shape: told from the others without its colour.
pub(super) fn shape(state: TrialState) -> &'static str {
    match state {
        TrialState::Passed => "\u{2713}",
        TrialState::Failed => "\u{2715}",
        TrialState::Void => "\u{25c7}",
        TrialState::HarnessFault => "!",
        TrialState::NotRunnable => "\u{2013}",
        TrialState::Invalid => "?",
        TrialState::Unfinished => "\u{2026}",
    }
}

/// Its name for people.
pub(super) fn name(state: TrialState) -> &'static str {
    match state {
        TrialState::HarnessFault => "harness fault",
        TrialState::NotRunnable => "not runnable here",
        other => class(other),
    }
}

/// Every state, in the order of legends.
pub(super) const STATES: [TrialState; 7] = [
    TrialState::Passed,
    TrialState::Failed,
    TrialState::Void,
    TrialState::HarnessFault,
    TrialState::NotRunnable,
    TrialState::Invalid,
    TrialState::Unfinished,
];

/// A state with shape and name.
pub(super) fn badge(m: &mut Markup, state: TrialState) {
    m.raw("<span class=\"state ").raw(class(state)).raw("\"><span aria-hidden=\"true\">").raw(shape(state));
    m.raw("</span>").raw(name(state)).raw("</span>");
}

/// What figures are worth, loud where they are made up.
pub(super) fn kind(m: &mut Markup, kind: Option<FigureKind>) {
    let Some(kind) = kind else {
        m.raw("<span class=\"quiet\">-</span>");
        return;
    };
    let loud = kind == FigureKind::Synthetic;
    m.raw(if loud { "<span class=\"tag loud\">" } else { "<span class=\"tag\">" });
    m.text(&if loud { "SYNTHETIC".to_owned() } else { figures::word(&kind) }).raw("</span>");
}

/// A pass rate as `7/10`, its percentage and interval.
pub(super) fn rate(m: &mut Markup, rate: Option<&Rate>) {
    m.raw("<span class=\"rate\">").text(&figures::rate(rate)).raw("</span>");
}

/// Tokens of prompt and answer for each scored trial.
pub(super) fn tokens_a_trial(score: &Score) -> Option<u64> {
    let usage = &score.effort.usage;
    let all = usage.input_tokens.saturating_add(usage.output_tokens);
    all.checked_div(score.counts.scored())
}

/// A section with its heading and a sentence about it.
pub(super) fn section(
    m: &mut Markup,
    id: &'static str,
    title: &'static str,
    lead: &'static str,
    body: impl FnOnce(&mut Markup),
) {
    m.raw("<section id=\"").raw(id).raw("\" aria-labelledby=\"").raw(id).raw("-title\">\n<h2 id=\"").raw(id);
    m.raw("-title\">").raw(title).raw("</h2>\n");
    if !lead.is_empty() {
        m.raw("<p class=\"lead\">").raw(lead).raw("</p>\n");
    }
    m.with(body).raw("</section>\n");
}

/// Figures side by side: a name, the figure, what stands small below it.
pub(super) fn tiles(m: &mut Markup, all: &[(&'static str, String, String)]) {
    m.raw("<dl class=\"tiles card\">\n");
    for (name, value, small) in all {
        m.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("<small>").text(small);
        m.raw("</small></dd></div>\n");
    }
    m.raw("</dl>\n");
}
