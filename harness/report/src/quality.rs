//! What trials left in their workspaces and what the visible checks found there, added up: of the host, for tools that really ran.
//! Knows no layout.

use std::collections::BTreeMap;

use journal::{FindingFigures, PatchFigures};

use crate::figures::counted;
use crate::{RunData, TrialData};

/// The changes and findings of a group of scored trials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quality {
    /// Trials whose changes were looked at.
    pub(crate) trials: u64,
    /// Sums over them; a figure that no trial has is absent.
    pub(crate) patch: PatchFigures,
    /// Trials of tasks that say which files they are about.
    pub(crate) scoped: u64,
    /// Those of them that touched another one.
    pub(crate) strayed: u64,
    /// Trials in which visible checks ran.
    pub(crate) checked: u64,
    /// Those in which they ran more than once: findings were fed back.
    pub(crate) again: u64,
    /// What the checks found, by kind.
    pub(crate) findings: FindingFigures,
}

impl Quality {
    /// Adds up the scored trials of a variant.
    fn of(data: &RunData, variant: &str) -> Self {
        let mut sums = Self::default();
        let own = data.trials.iter().filter(|trial| trial.id.variant == variant && trial.state().scored());
        for host in own.filter_map(|trial| Some(&trial.finish.as_ref()?.host)) {
            if let Some(patch) = &host.patch {
                sums.changes(patch);
            }
            if let Some(found) = &host.findings {
                sums.checked += 1;
                sums.again += u64::from(found.rounds > 1);
                add(&mut sums.findings.first, &found.first);
                add(&mut sums.findings.last, &found.last);
            }
        }
        sums
    }

    fn changes(&mut self, patch: &PatchFigures) {
        let optional = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
            (sum, None) => sum,
            (sum, Some(more)) => Some(sum.unwrap_or(0).saturating_add(more)),
        };
        let sum = &self.patch;
        self.patch = PatchFigures {
            files_added: sum.files_added.saturating_add(patch.files_added),
            files_changed: sum.files_changed.saturating_add(patch.files_changed),
            files_deleted: sum.files_deleted.saturating_add(patch.files_deleted),
            lines_added: sum.lines_added.saturating_add(patch.lines_added),
            lines_removed: sum.lines_removed.saturating_add(patch.lines_removed),
            tests_added: sum.tests_added.saturating_add(patch.tests_added),
            tests_removed: sum.tests_removed.saturating_add(patch.tests_removed),
            tests_weakened: sum.tests_weakened.saturating_add(patch.tests_weakened),
            files_out_of_scope: optional(sum.files_out_of_scope, patch.files_out_of_scope),
            secrets_added: optional(sum.secrets_added, patch.secrets_added),
            licences_added: optional(sum.licences_added, patch.licences_added),
        };
        self.trials += 1;
        self.scoped += u64::from(patch.files_out_of_scope.is_some());
        self.strayed += u64::from(patch.files_out_of_scope.is_some_and(|n| n > 0));
    }
}

/// Files that were added, changed or deleted.
fn files(patch: &PatchFigures) -> u64 {
    patch.files_added.saturating_add(patch.files_changed).saturating_add(patch.files_deleted)
}

fn add(sums: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (kind, n) in more {
        let sum = sums.entry(kind.clone()).or_default();
        *sum = sum.saturating_add(*n);
    }
}

/// Each variant's, where anything of it was looked at.
pub(crate) fn of_variants(data: &RunData) -> Vec<(&str, Quality)> {
    let names = data.header.plan.variants.iter().map(|v| v.name.as_str());
    let all = names.map(|name| (name, Quality::of(data, name)));
    all.filter(|(_, quality)| quality.trials + quality.checked > 0).collect()
}

/// Headings of [`cells`].
pub(crate) const COLUMNS: [&str; 9] = [
    "files",
    "lines",
    "out of scope",
    "tests added",
    "deleted",
    "weakened",
    "secrets",
    "licences",
    "findings",
];

/// One row, sums over the scored trials.
pub(crate) fn cells(quality: &Quality) -> [String; 9] {
    let patch = &quality.patch;
    let known = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
    [
        files(patch).to_string(),
        lines(patch),
        known(patch.files_out_of_scope),
        patch.tests_added.to_string(),
        patch.tests_removed.to_string(),
        patch.tests_weakened.to_string(),
        known(patch.secrets_added),
        known(patch.licences_added),
        findings(&quality.findings).unwrap_or_else(|| "-".to_owned()),
    ]
}

/// As `2 files, +12 -3 lines`.
fn size(patch: &PatchFigures) -> String {
    format!("{}, {} lines", counted(files(patch), "file"), lines(patch))
}

/// As `+12 -3`.
fn lines(patch: &PatchFigures) -> String {
    format!("+{} -{}", patch.lines_added, patch.lines_removed)
}

/// What the checks found, as `14 to 3 (lint 9 to 2, tests 5 to 1)`; nothing where none ran.
pub(crate) fn findings(figures: &FindingFigures) -> Option<String> {
    let kinds = by_kind(figures);
    let each = kinds
        .iter()
        .filter(|(_, (first, last))| first + last > 0)
        .map(|(kind, (first, last))| format!("{} {first} to {last}", crate::text::sentence(kind)));
    let each = each.collect::<Vec<_>>().join(", ");
    let each = if each.is_empty() { each } else { format!(" ({each})") };
    (!kinds.is_empty()).then(|| format!("{} to {}{each}", figures.at_first(), figures.at_last()))
}

/// Findings of the first and of the last round, by kind of check.
pub(crate) fn by_kind(figures: &FindingFigures) -> BTreeMap<&str, (u64, u64)> {
    let mut kinds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (kind, n) in &figures.first {
        kinds.entry(kind).or_default().0 = *n;
    }
    for (kind, n) in &figures.last {
        kinds.entry(kind).or_default().1 = *n;
    }
    kinds
}

/// What a variant's trials left, in sentences: the size of the changes, what is wrong with them, whether feedback helped.
pub(crate) fn sentences(quality: &Quality) -> Vec<String> {
    let patch = &quality.patch;
    let mut said = Vec::new();
    if quality.trials > 0 {
        let mut parts = vec![size(patch)];
        if let Some(outside) = patch.files_out_of_scope {
            let (strayed, scoped) = (quality.strayed, quality.scoped);
            parts.push(format!("{} out of scope in {strayed} of {scoped} trials", counted(outside, "file")));
        }
        parts
            .extend((patch.tests_added > 0).then(|| format!("{} added", counted(patch.tests_added, "test"))));
        parts.extend(doubtful(patch));
        said.push(parts.join(", "));
    }
    if let Some(findings) = findings(&quality.findings) {
        let (again, checked) = (quality.again, quality.checked);
        said.push(format!(
            "findings {findings}; checked again after feedback in {again} of {checked} trials"
        ));
    }
    said
}

/// What of some changes somebody should look at, as `1 test weakened`, each where there is any; files out of scope apart.
fn doubtful(patch: &PatchFigures) -> Vec<String> {
    let all = [
        (patch.tests_removed, "test", "deleted"),
        (patch.tests_weakened, "test", "weakened"),
        (patch.secrets_added.unwrap_or(0), "secret", "added"),
        (patch.licences_added.unwrap_or(0), "licence text", "added"),
    ];
    let shown = all.iter().filter(|(n, ..)| *n > 0);
    shown.map(|(n, noun, what)| format!("{} {what}", counted(*n, noun))).collect()
}

/// What of a scored trial's changes somebody should look at; nothing where nothing is.
pub(crate) fn doubts(trial: &TrialData) -> Option<String> {
    let patch = trial.scored().and(trial.finish.as_ref()?.host.patch.as_ref())?;
    let outside = patch.files_out_of_scope.filter(|n| *n > 0);
    let outside = outside.map(|n| format!("{} out of scope", counted(n, "file")));
    let shown: Vec<String> = outside.into_iter().chain(doubtful(patch)).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// What a trial's changes are like, in a sentence; nothing where nobody looked at them.
pub(crate) fn of_trial(trial: &TrialData) -> Option<String> {
    let host = &trial.finish.as_ref()?.host;
    let patch = host.patch.as_ref()?;
    let mut parts = vec![size(patch)];
    parts.extend((patch.tests_added > 0).then(|| format!("{} added", counted(patch.tests_added, "test"))));
    parts.extend(doubts(trial));
    parts.extend(host.findings.as_ref().and_then(findings).map(|found| format!("findings {found}")));
    Some(parts.join(", "))
}

/// The harness's own part of the real time of finished trials, 0 to 1; nothing where none was measured.
pub(crate) fn harness_share(data: &RunData) -> Option<f64> {
    let (own, wall) = data.trials.iter().filter_map(|trial| trial.finish.as_ref()).fold(
        (0_u64, 0_u64),
        |(own, wall), finish| {
            let more = finish.harness_us(data.header.plan.mode);
            (own.saturating_add(more), wall.saturating_add(finish.host.wall_us))
        },
    );
    (wall > 0).then(|| own as f64 / wall as f64)
}

/// The words for what the figures are worth: made up by a stub, or measured here.
pub(crate) fn worth(data: &RunData) -> &'static str {
    if data.header.plan.synthetic { "SYNTHETIC" } else { "measured here" }
}
