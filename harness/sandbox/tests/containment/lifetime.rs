//! Ends: what is closed is gone, and what kills the harness kills its trials.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sandbox::{ContainerSpec, Environment, TrialSpec};

use crate::support::{STAGE, Template, Test, says, sh_for, trial, world};

pub(crate) const TESTS: &[Test] = &[
    ("a_closed_container_leaves_no_process", closed),
    ("a_killed_harness_leaves_no_process_and_no_mount", killed),
    ("a_trial_outlives_the_thread_that_made_it", threads),
    ("many_calls_at_once_do_not_mix", at_once),
    ("the_cost_of_a_trial", cost),
];

pub(crate) const VICTIM: &str = "__victim";

/// Whether a process with this argument runs anywhere on this host.
pub(crate) fn somebody_runs(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|command| command.split(|byte| *byte == 0).any(|part| part == argument.as_bytes()))
}

fn stages() -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    // A stage does not tell where its program lies.
    let wanted = [b"retake\0", STAGE.as_bytes()].concat();
    commands.filter(|command| command.starts_with(&wanted)).count()
}

fn closed() {
    let world = world();
    says(
        &world.container,
        "setsid sleep 31337.5 > /dev/null 2>&1 & (sleep 31337.5 &) ; sleep 31337.5 & true",
    );
    assert!(eventually(|| somebody_runs("31337.5")));
    world.container.close().unwrap();
    assert!(!somebody_runs("31337.5"));
    assert!(world.container.read("a.txt", 100).is_err());
    let again = world.trial.container(&ContainerSpec::default()).unwrap();
    says(&again, "sleep 31337.6 & true");
    world.trial.close();
    assert!(!somebody_runs("31337.6"));
    assert!(world.trial.container(&ContainerSpec::default()).is_err());
    drop(again);
    drop(world);
    assert_eq!(stages(), 0);
}

/// Whether something comes true within a few seconds.
fn eventually(mut true_now: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !true_now() {
        if start.elapsed() > Duration::from_secs(5) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Makes a trial with processes in it and waits for its end.
pub(crate) fn be_killed() -> ExitCode {
    let world = world();
    says(&world.container, "setsid sleep 4242.25 > /dev/null 2>&1 & true");
    println!("ready");
    sh_for(&world.container, "sleep 4242.25", Duration::from_secs(60));
    ExitCode::SUCCESS
}

fn killed() {
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let me = std::env::current_exe().unwrap();
    let mut harness = Command::new(me).arg(VICTIM).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(harness.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let began = eventually(|| somebody_runs("4242.25") && stages() > 0);
    harness.kill().unwrap();
    harness.wait().unwrap();
    assert!(began);
    let start = Instant::now();
    assert!(eventually(|| !somebody_runs("4242.25") && stages() == 0));
    assert_eq!(mounts(), before);
    println!("     all gone {:.0?} after the harness", start.elapsed());
}

fn threads() {
    let (sandbox, template, trial) = std::thread::spawn(|| {
        let sandbox = crate::support::sandbox();
        let (template, trial) = trial(&sandbox);
        (sandbox, template, trial)
    })
    .join()
    .unwrap();
    let container = trial.container(&ContainerSpec::default()).unwrap();
    assert_eq!(says(&container, "cat a.txt"), "alpha\n");
    drop((sandbox, template));
    assert_eq!(says(&container, "echo on"), "on\n");
}

fn at_once() {
    let world = world();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let env = &world.container;
            scope.spawn(move || {
                for round in 0..20 {
                    let name = format!("t{thread}");
                    let content = format!("{thread}-{round}").repeat(1000);
                    env.write(&name, content.as_bytes(), None).unwrap();
                    assert_eq!(env.read(&name, 1 << 20).unwrap(), content.as_bytes());
                    assert_eq!(says(env, &format!("echo {thread}-{round}")), format!("{thread}-{round}\n"));
                }
            });
        }
    });
}

fn cost() {
    println!("     commands that do nothing:");
    cost_of("true", 100);
    println!("     commands that do a little:");
    cost_of("ls -la > /dev/null; grep -rn 1 . > /dev/null; sed -i s/1/2/ a; cat a > /dev/null", 40);
}

fn cost_of(line: &str, trials: u32) {
    const STEPS: u32 = 5;
    let template = Template::new(&crate::support::sandbox(), &[("a", "1")]);
    let spec = TrialSpec::on(template.path());
    let beside = tempfile::tempdir().unwrap();
    std::fs::write(beside.path().join("a"), "1").unwrap();
    let commands = trials * (STEPS + 1);
    let start = measure(|_| {}).1;
    let bare = measure(|_| {
        for _ in 0..commands {
            // The same locale, or the shell has less to load.
            let env = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("HOME", "/nowhere")];
            let mut command = Command::new("/bin/bash");
            command.args(["-c", line]).env_clear().envs(env).current_dir(beside.path()).stdin(Stdio::null());
            command.output().unwrap();
        }
    });
    let contained = measure(|sandbox| {
        for _ in 0..trials {
            let trial = sandbox.trial(&spec).unwrap();
            let agent = trial.container(&ContainerSpec::default()).unwrap();
            for _ in 0..STEPS {
                says(&agent, line);
            }
            agent.close().unwrap();
            let verifier = trial.container(&ContainerSpec::default()).unwrap();
            says(&verifier, line);
        }
    });
    let set_up = measure(|sandbox| {
        for _ in 0..trials {
            let trial = sandbox.trial(&spec).unwrap();
            drop(trial.container(&ContainerSpec::default()).unwrap());
            drop(trial.container(&ContainerSpec::default()).unwrap());
        }
    });
    let steps = measure(|sandbox| {
        let trial = sandbox.trial(&spec).unwrap();
        let container = trial.container(&ContainerSpec::default()).unwrap();
        for _ in 0..commands {
            says(&container, line);
        }
    });
    let per = |(wall, cpu): (f64, f64), count: u32| {
        format!("wall {:.2} ms, cpu {:.2} ms", wall / f64::from(count), (cpu - start) / f64::from(count))
    };
    println!("       a run: cpu {start:.0} ms; a command, bare: {}", per(bare, commands));
    println!("       a command, contained: {}", per(steps, commands));
    println!("       set-up of a trial with two containers: {}", per(set_up, trials));
    println!(
        "       trials of 5 steps and a verifier: {:.2} x bare wall, {:.2} x bare cpu",
        contained.0 / bare.0,
        (contained.1 - start) / (bare.1 - start)
    );
}

/// Wall, and the processor time of this process and of all that it has waited for, in milliseconds; with a sandbox
/// of its own, whose time counts only when it has ended.
fn measure(work: impl FnOnce(&sandbox::Sandbox)) -> (f64, f64) {
    let used = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let times = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().skip(11).take(4);
        times.map(|ticks| ticks.parse::<f64>().unwrap() * 10.0).sum::<f64>()
    };
    let before = used();
    let sandbox = crate::support::sandbox();
    let start = Instant::now();
    work(&sandbox);
    let wall = start.elapsed().as_secs_f64() * 1e3;
    drop(sandbox);
    (wall, used() - before)
}
