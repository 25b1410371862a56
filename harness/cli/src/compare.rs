//! `retake compare`: two runs, or variants of one, task by task.

use std::collections::BTreeMap;

use journal::RunDir;
use report::compare::{
    Arm, Baseline, CompareError, Comparison, Matrix, Mismatch, Options, Weight, comparison_text, matrix_text,
};
use report::gate::{self, Judged, Rule, refuse};
use report::{Regrades, RunData, TerminalOptions, comparison_html, find_forks};
use serde::Serialize;

use crate::args::{Common, CompareArgs};
use crate::exit::{Exit, Failure};
use crate::settings::Settings;
use crate::{gates, output};

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Self::usage(error)
    }
}

/// Carries the verb out.
pub(crate) fn compare(args: &CompareArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let options = Options { margin: args.margin, seed: base::Seed::new(args.seed), ..Options::default() };
    let terminal = TerminalOptions { color: output::color(), width: None };
    match arms(args, &settings)? {
        Arms::Two(base, head, origins) => {
            let mut comparison = Comparison::of(&base, &head, &options)?;
            if let [Origin { dir: Some(base), .. }, Origin { dir: Some(head), .. }] = &origins {
                find_forks(&mut comparison, [base, head]);
            }
            say_regraded(&mut comparison, &origins);
            let judged = judge(&args.gate, &base, &head, options.seed)?;
            page(args, common, std::slice::from_ref(&comparison))?;
            if common.json {
                output::json(&Answer { comparison: &comparison, gates: &judged })?;
            } else {
                output::text(&comparison_text(&comparison, &terminal))?;
            }
            gates::tell(&judged);
            return Ok(gates::exit(&judged));
        }
        Arms::Many(arms) => {
            let matrix = Matrix::of(&arms, &options)?;
            page(args, common, &matrix.comparisons)?;
            if common.json {
                output::json(&matrix)?;
            } else {
                output::text(&matrix_text(&matrix, &terminal))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Writes the page that was asked for.
fn page(args: &CompareArgs, common: &Common, comparisons: &[Comparison]) -> Result<(), Failure> {
    let Some(file) = &args.html else { return Ok(()) };
    let file = common.directory.as_ref().map_or_else(|| file.clone(), |folder| folder.join(file));
    std::fs::write(&file, comparison_html(comparisons))
        .map_err(|error| Failure::host(format!("{}: {error}", file.display())))?;
    output::note(&format!("the page is {}", file.display()));
    Ok(())
}

/// A comparison with how its gates stand.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    #[serde(skip_serializing_if = "<[Judged]>::is_empty")]
    gates: &'a [Judged],
}

/// How head stands to the rules, with base as its baseline.
fn judge(rules: &[String], base: &Arm, head: &Arm, seed: base::Seed) -> Result<Vec<Judged>, Failure> {
    let baseline = std::slice::from_ref(base);
    let planned = [(head.variant.as_str(), head.facts.digest)];
    let mut parsed = Vec::new();
    for rule in rules {
        let gate = gates::parse(rule)?;
        if matches!(gate.rule, Rule::Drift { .. }) {
            return Err(Failure::usage(format!(
                "gate `{rule}`: drift is not kept of an arm: gate the run itself"
            )));
        }
        refuse(&gate, head.facts.mode, &planned, Some(baseline)).map_err(Failure::usage)?;
        parsed.push(gate);
    }
    Ok(gate::judge(&parsed, std::slice::from_ref(head), baseline, &BTreeMap::new(), seed))
}

/// Says which verdicts are not those of the runs themselves.
fn say_regraded(comparison: &mut Comparison, origins: &[Origin; 2]) {
    if origins.iter().all(|origin| origin.regraded.is_empty()) {
        return;
    }
    let [base, head] = origins.each_ref().map(|origin| match origin.regraded.as_str() {
        "" => "its own verdicts".to_owned(),
        said => said.to_owned(),
    });
    let (what, weight) = ("regraded".to_owned(), Weight::Circumstance);
    comparison.mismatches.push(Mismatch { what, weight, base, head });
    comparison.mismatches.sort_by_key(|mismatch| std::cmp::Reverse(mismatch.weight));
}

/// Where an arm comes from.
#[derive(Default)]
struct Origin {
    /// Its run's folder, where it has one.
    dir: Option<RunDir>,
    /// What is said of verdicts that are not those of the run itself.
    regraded: String,
}

/// What is compared.
enum Arms {
    /// Base and head.
    Two(Box<Arm>, Box<Arm>, [Origin; 2]),
    Many(Vec<Arm>),
}

/// A run with its folder.
struct Run {
    dir: RunDir,
    data: RunData,
    /// What is said of verdicts that are not those of the run itself; empty where all are.
    regraded: String,
}

impl Run {
    fn read(settings: &Settings, name: &str) -> Result<Self, Failure> {
        let dir = settings.find_run(name)?;
        let mut data = settings.load(&dir)?;
        let mut regraded = String::new();
        if let Some(regrades) = Regrades::read(&dir)? {
            let changed = regrades.apply(&mut data);
            let count = regrades.trials.len();
            regraded =
                format!("{count} verdicts by `regrade` of {}, {changed} of them new", regrades.at.date());
        }
        Ok(Self { data, dir, regraded })
    }
}

fn arms(args: &CompareArgs, settings: &Settings) -> Result<Arms, Failure> {
    if args.base == "baseline" {
        return against_baseline(args, settings);
    }
    let base = Run::read(settings, &args.base)?;
    let head = args.head.as_ref().map(|run| Run::read(settings, run)).transpose()?;
    let names = (args.base_variant.as_deref(), args.head_variant.as_deref());
    match (&head, names) {
        (None, (None, None)) => {
            let variants: Vec<&str> =
                base.data.header.plan.variants.iter().map(|v| v.name.as_str()).collect();
            match variants.as_slice() {
                [_] => Err(Failure::usage("the run has one variant: name a second run to compare it with")),
                [a, b] => two(&base, a, &base, b),
                many => {
                    Ok(Arms::Many(many.iter().map(|name| arm(&base.data, name)).collect::<Result<_, _>>()?))
                }
            }
        }
        (None, (a, b)) => {
            let (a, b) = (a.map_or_else(|| only(&base.data), Ok)?, b.map_or_else(|| only(&base.data), Ok)?);
            two(&base, a, &base, b)
        }
        (Some(head), (a, b)) => {
            let shared = shared(&base.data, &head.data);
            let pick = |given: Option<&str>, data: &RunData| match (given, &shared) {
                (Some(name), _) => Ok(name.to_owned()),
                (None, Some(name)) => Ok(name.clone()),
                (None, None) => only(data).map(str::to_owned),
            };
            two(&base, &pick(a, &base.data)?, head, &pick(b, &head.data)?)
        }
    }
}

/// A run against the baseline.
fn against_baseline(args: &CompareArgs, settings: &Settings) -> Result<Arms, Failure> {
    let baseline = Baseline::read(&settings.config.out)?;
    let baseline = baseline
        .ok_or_else(|| Failure::usage("there is no baseline: set one with `retake baseline set RUN`"))?;
    let run = args.head.as_deref().unwrap_or("latest");
    let head = Run::read(settings, run)?;
    let name = args.head_variant.as_deref().map_or_else(|| only(&head.data), Ok)?;
    let wanted = args.base_variant.as_deref().unwrap_or(name);
    let named = baseline.arms.iter().find(|arm| arm.variant == wanted);
    let only_one = baseline.arms.first().filter(|_| baseline.arms.len() == 1 && args.base_variant.is_none());
    let base = named.or(only_one);
    let base = base.ok_or_else(|| Failure::usage(format!("the baseline has no variant {wanted:?}")))?;
    let own = Origin { dir: Some(head.dir), regraded: head.regraded };
    Ok(Arms::Two(Box::new(base.clone()), Box::new(arm(&head.data, name)?), [Origin::default(), own]))
}

/// The one variant that both runs have by the same name.
fn shared(base: &RunData, head: &RunData) -> Option<String> {
    let names = |data: &RunData| data.header.plan.variants.iter().map(|v| v.name.clone()).collect::<Vec<_>>();
    let other = names(head);
    let mut both = names(base).into_iter().filter(|name| other.contains(name));
    let first = both.next();
    first.filter(|_| both.next().is_none())
}

/// The one variant of a run.
fn only(data: &RunData) -> Result<&str, Failure> {
    let variants: Vec<&str> = data.header.plan.variants.iter().map(|v| v.name.as_str()).collect();
    match variants.as_slice() {
        [one] => Ok(one),
        many => Err(Failure::usage(format!(
            "run {} has the variants {}: say which with --base and --head",
            data.header.run_id,
            many.join(", ")
        ))),
    }
}

fn two(base: &Run, base_variant: &str, head: &Run, head_variant: &str) -> Result<Arms, Failure> {
    let origins =
        [base, head].map(|run| Origin { dir: Some(run.dir.clone()), regraded: run.regraded.clone() });
    let (base, head) = (arm(&base.data, base_variant)?, arm(&head.data, head_variant)?);
    Ok(Arms::Two(Box::new(base), Box::new(head), origins))
}

fn arm(data: &RunData, variant: &str) -> Result<Arm, Failure> {
    Arm::of(data, variant)
        .ok_or_else(|| Failure::usage(format!("run {} has no variant {variant:?}", data.header.run_id)))
}
