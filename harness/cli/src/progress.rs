//! The progress bar, on standard error, only where somebody watches. The one file that knows indicatif.

use std::sync::Mutex;
use std::time::Duration;

use base::TrialId;
use cassette::Volatile;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use journal::{Ended, Outcome, RunDir};
use runner::Progress;

use crate::output;
use crate::run;

/// Characters that are shown of a volatile value.
const VALUE_MAX: usize = 60;

/// A bar over all trials, with the number of failures and the trial that ended last.
pub(crate) struct Bar {
    bar: ProgressBar,
    counts: Mutex<Counts>,
    quiet: bool,
    /// Whether what it shows can go on where it stops.
    resumable: bool,
}

#[derive(Default)]
struct Counts {
    passed: u32,
    failed: u32,
    other: u32,
}

impl Bar {
    /// A bar that is hidden where nobody watches; `quiet`: says nothing at all.
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if output::watched() && !quiet {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Self { bar, counts: Mutex::new(Counts::default()), quiet, resumable: false }
    }

    /// A bar over a run that can go on, which says at once by which command: however it stops, that stands there.
    pub(crate) fn resumable() -> Self {
        Self { resumable: true, ..Self::new(false) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begun(&self, run: &RunDir, trials: usize, finished: usize) {
        if !self.quiet {
            let done =
                if finished > 0 { format!(", {finished} of them finished before") } else { String::new() };
            let place = if self.resumable {
                format!("if it stops, go on with: {}", run::going_on(run))
            } else {
                format!("run folder {}", run.path.display())
            };
            output::note(&format!("{trials} trials{done}; {place}"));
        }
        self.bar.set_length(trials as u64);
        self.bar.set_position(finished as u64);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn started(&self, trial: &TrialId) {
        self.bar.set_message(trial.to_string());
    }

    fn ended(&self, trial: &TrialId, ended: &Ended) {
        let mut counts = self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match ended.outcome {
            Outcome::Passed => counts.passed += 1,
            Outcome::Failed => counts.failed += 1,
            _ => counts.other += 1,
        }
        let Counts { passed, failed, other } = *counts;
        self.bar.set_message(format!("{passed} passed, {failed} failed, {other} other; {trial}"));
        self.bar.inc(1);
    }

    fn kept(&self, trial: &TrialId, differ: &[Volatile]) {
        if differ.is_empty() {
            return;
        }
        let value =
            |v: &Volatile| format!("{} at {}: {} -> {}", v.class, v.path, brief(&v.was), brief(&v.is));
        let values: Vec<String> = differ.iter().map(value).collect();
        self.bar.suspend(|| {
            output::note(&format!(
                "{trial}: says the same as what stands there, which stays, but for\n  {}",
                values.join("\n  ")
            ));
        });
    }
}

/// A value that is long, cut.
fn brief(text: &str) -> String {
    let cut: String = text.chars().take(VALUE_MAX).collect();
    format!("{:?}", if cut.len() < text.len() { cut + "..." } else { cut })
}

/// A bar over files that are read.
pub(crate) struct FileBar(ProgressBar);

impl FileBar {
    /// A bar that is hidden where nobody watches.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = Bar::new(quiet).bar;
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl interop::Observer for FileBar {
    fn files(&self, count: usize) {
        self.0.set_length(count as u64);
    }

    fn done(&self, path: &std::path::Path) {
        self.0.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        self.0.inc(1);
    }
}
