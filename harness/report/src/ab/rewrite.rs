//! The requests of recorded conversations as both arms make them, assuming the same actions: tokens, the prefix that a cache can
//! read, cost, and what differs. Works on what was read; rewrites nothing but beginnings.

use std::collections::{BTreeMap, BTreeSet};

use base::Digest;
use cassette::{Cassette, CountTokens};
use promptcache::{LintFinding, Linter, Rules, Session, analyse};
use serde::Serialize;
use wire::{Block, Cause, Comparison, Exact, Prompt, Protocol, Side, Tracker, Usage};

use crate::score::rounded_option;

/// Characters of a difference that are kept to be shown.
const DIFF_KEPT: usize = 2_000;

/// A recording that can begin otherwise: its conversation only grows.
#[derive(Debug)]
pub struct Recording<'c> {
    cassette: &'c Cassette,
    session: Session,
    /// The blocks of its last request, by number in the session.
    blocks: Vec<u32>,
    /// Blocks of each request.
    lengths: Vec<usize>,
}

impl<'c> Recording<'c> {
    /// The recording in a cassette of the native agent; or why it can't begin otherwise.
    pub fn of(cassette: &'c Cassette, source: &str) -> Result<Self, String> {
        if !cassette.header.agent.starts_with("native ") {
            return Err(format!("the prompt of {} is its own: it can't be rewritten", cassette.header.agent));
        }
        let session = Session::of_cassette(cassette, source);
        let (mut blocks, mut lengths) = (Vec::new(), Vec::new());
        for call in &session.calls {
            let Some(sent) = &call.request else { return Err("a request of it isn't known".to_owned()) };
            if sent.keep != blocks.len() || call.thread != model_lane() {
                return Err("its history was rewritten: it doesn't only grow".to_owned());
            }
            blocks.extend(&sent.add);
            lengths.push(blocks.len());
        }
        if lengths.is_empty() {
            return Err("it has no answered request".to_owned());
        }
        Ok(Self { cassette, session, blocks, lengths })
    }

    /// The first request, block by block.
    pub fn opening(&self) -> Vec<Block> {
        let count = self.lengths.first().copied().unwrap_or(0);
        self.blocks[..count].iter().map(|id| self.session.blocks[*id as usize].clone()).collect()
    }

    /// The same conversation with another beginning. `asked`: the model that is asked.
    pub fn rewrite(&self, opening: &[Block], asked: &str, tokens: &dyn CountTokens) -> Conversation {
        let mut session = self.session.clone();
        let old = self.lengths.first().copied().unwrap_or(0);
        let first_new = session.blocks.len() as u32;
        session.blocks.extend(opening.iter().cloned());
        let count = |id: u32| match self.cassette.blocks.get(id as usize) {
            Some(stored) if stored.tokens > 0 => u64::from(stored.tokens),
            _ => u64::from(tokens.count(&session.blocks[id as usize].raw)),
        };
        let new: Vec<u32> = (0..opening.len() as u32).map(|at| first_new + at).collect();
        let blocks: Vec<u32> = new.iter().chain(&self.blocks[old..]).copied().collect();
        let counts: Vec<u64> = blocks.iter().map(|id| count(*id)).collect();
        let mut before = 0;
        for (call, length) in session.calls.iter_mut().zip(&self.lengths) {
            let length = length - old + opening.len();
            if let Some(sent) = &mut call.request {
                sent.keep = before;
                sent.add = blocks[before..length].to_vec();
                sent.bytes =
                    blocks[..length].iter().map(|id| session.blocks[*id as usize].raw.len() as u64 + 1).sum();
            }
            let input_tokens = counts[..length].iter().sum();
            let output_tokens = call.usage.unwrap_or_default().output_tokens;
            call.usage = Some(Usage { input_tokens, output_tokens, ..Usage::default() });
            asked.clone_into(&mut call.model);
            before = length;
        }
        let lengths = self.lengths.iter().map(|length| length - old + opening.len()).collect();
        let blocks = blocks.iter().map(|id| session.blocks[*id as usize].clone()).collect();
        Conversation { session, blocks, counts, lengths }
    }
}

/// The lane of the agent's own thread.
fn model_lane() -> &'static str {
    "main"
}

/// A conversation as an arm makes it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its calls and blocks, for the analysis of caches. Their usage is as counted here, nothing being cached.
    pub session: Session,
    /// The blocks of its last request.
    pub blocks: Vec<Block>,
    /// Tokens of each of them.
    counts: Vec<u64>,
    /// Blocks of each request.
    lengths: Vec<usize>,
}

impl Conversation {
    /// Requests.
    pub fn requests(&self) -> usize {
        self.lengths.len()
    }

    /// One of its requests, from 0, as it is sent.
    pub fn prompt(&self, request: usize) -> Prompt {
        let length = self.lengths.get(request).copied().unwrap_or(0);
        Prompt::from(self.blocks[..length].to_vec())
    }

    fn opening_tokens(&self) -> u64 {
        let first = self.lengths.first().copied().unwrap_or(0);
        self.counts[..first].iter().sum()
    }

    /// Tokens at the start of the first request that another conversation's first request has, too.
    fn shared_tokens(&self, other: &Self) -> u64 {
        let first = |of: &Self| of.lengths.first().copied().unwrap_or(0);
        let both = self.blocks[..first(self)].iter().zip(&other.blocks[..first(other)]);
        let same = both.take_while(|(a, b)| a == b).count();
        self.counts[..same].iter().sum()
    }
}

/// One recording under both arms.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The suite and the task, as `suite/task`.
    pub task: String,
    /// Which recording of it, from 1.
    pub number: u32,
    /// Whether its requests were recorded as base makes them, byte for byte.
    pub as_recorded: bool,
    /// As base makes it.
    pub base: Conversation,
    /// As head makes it.
    pub head: Conversation,
}

/// What the rewritten conversations are looked at with.
pub struct RewriteInput<'a> {
    /// The conversations.
    pub pairs: &'a [Pair],
    /// What the arms are said to differ in.
    pub declared: BTreeSet<Cause>,
    /// Tasks without a recording that can be used, with the reason.
    pub left: Vec<(String, String)>,
    /// Profiles, prices and a tokenizer.
    pub rules: &'a Rules<'a>,
}

/// What the change does to recorded requests, assuming the same actions.
#[derive(Clone, Debug, Serialize)]
pub struct RewriteResult {
    /// Recordings that were rewritten.
    pub recordings: u64,
    /// Their tasks.
    pub tasks: u64,
    /// Recordings whose requests are base's, byte for byte, as they were recorded.
    pub as_recorded: u64,
    /// Whether answers come from an authored stub.
    pub synthetic: bool,
    /// Base.
    pub base: ArmFigures,
    /// Head.
    pub head: ArmFigures,
    /// Tokens at the start of all first requests that both arms have in common: what head can read of a cache that base has
    /// filled.
    pub shared_opening_tokens: u64,
    /// Rewritten requests.
    pub requests: u64,
    /// Those in which the arms differ.
    pub differing: u64,
    /// In what, and whether that was declared.
    pub causes: Vec<CauseCount>,
    /// What will break head's cache, by its text alone.
    pub lint: Vec<LintFinding>,
    /// Each recording.
    pub trials: Vec<TrialFigures>,
    /// Tasks without a recording that can be used, with the reason.
    pub left: Vec<(String, String)>,
}

/// Why requests differ.
#[derive(Clone, Debug, Serialize)]
pub struct CauseCount {
    /// The cause.
    pub cause: Cause,
    /// Whether what the arms are made of says so.
    pub declared: bool,
    /// Recordings in which it occurs.
    pub recordings: u64,
    /// Where it occurs first.
    pub path: String,
    /// How the texts differ there.
    pub diff: String,
}

/// Sums over all requests of one arm.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ArmFigures {
    /// Tokens of the first requests.
    pub opening_tokens: u64,
    /// Tokens of all prompts, by o200k_base over the raw text of each block.
    pub input_tokens: u64,
    /// Tokens of the part of each prompt that the request before it had sent already.
    pub prefix_tokens: u64,
    /// What the provider's rules would let be read from a cache of the arm's own.
    pub achievable_tokens: u64,
    /// Tokens of the answers, as recorded.
    pub output_tokens: u64,
    /// What the requests would cost with that cache, in USD; nothing where the model has no price.
    #[serde(serialize_with = "rounded_option")]
    pub cost_usd: Option<f64>,
    /// The same without a cache.
    #[serde(serialize_with = "rounded_option")]
    pub cost_without_cache_usd: Option<f64>,
}

/// One recording.
#[derive(Clone, Debug, Serialize)]
pub struct TrialFigures {
    /// The suite and the task.
    pub task: String,
    /// Which recording of it.
    pub number: u32,
    /// Requests.
    pub requests: u64,
    /// Base.
    pub base: ArmFigures,
    /// Head.
    pub head: ArmFigures,
    /// How long it took by its own clock, in microseconds.
    pub time_us: u64,
    /// The key of each of head's requests, as a journal of a run with head has it.
    pub head_keys: Vec<Digest>,
}

impl ArmFigures {
    fn of(conversation: &Conversation, rules: &Rules<'_>) -> Self {
        let report = analyse(&conversation.session, rules);
        let costs = report.figures.costs;
        let priced = costs.unpriced_calls == 0;
        let sum = |length: &usize| conversation.counts[..*length].iter().sum::<u64>();
        let lengths = &conversation.lengths;
        Self {
            opening_tokens: conversation.opening_tokens(),
            input_tokens: lengths.iter().map(sum).sum(),
            prefix_tokens: lengths[..lengths.len() - 1].iter().map(sum).sum(),
            achievable_tokens: report.figures.predicted_tokens.1,
            output_tokens: report.figures.output_tokens,
            cost_usd: priced.then_some(costs.achievable),
            cost_without_cache_usd: priced.then_some(costs.without_cache),
        }
    }

    fn add(&mut self, other: &Self, first: bool) {
        self.opening_tokens += other.opening_tokens;
        self.input_tokens += other.input_tokens;
        self.prefix_tokens += other.prefix_tokens;
        self.achievable_tokens += other.achievable_tokens;
        self.output_tokens += other.output_tokens;
        let sum = |own: Option<f64>, other: Option<f64>| if first { other } else { Some(own? + other?) };
        self.cost_usd = sum(self.cost_usd, other.cost_usd);
        self.cost_without_cache_usd = sum(self.cost_without_cache_usd, other.cost_without_cache_usd);
    }
}

/// Looks at both arms' requests.
pub fn rewrite(input: RewriteInput<'_>) -> Result<RewriteResult, String> {
    let RewriteInput { pairs, declared, left, rules } = input;
    let (mut base, mut head) = (ArmFigures::default(), ArmFigures::default());
    let mut trials = Vec::with_capacity(pairs.len());
    let mut causes: BTreeMap<Cause, CauseCount> = BTreeMap::new();
    let (mut requests, mut differing, mut shared) = (0, 0, 0);
    for pair in pairs {
        let told = Told::of(pair)?;
        requests += told.keys.len() as u64;
        differing += told.differing;
        shared += pair.head.shared_tokens(&pair.base);
        for (cause, (path, diff)) in told.causes {
            let new = CauseCount { cause, declared: declared.contains(&cause), recordings: 0, path, diff };
            causes.entry(cause).or_insert(new).recordings += 1;
        }
        let trial = TrialFigures {
            task: pair.task.clone(),
            number: pair.number,
            requests: told.keys.len() as u64,
            base: ArmFigures::of(&pair.base, rules),
            head: ArmFigures::of(&pair.head, rules),
            time_us: took(&pair.base.session),
            head_keys: told.keys,
        };
        base.add(&trial.base, trials.is_empty());
        head.add(&trial.head, trials.is_empty());
        trials.push(trial);
    }
    Ok(RewriteResult {
        recordings: pairs.len() as u64,
        tasks: pairs.iter().map(|pair| &pair.task).collect::<BTreeSet<_>>().len() as u64,
        as_recorded: pairs.iter().filter(|pair| pair.as_recorded).count() as u64,
        synthetic: pairs.iter().any(|pair| pair.base.session.synthetic),
        base,
        head,
        shared_opening_tokens: shared,
        requests,
        differing,
        causes: causes.into_values().collect(),
        lint: lint(pairs, rules)?,
        trials,
        left,
    })
}

fn lint(pairs: &[Pair], rules: &Rules<'_>) -> Result<Vec<LintFinding>, String> {
    let sessions: Vec<&Session> = pairs.iter().map(|pair| &pair.head.session).collect();
    let reports: Vec<_> = sessions.iter().map(|session| analyse(session, rules)).collect();
    let known: Vec<_> = sessions.iter().zip(&reports).map(|(s, r)| (*s, r, rules.profile_of(s))).collect();
    Ok(Linter::new().map_err(|error| error.to_string())?.findings(&known))
}

/// From the first request of a session to its end, in microseconds.
fn took(session: &Session) -> u64 {
    let begins = session.calls.first().and_then(|call| call.at_us).unwrap_or(0);
    let ends = session.calls.iter().filter_map(|call| {
        let took = i64::try_from(call.total_us.unwrap_or(0)).unwrap_or(0);
        Some(call.at_us? + took)
    });
    u64::try_from(ends.max().unwrap_or(0) - begins).unwrap_or(0)
}

/// What comparing one recording's requests told.
struct Told {
    keys: Vec<Digest>,
    differing: u64,
    causes: BTreeMap<Cause, (String, String)>,
}

impl Told {
    /// Compares every request of head with base's, the whole of it: each at the price of what is new in it.
    fn of(pair: &Pair) -> Result<Self, String> {
        let (mut old, mut new) = (Prompt::default(), Prompt::default());
        let (mut old_keys, mut new_keys) = (Tracker::default(), Tracker::default());
        let mut comparison = Comparison::default();
        let mut seen = 0;
        let mut told = Self { keys: Vec::new(), differing: 0, causes: BTreeMap::new() };
        for (base, head) in pair.base.lengths.iter().zip(&pair.head.lengths) {
            let grow = |prompt: &mut Prompt, of: &Conversation, length: usize| {
                let from = prompt.blocks().len();
                of.blocks[from..length].iter().for_each(|block| prompt.push(block.clone()));
            };
            grow(&mut old, &pair.base, *base);
            grow(&mut new, &pair.head, *head);
            let broken = |error: wire::JsonError| format!("{}: {error}", pair.task);
            let was = old_keys.key(&old, &Exact).map_err(broken)?;
            let is = new_keys.key(&new, &Exact).map_err(broken)?;
            told.keys.push(is);
            if was == is {
                continue;
            }
            told.differing += 1;
            let (old, new) =
                (Side { prompt: &old, tracker: &old_keys }, Side { prompt: &new, tracker: &new_keys });
            let found = comparison.follow(Protocol::Responses, old, new, &Exact);
            for found in &found[std::mem::replace(&mut seen, found.len())..] {
                let diff: String = found.diff.chars().take(DIFF_KEPT).collect();
                told.causes.entry(found.cause).or_insert_with(|| (found.path.clone(), diff));
            }
        }
        Ok(told)
    }
}
