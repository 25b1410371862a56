//! Reading suites and configurations. Knows only the crate's public face.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{add, add_task, folder};
use proptest::prelude::*;
use suite::{Config, Decision, Suite, SuiteError, TaskEntry, Tier, Variant};

fn names(suite: &Suite) -> Vec<&str> {
    suite.tasks.iter().map(TaskEntry::name).collect()
}

#[test]
fn a_suite_finds_its_tasks_and_keeps_the_broken_ones() {
    let root = folder(&[("suite.toml", "version = \"1.0\"\nname = \"core\"\n"), ("notes/a.md", "")]);
    add_task(root.path(), "b", "");
    add_task(root.path(), "a", "[retake]\nkind = 3\n");
    add_task(root.path(), "c", "");
    std::fs::remove_file(root.path().join("c/instruction.md")).unwrap();
    let suite = Suite::load(root.path()).unwrap();
    assert_eq!((suite.name.as_str(), names(&suite)), ("core", vec!["a", "b", "c"]));
    assert_eq!(suite.ready().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["b"]);
    let Some(TaskEntry::Invalid { error, .. }) = suite.task("a") else { panic!() };
    assert!(error.to_string().contains("task.toml:2:8"), "{error}");
    suite.digest().unwrap();
}

#[test]
fn a_suite_may_list_its_tasks_and_say_what_holds_for_all() {
    let text = r#"
version = "1.0"
name = "core"
description = "d"
tasks = ["b", "gone", "a"]
[defaults]
exclude = ["target"]
[defaults.budget]
steps = 9
wall_sec = 30
[cassettes]
main = "cassettes/main"
[scripts]
stub = "scripts"
[policy]
default = "deny"
"#;
    let root = folder(&[("suite.toml", text)]);
    add_task(
        root.path(),
        "a",
        "[agent]\ntimeout_sec = 99\n[retake]\nexclude = [\"x\"]\n[retake.budget]\nsteps = 3\n",
    );
    add_task(root.path(), "b", "[retake.policy]\ndefault = \"allow\"\n");
    add_task(root.path(), "left-out", "");
    let suite = Suite::load(root.path()).unwrap();
    assert_eq!(names(&suite), ["b", "gone", "a"]);
    assert_eq!(suite.cassettes["main"], root.path().join("cassettes/main"));
    let a = suite.task("a").unwrap().ready().unwrap();
    assert_eq!((a.settings.budget.steps, a.settings.budget.wall.as_secs()), (3, 30));
    assert_eq!(
        (a.settings.exclude.as_slice(), a.settings.policy.default),
        (["target", "x"].map(str::to_owned).as_slice(), Decision::Deny)
    );
    let b = suite.task("b").unwrap().ready().unwrap();
    assert_eq!((b.settings.budget.steps, b.settings.policy.default), (9, Decision::Allow));
    assert!(suite.task("gone").unwrap().ready().is_none());
    let before = suite.digest().unwrap();
    add(root.path(), &[("suite.toml", &text.replace("steps = 9", "steps = 8"))]);
    assert_ne!(Suite::load(root.path()).unwrap().digest().unwrap(), before);
}

#[test]
fn a_scope_says_which_files_a_task_is_about_and_changes_no_digest() {
    let root = folder(&[("suite.toml", "version = \"1.0\"\nname = \"core\"\n")]);
    add_task(root.path(), "a", "");
    add_task(root.path(), "b", "");
    let before = Suite::load(root.path()).unwrap();
    add(
        root.path(),
        &[("suite.toml", "version = \"1.1\"\nname = \"core\"\n[scope]\na = [\"src/**\", \"docs/*.md\"]\n")],
    );
    let after = Suite::load(root.path()).unwrap();
    let scope = after.task("a").unwrap().ready().unwrap().scope.clone().unwrap();
    assert_eq!(["src/x/y.py", "docs/a.md", "setup.py"].map(|path| scope.has(path)), [true, true, false]);
    assert!(after.task("b").unwrap().ready().unwrap().scope.is_none());
    assert_eq!(before.digest().unwrap(), after.digest().unwrap());
}

#[test]
fn a_folder_of_tasks_without_a_description_is_a_suite_named_after_it() {
    let root = folder(&[]);
    let dir = root.path().join("dataset");
    add_task(&dir, "one", "version = \"1.0\"\n");
    let suite = Suite::load(&dir).unwrap();
    assert_eq!((suite.name.as_str(), names(&suite)), ("dataset", vec!["one"]));
    assert!(Suite::load(&dir.join("one")).unwrap_err().to_string().contains("is a task, not a suite"));
    assert!(matches!(Suite::load(&dir.join("none")), Err(SuiteError::Missing { .. })));
    assert!(matches!(Suite::load(&dir.join("one/tests")), Err(SuiteError::Missing { .. })));
}

#[test]
fn what_is_wrong_in_a_suite_is_shown_in_place() {
    for (text, place, word) in [
        ("version = \"1.0\"\ntaks = []\n", "suite.toml:2:1", "did you mean `tasks`?"),
        ("version = \"2.0\"\nnew = 1\n", "suite.toml:1:1", "newer retake"),
        ("name = \"x\"\n", "suite.toml", "missing key `version`"),
        ("version = \"1.0\"\ntasks = [\"a\", \"../b\"]\n", "suite.toml:2:15", "`../b`"),
        ("version = \"1.0\"\ntasks = [\"a\", \"a\"]\n", "suite.toml:2:15", "once"),
        (
            "version = \"1.1\"\ntasks = [\"api\"]\n[scope]\napi = [\"a\", \"/etc\"]\n",
            "suite.toml:4:13",
            "within",
        ),
        (
            "version = \"1.1\"\ntasks = [\"api\"]\n[scope]\napu = []\n",
            "suite.toml:4:1",
            "did you mean `api`?",
        ),
        ("version = \"1.0\"\n[cassettes]\nx = \"/etc\"\n", "suite.toml:3:1", "leaves"),
        ("version = \"1.0\"\n[defaults]\npolicy = \"p\"\n[policy]\n", "suite.toml:4:2", "keep one"),
        ("version = \"1.0\"\n[policy]\ndefalt = \"deny\"\n", "suite.toml:3:1", "did you mean `default`?"),
    ] {
        let root = folder(&[("core/suite.toml", text)]);
        let told = Suite::load(&root.path().join("core")).unwrap_err().to_string();
        assert!(told.contains(place) && told.contains(word), "{text}: {told}");
    }
}

const DESIGN: &str = r#"
out = "reports"
[suite.core]
path = "tasks/core"
[variant.main]
agent = "native"
model = "cassette"
[variant.terse]
extends = "main"
model = "openai:gpt-5.6"
files = { "AGENTS.md" = "prompts/terse.md" }
[variant.before]
extends = "terse"
base = "git:HEAD~1"
tools = ["shell"]
[variant.codex]
agent = "codex@0.169.0"
model = "cassette"
tier = "unattended"
[profile.nightly]
suites = ["core"]
variants = ["main", "codex"]
trials = 3
gates = ["drift <= text", "no_new_failures"]
[toolchain.rust]
root = "/opt/rust"
bin = "bin"
"#;

#[test]
fn a_configuration_is_found_above_and_its_variants_are_resolved() {
    let root = folder(&[("retake.toml", DESIGN), ("deep/er/file", "")]);
    let config = Config::find(&root.path().join("deep/er")).unwrap();
    let here = root.path().canonicalize().unwrap();
    assert_eq!(
        (config.out.clone(), config.suites["core"].clone()),
        (here.join("reports"), here.join("tasks/core"))
    );
    let before = &config.variants["before"];
    assert_eq!((before.agent.as_str(), before.model.as_str()), ("native", "openai:gpt-5.6"));
    assert_eq!(before.files["AGENTS.md"], here.join("prompts/terse.md"));
    assert_eq!(
        (before.base.as_deref(), before.tools.clone()),
        (Some("git:HEAD~1"), Some(vec!["shell".to_owned()]))
    );
    assert_eq!(config.variants["codex"].tier, Tier::unattended());
    assert_eq!(config.profiles["nightly"].gates.len(), 2);
    assert_eq!(config.toolchains["rust"].bin, ["bin"]);
}

#[test]
fn a_variant_says_all_that_one_column_of_a_comparison_may_differ_in() {
    let text = r#"
[tier.quick]
rounds = 0
latency_budget_sec = 90
[variant.main]
env = { LANG = "C.UTF-8" }
parameters = { temperature = 0.2, reasoning = { effort = "low" } }
[variant.eager]
extends = "main"
tier = "quick"
append = "prompts/eager.md"
env = { MODE = "eager" }
parameters = { reasoning = { effort = "high" } }
[variant.asks]
tier = "attended"
"#;
    let root = folder(&[("retake.toml", text)]);
    let config = Config::find(root.path()).unwrap();
    let eager = &config.variants["eager"];
    assert_eq!(eager.env.keys().collect::<Vec<_>>(), ["LANG", "MODE"]);
    assert_eq!(eager.parameters["temperature"], 0.2);
    assert_eq!(eager.parameters["reasoning"]["effort"], "high");
    assert_eq!(eager.append, Some(root.path().canonicalize().unwrap().join("prompts/eager.md")));
    assert_eq!((eager.tier.rounds, eager.tier.latency_budget), (Some(0), Some(Duration::from_secs(90))));
    assert!(eager.tier.unattended && !config.variants["asks"].tier.unattended);
}

#[test]
fn without_a_configuration_the_suites_below_tasks_are_run_by_main() {
    let root = folder(&[("tasks/core/suite.toml", "version = \"1.0\"\n"), ("tasks/other/x", "")]);
    let config = Config::find(root.path()).unwrap();
    assert_eq!(config.file, None);
    assert_eq!(config.suites.keys().collect::<Vec<_>>(), ["core"]);
    assert_eq!(config.variants.values().collect::<Vec<_>>(), [&Variant::plain("main")]);
    assert!(config.out.ends_with(".retake"));
}

#[test]
fn what_is_wrong_in_a_configuration_is_shown_in_place() {
    for (text, place, word) in [
        ("[variant.a]\nextends = \"b\"\n[variant.b]\nextends = \"a\"\n", "retake.toml:2:1", "a -> b -> a"),
        ("[variant.a]\nextends = \"a\"\n", "retake.toml:2:1", "a -> a"),
        ("[variant.terse]\n[variant.b]\nextends = \"tersse\"\n", "retake.toml:3:1", "did you mean `terse`?"),
        ("[variant.a]\nagnet = \"x\"\n", "retake.toml:2:1", "did you mean `agent`?"),
        ("[variant.\"a/b\"]\n", "retake.toml:1:10", "`a/b`"),
        (
            "[suite.core]\npath = \"x\"\n[profile.p]\nsuites = [\"cor\"]\n",
            "retake.toml:4:1",
            "did you mean `core`?",
        ),
        ("[profile.p]\nvariants = [\"x\"]\n", "retake.toml:2:1", "no variant `x`"),
        ("[profile.p]\ntrials = 0\n", "retake.toml:2:1", "at least 1"),
        ("[suite.core]\n", "retake.toml:1", "missing key `path`"),
        ("version = \"2.0\"\n", "retake.toml:1:1", "newer retake"),
        ("[variant.a]\npolicy = \"none.toml\"\n", "none.toml", "is missing"),
        ("[variant.a]\nbase = \"HEAD\"\n", "retake.toml:2:1", "as `git:HEAD~1`"),
        ("[variant.a]\nbase = \"git:HEAD\"\n", "retake.toml:2:1", "there are none"),
        ("[variant.a]\nfiles = { \"../x\" = \"x\" }\n", "retake.toml:2:11", "`../x`"),
        ("[variant.a]\nparameters = { stream = false }\n", "retake.toml:2:16", "the loop sets it"),
        ("[variant.a]\ntier = \"atended\"\n", "retake.toml:2:1", "no tier `atended`"),
        ("[tier.t]\nrounds = -1\n", "retake.toml:2:10", "rounds"),
    ] {
        let root = folder(&[("retake.toml", text)]);
        let told = Config::find(root.path()).unwrap_err().to_string();
        assert!(told.contains(place) && told.contains(word), "{text}: {told}");
    }
}

proptest! {
    #[test]
    fn no_bytes_as_suite_or_configuration_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200),
        name in "[a-z./\"]{0,6}", value in "[a-z0-9\"\\[\\]{}=.-]{0,10}") {
        let text = format!("version = \"1.0\"\n[variant.{name}]\nextends = {value}\n");
        let root = folder(&[]);
        for content in [bytes.as_slice(), text.as_bytes()] {
            for file in ["suite.toml", "retake.toml"] {
                std::fs::write(root.path().join(file), content).unwrap();
            }
            let _ = Suite::load(root.path()).map_err(|error| error.to_string());
            let _ = Config::load(Path::new(&root.path().join("retake.toml"))).map_err(|error| error.to_string());
        }
    }
}
