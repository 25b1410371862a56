//! The requests of recorded conversations as both arms make them, assuming the same actions: tokens, the prefix that a cache can
//! read, cost, and what differs. Works on what was read; what an arm says otherwise is given.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::Digest;
use cassette::{Cassette, CountTokens, MAIN_LANE};
use promptcache::{LintFinding, Linter, Rules, Sent, Session, analyse};
use serde::Serialize;
use wire::{Block, Cause, Comparison, JsonError, Normalise, Prompt, Protocol, Side, Tracker, Usage};

use crate::score::rounded_option;

/// Characters of a difference that are kept to be shown.
const DIFF_KEPT: usize = 2_000;

/// A recording whose requests can be made otherwise.
#[derive(Debug)]
pub struct Recording {
    cassette: Arc<Cassette>,
    session: Session,
    /// Each request, by numbers of blocks in the session.
    requests: Vec<Vec<u32>>,
}

impl Recording {
    /// The recording in a cassette; or why it can't be made otherwise.
    pub fn of(cassette: Arc<Cassette>, source: &str) -> Result<Self, String> {
        let session = Session::of_cassette(&cassette, source);
        let mut threads: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut requests = Vec::with_capacity(session.calls.len());
        for call in &session.calls {
            let Some(sent) = &call.request else { return Err("a request of it isn't known".to_owned()) };
            let blocks = threads.entry(&call.thread).or_default();
            blocks.truncate(sent.keep);
            blocks.extend(&sent.add);
            requests.push(blocks.clone());
        }
        if requests.is_empty() {
            return Err("it has no answered request".to_owned());
        }
        Ok(Self { cassette, session, requests })
    }

    /// Whether it is one conversation in which every request begins with the whole of the one before.
    pub fn only_grows(&self) -> bool {
        let one = self.session.calls.iter().all(|call| call.thread == MAIN_LANE);
        one && self.requests.windows(2).all(|two| two[1].starts_with(&two[0]))
    }

    /// The first request, block by block.
    pub fn opening(&self) -> Vec<Block> {
        self.requests[0].iter().map(|id| self.session.blocks[*id as usize].clone()).collect()
    }

    /// The same conversation with another beginning, where it only grows. `asked`: the model that is asked.
    pub fn begun(&self, opening: &[Block], asked: &str, tokens: &dyn CountTokens) -> Conversation {
        let old = self.requests[0].len();
        let first_new = self.session.blocks.len() as u32;
        let new: Vec<u32> = (0..opening.len() as u32).map(|at| first_new + at).collect();
        let requests = self.requests.iter().map(|ids| new.iter().chain(&ids[old..]).copied().collect());
        self.made(opening, requests.collect(), asked, tokens)
    }

    /// The same conversation with others in place of some blocks, which are given by number in the cassette.
    pub fn with(&self, others: &BTreeMap<u32, Block>, asked: &str, tokens: &dyn CountTokens) -> Conversation {
        let first_new = self.session.blocks.len() as u32;
        let new: BTreeMap<u32, u32> = others.keys().copied().zip(first_new..).collect();
        let other = |id: &u32| new.get(id).copied().unwrap_or(*id);
        let requests = self.requests.iter().map(|ids| ids.iter().map(other).collect()).collect();
        let others: Vec<Block> = others.values().cloned().collect();
        self.made(&others, requests, asked, tokens)
    }

    /// The conversation whose requests are these; `new` follow the recorded blocks.
    fn made(
        &self,
        new: &[Block],
        requests: Vec<Vec<u32>>,
        asked: &str,
        tokens: &dyn CountTokens,
    ) -> Conversation {
        let mut session = self.session.clone();
        session.blocks.extend(new.iter().cloned());
        let count = |id: usize| match self.cassette.blocks.get(id) {
            Some(stored) if stored.tokens > 0 => u64::from(stored.tokens),
            _ => u64::from(tokens.count(&session.blocks[id].raw)),
        };
        let counts: Vec<u64> = (0..session.blocks.len()).map(count).collect();
        let mut threads: HashMap<String, &[u32]> = HashMap::new();
        let mut prefix_tokens = 0;
        let sum = |ids: &[u32]| ids.iter().map(|id| counts[*id as usize]).sum::<u64>();
        for (call, ids) in session.calls.iter_mut().zip(&requests) {
            let before = threads.insert(call.thread.clone(), ids).unwrap_or_default();
            let both = || before.iter().zip(ids);
            let keep = both().take_while(|(a, b)| a == b).count();
            let alike =
                both().take_while(|(a, b)| a == b || self.are_alike(&session.blocks, **a, **b)).count();
            prefix_tokens += sum(&ids[..alike]);
            if let Some(sent) = &mut call.request {
                let bytes = ids.iter().map(|id| session.blocks[*id as usize].raw.len() as u64 + 1).sum();
                *sent = Sent { keep, add: ids[keep..].to_vec(), bytes };
            }
            let output_tokens = call.usage.unwrap_or_default().output_tokens;
            call.usage = Some(Usage { input_tokens: sum(ids), output_tokens, ..Usage::default() });
            asked.clone_into(&mut call.model);
        }
        Conversation { session, requests, counts, prefix_tokens }
    }

    /// Whether two blocks are the same to a reader: agents of other makers write the same in several ways.
    fn are_alike(&self, blocks: &[Block], a: u32, b: u32) -> bool {
        let template = |id: u32| {
            let block = &blocks[id as usize];
            self.cassette.profile.normalise(block.kind, &block.raw, &[]).ok().map(|template| template.digest)
        };
        blocks[a as usize].kind == blocks[b as usize].kind
            && template(a).is_some_and(|a| Some(a) == template(b))
    }
}

/// A conversation as an arm makes it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its calls and blocks, for the analysis of caches. Their usage is as counted here, nothing being cached.
    pub session: Session,
    /// Each request, by numbers of blocks in the session.
    requests: Vec<Vec<u32>>,
    /// Tokens of each block.
    counts: Vec<u64>,
    /// Tokens of the part of each request that the one before it in its thread had sent already.
    prefix_tokens: u64,
}

impl Conversation {
    /// Requests.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// One of its requests, from 0, as it is sent.
    pub fn prompt(&self, request: usize) -> Prompt {
        Prompt::from(self.blocks(request).cloned().collect::<Vec<Block>>())
    }

    /// What the client of a request speaks.
    pub fn protocol(&self, request: usize) -> Protocol {
        self.session.calls.get(request).map_or(Protocol::default(), |call| call.protocol)
    }

    fn ids(&self, request: usize) -> &[u32] {
        self.requests.get(request).map_or(&[], Vec::as_slice)
    }

    fn blocks(&self, request: usize) -> impl Iterator<Item = &Block> {
        self.ids(request).iter().map(|id| &self.session.blocks[*id as usize])
    }

    fn tokens(&self, ids: &[u32]) -> u64 {
        ids.iter().map(|id| self.counts[*id as usize]).sum()
    }

    /// Tokens at the start of the first request that another conversation's first request has, too.
    fn shared_tokens(&self, other: &Self) -> u64 {
        let same = self.blocks(0).zip(other.blocks(0)).take_while(|(a, b)| a == b).count();
        self.tokens(&self.ids(0)[..same])
    }
}

/// One recording under both arms.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The suite and the task, as `suite/task`.
    pub task: String,
    /// Which recording of it, from 1.
    pub number: u32,
    /// The recording.
    pub cassette: Arc<Cassette>,
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
        Self {
            opening_tokens: conversation.tokens(conversation.ids(0)),
            input_tokens: conversation.requests.iter().map(|ids| conversation.tokens(ids)).sum(),
            prefix_tokens: conversation.prefix_tokens,
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

/// A thread of a recording under both arms.
#[derive(Default)]
struct Thread {
    prompts: [Prompt; 2],
    keys: [Tracker; 2],
    comparison: Comparison,
}

impl Told {
    /// Compares every request of head with base's, the whole of it: each at the price of what is new in it. What the
    /// recording's profile calls volatile is the same in both.
    fn of(pair: &Pair) -> Result<Self, String> {
        let mut told = Self { keys: Vec::new(), differing: 0, causes: BTreeMap::new() };
        let mut threads: HashMap<&str, Thread> = HashMap::new();
        for (request, call) in pair.head.session.calls.iter().enumerate() {
            let thread = threads.entry(&call.thread).or_default();
            told.compare(pair, request, thread).map_err(|error| format!("{}: {error}", pair.task))?;
        }
        Ok(told)
    }

    fn compare(&mut self, pair: &Pair, request: usize, thread: &mut Thread) -> Result<(), JsonError> {
        let profile = &pair.cassette.profile;
        let [old, new] = &mut thread.prompts;
        for (prompt, of) in [(&mut *old, &pair.base), (&mut *new, &pair.head)] {
            let pieces: Vec<_> = of.blocks(request).map(|block| (block.kind, &*block.raw)).collect();
            prompt.follow(&pieces);
        }
        let [old_keys, new_keys] = &mut thread.keys;
        let was = old_keys.key(old, profile)?;
        let is = new_keys.key(new, profile)?;
        self.keys.push(is);
        if was == is {
            return Ok(());
        }
        self.differing += 1;
        let (old, new) = (Side { prompt: old, tracker: old_keys }, Side { prompt: new, tracker: new_keys });
        let found = thread.comparison.follow(pair.cassette.header.protocol, old, new, profile);
        for found in found {
            let diff = || found.diff.chars().take(DIFF_KEPT).collect();
            self.causes.entry(found.cause).or_insert_with(|| (found.path.clone(), diff()));
        }
        Ok(())
    }
}
