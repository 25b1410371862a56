//! An authored stub as a model: plays its turns in order, branches on what the tools said, and gives the same
//! answer to the same request. Token counts and timings it does not state come from a tokenizer and a seeded
//! generator (METHODOLOGY.md describes it).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use base::{Digest, Seed};
use cassette::{CountTokens, Profile as Volatility};
use promptcache::{Accounting, Profile, Profiles};
use wire::{
    Authored, AuthoredCall, Block, BlockKind, Capture, Exact, Item, Normalise, Prompt, Protocol, Thread,
    Tracker, Usage, unmarked,
};

use crate::{Call, Model, ModelFault, Reply, Script, ScriptTurn};

/// Prefixes shorter than this are never cached.
const CACHE_MIN_TOKENS: u64 = 1024;
/// Cached tokens are counted in steps of this many.
const CACHE_STEP_TOKENS: u64 = 128;

/// A script that is being played.
pub struct ScriptModel {
    script: Arc<Script>,
    tokens: Arc<dyn CountTokens>,
    volatility: Option<Volatility>,
    lanes: Mutex<HashMap<String, Lane>>,
}

#[derive(Default)]
struct Lane {
    tracker: Tracker,
    /// The same without what is volatile, where anything is.
    volatile: Tracker,
    /// What each request got.
    given: HashMap<Digest, Given>,
    last: Option<usize>,
    /// Blocks of the prompt that the last turn had seen.
    seen: usize,
    generation: u32,
    /// Tokens of the prompt.
    prompt_tokens: u64,
    /// Each of its blocks.
    counted: Vec<Counted>,
    thread: Option<Thread>,
    /// Prompt tokens of the request before.
    before: u64,
    answers: u32,
}

/// A block of the prompt.
struct Counted {
    stamp: u32,
    tokens: u64,
    /// What it says to a cache, where another text may say the same.
    says: Option<Digest>,
}

#[derive(Clone, Copy)]
struct Given {
    turn: usize,
    number: u32,
    usage: Usage,
}

impl ScriptModel {
    /// A model that starts at the script's first turn.
    pub fn new(script: Arc<Script>, tokens: Arc<dyn CountTokens>) -> Self {
        Self { script, tokens, volatility: None, lanes: Mutex::new(HashMap::new()) }
    }

    /// The same for an agent that makes up ids and folders in every run: of a request it counts the tokens that this
    /// profile leaves, so that a script's answers to one agent are the same in every run.
    pub fn counting(self, profile: Volatility) -> Self {
        Self { volatility: Some(profile).filter(Volatility::has_rules), ..self }
    }

    /// The turn for a request, its number and its token counts; the same for the same request.
    fn choose(&self, lane: &mut Lane, call: &Call<'_>) -> Result<Given, ModelFault> {
        let exhausted = |why: String| ModelFault::Exhausted(why);
        let key =
            lane.tracker.key(call.prompt, &Exact).map_err(|e| exhausted(format!("the request is {e}")))?;
        if let Some(given) = lane.given.get(&key) {
            return Ok(*given);
        }
        let turn = match lane.last {
            None => 0,
            Some(last) => {
                let said = said_since(call, lane.seen);
                let turn = &self.script.turns[last];
                let branch = turn.branches.iter().find(|(test, _)| test.holds(&said));
                branch.map_or(turn.next, |(_, goto)| *goto)
            }
        };
        let Some(content) = self.script.turns.get(turn) else {
            return Err(exhausted(format!(
                "it has {} turns and was asked for one more",
                self.script.turns.len()
            )));
        };
        lane.answers += 1;
        let given = Given { turn, number: lane.answers, usage: self.count(lane, content, call) };
        lane.given.insert(key, given);
        lane.last = Some(turn);
        lane.seen = call.prompt.blocks().len();
        Ok(given)
    }

    /// A block's tokens, `known` being the followed values of those before it.
    fn tokens(&self, block: &Block, known: &[Capture]) -> u64 {
        let left = self.volatility.as_ref().and_then(|profile| {
            let marked = profile.text(block.kind, &block.raw, known).ok()?;
            Some(unmarked(&marked).0)
        });
        u64::from(self.tokens.count(left.as_deref().unwrap_or(&block.raw)))
    }

    fn counted(&self, block: &Block, stamp: u32, protocol: Protocol, known: &[Capture]) -> Counted {
        let says = match block.kind {
            // Much of a head is no part of what a provider caches.
            BlockKind::Head => self.profile(protocol).map(|profile| profile.scope_of(&block.raw)),
            // Only there do two spellings of a block say the same: its breakpoints move.
            BlockKind::Item if protocol == Protocol::Messages => {
                let text = protocol.canonical(block.kind, &block.raw).ok();
                text.map(|text| Digest::of(text.as_bytes()))
            }
            _ => None,
        };
        Counted { stamp, tokens: self.tokens(block, known), says }
    }

    /// The rules of the cache that the model's answers are counted by.
    fn profile(&self, protocol: Protocol) -> Option<&'static Profile> {
        static PROFILES: LazyLock<Option<Profiles>> = LazyLock::new(|| Profiles::built_in().ok());
        PROFILES.as_ref()?.of(&self.script.model, Accounting::of(protocol))
    }

    /// Tokens of the prompt. What of the request before can be cached shrinks to what this one begins with; where only
    /// that of a head changes which belongs to no cache key, as with every request of some clients, the rest stays.
    fn count_prompt(&self, lane: &mut Lane, prompt: &Prompt, protocol: Protocol) -> u64 {
        let (blocks, stamps) = (prompt.blocks(), prompt.stamps());
        if let Some(profile) = &self.volatility {
            // A block that can't be read makes up nothing that is known.
            let _ = lane.volatile.key(prompt, profile);
        }
        let known = |at: usize| lane.volatile.chain().followed_before(at);
        if lane.thread.as_ref() != Some(prompt.thread()) {
            lane.thread = Some(prompt.thread().clone());
            lane.generation = prompt.generation();
            (lane.prompt_tokens, lane.before) = (0, 0);
            lane.counted.clear();
        }
        if lane.generation != prompt.generation() {
            lane.generation = prompt.generation();
            lane.counted.truncate(stamps.len());
            let (mut common, mut same) = (0, true);
            for (at, old) in lane.counted.iter_mut().enumerate() {
                let changed = old.stamp != stamps[at];
                let mut equal = !changed;
                let tokens = old.tokens;
                if changed {
                    let new = self.counted(&blocks[at], stamps[at], protocol, known(at));
                    equal = new.says.is_some() && new.says == old.says;
                    *old = new;
                }
                // Such a head is not counted as cached, whatever else is.
                let kept = equal && !(changed && blocks[at].kind == BlockKind::Head);
                common += if same && kept { tokens } else { 0 };
                same = same && equal;
            }
            lane.before = lane.before.min(common);
            lane.prompt_tokens = lane.counted.iter().map(|counted| counted.tokens).sum();
        }
        for at in lane.counted.len()..blocks.len() {
            let counted = self.counted(&blocks[at], stamps[at], protocol, known(at));
            lane.prompt_tokens += counted.tokens;
            lane.counted.push(counted);
        }
        lane.prompt_tokens
    }

    /// Token counts of one answer: as stated, or counted, the prompt of the request before being cached.
    fn count(&self, lane: &mut Lane, turn: &ScriptTurn, call: &Call<'_>) -> Usage {
        let input_tokens = self.count_prompt(lane, call.prompt, call.protocol);
        let cached =
            if lane.before >= CACHE_MIN_TOKENS { lane.before - lane.before % CACHE_STEP_TOKENS } else { 0 };
        lane.before = input_tokens;
        let count = |text: &str| u64::from(self.tokens.count(text));
        let reasoning_tokens = turn.reasoning.as_deref().map_or(0, count);
        let said = turn.text.as_deref().map_or(0, count);
        let called: u64 = turn.calls.iter().map(|call| count(&call.tool) + count(&call.arguments)).sum();
        let counted = Usage {
            input_tokens,
            cached_tokens: cached,
            cache_write_tokens: 0,
            output_tokens: reasoning_tokens + said + called,
            reasoning_tokens,
        };
        turn.usage.map_or(counted, |stated| Usage {
            input_tokens: stated.input_tokens,
            cached_tokens: stated.cached_tokens,
            output_tokens: stated.output_tokens,
            ..counted
        })
    }

    fn author(&self, turn: &ScriptTurn, given: Given) -> Authored {
        let (ttft_us, rest_us) = self.pace(turn, given.usage, given.number);
        Authored {
            model: self.script.model.clone(),
            number: given.number,
            reasoning: turn.reasoning.clone(),
            text: turn.text.clone(),
            calls: turn
                .calls
                .iter()
                .map(|call| match call.free_text {
                    true => AuthoredCall::custom(&call.tool, &call.arguments),
                    false => AuthoredCall::function(&call.tool, &call.arguments),
                })
                .collect(),
            usage: given.usage,
            ttft_us,
            rest_us,
        }
    }

    /// Time to the first token and from there to the end, in microseconds: 0.35 s, 0.12 ms for each token that is
    /// not cached and up to 0.5 s of noise; then 55 to 95 tokens a second.
    fn pace(&self, turn: &ScriptTurn, usage: Usage, number: u32) -> (u64, u64) {
        let seed = Seed::new(self.script.seed).derive(&format!("pace {number}"));
        let noise = seed.derive("first").unit();
        let fresh = usage.input_tokens.saturating_sub(usage.cached_tokens);
        let first = 350_000 + fresh * 120 + (noise * 500_000.0) as u64;
        let speed = 55.0 + 40.0 * seed.derive("speed").unit();
        let rest = (usage.output_tokens as f64 / speed * 1e6) as u64;
        let first = turn.ttft_ms.map_or(first, |ms| ms * 1000);
        let rest = turn.total_ms.map_or(rest, |ms| (ms * 1000).saturating_sub(first));
        (first, rest)
    }
}

/// What the tools and the user said after the prompt's first `seen` blocks.
fn said_since(call: &Call<'_>, seen: usize) -> String {
    let new = call.prompt.blocks().get(seen..).unwrap_or_default();
    let items = new.iter().flat_map(|block| call.protocol.items(&block.raw));
    let texts = items.filter_map(|item| match item {
        Item::Output { output, .. } => Some(output),
        Item::Message { role, text, .. } if role == "user" => Some(text),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

impl Model for ScriptModel {
    fn blocks(&self) -> bool {
        false
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(call.lane.to_owned()).or_default();
        let given = self.choose(lane, call)?;
        let turn = &self.script.turns[given.turn];
        if let Some((status, body, times)) = &turn.error
            && call.attempt <= *times
        {
            return Err(ModelFault::status(*status, body.clone()));
        }
        let authored = self.author(turn, given);
        if !call.streams() {
            let total_us = authored.ttft_us + authored.rest_us;
            return Ok(Reply::Body { body: authored.body(call.protocol), total_us });
        }
        // The native agent's stream has only the events it reads; other clients want all of them.
        let frames = match call.sent {
            None => authored.native_frames(),
            Some(_) => authored.frames(call.protocol),
        };
        let frames = frames.map_err(|e| ModelFault::Exhausted(format!("its answer is no JSON: {e}")))?;
        Ok(Reply::Stream(Box::new(frames.into_iter().map(Ok))))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wire::Answer;
    use wire::responses::items;

    use super::*;
    use crate::O200k;

    const SCRIPT: &str = r#"
        version = "1.0"
        model = "stub"
        [[turn]]
        text = "I look."
        [[turn.call]]
        tool = "exec_command"
        args = { cmd = "ls" }
        [[turn.when]]
        contains = "FAILED"
        goto = "mend"
        [[turn]]
        text = "Nothing to do."
        [[turn]]
        id = "mend"
        text = "I mend it."
        error = { status = 529, body = "overloaded", times = 1 }
    "#;

    fn model() -> ScriptModel {
        let script = Script::parse(Path::new("s.toml"), SCRIPT).unwrap();
        ScriptModel::new(Arc::new(script), Arc::new(O200k))
    }

    fn ask(model: &ScriptModel, prompt: &Prompt, attempt: u32) -> Result<Answer, ModelFault> {
        let mut decoder = Protocol::Responses.decoder();
        let protocol = Protocol::Responses;
        let call = Call { protocol, lane: "main", step: 1, attempt, prompt, sent: None };
        let Reply::Stream(frames) = model.answer(&call)? else { panic!("no stream") };
        for frame in frames {
            decoder.feed(&frame?).unwrap();
        }
        Ok(decoder.finish())
    }

    fn after(output: &str) -> Prompt {
        let mut prompt = Prompt::default();
        prompt.push(Block::new(BlockKind::Item, items::message("user", "go")));
        if !output.is_empty() {
            prompt.push(Block::new(BlockKind::Item, items::output("call_1_1", output)));
        }
        prompt
    }

    #[test]
    fn what_a_tool_said_decides_the_next_turn() {
        for (output, expected) in [("all FAILED", "I mend it."), ("fine", "Nothing to do.")] {
            let model = model();
            ask(&model, &after(""), 1).unwrap();
            let answer = ask(&model, &after(output), 2).unwrap();
            assert!(answer.items.iter().any(|item| item.contains(expected)), "{answer:?}");
        }
    }

    #[test]
    fn the_same_request_gets_the_same_answer_and_an_error_its_number_of_times() {
        let model = model();
        assert_eq!(ask(&model, &after(""), 1).unwrap(), ask(&model, &after(""), 2).unwrap());
        let fault = ask(&model, &after("FAILED"), 1).unwrap_err();
        assert!(fault.is_transient(), "{fault}");
        assert!(ask(&model, &after("FAILED"), 2).is_ok());
    }

    #[test]
    fn tokens_of_a_growing_prompt_are_those_of_its_blocks_and_cached_but_for_a_changed_head() {
        let model = model();
        let long = items::message("user", &"word ".repeat(2000));
        let count = |raw: &str| u64::from(O200k.count(raw));
        let mut prompt = Prompt::default();
        let mut ask = |step: usize, items: &[&str]| {
            let head = format!("{{\"step\":{step}}}");
            let mut pieces = vec![(BlockKind::Head, head.as_str())];
            pieces.extend(items.iter().map(|raw| (BlockKind::Item, *raw)));
            prompt.follow(&pieces);
            let usage = super::tests::ask(&model, &prompt, 2).unwrap().usage.unwrap();
            assert_eq!(usage.input_tokens, pieces.iter().map(|(_, raw)| count(raw)).sum::<u64>());
            usage.cached_tokens
        };
        let said = items::message("assistant", "yes");
        assert_eq!(ask(1, &[&long]), 0);
        assert!(ask(2, &[&long, &said]) >= 1920);
        assert_eq!(ask(3, &[&said, &long, &said]), 0);
    }

    #[test]
    fn a_head_that_belongs_to_another_cache_key_finds_nothing_cached() {
        let model = model();
        let long = items::message("user", &"word ".repeat(2000));
        let mut prompt = Prompt::default();
        let mut cached = |head: &str| {
            prompt.follow(&[(BlockKind::Head, head), (BlockKind::Item, &long)]);
            super::tests::ask(&model, &prompt, 2).unwrap().usage.unwrap().cached_tokens
        };
        assert_eq!(cached(r#"{"model":"m","prompt_cache_key":"a","client_metadata":1}"#), 0);
        assert!(cached(r#"{"model":"m","prompt_cache_key":"a","client_metadata":2}"#) >= 1920);
        assert_eq!(cached(r#"{"model":"m","prompt_cache_key":"b","client_metadata":2}"#), 0);
    }

    #[test]
    fn ids_that_an_agent_makes_up_in_every_run_count_the_same() {
        let usage = |thread: &str, folder: &str| {
            let profile = Volatility::built_in("codex").unwrap();
            let model = model().counting(profile);
            let mut prompt = Prompt::default();
            let head = serde_json::json!({"model": "m", "prompt_cache_key": thread}).to_string();
            let context = format!("<environment_context>\n  <cwd>{folder}</cwd>\n");
            let content = serde_json::json!([{"type": "input_text", "text": context}]);
            let context =
                serde_json::json!({"type": "message", "role": "user", "content": content}).to_string();
            prompt.push(Block::new(BlockKind::Head, head));
            prompt.push(Block::new(BlockKind::Item, context));
            let first = super::tests::ask(&model, &prompt, 1).unwrap().usage.unwrap();
            prompt.push(Block::new(BlockKind::Item, items::output("call_1_1", "fine")));
            [first, super::tests::ask(&model, &prompt, 1).unwrap().usage.unwrap()]
        };
        let ids = ["0199d0c6-7f3a-7a51-93a1-0d9d1d6a2f11", "0199d0ff-0000-7bbb-8000-999999999999"];
        assert_eq!(usage(ids[0], "/tmp/a"), usage(ids[1], "/srv/of/another/length"));
        assert_ne!(usage(ids[0], "/tmp/a"), usage("no id", "/tmp/a"), "what fits no rule counts as it is");
    }

    #[test]
    fn a_script_that_runs_out_says_so() {
        let model = model();
        ask(&model, &after(""), 1).unwrap();
        ask(&model, &after("fine"), 1).unwrap();
        let mut prompt = after("fine");
        prompt.push(Block::new(BlockKind::Item, items::message("user", "more")));
        ask(&model, &prompt, 2).unwrap();
        prompt.push(Block::new(BlockKind::Item, items::message("user", "and more")));
        assert!(matches!(ask(&model, &prompt, 1), Err(ModelFault::Exhausted(_))));
    }

    #[test]
    fn what_agents_change_in_every_request_keeps_nothing_from_being_cached() {
        let text = "many words of no meaning ".repeat(400);
        for (protocol, list) in [(Protocol::Responses, "input"), (Protocol::Messages, "messages")] {
            let model = model();
            let mut prompt = Prompt::default();
            let mut cached = Vec::new();
            for step in 1..=2 {
                let last = serde_json::json!([{"type": "text", "text": "and more", "cache_control": {"type": "ephemeral"}}]);
                let messages: Vec<_> = (0..step)
                    .map(|n| {
                        let content = if n == 0 { text.clone().into() } else { last.clone() };
                        serde_json::json!({"role": "user", "content": content})
                    })
                    .collect();
                let body = serde_json::json!({"model": "stub", "client_metadata": {"request": step}, list: messages, "stream": true});
                let body = body.to_string();
                let (head, mut pieces) = protocol.pieces(&body).unwrap();
                pieces.insert(0, (BlockKind::Head, &head));
                prompt.follow(&pieces);
                let sent = crate::Sent { path: protocol.path(), headers: &[], body: &body };
                let call =
                    Call { protocol, lane: "main", step, attempt: 1, prompt: &prompt, sent: Some(sent) };
                let Ok(Reply::Stream(frames)) = model.answer(&call) else { panic!("no stream") };
                let mut decoder = protocol.decoder();
                frames.for_each(|frame| drop(decoder.feed(&frame.unwrap())));
                cached.push(decoder.finish().usage.unwrap().cached_tokens);
            }
            assert!(cached[0] == 0 && cached[1] > 1024, "{protocol:?}: {cached:?}");
        }
    }

    #[test]
    fn a_goto_to_nowhere_and_an_unknown_key_are_refused_with_their_place() {
        let parse = |text: &str| Script::parse(Path::new("s.toml"), text).unwrap_err().to_string();
        assert!(parse(&SCRIPT.replace("goto = \"mend\"", "goto = \"mand\"")).contains("turn 1"));
        let unknown = parse(&SCRIPT.replace("text = \"I look.\"", "txet = \"I look.\""));
        assert!(unknown.contains("s.toml:5") && unknown.contains("text"), "{unknown}");
    }
}
