//! A small runner for tests that need a main of their own, and short ways to make trials.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use sandbox::{
    Cancel, Container, ContainerSpec, Environment, Exec, ExecEnd, ExecOutput, OutputLimit, Sandbox,
    SandboxOptions, Trial, TrialSpec, Walls,
};

pub(crate) const STAGE: &str = "__stage-of-these-tests";
const AGAIN: &str = "SANDBOX_TESTS_AS_USER";

pub(crate) type Test = (&'static str, fn());

/// Runs the tests whose names match, as libtest would.
pub(crate) fn run(args: &[String], tests: &[Test]) -> ExitCode {
    let exact = args.iter().any(|arg| arg == "--exact");
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-') && *arg != "terse").collect();
    let matches = |name: &str| {
        filters.is_empty()
            || filters.iter().any(|f| if exact { name == f.as_str() } else { name.contains(f.as_str()) })
    };
    if args.iter().any(|arg| arg == "--list") {
        let ignored = args.iter().any(|arg| arg == "--ignored");
        tests
            .iter()
            .filter(|(name, _)| !ignored && matches(name))
            .for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let report = match Sandbox::probe(&stage()) {
        Ok(report) => report,
        Err(error) => panic!("no stage: {error}"),
    };
    if !report.missing(Walls::full()).is_empty() {
        eprintln!("SKIPPED: this host cannot contain a trial, nothing was tested: {:#?}", report.walls);
        return ExitCode::SUCCESS;
    }
    let who = if rustix::process::geteuid().is_root() { "root" } else { "an ordinary user" };
    let mut failed = 0;
    for (name, test) in tests.iter().filter(|(name, _)| matches(name)) {
        let start = std::time::Instant::now();
        let passed = std::panic::catch_unwind(test).is_ok();
        failed += u32::from(!passed);
        println!("{} {name} as {who} ({:.0?})", if passed { "ok  " } else { "FAIL" }, start.elapsed());
    }
    if who == "root" && std::env::var_os(AGAIN).is_none() {
        failed += u32::from(!again_as_user(args));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn again_as_user(args: &[String]) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(args).env(AGAIN, "1").env("TMPDIR", "/tmp").current_dir("/").uid(65533).gid(65533);
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("SKIPPED: the tests could not be run as an ordinary user: {error}");
            true
        }
    }
}

pub(crate) fn stage() -> Vec<std::ffi::OsString> {
    vec![std::env::current_exe().unwrap().into_os_string(), STAGE.into()]
}

pub(crate) fn options() -> SandboxOptions {
    SandboxOptions {
        stage: stage(),
        walls: Walls::full(),
        toolchains: Vec::new(),
        hidden: Vec::new(),
        user: sandbox::User::default(),
    }
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(&options()).unwrap()
}

/// A template folder with these files, that goes away with the value.
pub(crate) struct Template(pub(crate) tempfile::TempDir);

impl Template {
    pub(crate) fn new(sandbox: &Sandbox, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        sandbox.adopt(folder.path()).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

/// A trial on a few files.
pub(crate) fn trial(sandbox: &Sandbox) -> (Template, Trial) {
    let template = Template::new(sandbox, &[("a.txt", "alpha\n"), ("src/b.txt", "beta\n")]);
    let trial = sandbox.trial(&TrialSpec::on(template.path())).unwrap();
    (template, trial)
}

/// A container of a trial of its own, with what it needs to live.
pub(crate) struct World {
    pub(crate) container: Container,
    pub(crate) trial: Trial,
    pub(crate) _template: Template,
    pub(crate) sandbox: Sandbox,
}

pub(crate) fn world() -> World {
    world_with(&ContainerSpec::default())
}

pub(crate) fn world_with(spec: &ContainerSpec) -> World {
    let sandbox = sandbox();
    let (template, trial) = trial(&sandbox);
    let container = trial.container(spec).unwrap();
    World { container, trial, _template: template, sandbox }
}

/// Runs a shell line.
pub(crate) fn sh(container: &Container, line: &str) -> ExecOutput {
    sh_for(container, line, Duration::from_secs(60))
}

pub(crate) fn sh_for(container: &Container, line: &str, limit: Duration) -> ExecOutput {
    try_sh(container, line, limit).unwrap()
}

pub(crate) fn try_sh(
    container: &Container,
    line: &str,
    limit: Duration,
) -> Result<ExecOutput, sandbox::EnvError> {
    let argv = ["bash", "-c", line].map(str::to_owned);
    let output = OutputLimit { head: 1 << 20, tail: 1 << 10 };
    let command = Exec { argv: &argv, cwd: "/app", env: &[], stdin: b"", limit, output };
    container.exec(&command, &Cancel::default())
}

pub(crate) fn text(output: &ExecOutput) -> String {
    String::from_utf8_lossy(&output.head).into_owned()
}

/// The output of a line that must succeed.
pub(crate) fn says(container: &Container, line: &str) -> String {
    let output = sh(container, line);
    assert_eq!(output.end, ExecEnd::Exited(0), "{line}: {}", text(&output));
    text(&output)
}

/// A line that must fail.
pub(crate) fn refused(container: &Container, line: &str) {
    let output = sh(container, line);
    assert_ne!(output.end, ExecEnd::Exited(0), "{line} was allowed: {}", text(&output));
}
