//! What containment costs: `bash -c true` bare and contained, and a whole trial's set-up around none and five of
//! them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench is no library; what cannot be made ends it"
)]

use std::process::Command;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use sandbox::{
    Cancel, Container, ContainerSpec, Environment, Exec, ExecEnd, OutputLimit, Sandbox, SandboxOptions,
    TrialSpec, Walls,
};

const STAGE: &str = "__stage";

fn run_true(container: &Container) {
    let argv = ["bash", "-c", "true"].map(str::to_owned);
    let output = OutputLimit { head: 4096, tail: 4096 };
    let exec =
        Exec { argv: &argv, cwd: "/app", env: &[], stdin: &[], limit: Duration::from_secs(60), output };
    assert_eq!(container.exec(&exec, &Cancel::default()).unwrap().end, ExecEnd::Exited(0));
}

fn contained_spawn(criterion: &mut Criterion) {
    criterion.bench_function("bash -c true, bare", |bencher| {
        bencher.iter(|| assert!(Command::new("bash").args(["-c", "true"]).status().unwrap().success()));
    });
    let template = tempfile::tempdir().unwrap();
    std::fs::write(template.path().join("file"), "content").unwrap();
    let stage = vec![std::env::current_exe().unwrap().into_os_string(), STAGE.into()];
    let options = SandboxOptions {
        stage,
        walls: Walls::full(),
        toolchains: Vec::new(),
        hidden: Vec::new(),
        user: sandbox::User::default(),
    };
    let sandbox = match Sandbox::new(&options) {
        Ok(sandbox) => sandbox,
        Err(error) => return eprintln!("SKIPPED: contained spawn: {error}"),
    };
    sandbox.adopt(template.path()).unwrap();
    let trial = || sandbox.trial(&TrialSpec::on(template.path())).unwrap();
    let standing = trial();
    let container = standing.container(&ContainerSpec::default()).unwrap();
    criterion.bench_function("bash -c true, contained", |bencher| bencher.iter(|| run_true(&container)));
    for steps in [0, 5] {
        criterion.bench_function(&format!("trial with two containers and {steps} commands"), |bencher| {
            bencher.iter(|| {
                let trial = trial();
                let agent = trial.container(&ContainerSpec::default()).unwrap();
                (0..steps).for_each(|_| run_true(&agent));
                agent.close().unwrap();
                trial.container(&ContainerSpec::default()).unwrap().close().unwrap();
            });
        });
    }
}

criterion_group!(benches, contained_spawn);

fn main() {
    if std::env::args().nth(1).is_some_and(|argument| argument == STAGE) {
        sandbox::stage_main();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
