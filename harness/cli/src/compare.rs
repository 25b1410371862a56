//! `retake compare`: two runs, or variants of one, task by task.

use report::compare::{Arm, CompareError, Comparison, Matrix, Options, comparison_text, matrix_text};
use report::{RunData, TerminalOptions};

use crate::args::{Common, CompareArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

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
        Arms::Two(base, head) => {
            let comparison = Comparison::of(&base, &head, &options)?;
            if common.json {
                output::json(&comparison)?;
            } else {
                output::text(&comparison_text(&comparison, &terminal))?;
            }
        }
        Arms::Many(arms) => {
            let matrix = Matrix::of(&arms, &options)?;
            if common.json {
                output::json(&matrix)?;
            } else {
                output::text(&matrix_text(&matrix, &terminal))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// What is compared.
enum Arms {
    Two(Box<Arm>, Box<Arm>),
    Many(Vec<Arm>),
}

fn arms(args: &CompareArgs, settings: &Settings) -> Result<Arms, Failure> {
    let base = settings.load(&settings.find_run(&args.base)?)?;
    let head = args.head.as_ref().map(|run| settings.load(&settings.find_run(run)?)).transpose()?;
    let names = (args.base_variant.as_deref(), args.head_variant.as_deref());
    match (&head, names) {
        (None, (None, None)) => {
            let variants: Vec<&str> = base.header.plan.variants.iter().map(|v| v.name.as_str()).collect();
            match variants.as_slice() {
                [_] => Err(Failure::usage("the run has one variant: name a second run to compare it with")),
                [a, b] => two(&base, a, &base, b),
                many => Ok(Arms::Many(many.iter().map(|name| arm(&base, name)).collect::<Result<_, _>>()?)),
            }
        }
        (None, (a, b)) => {
            let (a, b) = (a.map_or_else(|| only(&base), Ok)?, b.map_or_else(|| only(&base), Ok)?);
            two(&base, a, &base, b)
        }
        (Some(head), (a, b)) => {
            let shared = shared(&base, head);
            let pick = |given: Option<&str>, data: &RunData| match (given, &shared) {
                (Some(name), _) => Ok(name.to_owned()),
                (None, Some(name)) => Ok(name.clone()),
                (None, None) => only(data).map(str::to_owned),
            };
            two(&base, &pick(a, &base)?, head, &pick(b, head)?)
        }
    }
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

fn two(base: &RunData, base_variant: &str, head: &RunData, head_variant: &str) -> Result<Arms, Failure> {
    Ok(Arms::Two(Box::new(arm(base, base_variant)?), Box::new(arm(head, head_variant)?)))
}

fn arm(data: &RunData, variant: &str) -> Result<Arm, Failure> {
    Arm::of(data, variant)
        .ok_or_else(|| Failure::usage(format!("run {} has no variant {variant:?}", data.header.run_id)))
}
