//! The gates of a run or a comparison: from rules as they were written to how they stand. Knows nothing of statistics.

use std::path::Path;

use base::Seed;
use base::toml_file::Diagnostic;
use journal::{Mode, RunDir};
use report::RunData;
use report::compare::{Arm, Baseline};
use report::gate::{self, Gate, Judged, Quarantine, Rule, Standing};
use runner::Planned;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// The file in a run's folder that says how its gates stand.
const FILE: &str = "gates.json";

/// The gates of a run with what they are held against.
pub(crate) struct Gates {
    gates: Vec<Gate>,
    baseline: Option<Baseline>,
}

impl Gates {
    /// Reads the rules of the command line, else those of the profile; the baseline only where one of them needs it.
    pub(crate) fn read(
        typed: &[String],
        profile: &str,
        settings: &Settings,
        out: &Path,
    ) -> Result<Self, Failure> {
        let gates = match typed {
            [] => of_profile(profile, settings)?,
            rules => rules.iter().map(|rule| parse(rule)).collect::<Result<_, _>>()?,
        };
        let needed = gates.iter().any(Gate::needs_baseline);
        let baseline = if needed { Baseline::read(out)? } else { None };
        Ok(Self { gates, baseline })
    }

    /// Refuses gates that cannot fail in what was planned, and says which ones it can hardly decide.
    pub(crate) fn check(&mut self, planned: &Planned) -> Result<(), Failure> {
        let plan = &planned.plan;
        let variants: Vec<(&str, base::Digest)> =
            plan.variants.iter().map(|v| (v.name.as_str(), v.digest)).collect();
        let baseline = self.baseline.as_ref().map(|baseline| baseline.arms.as_slice());
        let tasks = plan.suites.iter().map(|suite| suite.tasks.len() as u64).sum();
        for rule in &self.gates {
            gate::refuse(rule, plan.mode, &variants, baseline).map_err(Failure::usage)?;
            if plan.mode == Mode::Live
                && let Some(warning) =
                    gate::underpowered(rule, tasks, u64::from(plan.trials), &variants, baseline)
            {
                output::note(&warning);
            }
        }
        let named = self.gates.iter().any(|gate| matches!(gate.rule, Rule::Drift { .. }));
        if matches!(plan.mode, Mode::Replay | Mode::Fork) && !named {
            self.gates.push(Gate::default_drift());
        }
        Ok(())
    }

    /// How they stand over a finished run; also written into its folder.
    pub(crate) fn judge(&self, dir: &RunDir, data: &RunData) -> Result<Vec<Judged>, Failure> {
        let arms: Vec<Arm> =
            data.header.plan.variants.iter().filter_map(|v| Arm::of(data, &v.name)).collect();
        let baseline = self.baseline.as_ref().map_or_else(Vec::new, |baseline| baseline.arms.clone());
        let quarantine = Quarantine::read(dir.path.parent().unwrap_or(&dir.path))?;
        let now = data.header.created;
        for held in quarantine.holds(now) {
            let until = held.until.map_or_else(String::new, base::Timestamp::date);
            output::note(&format!(
                "in quarantine until {until}, so left out of gates: {}/{} (its verifier gave {} of {} workspaces two verdicts)",
                held.suite, held.task, held.caught, held.workspaces
            ));
        }
        let without = |arms: Vec<Arm>| -> Vec<Arm> {
            arms.into_iter().map(|arm| quarantine.without(arm, now)).collect()
        };
        let (arms, baseline) = (without(arms), without(baseline));
        let judged =
            gate::judge(&self.gates, &arms, &baseline, &data.drift(), Seed::new(data.header.plan.seed));
        if !judged.is_empty() {
            dir.write_json(FILE, &judged)?;
        }
        Ok(judged)
    }
}

/// One rule as it was typed.
pub(crate) fn parse(rule: &str) -> Result<Gate, Failure> {
    rule.parse().map_err(|error: gate::RuleError| {
        let place = Diagnostic::at(Path::new("--gate"), rule, error.span.clone(), error.message.clone());
        Failure::usage(place.with_help(error.help))
    })
}

/// The rules of a profile; what is wrong with one is said with its place in retake.toml.
fn of_profile(name: &str, settings: &Settings) -> Result<Vec<Gate>, Failure> {
    let Some(profile) = settings.config.profiles.get(name) else { return Ok(Vec::new()) };
    let gate = |(index, rule): (usize, &String)| {
        rule.parse().map_err(|error: gate::RuleError| {
            let Some(file) = &settings.config.file else { return Failure::usage(&error) };
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let index = index.to_string();
            let message = format!("gate `{rule}`: {error}");
            let place = Diagnostic::at_key(file, &text, &["profile", name, "gates", &index], message);
            Failure::input(place.with_help(error.help))
        })
    };
    profile.gates.iter().enumerate().map(gate).collect()
}

/// The exit code that gates give; [`Exit::Done`] where all were kept.
pub(crate) fn exit(judged: &[Judged]) -> Exit {
    match Standing::worst(judged.iter().map(|judged| judged.standing)) {
        Standing::Held => Exit::Done,
        Standing::Broken => Exit::Gate,
        Standing::Inconclusive => Exit::Inconclusive,
    }
}

/// Says of each gate how it stands, on standard error.
pub(crate) fn tell(judged: &[Judged]) {
    for gate in judged {
        output::note(&report::gate::text(gate));
    }
}
