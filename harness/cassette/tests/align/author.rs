//! Sessions made up for tests: an agent that explores, edits and tests a repository of names and numbers; and the same
//! session once more with what is benign about real agents, until it takes another way. Knows nothing of how sessions are
//! compared.

use std::collections::BTreeMap;

use base::{Digest, Seed};
use cassette::align::{Did, Outcome, Output, Session};
use cassette::{Effect, FileState, Profile};
use journal::ToolOutcome;
use wire::Protocol;

const FILES: [&str; 24] = [
    "src/lib.rs",
    "src/main.rs",
    "src/parser.rs",
    "src/lexer.rs",
    "src/ast.rs",
    "src/error.rs",
    "src/config.rs",
    "src/report/mod.rs",
    "src/report/table.rs",
    "src/report/csv.rs",
    "tests/errors.rs",
    "tests/parse.rs",
    "tests/golden.rs",
    "README.md",
    "Cargo.toml",
    "docs/format.md",
    "tools/release.sh",
    "tools/check.py",
    "app/models.py",
    "app/views.py",
    "app/urls.py",
    "app/tests/test_views.py",
    "app/tests/test_models.py",
    "setup.cfg",
];
const WORDS: [&str; 16] = [
    "parse", "token", "span", "offset", "render", "total", "discount", "retry", "timeout", "encode",
    "header", "column", "escape", "locale", "round", "index",
];
const TESTS: [&str; 3] = ["cargo test", "python3 -m pytest -q", "cargo test --lib"];

/// Numbers from a seed.
pub(crate) struct Dice {
    seed: Seed,
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { seed, thrown: 0 }
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.thrown += 1;
        self.seed.derive(&self.thrown.to_string()).unit()
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.unit() * limit as f64) as usize
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    pub(crate) fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

/// What an agent decides to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Read(String, usize),
    List(String),
    Grep(String, String),
    Run(String),
    Patch { file: String, change: String, fails: bool },
    Plan(usize),
    Answer,
}

impl Act {
    pub(crate) fn looks(&self) -> bool {
        matches!(self, Self::Read(..) | Self::List(_) | Self::Grep(..))
    }
}

fn look(dice: &mut Dice) -> Act {
    let file = dice.pick(&FILES).to_owned();
    match dice.below(6) {
        0..=2 => Act::Read(file, 1 + 80 * dice.below(5)),
        3 => Act::List(file.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()),
        4 => Act::Run(format!("sed -n {},+40p {file}", 1 + 40 * dice.below(9))),
        _ => Act::Grep(dice.pick(&WORDS).to_owned(), file),
    }
}

fn patch(dice: &mut Dice) -> Act {
    let (old, new, line) = (dice.pick(&WORDS), dice.pick(&WORDS), dice.below(400));
    let change = format!(
        "@@ fn {old}_{line}\n-    let value = {old}({line});\n+    let value = {new}({old}({line}), {});",
        dice.below(1000)
    );
    Act::Patch { file: dice.pick(&FILES).to_owned(), change, fails: false }
}

/// What an agent of this temper does in so many actions: phases of looking, changing and testing.
pub(crate) fn way(dice: &mut Dice, length: usize) -> Vec<Act> {
    let test = dice.pick(&TESTS).to_owned();
    let mut acts = vec![Act::List(".".to_owned()), Act::Run("git log --oneline | head".to_owned())];
    while acts.len() < length {
        let looks = 1 + dice.below(5);
        acts.extend((0..looks).map(|_| look(dice)));
        if dice.happens(0.15) {
            let plan = dice.below(100);
            acts.push(Act::Plan(plan));
        }
        let changes = 1 + dice.below(2);
        acts.extend((0..changes).map(|_| patch(dice)));
        acts.push(Act::Run(test.clone()));
        if dice.happens(0.3) {
            acts.push(Act::Run(dice.pick(&["git diff", "git status --short"]).to_owned()));
        }
    }
    acts.truncate(length.max(2));
    acts.push(Act::Answer);
    acts
}

/// The same way as somebody else goes it: retries, further looks, some left out, some in another order. The number of the
/// act in the original stands beside each that is of it.
pub(crate) fn noisy(dice: &mut Dice, acts: &[Act]) -> Vec<(Option<usize>, Act)> {
    let mut out: Vec<(Option<usize>, Act)> = Vec::new();
    let mut at = 0;
    while let Some(act) = acts.get(at) {
        if let (Some(next), true) =
            (acts.get(at + 1).filter(|next| next.looks() && act.looks()), dice.happens(0.1))
        {
            out.push((Some(at + 1), next.clone()));
            out.push((Some(at), act.clone()));
            at += 2;
            continue;
        }
        if dice.happens(0.05) {
            let looks = 1 + dice.below(2);
            out.extend((0..looks).map(|_| (None, look(dice))));
        }
        let dropped = act.looks() && dice.happens(0.04);
        if let (Act::Patch { file, change, .. }, true) = (act, dice.happens(0.08)) {
            let change = change.replacen("    ", "\t", 1);
            out.push((None, Act::Patch { file: file.clone(), change, fails: true }));
        }
        if !dropped {
            out.push((Some(at), act.clone()));
        }
        if act != &Act::Answer && !matches!(act, Act::Patch { .. }) && dice.happens(0.04) {
            out.push((None, act.clone()));
        }
        at += 1;
    }
    out
}

/// Carries acts out in a repository and writes the session down. `effects`: as the native agent's recording does, with
/// what each call did to files; else as another agent's, without. Gives the step of each act beside the session.
pub(crate) fn session(dice: &mut Dice, acts: &[Act], effects: bool) -> (Session, Vec<u32>) {
    let profile = Profile::built_in("native").unwrap();
    let mut session = Session::new(Protocol::Responses, Vec::new(), &profile);
    session.effects = effects;
    let mut files: BTreeMap<String, u64> = BTreeMap::new();
    let (mut steps, mut step, mut before_looks) = (Vec::new(), 0, false);
    for act in acts {
        // Looks may share a step.
        if !(act.looks() && before_looks && dice.happens(0.3)) {
            step += 1;
        }
        before_looks = act.looks();
        steps.push(step);
        let (did, outcome) = carried_out(dice, act, &mut files, effects);
        session.push("main", step, did, outcome);
    }
    (session, steps)
}

fn carried_out(
    dice: &mut Dice,
    act: &Act,
    files: &mut BTreeMap<String, u64>,
    effects: bool,
) -> (Did, Outcome) {
    let state = Digest::of(format!("{files:?}").as_bytes());
    let failures = state.as_bytes()[0] % 4;
    let version = |file: &str, files: &BTreeMap<String, u64>| files.get(file).copied().unwrap_or(0);
    let (ms, words) = (dice.below(900), dice.below(1000));
    let call = |tool: &str, arguments: serde_json::Value| Did::Called {
        tool: tool.to_owned(),
        arguments: arguments.to_string(),
    };
    let shown = |text: String| Outcome {
        outcome: Some(ToolOutcome::Ok),
        output: Output::Text(text),
        ..Outcome::default()
    };
    match act {
        Act::Answer => (Did::Answered { text: format!("Done in {words} words.") }, Outcome::default()),
        Act::Read(path, offset) => {
            let text = format!("{path}:{offset} as of version {}", version(path, files));
            (call("read_file", serde_json::json!({"path": path, "offset": offset})), shown(text))
        }
        Act::List(path) => {
            (call("list_dir", serde_json::json!({"path": path})), shown(format!("{path}/a b c")))
        }
        Act::Grep(pattern, path) => {
            let text = format!("{path}:{}: {pattern}", version(path, files) % 50);
            (call("grep", serde_json::json!({"pattern": pattern, "path": path})), shown(text))
        }
        Act::Plan(number) => {
            (call("update_plan", serde_json::json!({"plan": [number, words]})), shown("noted".to_owned()))
        }
        Act::Run(command) => {
            let text = match command.as_str() {
                tests if TESTS.contains(&tests) => format!("{failures} failed, 40 passed in 0.{ms}s"),
                "git diff" | "git status --short" => format!("{files:?}"),
                other => {
                    format!("{other}: {:?}", other.split(' ').next_back().map(|file| version(file, files)))
                }
            };
            let failed = TESTS.contains(&command.as_str()) && failures > 0;
            let exit = Some(i32::from(failed));
            let outcome = Some(if failed { ToolOutcome::Failed } else { ToolOutcome::Ok });
            let why = serde_json::json!({"cmd": command, "justification": format!("reason {words}")});
            (call("exec_command", why), Outcome { outcome, exit, ..shown(text) })
        }
        Act::Patch { file, change, fails } => {
            let patch = format!("*** Begin Patch\n*** Update File: {file}\n{change}\n*** End Patch");
            let did = call("apply_patch", serde_json::json!({"patch": patch}));
            if *fails {
                let failed = Some(ToolOutcome::Failed);
                return (did, Outcome { outcome: failed, ..shown(format!("{file}: context not found")) });
            }
            let now = Digest::of(format!("{}{change}", version(file, files)).as_bytes());
            files.insert(file.clone(), u64::from(now.as_bytes()[0]) << 8 | u64::from(now.as_bytes()[1]));
            let state = FileState::content(now, false);
            let effect = Effect([(file.clone(), state)].into_iter().filter(|_| effects).collect());
            (did, Outcome { effect, ..shown("patched".to_owned()) })
        }
    }
}
