//! Stage 1, free and offline: the recorded requests as each arm makes them.

use std::sync::Arc;

use cassette::Cassette;
use model::O200k;
use report::ab::{Conversation, Pair, Recording, RewriteInput, RewriteResult, rewrite};
use runner::{Foreign, Recorded, begins_with};
use suite::{Suite, Task};

use super::Ground;
use super::arms::{Question, Side};
use crate::exit::Failure;

/// Makes every recording's requests again.
pub(super) fn carry_out(question: &Question<'_>, ground: &Ground) -> Result<RewriteResult, Failure> {
    let (pairs, left) = pairs(question)?;
    let input = RewriteInput { pairs: &pairs, declared: question.declared(), left, rules: &ground.rules() };
    rewrite(input).map_err(Failure::input)
}

type Pairs = (Vec<Pair>, Vec<(String, String)>);

/// Every recording under both arms; and the tasks that have none, with the reason.
pub(super) fn pairs(question: &Question<'_>) -> Result<Pairs, Failure> {
    let (mut pairs, mut left) = (Vec::new(), Vec::new());
    for suite in &question.suites {
        for task in suite.ready() {
            let name = format!("{}/{}", suite.name, task.name);
            let before = pairs.len();
            match of_task(question, suite, task, &name, &mut pairs) {
                Err(why) => left.push((name, why)),
                Ok(()) if pairs.len() == before => left.push((name, "it has no recording".to_owned())),
                Ok(()) => {}
            }
        }
    }
    Ok((pairs, left))
}

/// The recordings of one task, in order, up to the first that is missing or can't be used.
fn of_task(
    question: &Question<'_>,
    suite: &Suite,
    task: &Task,
    name: &str,
    pairs: &mut Vec<Pair>,
) -> Result<(), String> {
    question.not_rewritable().map_or(Ok(()), Err)?;
    let folder = suite.cassettes.get(&question.set);
    let folder = folder.ok_or_else(|| format!("the suite has no recordings named {:?}", question.set))?;
    let digest = task.digest().map_err(|error| error.to_string())?;
    for number in 1.. {
        let path = folder.join(format!("{}.{number}.jsonl", task.name));
        if !path.is_file() {
            break;
        }
        let cassette = Arc::new(Cassette::load(&path).map_err(|error| error.to_string())?);
        if cassette.header.task_digest != digest {
            return Err(format!("{}: recorded on another version of the task", path.display()));
        }
        let recording = Recording::of(Arc::clone(&cassette), &path.to_string_lossy())?;
        let one = One { question, suite: &suite.name, task, cassette: &cassette, recording: &recording };
        let (as_recorded, base, head) = if question.is_native() { one.native() } else { one.foreign() }?;
        pairs.push(Pair { task: name.to_owned(), number, cassette, as_recorded, base, head });
    }
    Ok(())
}

/// One recording.
struct One<'a> {
    question: &'a Question<'a>,
    suite: &'a str,
    task: &'a Task,
    cassette: &'a Cassette,
    recording: &'a Recording,
}

/// Whether the requests are recorded as base makes them; as base and as head makes them.
type Made = (bool, Conversation, Conversation);

impl One<'_> {
    /// Both arms' requests of the native agent: each begins as its variant does.
    fn native(&self) -> Result<Made, String> {
        let Self { question, suite, task, cassette, recording } = *self;
        let recorded = &cassette.header.agent;
        if !recorded.starts_with("native ") {
            return Err(format!("it is a recording of {recorded}, and the arms are of the native agent"));
        }
        if !recording.only_grows() {
            return Err("its history was rewritten: it doesn't only grow".to_owned());
        }
        let opening = recording.opening();
        let own_docs = question.base.docs().is_none();
        let recorded = Recorded { suite, task, clock: cassette.header.clock, opening: &opening, own_docs };
        let as_made_by = |side: &Side| {
            let asked = side.asked(&cassette.header.model);
            let begins = begins_with(&recorded, &side.variant, &side.prompts, asked);
            let begins = begins.map_err(|error| error.to_string())?;
            Ok::<_, String>((recording.begun(&begins, asked, &O200k), begins))
        };
        let (base, begins) = as_made_by(&question.base)?;
        let (head, _) = as_made_by(&question.head)?;
        Ok((begins == opening, base, head))
    }

    /// Those of an agent of another maker: as recorded, but for what each variant is known to change.
    fn foreign(&self) -> Result<Made, String> {
        let Self { question, task, cassette, recording, .. } = *self;
        let own_docs = question.base.docs().is_none();
        let foreign = Foreign::of(cassette, task, &question.base.variant, own_docs)?;
        let as_made_by = |side: &Side| {
            let asked = side.asked(&cassette.header.model);
            let others = foreign.otherwise(&side.prompts, asked)?;
            Ok::<_, String>((recording.with(&others, asked, &O200k), others))
        };
        let (base, base_others) = as_made_by(&question.base)?;
        let (head, head_others) = as_made_by(&question.head)?;
        let files = question.base.prompts.files != question.head.prompts.files;
        if files && base_others == head_others {
            let agent = &question.base.variant.agent;
            return Err(format!("{agent} shows nothing here of what the arms' files differ in"));
        }
        Ok((base_others.is_empty(), base, head))
    }
}
