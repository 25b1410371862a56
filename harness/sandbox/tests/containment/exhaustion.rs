//! Commands that take all they can get: each ends in its own clear result, and the rest goes on.

use std::time::{Duration, Instant};

use sandbox::{
    Cancel, ContainerSpec, EnvError, Environment, Exec, ExecEnd, FileFault, Limits, OutputLimit, TrialSpec,
};

use crate::support::{Template, Test, sandbox, says, sh, sh_for, text, trial, try_sh, world, world_with};

pub(crate) const TESTS: &[Test] = &[
    ("a_fork_bomb_is_bounded_and_the_container_goes_on", fork_bomb),
    ("two_gigabytes_of_output_take_little_memory", much_output),
    ("a_full_workspace_is_told_and_others_go_on", full_workspace),
    ("a_command_that_never_ends_is_killed_with_all_it_started", never_ends),
    ("a_killed_command_leaves_others_alone", others_go_on),
    ("a_cancelled_command_ends_at_once", cancelled),
    ("a_background_process_does_not_hold_a_command_up", background),
    ("a_stilled_container_changes_no_more_and_can_be_used_again", stilled),
    ("memory_and_files_have_bounds", bounds),
];

fn fork_bomb() {
    let limits = Limits { processes: 64, ..Limits::default() };
    let world = world_with(&ContainerSpec { limits, ..ContainerSpec::default() });
    for _ in 0..2 {
        let start = Instant::now();
        let bomb = sh_for(&world.container, "b() { b | b & }; b; sleep 60", Duration::from_secs(2));
        assert_eq!(bomb.end, ExecEnd::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        // The first process, the shell, and the two of the line itself, as far as they have begun.
        let left = says(&world.container, "ls -d /proc/[0-9]* | wc -l");
        assert!(left.trim().parse::<u32>().unwrap() <= 4, "{left}");
    }
    // While one goes on, files are served and a command that finds no room says so.
    let (_template, second) = trial(&world.sandbox);
    let other = second.container(&ContainerSpec::default()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| sh_for(&world.container, "b() { b | b & }; b; sleep 60", Duration::from_secs(3)));
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(world.container.read("a.txt", 100).unwrap(), b"alpha\n");
        match try_sh(&world.container, "true", Duration::from_secs(5)) {
            Ok(_) | Err(EnvError::Start { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        assert_eq!(says(&other, "for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait; echo fine"), "fine\n");
    });
    world.container.close().unwrap();
}

fn much_output() {
    let world = world();
    let before = memory();
    let argv = ["bash", "-c", "head -c 2G /dev/zero; echo end"].map(str::to_owned);
    let output = OutputLimit { head: 1000, tail: 4 };
    let command =
        Exec { argv: &argv, cwd: "/app", env: &[], stdin: b"", limit: Duration::from_secs(120), output };
    let done = world.container.exec(&command, &Cancel::default()).unwrap();
    assert_eq!(done.end, ExecEnd::Exited(0));
    assert_eq!(
        (done.head.len(), done.tail.as_slice(), done.omitted),
        (1000, &b"end\n"[..], (2 << 30) - 1000)
    );
    assert!(memory() < before + 20_000, "{before} -> {} kB", memory());
}

fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

fn full_workspace() {
    let sandbox = sandbox();
    let template = Template::new(&sandbox, &[("a.txt", "alpha\n")]);
    let spec = TrialSpec { workspace_bytes: 4 << 20, workspace_files: 100, ..TrialSpec::on(template.path()) };
    let small = sandbox.trial(&spec).unwrap();
    let container = small.container(&ContainerSpec::default()).unwrap();
    let full = sh(&container, "head -c 10M /dev/zero > big");
    assert!(text(&full).contains("No space left"), "{}", text(&full));
    for write in
        [container.write("new.txt", &[1; 10_000], None), container.write("a.txt", &[1; 1 << 20], None)]
    {
        let no_space = matches!(&write, Err(EnvError::File { fault: FileFault::NoSpace, .. }));
        assert!(no_space, "{write:?}");
    }
    assert_eq!(container.read("a.txt", 100).unwrap(), b"alpha\n");
    says(&container, "rm big; echo beta > a.txt; echo x > /tmp/x");
    let many = sh(&container, "for i in $(seq 200); do : > f$i || exit 3; done");
    assert_eq!(many.end, ExecEnd::Exited(3), "{}", text(&many));
    let other = sandbox.trial(&spec).unwrap();
    let other = other.container(&ContainerSpec::default()).unwrap();
    says(&other, "head -c 1M /dev/zero > big");
}

fn never_ends() {
    let world = world();
    let line = "echo begun; (setsid sleep 1001 &); setsid nohup bash -c 'trap \"\" TERM; sleep 1002 & wait' & sleep 1003";
    let start = Instant::now();
    let ended = sh_for(&world.container, line, Duration::from_millis(700));
    assert_eq!((ended.end, text(&ended).as_str()), (ExecEnd::TimedOut, "begun\n"));
    assert!(start.elapsed() < Duration::from_secs(3));
    for left in ["1001", "1002", "1003"] {
        assert!(!crate::lifetime::somebody_runs(left), "{left}");
    }
}

fn others_go_on() {
    let world = world();
    says(&world.container, "setsid sleep 500 > /dev/null 2>&1 &");
    std::thread::scope(|scope| {
        let other = scope.spawn(|| says(&world.container, "sleep 1.5; echo whole"));
        std::thread::sleep(Duration::from_millis(100));
        let ended = sh_for(&world.container, "sleep 60 & sleep 60", Duration::from_millis(300));
        assert_eq!(ended.end, ExecEnd::TimedOut);
        assert_eq!(other.join().unwrap(), "whole\n");
    });
    assert_eq!(says(&world.container, "grep -lz '^500' /proc/[0-9]*/cmdline | wc -l"), "1\n");
}

fn cancelled() {
    let world = world();
    let cancel = Cancel::default();
    let argv = ["sleep", "60"].map(str::to_owned);
    let output = OutputLimit { head: 0, tail: 0 };
    let command =
        Exec { argv: &argv, cwd: ".", env: &[], stdin: b"", limit: Duration::from_secs(60), output };
    std::thread::scope(|scope| {
        let run = scope.spawn(|| world.container.exec(&command, &cancel).unwrap());
        std::thread::sleep(Duration::from_millis(100));
        cancel.cancel();
        let ended = run.join().unwrap();
        assert_eq!(ended.end, ExecEnd::Cancelled);
        assert!(ended.duration < Duration::from_secs(2));
    });
}

fn background() {
    let world = world();
    let start = Instant::now();
    assert_eq!(
        says(&world.container, "(sleep 1; seq 100000; echo done > /app/done) & echo first"),
        "first\n"
    );
    assert!(start.elapsed() < Duration::from_millis(900));
    // What it writes later neither blocks nor kills it.
    assert_eq!(
        says(&world.container, "for i in $(seq 50); do sleep 0.1; cat done 2>/dev/null && break; done"),
        "done\n"
    );
}

fn stilled() {
    let world = world();
    sh(&world.container, "setsid bash -c 'while :; do echo 1 > /logs/reward; done' & sleep 0.2");
    world.container.still().unwrap();
    sh(&world.container, "echo 0 > /logs/reward; sleep 0.3");
    assert_eq!(world.container.read("/logs/reward", 10).unwrap(), b"0\n");
    // Itself, and the shell that counts.
    assert_eq!(says(&world.container, "set -- /proc/[0-9]*; echo $#"), "2\n");
}

fn bounds() {
    let limits = Limits { memory_bytes: 200 << 20, file_bytes: 1 << 20, open_files: 32, ..Limits::default() };
    let world = world_with(&ContainerSpec { limits, ..ContainerSpec::default() });
    let file = sh(&world.container, "head -c 2M /dev/zero > big; stat -c %s big");
    assert!(text(&file).ends_with("1048576\n"), "{}", text(&file));
    let memory = sh(&world.container, "x=$(head -c 400M /dev/zero | tr '\\0' x)");
    assert_ne!(memory.end, ExecEnd::Exited(0));
    assert_eq!(says(&world.container, "ulimit -c; ulimit -n"), "0\n32\n");
}
