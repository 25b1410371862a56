//! What an agent must not be able to see, reach or do.

use std::io::{Read, Write};
use std::process::Command;

use sandbox::{ContainerSpec, CopyIn, Environment, SandboxOptions, Toolchain, TrialSpec, Walls};

use crate::support;
use crate::support::{Test, options, refused, says, sh, text, trial, world, world_with};

pub(crate) const TESTS: &[Test] = &[
    ("a_host_without_walls_is_refused_by_name", refusal),
    ("a_command_runs_as_an_unprivileged_user_in_the_workspace", a_command_runs),
    ("find_readable_shows_nothing_of_the_host_but_its_system_folders", find_readable),
    ("hidden_paths_below_a_toolchain_are_empty", hidden_paths),
    ("host_processes_are_invisible", host_processes),
    ("the_network_is_unreachable_but_the_loopback_works", network),
    ("a_gateway_outside_can_listen_inside", gateway),
    ("a_network_that_was_used_is_not_used_again", used_network),
    ("nothing_of_the_hosts_environment_leaks", environment),
    ("dangerous_system_calls_are_refused", system_calls),
    ("links_resolve_inside", links),
    ("copies_can_be_read_but_not_changed", copies),
    ("the_first_process_can_be_neither_read_nor_killed", first_process),
    ("usual_tools_work_inside", usual_tools),
    ("who_trials_are_is_what_the_caller_says", user),
    ("without_walls_the_workspace_still_stands_at_app", uncontained),
];

fn refusal() {
    let report = sandbox::Sandbox::probe(&support::stage()).unwrap();
    assert!(report.landlock_abi > 0 && !report.kernel.is_empty() && report.missing(Walls::full()).is_empty());
    if !report.root || Command::new("setpriv").arg("--version").output().is_err() {
        return;
    }
    // Root without any capability can neither mount nor become somebody who could.
    let mut stage: Vec<std::ffi::OsString> =
        ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"].map(Into::into).to_vec();
    stage.extend(support::stage());
    let error = sandbox::Sandbox::new(&SandboxOptions { stage, ..options() }).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, sandbox::SandboxError::Missing(_)), "{said}");
    assert!(said.contains("user and mount namespaces") && said.contains("--uncontained"), "{said}");
    let absent = vec!["/nowhere/retake".into()];
    assert!(matches!(sandbox::Sandbox::probe(&absent), Err(sandbox::SandboxError::Stage(_))));
}

fn a_command_runs() {
    let world = world();
    assert_eq!(says(&world.container, "id -u; pwd; cat a.txt; hostname"), "1000\n/app\nalpha\nretake\n");
    assert_eq!(
        says(&world.container, "grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | sort -u -k2 | wc -l"),
        "1\n"
    );
    assert_eq!(says(&world.container, "awk '/NoNewPrivs|Seccomp:/ {print $2}' /proc/self/status"), "1\n2\n");
    says(
        &world.container,
        "for f in null zero full random urandom; do head -c 0 /dev/$f || exit 1; done; echo > /dev/null",
    );
    says(
        &world.container,
        "echo x > /tmp/x && echo x > ~/x && echo x > /logs/x && echo x > /dev/shm/x && echo y >> a.txt",
    );
    for place in ["/x", "/usr/x", "/etc/x", "/home/x", "/run/x", "/dev/x", "/opt/x"] {
        refused(&world.container, &format!("echo x > {place}"));
    }
}

fn find_readable() {
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("very-secret-cassette"), "x").unwrap();
    let world = world();
    let found = says(
        &world.container,
        "find / -path /proc -prune -o -readable -print 2>/dev/null | grep -vE '^/(usr|bin|sbin|lib[0-9x]*|etc|dev)(/|$)' | sort",
    );
    let allowed = [
        "/",
        "/app",
        "/app/a.txt",
        "/app/src",
        "/app/src/b.txt",
        "/home",
        "/home/agent",
        "/logs",
        "/run",
        "/run/shm",
        "/tmp",
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), allowed);
    let everywhere = says(&world.container, "find / -readable -name 'very-secret*' 2>/dev/null; ls -A /etc");
    assert!(!everywhere.contains("secret"), "{everywhere}");
    for name in ["shadow", "machine-id", "ssh"] {
        assert!(!everywhere.lines().any(|line| line == name), "{name} is shown");
    }
    let roots = says(
        &world.container,
        "ls -d /proc/[0-9]*/root/ 2>/dev/null | wc -l; ls /proc/*/root/work /proc/*/root/root /proc/*/cwd/work 2>/dev/null | wc -l",
    );
    assert!(roots.ends_with("0\n"), "{roots}");
    let mounts = says(&world.container, "cat /proc/self/mountinfo");
    assert!(mounts.lines().all(|line| !line.contains("/host") || line.contains(" /host")), "{mounts}");
}

fn hidden_paths() {
    // Below a folder that is closed to everybody else, as home folders are.
    let closed = tempfile::tempdir().unwrap();
    let tools = closed.path().join("tools");
    std::fs::create_dir_all(tools.join("bin")).unwrap();
    std::fs::create_dir_all(tools.join("runs/one")).unwrap();
    std::fs::write(tools.join("runs/one/cassette"), "x").unwrap();
    std::fs::write(tools.join("bin/hello"), "#!/bin/sh\necho hello\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tools.join("bin/hello"), executable).unwrap();
    let toolchain = Toolchain { name: "tools".into(), root: tools.clone(), bin: "bin".into() };
    let options =
        SandboxOptions { toolchains: vec![toolchain], hidden: vec![tools.join("runs")], ..options() };
    let sandbox = sandbox::Sandbox::new(&options).unwrap();
    // A template that the sandbox's user does not own is copied.
    let trial = sandbox.trial(&TrialSpec::on(tools.join("bin"))).unwrap();
    let root = rustix::process::geteuid().is_root();
    assert_eq!(trial.workspace() == sandbox::WorkspaceKind::Copy, root);
    let container = trial.container(&ContainerSpec::default()).unwrap();
    says(&container, "echo x >> hello");
    assert_eq!(says(&container, "hello; ls /opt/tools; ls -A /opt/tools/runs"), "hello\nbin\nruns\n");
    refused(&container, "touch /opt/tools/x");
}

fn host_processes() {
    let mut bystander = Command::new("sleep").arg("31.4159").spawn().unwrap();
    let world = world();
    let seen = says(&world.container, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls -d /proc/[0-9]* | wc -l");
    assert!(!seen.contains("31.4159"), "{seen}");
    refused(&world.container, &format!("kill -0 {}", bystander.id()));
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

fn network() {
    let outside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = outside.local_addr().unwrap().port();
    let world = world();
    refused(&world.container, &format!("echo > /dev/tcp/127.0.0.1/{port}"));
    let away = sh(&world.container, "echo > /dev/tcp/192.0.2.1/80");
    assert!(text(&away).contains("unreachable"), "{}", text(&away));
    assert_eq!(says(&world.container, "cat /proc/net/dev | grep -c :"), "1\n");
}

fn gateway() {
    let world = world();
    let listener = world.container.listen(0).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"hello from outside\n").unwrap();
    });
    let line = format!("cat < /dev/tcp/127.0.0.1/{port}");
    assert_eq!(says(&world.container, &line), "hello from outside\n");
    server.join().unwrap();
    let mut nothing = String::new();
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", port))
            .and_then(|mut s| s.read_to_string(&mut nothing))
            .is_err()
    );
}

fn used_network() {
    let world = world();
    let gateway = world.container.listen(0).unwrap();
    let port = gateway.local_addr().unwrap().port();
    let connect = format!("echo > /dev/tcp/127.0.0.1/{port}");
    says(&world.container, &connect);
    let beside = world.trial.container(&ContainerSpec::default()).unwrap();
    refused(&beside, &connect);
    world.container.close().unwrap();
    // The verifier doesn't see the agent's gateway, and neither does the next trial.
    let verifier = world.trial.container(&ContainerSpec::default()).unwrap();
    refused(&verifier, &connect);
    verifier.close().unwrap();
    world.trial.close();
    for _ in 0..4 {
        let (_template, next) = trial(&world.sandbox);
        let container = next.container(&ContainerSpec::default()).unwrap();
        refused(&container, &connect);
        assert!(container.listen(port).is_ok());
    }
    drop(gateway);
}

fn environment() {
    let spec = ContainerSpec { env: vec![("EXTRA".into(), "1".into())], ..ContainerSpec::default() };
    let world = world_with(&spec);
    let names = says(&world.container, "env -0 | cut -z -d= -f1 | tr '\\0' '\\n' | sort | tr '\\n' ' '");
    assert_eq!(
        names,
        "EXTRA GIT_CONFIG_NOSYSTEM HOME LANG LC_ALL LOGNAME PATH PWD PYTHONDONTWRITEBYTECODE PYTHONHASHSEED SHELL \
         SHLVL TERM TZ USER _ "
    );
    assert_eq!(says(&world.container, "ls -l /proc/self/fd | grep -c -- '->'"), "4\n");
}

fn system_calls() {
    let world = world();
    refused(&world.container, "unshare -U true");
    refused(&world.container, "unshare -Urm true");
    refused(&world.container, "mount -t tmpfs none /tmp");
    refused(&world.container, "umount /app");
    refused(&world.container, "chroot / true");
    let asked = r"
import ctypes, errno, socket
c = ctypes.CDLL(None, use_errno=True)
def call(*a):
    r = c.syscall(*a); return errno.errorcode.get(ctypes.get_errno(), '?') if r < 0 else 'ALLOWED'
print('ptrace', call(101, 0, 0, 0, 0))
print('clone3', call(435, 0, 0))
print('clone', call(56, 0x10000000 | 17, 0, 0, 0, 0))
print('bpf', call(321, 0, 0, 0))
print('keyctl', call(250, 0, 0, 0))
print('io_uring', call(425, 1, 0))
print('open_tree', call(428, -100, b'/', 1))
print('x32', call(0x40000000 + 39))
try: socket.socket(40, socket.SOCK_STREAM); print('vsock ALLOWED')
except OSError as e: print('vsock', errno.errorcode[e.errno])
";
    let argv = ["/usr/bin/python3", "-c", asked].map(str::to_owned);
    if !cfg!(target_arch = "x86_64") || !std::path::Path::new(&argv[0]).exists() {
        eprintln!("SKIPPED: no python3 on x86-64 to make system calls with");
        return;
    }
    let command = sandbox::Exec {
        argv: &argv,
        cwd: "/app",
        env: &[],
        stdin: b"",
        limit: std::time::Duration::from_secs(20),
        output: sandbox::OutputLimit { head: 9999, tail: 0 },
    };
    let said = text(&world.container.exec(&command, &sandbox::Cancel::default()).unwrap());
    let wanted = "ptrace EPERM\nclone3 ENOSYS\nclone EPERM\nbpf EPERM\nkeyctl EPERM\nio_uring EPERM\nopen_tree EPERM\nx32 ENOSYS\nvsock EPERM\n";
    assert_eq!(said, wanted);
}

fn links() {
    let world = world();
    says(
        &world.container,
        "ln -s /etc/passwd p; ln -s /proc/1/root/etc/shadow r; ln -s ../../../../etc/hostname h; mkfifo f",
    );
    let passwd = world.container.read("p", 1 << 20).unwrap();
    assert!(String::from_utf8(passwd).unwrap().contains("agent:x:1000"));
    assert_eq!(world.container.read("h", 100).unwrap(), b"retake\n");
    assert!(world.container.read("r", 100).is_err());
    assert!(world.container.read("f", 100).is_err());
    assert!(world.container.write("p", b"x", None).is_err());
    assert!(world.container.write("f", b"x", None).is_err());
    assert!(world.container.read("/dev/zero", 100).is_err());
    assert!(world.container.read("/proc/1/environ", 1 << 20).map_or(true, |env| env.is_empty()));
}

fn copies() {
    let tests = tempfile::tempdir().unwrap();
    std::fs::write(tests.path().join("test.sh"), "echo tested\n").unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(tests.path().join("test.sh"), closed).unwrap();
    let copy = |writable| CopyIn { source: tests.path().into(), target: "/tests".into(), writable };
    let world = world_with(&ContainerSpec { copies: vec![copy(false)], ..ContainerSpec::default() });
    assert_eq!(says(&world.container, "bash /tests/test.sh"), "tested\n");
    refused(&world.container, "echo x >> /tests/test.sh");
    refused(&world.container, "rm -f /tests/test.sh");
    refused(&world.container, "chmod 777 /tests/test.sh");
    refused(&world.container, "mv /tests /tmp/tests");
    let next = world
        .trial
        .container(&ContainerSpec { copies: vec![copy(true)], ..ContainerSpec::default() })
        .unwrap();
    says(&next, "echo x >> /tests/test.sh");
}

fn first_process() {
    let world = world();
    refused(&world.container, "cat /proc/1/environ");
    refused(&world.container, "ls /proc/1/fd/");
    refused(&world.container, "ls /proc/1/root/");
    says(&world.container, "kill -9 1; kill -STOP 1; kill -TERM 1; kill -CHLD 1; true");
    assert_eq!(says(&world.container, "echo alive"), "alive\n");
}

fn user() {
    let anna = sandbox::User { name: "anna".into(), id: 1001 };
    for user in [sandbox::User::default(), anna] {
        let said = format!("{0} {1} {1} {0} {0}\n", user.name, user.id);
        let sandbox = sandbox::Sandbox::new(&SandboxOptions { user, ..options() }).unwrap();
        let (_template, trial) = trial(&sandbox);
        let container = trial.container(&ContainerSpec::default()).unwrap();
        says(&container, "echo x >own; test -O own");
        assert_eq!(says(&container, "echo $(id -un) $(id -u) $(id -g) $USER $LOGNAME"), said);
    }
}

fn usual_tools() {
    let world = world();
    let lines = [
        (
            "git",
            "git init -q g && cd g && echo x > x && git add x && git -c user.name=a -c user.email=a@b commit -qm x && git gc -q && git log --oneline | wc -l",
        ),
        (
            "python3",
            "/usr/bin/python3 -c 'import threading, multiprocessing as m, subprocess, os, pty, tempfile, ssl, sqlite3; t = threading.Thread(target=print); t.start(); t.join(); q = m.Queue(); p = m.Process(target=q.put, args=(1,)); p.start(); print(q.get()); p.join(); pty.spawn([\"true\"]); print(subprocess.run([\"true\"]).returncode)'",
        ),
        ("gcc", "printf 'int main(){return 0;}' > m.c && gcc m.c -o m && ./m"),
        (
            "node",
            "node -e 'require(\"child_process\").execSync(\"true\"); require(\"fs\").promises.readdir(\".\").then(console.log)'",
        ),
        ("java", "java -version"),
        ("perl", "perl -e 'print 1'"),
        ("script", "script -qc 'echo on a terminal' /dev/null"),
        ("make", "printf 'a:\\n\\techo made\\n' > Makefile && make a"),
    ];
    for (tool, line) in lines {
        if std::path::Path::new("/usr/bin").join(tool).exists() {
            says(&world.container, line);
        } else {
            eprintln!("SKIPPED: no {tool} here");
        }
    }
}

fn uncontained() {
    let sandbox =
        sandbox::Sandbox::new(&SandboxOptions { walls: Walls::uncontained(), ..options() }).unwrap();
    let template = support::Template::new(&sandbox, &[("a.txt", "alpha\n")]);
    let trial = sandbox.trial(&TrialSpec::on(template.path())).unwrap();
    let container = trial.container(&ContainerSpec::default()).unwrap();
    assert_eq!(
        says(&container, "cat /app/a.txt; echo x > /app/b; echo $HOME; touch ~/x; id -u"),
        "alpha\n/home/agent\n1000\n"
    );
    says(&container, "(setsid sleep 27.1828 &) ; (setsid sleep 27.1828 & disown); true");
    container.close().unwrap();
    assert!(!crate::lifetime::somebody_runs("27.1828"));
    let next = trial.container(&ContainerSpec::default()).unwrap();
    assert_eq!(says(&next, "cat b; ls -A ~"), "x\n");
    next.close().unwrap();
    trial.close();
}
