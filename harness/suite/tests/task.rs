//! Reading tasks: Harbor's tables, Retake's own, steps, digests. Knows only the crate's public face.

#![expect(clippy::unwrap_used, reason = "a test may stop where its own files are wrong")]

mod common;

use std::time::Duration;

use common::{add, add_task, folder};
use proptest::prelude::*;
use suite::harbor::{Artifact, MinReward, NetworkMode, Os, RewardStrategy, User};
use suite::{CheckKind, Decision, Defaults, Parser, Runnable, SuiteError, Task, TaskKind};

fn load(toml: &str) -> Result<Task, SuiteError> {
    let root = folder(&[]);
    add_task(root.path(), "one", toml);
    Task::load(&root.path().join("one"), &Defaults::default())
}

fn fault(toml: &str) -> String {
    load(toml).unwrap_err().to_string()
}

const FULL: &str = r#"
schema_version = "1.4"
source = "registry"
multi_step_reward_strategy = "final"
artifacts = ["/app/out", { source = "/app/log", destination = "log", exclude = ["*.tmp"] }]

[task]
name = "org/name"
version = "1.2.3"
description = "d"
keywords = ["a"]
authors = [{ name = "A", email = "a@example.com" }]

[metadata]
anything = { goes = [1, "two"] }

[agent]
timeout_sec = 90.5
user = "agent"
network_mode = "allowlist"
allowed_hosts = ["example.com"]

[verifier]
timeout_sec = 30
env = { KEY = "value" }
user = 1000
environment_mode = "shared"

[[verifier.collect]]
command = "cp a b"
service = "db"
timeout_sec = 5
user = "root"

[environment]
build_timeout_sec = 60
docker_image = "image"
os = "Linux"
cpus = 2
memory_mb = 2048
storage_mb = 1024
gpus = 0
gpu_types = ["H100"]
network_mode = "no-network"
allowed_hosts = []
env = { A = "${B:-c}" }
skills_dir = "/skills"
workdir = "/app/sub"
healthcheck = { command = "true", retries = 5 }

[solution]
env = { S = "1" }
"#;

#[test]
fn every_table_of_harbor_is_read() {
    let task = load(FULL).unwrap();
    let harbor = &task.harbor;
    assert_eq!(task.warnings, []);
    assert_eq!(harbor.task.as_ref().unwrap().authors[0].email.as_deref(), Some("a@example.com"));
    assert_eq!(harbor.metadata["anything"]["goes"][1].as_str(), Some("two"));
    assert_eq!(harbor.agent.network_mode, Some(NetworkMode::Allowlist));
    assert_eq!(harbor.verifier.user, Some(User::Id(1000)));
    assert_eq!(harbor.verifier.collect[0].service.as_deref(), Some("db"));
    assert_eq!(harbor.environment.os, Os::Linux);
    assert_eq!(harbor.environment.healthcheck.as_ref().unwrap().timeout_sec.0, Duration::from_secs(30));
    assert_eq!(harbor.solution.env["S"], "1");
    assert_eq!(task.strategy, RewardStrategy::Final);
    assert_eq!(task.settings.budget.wall, Duration::from_millis(90_500));
    let step = &task.steps[0];
    assert_eq!((step.name.as_ref(), step.verifier_timeout), (None, Duration::from_secs(30)));
    assert_eq!(step.artifacts[0], Artifact::Path("/app/out".to_owned()));
    assert_eq!(step.verifier_env["KEY"], "value");
    assert!(matches!(&task.runnable, Runnable::No { reason } if reason.contains("image")));
}

#[test]
fn a_tpu_and_mcp_servers_are_read_and_say_why_it_does_not_run_here() {
    let task = load("[environment]\ntpu = { type = \"v5e\", topology = \"2x4\" }\n").unwrap();
    assert_eq!(task.harbor.environment.tpu.as_ref().unwrap().kind, "v5e");
    assert!(matches!(task.runnable, Runnable::No { .. }));
    let servers =
        "[[environment.mcp_servers]]\nname = \"s\"\ntransport = \"stdio\"\ncommand = \"c\"\nargs = [\"a\"]\n";
    let task = load(servers).unwrap();
    assert_eq!(task.harbor.environment.mcp_servers[0].args, ["a"]);
    assert!(matches!(task.runnable, Runnable::No { .. }));
}

#[test]
fn a_bare_task_has_the_defaults() {
    let task = load("").unwrap();
    let settings = &task.settings;
    assert_eq!((settings.budget.steps, settings.budget.tokens, settings.budget.rounds), (50, 1_000_000, 2));
    assert_eq!((settings.budget.wall, settings.reward_key.as_str()), (Duration::from_secs(600), "reward"));
    assert_eq!((settings.kind, settings.policy.default), (TaskKind::Capability, Decision::Allow));
    assert_eq!(task.steps[0].instruction, "Do it.\n");
    let Runnable::Here(recipe) = task.runnable else { panic!("{:?}", task.runnable) };
    assert_eq!(recipe.workdir, "/app");
}

#[test]
fn older_and_newer_schemas_are_read_and_a_newer_major_is_refused() {
    for good in ["version = \"1.0\"", "schema_version = \"1.2\"", "schema_version = \"1.9\""] {
        load(good).unwrap();
    }
    let told = fault("\nschema_version = \"2.0\"\nsteps = 3\n");
    assert!(told.contains("task.toml:2:1") && told.contains("newer retake"), "{told}");
    assert!(fault("version = \"2.0\"\n").contains("newer retake"));
}

#[test]
fn unknown_keys_are_warnings_in_harbors_tables_and_errors_in_ours() {
    let task =
        load("[environment]\nfuture = true\n[metadata]\nx = 1\n[retake]\nkind = \"regression\"\n").unwrap();
    assert_eq!(task.warnings.len(), 1);
    assert_eq!((task.warnings[0].line, task.warnings[0].column), (2, 1));
    assert_eq!(task.settings.kind, TaskKind::Regression);
    let told = fault("[retake]\nreward_kee = \"r\"\n");
    assert!(told.contains("task.toml:2:1") && told.contains("did you mean `reward_key`?"), "{told}");
    let told = fault("[retake.budget]\nstep = 3\n");
    assert!(told.contains("did you mean `steps`?"), "{told}");
    assert!(fault("[retake.expected]\nx = 1\n").contains("unknown key `expected`"));
}

#[test]
fn retakes_own_table_is_read_and_completed() {
    let toml = r#"
[retake]
needs = ["python3"]
exclude = ["__pycache__"]
reward_key = "tests"
[[retake.checks]]
name = "unit"
kind = "tests"
command = "python3 -m unittest"
timeout_sec = 5
parser = "unittest"
[[retake.checks]]
name = "lint"
kind = "lint"
command = "true"
[retake.budget]
steps = 7
wall_sec = 1.5
[retake.policy]
default = "deny"
max_denials = 3
[[retake.policy.rule]]
prefix = ["git"]
decision = "allow"
match = ["git push"]
"#;
    let settings = load(toml).unwrap().settings;
    assert_eq!(settings.checks[0].parser, Some(Parser::Unittest));
    assert_eq!(
        (settings.checks[1].kind, settings.checks[1].timeout),
        (CheckKind::Lint, Duration::from_secs(120))
    );
    assert_eq!((settings.budget.steps, settings.budget.wall), (7, Duration::from_millis(1500)));
    assert_eq!((settings.policy.default, settings.policy.max_denials), (Decision::Deny, Some(3)));
    assert_eq!(settings.needs, Some(vec!["python3".to_owned()]));
    let bad = toml.replace("git push\"", "hg push\"");
    assert!(fault(&bad).contains("`hg push` does not begin with `git`"));
    let bad = toml.replace("name = \"lint\"", "name = \"unit\"");
    assert!(fault(&bad).contains("unique"));
    let bad = toml.replace("[\"__pycache__\"]", "[\"a/b\"]");
    assert!(fault(&bad).contains("`a/b`"));
}

#[test]
fn a_policy_may_stand_in_a_file_of_its_own() {
    let root = folder(&[]);
    add_task(root.path(), "one", "[retake.policy]\nfile = \"policy.toml\"\n");
    let dir = root.path().join("one");
    let missing = Task::load(&dir, &Defaults::default()).unwrap_err().to_string();
    assert!(missing.contains("policy file is missing"), "{missing}");
    add(&dir, &[("policy.toml", "[[rule]]\nprefix = [\"rm\"]\ndecision = \"deny\"\nreason = \"no\"\n")]);
    let task = Task::load(&dir, &Defaults::default()).unwrap();
    assert_eq!(task.settings.policy.rules[0].prefix, ["rm"]);
    add(&dir, &[("policy.toml", "[[rule]]\nprefix = []\ndecision = \"deny\"\n")]);
    let told = Task::load(&dir, &Defaults::default()).unwrap_err().to_string();
    assert!(told.contains("policy.toml:2:1"), "{told}");
}

#[test]
fn a_wrong_patch_must_be_there() {
    let root = folder(&[]);
    add_task(root.path(), "one", "[retake.wrong]\nbad = \"wrong/bad.patch\"\n");
    let dir = root.path().join("one");
    assert!(Task::load(&dir, &Defaults::default()).unwrap_err().to_string().contains("no file of the task"));
    add(&dir, &[("wrong/bad.patch", "x")]);
    let task = Task::load(&dir, &Defaults::default()).unwrap();
    assert_eq!(task.wrong_patches().next().unwrap().1, dir.join("wrong/bad.patch"));
    add_task(root.path(), "two", "[retake.wrong]\nbad = \"../one/wrong/bad.patch\"\n");
    assert!(Task::load(&root.path().join("two"), &Defaults::default()).is_err());
}

#[test]
fn a_missing_file_is_named() {
    for missing in ["task.toml", "instruction.md", "tests/test.sh"] {
        let root = folder(&[]);
        add_task(root.path(), "one", "");
        std::fs::remove_file(root.path().join("one").join(missing)).unwrap();
        let told = Task::load(&root.path().join("one"), &Defaults::default()).unwrap_err().to_string();
        assert!(told.contains("is missing: add") && told.ends_with(missing), "{told}");
    }
}

#[test]
fn a_task_of_several_steps_is_read_in_order() {
    let toml = r#"
[verifier]
timeout_sec = 20
[[steps]]
name = "first"
min_reward = 0.5
[[steps]]
name = "second"
min_reward = { tests = 1 }
agent = { timeout_sec = 9 }
verifier = { timeout_sec = 8, env = { A = "1" } }
artifacts = ["/app/x"]
"#;
    let root = folder(&[("t/task.toml", toml), ("t/tests/common.py", "")]);
    let dir = root.path().join("t");
    for step in ["first", "second"] {
        add(&dir.join("steps").join(step), &[("instruction.md", step), ("tests/test.sh", "true")]);
    }
    add(&dir, &[("steps/first/solution/solve.sh", "true")]);
    let task = Task::load(&dir, &Defaults::default()).unwrap();
    assert_eq!(task.strategy, RewardStrategy::Mean);
    let [first, second] = task.steps.as_slice() else { panic!("{:?}", task.steps) };
    assert_eq!((first.instruction.as_str(), first.min_reward.clone()), ("first", Some(MinReward::One(0.5))));
    assert_eq!(first.tests_dirs, [dir.join("tests"), dir.join("steps/first/tests")]);
    assert_eq!(first.solution_dir, Some(dir.join("steps/first/solution")));
    assert_eq!((first.verifier_timeout.as_secs(), second.verifier_timeout.as_secs()), (20, 8));
    assert_eq!((second.agent_timeout, second.solution_dir.clone()), (Some(Duration::from_secs(9)), None));
    std::fs::remove_file(dir.join("steps/second/instruction.md")).unwrap();
    assert!(
        Task::load(&dir, &Defaults::default()).unwrap_err().to_string().ends_with("second/instruction.md")
    );
    assert!(fault("[[steps]]\nname = \"../x\"\n").contains("names a folder"));
}

#[test]
fn durations_that_are_none_are_refused_in_place() {
    for bad in ["-1", "nan", "inf", "1e30", "\"long\""] {
        let told = fault(&format!("[agent]\ntimeout_sec = {bad}\n"));
        assert!(told.contains("task.toml:2:15"), "{told}");
    }
}

#[test]
fn the_digest_covers_what_can_affect_a_trial_and_nothing_else() {
    let root = folder(&[]);
    add_task(root.path(), "one", "[retake.wrong]\nbad = \"wrong/bad.patch\"\n");
    let dir = root.path().join("one");
    add(&dir, &[("wrong/bad.patch", "x"), ("environment/a.py", "1")]);
    let digest = || Task::load(&dir, &Defaults::default()).unwrap().digest().unwrap();
    let first = digest();
    add(&dir, &[("wrong/bad.patch", "y"), ("README.md", "r"), ("tests/__pycache__/a.pyc", "c")]);
    assert_eq!(digest(), first);
    for (path, content) in [("environment/a.py", "2"), ("tests/test.sh", "false"), ("environment/new", "")] {
        let before = digest();
        add(&dir, &[(path, content)]);
        assert_ne!(digest(), before, "{path}");
    }
    let before = digest();
    let bits = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.join("tests/test.sh"), bits).unwrap();
    assert_ne!(digest(), before);
    let stricter = Defaults { exclude: vec!["target".to_owned()], ..Defaults::default() };
    assert_ne!(Task::load(&dir, &stricter).unwrap().digest().unwrap(), digest());
}

#[test]
fn a_link_that_leaves_the_environment_is_an_error() {
    let root = folder(&[]);
    add_task(root.path(), "one", "");
    let dir = root.path().join("one");
    add(&dir, &[("environment/a", "")]);
    std::os::unix::fs::symlink("../tests/test.sh", dir.join("environment/peek")).unwrap();
    let told = Task::load(&dir, &Defaults::default()).unwrap_err().to_string();
    assert!(told.contains("leaves its folder"), "{told}");
    std::fs::remove_dir_all(dir.join("environment")).unwrap();
    std::os::unix::fs::symlink("tests", dir.join("environment")).unwrap();
    let told = Task::load(&dir, &Defaults::default()).unwrap_err().to_string();
    assert!(told.contains("is a link"), "{told}");
}

#[test]
fn a_linked_instruction_counts_by_what_it_says() {
    let root = folder(&[("shared.md", "one")]);
    add_task(root.path(), "one", "");
    let dir = root.path().join("one");
    std::fs::remove_file(dir.join("instruction.md")).unwrap();
    std::os::unix::fs::symlink("../shared.md", dir.join("instruction.md")).unwrap();
    let digest = || Task::load(&dir, &Defaults::default()).unwrap().digest().unwrap();
    let before = digest();
    add(root.path(), &[("shared.md", "two")]);
    assert_ne!(digest(), before);
}

proptest! {
    #[test]
    fn no_bytes_as_task_toml_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".*",
        value in "(-?[0-9]{1,20}|\"[a-z$./]{0,6}\"|\\[\\]|\\{\\}|true|nan|1e999)", at in 0_usize..400) {
        let root = folder(&[]);
        add_task(root.path(), "one", "");
        let dir = root.path().join("one");
        let mut mutated: String = FULL.to_owned();
        if let Some(eq) = FULL.char_indices().skip(at).find(|(_, c)| *c == '=').map(|(i, _)| i) {
            let end = FULL[eq..].find('\n').map_or(FULL.len(), |n| eq + n);
            mutated.replace_range(eq + 1..end, &value);
        }
        for content in [bytes.as_slice(), text.as_bytes(), mutated.as_bytes()] {
            std::fs::write(dir.join("task.toml"), content).unwrap();
            if let Err(error) = Task::load(&dir, &Defaults::default()) {
                let _ = error.to_string();
            }
        }
    }
}
