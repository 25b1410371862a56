//! Stage 1, free and offline: the recorded requests as each arm makes them.

use cassette::Cassette;
use model::O200k;
use report::ab::{Pair, Recording, RewriteInput, RewriteResult, rewrite};
use runner::{Recorded, begins_with};
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
    for side in [&question.base, &question.head] {
        if side.variant.agent != "native" {
            return Err(format!("the prompt of {} is its own: it can't be made again", side.variant.agent));
        }
    }
    let folder = suite.cassettes.get(&question.set);
    let folder = folder.ok_or_else(|| format!("the suite has no recordings named {:?}", question.set))?;
    let digest = task.digest().map_err(|error| error.to_string())?;
    for number in 1.. {
        let path = folder.join(format!("{}.{number}.jsonl", task.name));
        if !path.is_file() {
            break;
        }
        let cassette = Cassette::load(&path).map_err(|error| error.to_string())?;
        if cassette.header.task_digest != digest {
            return Err(format!("{}: recorded on another version of the task", path.display()));
        }
        let recording = Recording::of(&cassette, &path.to_string_lossy())?;
        let opening = recording.opening();
        let recorded = Recorded {
            suite: &suite.name,
            task,
            clock: cassette.header.clock,
            opening: &opening,
            own_docs: question.base.docs().is_none(),
        };
        let as_made_by = |side: &Side| {
            let asked = side.asked(&cassette.header.model);
            let begins = begins_with(&recorded, &side.variant, &side.prompts, asked);
            let begins = begins.map_err(|error| error.to_string())?;
            Ok::<_, String>((recording.rewrite(&begins, asked, &O200k), begins))
        };
        let (base, begins) = as_made_by(&question.base)?;
        let (head, _) = as_made_by(&question.head)?;
        pairs.push(Pair { task: name.to_owned(), number, as_recorded: begins == opening, base, head });
    }
    Ok(())
}
