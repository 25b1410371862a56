//! What live trials of a question would cost, how long they would take, and the smallest difference that they could show. From
//! recorded costs and what is known of the noise; promises nothing beyond that.

use journal::Terms;
use serde::Serialize;
use wire::Usage;

use crate::score::{detectable_in_sequence, mean, round, rounded, rounded_option};

/// The relative deviation of one task's cost from trial to trial where nothing is known of it.
const ASSUMED_CV: f64 = 0.5;
/// The mean square of a pair's difference of passes where nothing is known: every task passes half of the time.
const ASSUMED_PASS_VARIANCE: f64 = 0.5;
/// Mean squares below which no plan goes, whatever was measured: a bet that reckons with less noise than there is loses itself.
const LEAST_PASS_VARIANCE: f64 = 0.05;
const LEAST_COST_VARIANCE: f64 = 0.02;
/// A trial of a task where none was recorded: 25 requests that grow to some 30,000 tokens, most of it read from a cache.
pub const ASSUMED_TRIAL: Usage = Usage {
    input_tokens: 400_000,
    cached_tokens: 350_000,
    cache_write_tokens: 0,
    output_tokens: 8_000,
    reasoning_tokens: 0,
};
/// How long it takes, in seconds.
const ASSUMED_TRIAL_S: f64 = 240.0;
/// By which factor its cost may be off in either direction.
const ASSUMED_FACTOR: f64 = 3.0;
/// Two-sided 95 %.
const Z: f64 = 1.959_964;
/// Trials of each task in each arm where neither a number nor a budget is given.
const TRIALS: u32 = 5;
/// The most trials of a task that are planned unasked.
const TRIALS_MAX: u32 = 100;

/// Where the noise of a suite is known from.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseSource {
    /// It isn't.
    #[default]
    Assumed,
    /// Recordings of one task differ by so much.
    Recordings,
    /// An earlier question on these tasks measured it.
    History {
        /// Its run.
        run_id: String,
    },
}

/// What is known of the noise between two trials of one task under one variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Known {
    /// The mean square of a pair's difference of passes.
    pub pass_variance: Option<f64>,
    /// The mean square of a pair's relative difference of cost.
    pub cost_variance: Option<f64>,
    /// Where from.
    pub source: NoiseSource,
}

/// What one task's recordings cost.
#[derive(Clone, Debug, Default)]
pub struct TaskCost {
    /// The task.
    pub task: String,
    /// USD of each recording: as base and as head make its requests.
    pub usd: Vec<(f64, f64)>,
    /// How long each took, in microseconds.
    pub time_us: Vec<u64>,
}

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// Every task of the question, those without recordings too.
    pub tasks: Vec<TaskCost>,
    /// What [`ASSUMED_TRIAL`] costs as base and as head, in USD: for where no task was recorded.
    pub assumed_usd: Option<(f64, f64)>,
    /// Trials of each task in each arm, where that was said.
    pub trials: Option<u32>,
    /// USD that may be spent.
    pub max_cost: Option<f64>,
    /// Steps at which the model is probed, and what probing them all costs, in USD.
    pub probes: (u32, Option<f64>),
    /// Trials at a time.
    pub jobs: u32,
    /// What is known of the noise.
    pub known: Known,
    /// A difference of pass rates that has to be seen, where one was named.
    pub detect: Option<f64>,
}

/// A value with how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The value.
    #[serde(serialize_with = "rounded")]
    pub value: f64,
    /// Its 95 % interval.
    #[serde(serialize_with = "rounded")]
    pub lo: f64,
    /// Its end.
    #[serde(serialize_with = "rounded")]
    pub hi: f64,
}

/// Whether the budget pays for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Affords {
    /// No budget was given.
    Unlimited,
    /// All of it, also if it gets dearer than expected.
    All,
    /// A part: trials begin as long as there is money.
    Part,
    /// Not one pair.
    Nothing,
    /// Nobody knows: the model has no price.
    Unknown,
}

/// What so many trials would cost and could show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Trials of each task in each arm.
    pub trials: u32,
    /// Pairs of trials, one of each arm.
    pub pairs: u64,
    /// What they cost, in USD.
    pub cost_usd: Option<Range>,
    /// How long they take, in seconds.
    #[serde(serialize_with = "rounded_option")]
    pub wall_s: Option<f64>,
    /// The smallest difference of pass rates that they show four times out of five.
    #[serde(serialize_with = "rounded")]
    pub detectable_pass_rate: f64,
    /// The smallest relative difference of cost.
    #[serde(serialize_with = "rounded")]
    pub detectable_cost: f64,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanResult {
    /// Tasks.
    pub tasks: u64,
    /// Whether nothing was recorded, and price and time are those of an assumed trial.
    pub assumed: bool,
    /// Those of them that have no recording with a price: they are taken to cost what the others do.
    pub unpriced_tasks: u64,
    /// What is planned.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Pairs that the budget pays for, of those.
    pub affordable_pairs: u64,
    /// Whether it pays for all.
    pub affords: Affords,
    /// USD that may be spent.
    pub max_cost_usd: Option<f64>,
    /// Steps that are probed.
    pub probes: u32,
    /// What that costs, in USD.
    #[serde(serialize_with = "rounded_option")]
    pub probe_cost_usd: Option<f64>,
    /// The noise that the plan reckons with.
    pub noise: Known,
    /// The difference of pass rates that has to be seen, and what it takes.
    pub detect: Option<f64>,
    /// Trials of each task that would show it.
    pub detect_takes: Option<Estimate>,
}

impl PlanInput {
    /// The plan.
    pub fn plan(&self) -> PlanResult {
        let (pass, cost) = (self.pass_variance(), self.cost_variance());
        let round = self.round();
        let tasks = self.tasks.len() as u64;
        let left = self.max_cost.map(|max| (max - self.probes.1.unwrap_or(0.0)).max(0.0));
        let fits = |trials: u32| left.zip(self.price(trials)).is_none_or(|(left, price)| price.hi <= left);
        let unasked = || match left.and(round) {
            Some(_) => (1..=TRIALS_MAX).take_while(|trials| fits(*trials)).last().unwrap_or(1),
            None => TRIALS,
        };
        let trials = self.trials.unwrap_or_else(unasked);
        let all = u64::from(trials) * tasks;
        let pairs = match left.zip(round) {
            Some((left, round)) if round > 0.0 => all.min((left / round * tasks as f64 + 1e-9) as u64),
            _ => all,
        };
        let affords = match (self.max_cost, round) {
            (None, _) => Affords::Unlimited,
            (Some(_), None) => Affords::Unknown,
            _ if pairs == 0 => Affords::Nothing,
            _ if fits(trials) => Affords::All,
            _ => Affords::Part,
        };
        let estimate = |trials: u32, pairs: u64| Estimate {
            trials,
            pairs: u64::from(trials) * tasks,
            cost_usd: self.price(trials),
            wall_s: self.wall(trials),
            detectable_pass_rate: detectable_in_sequence(pairs, pass).min(1.0),
            detectable_cost: detectable_in_sequence(pairs, cost),
        };
        let detect_takes = self.detect.map(|wanted| {
            let one = detectable_in_sequence(tasks, pass);
            let trials = ((one / wanted).powi(2).ceil()).clamp(1.0, 1e6) as u32;
            estimate(trials, u64::from(trials) * tasks)
        });
        PlanResult {
            tasks,
            assumed: self.is_assumed(),
            unpriced_tasks: self.tasks.iter().filter(|task| task.usd.is_empty()).count() as u64,
            estimate: estimate(trials, pairs),
            affordable_pairs: pairs,
            affords,
            max_cost_usd: self.max_cost,
            probes: self.probes.0,
            probe_cost_usd: self.probes.1,
            noise: Known { pass_variance: Some(pass), cost_variance: Some(cost), source: self.source() },
            detect: self.detect,
            detect_takes,
        }
    }

    /// By what the question is decided, at decimals that a file gives back as they were.
    pub fn terms(&self, guard: f64, margin: f64, relative_margin: f64) -> Terms {
        Terms {
            guard: round(guard),
            margin: round(margin),
            relative_margin: round(relative_margin),
            planned: self.plan().affordable_pairs.max(1),
            pass_variance: round(self.pass_variance()),
            cost_variance: round(self.cost_variance()),
        }
    }

    /// The mean square of a pair's difference of passes.
    pub fn pass_variance(&self) -> f64 {
        self.known.pass_variance.unwrap_or(ASSUMED_PASS_VARIANCE).max(LEAST_PASS_VARIANCE)
    }

    /// The mean square of a pair's relative difference of cost: that of two trials whose cost deviates by as much.
    pub fn cost_variance(&self) -> f64 {
        self.known
            .cost_variance
            .unwrap_or_else(|| 2.0 * self.deviation().unwrap_or(ASSUMED_CV).powi(2))
            .max(LEAST_COST_VARIANCE)
    }

    /// The relative deviation of a task's cost from trial to trial, pooled over the tasks that were recorded more than once.
    fn deviation(&self) -> Option<f64> {
        let (mut squares, mut free) = (0.0, 0.0);
        for task in &self.tasks {
            let costs: Vec<f64> = task.usd.iter().map(|(base, _)| *base).collect();
            let Some(mean) = mean(&costs).filter(|mean| *mean > 0.0 && costs.len() > 1) else { continue };
            squares += costs.iter().map(|cost| (cost / mean - 1.0).powi(2)).sum::<f64>();
            free += costs.len() as f64 - 1.0;
        }
        (free > 2.0).then(|| (squares / free).sqrt())
    }

    fn source(&self) -> NoiseSource {
        match &self.known.source {
            NoiseSource::Assumed if self.deviation().is_some() => NoiseSource::Recordings,
            source => source.clone(),
        }
    }

    /// The mean cost of one trial of each arm, task by task; tasks without recordings are taken to be like the others.
    fn means(&self) -> Option<Vec<(f64, f64, f64)>> {
        let of = |task: &TaskCost| {
            let n = task.usd.len() as f64;
            let sum = task.usd.iter().fold((0.0, 0.0), |(b, h), (base, head)| (b + base, h + head));
            (n > 0.0).then(|| (sum.0 / n, sum.1 / n, n))
        };
        let known: Vec<(f64, f64, f64)> = self.tasks.iter().filter_map(of).collect();
        let n = known.len() as f64;
        let sum = known.iter().fold((0.0, 0.0), |(b, h), (base, head, _)| (b + base, h + head));
        let usual = if n > 0.0 { (sum.0 / n, sum.1 / n) } else { self.assumed_usd? };
        let usual = (usual.0, usual.1, 1.0);
        Some(self.tasks.iter().map(|task| of(task).unwrap_or(usual)).collect())
    }

    fn is_assumed(&self) -> bool {
        self.assumed_usd.is_some() && self.tasks.iter().all(|task| task.usd.is_empty())
    }

    /// What one trial of each task in each arm costs, in USD.
    fn round(&self) -> Option<f64> {
        Some(self.means()?.iter().map(|(base, head, _)| base + head).sum())
    }

    /// What `trials` of each cost. Of each task `n` recordings were seen, so that its mean is off by `cv/√n` of itself, for all of
    /// its trials alike; and each trial by `cv`, by itself.
    fn price(&self, trials: u32) -> Option<Range> {
        let (k, cv) = (f64::from(trials), (self.cost_variance() / 2.0).sqrt());
        let means = self.means()?;
        let value = k * means.iter().map(|(base, head, _)| base + head).sum::<f64>();
        if self.is_assumed() {
            return Some(Range { value, lo: value / ASSUMED_FACTOR, hi: value * ASSUMED_FACTOR });
        }
        let variance: f64 = means
            .iter()
            .map(|(base, head, n)| {
                (k * (base + head) * cv).powi(2) / n + k * cv.powi(2) * (base.powi(2) + head.powi(2))
            })
            .sum();
        let half = Z * variance.sqrt();
        Some(Range { value, lo: (value - half).max(0.0), hi: value + half })
    }

    fn wall(&self, trials: u32) -> Option<f64> {
        let of = |task: &TaskCost| mean(&task.time_us.iter().map(|us| *us as f64 / 1e6).collect::<Vec<_>>());
        let known: Vec<f64> = self.tasks.iter().filter_map(of).collect();
        let usual = mean(&known).or(self.is_assumed().then_some(ASSUMED_TRIAL_S))?;
        let round: f64 = self.tasks.iter().map(|task| of(task).unwrap_or(usual)).sum();
        let longest = known.iter().copied().fold(0.0, f64::max);
        Some((2.0 * f64::from(trials) * round / f64::from(self.jobs.max(1))).max(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(usd: f64) -> PlanInput {
        let task =
            |name: &str| TaskCost { task: name.to_owned(), usd: vec![(usd, usd)], time_us: vec![60_000_000] };
        PlanInput {
            tasks: (0..20).map(|n| task(&n.to_string())).collect(),
            assumed_usd: None,
            trials: None,
            max_cost: None,
            probes: (0, None),
            jobs: 4,
            known: Known::default(),
            detect: None,
        }
    }

    #[test]
    fn a_plan_promises_no_more_than_its_budget_pays() {
        let free = input(0.1).plan();
        assert_eq!((free.estimate.trials, free.estimate.pairs, free.affords), (5, 100, Affords::Unlimited));
        let price = free.estimate.cost_usd.unwrap();
        assert!((price.value - 20.0).abs() < 1e-9 && price.lo < 20.0 && price.hi > 20.0, "{price:?}");
        assert!((free.estimate.wall_s.unwrap() - 3000.0).abs() < 1e-6);
        let part = PlanInput { trials: Some(5), max_cost: Some(8.0), ..input(0.1) }.plan();
        assert_eq!((part.affordable_pairs, part.affords), (40, Affords::Part));
        assert!(part.estimate.detectable_pass_rate > free.estimate.detectable_pass_rate);
        let none = PlanInput { trials: Some(5), max_cost: Some(0.1), ..input(0.1) }.plan();
        assert_eq!((none.affordable_pairs, none.affords), (0, Affords::Nothing));
        let by_budget = PlanInput { max_cost: Some(30.0), ..input(0.1) }.plan();
        assert!(by_budget.estimate.cost_usd.unwrap().hi <= 30.0 && by_budget.affords == Affords::All);
    }

    #[test]
    fn what_has_to_be_seen_is_priced() {
        let plan = PlanInput { detect: Some(0.05), ..input(0.1) }.plan();
        let takes = plan.detect_takes.unwrap();
        assert!(takes.detectable_pass_rate <= 0.05 && takes.trials > plan.estimate.trials, "{takes:?}");
        let fewer = PlanInput { trials: Some(takes.trials - 1), ..input(0.1) }.plan();
        assert!(fewer.estimate.detectable_pass_rate > 0.05);
    }

    #[test]
    fn where_nothing_was_recorded_a_trial_is_assumed_and_the_price_says_so_by_its_width() {
        let mut input = PlanInput { assumed_usd: Some((0.2, 0.3)), ..input(0.1) };
        assert!(!input.plan().assumed);
        input.tasks.iter_mut().for_each(|task| (task.usd, task.time_us) = (Vec::new(), Vec::new()));
        let plan = input.plan();
        let price = plan.estimate.cost_usd.unwrap();
        assert!(
            plan.assumed && (price.value - 50.0).abs() < 1e-9 && price.hi > 2.0 * price.value,
            "{plan:?}"
        );
        assert!(plan.estimate.wall_s.is_some());
    }

    #[test]
    fn a_model_without_a_price_has_no_plan_of_its_cost() {
        let mut input = PlanInput { max_cost: Some(1.0), ..input(0.1) };
        input.tasks.iter_mut().for_each(|task| task.usd.clear());
        let plan = input.plan();
        assert_eq!((plan.estimate.cost_usd, plan.affords, plan.unpriced_tasks), (None, Affords::Unknown, 20));
    }
}
