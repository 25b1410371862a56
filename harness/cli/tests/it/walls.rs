//! What an agent can reach: a script tries the tests, the solution, the recordings, the project, HOME, the runs, the
//! harness's own environment, another trial and the network, and nothing of them appears in what it was told.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::place::{Place, contained};
use crate::work;

/// Stands in every file that no agent may read; scripts never hold it in one piece.
const CANARY: &str = "canary-0f2b7c";
/// The same, as a script writes it.
const SPLIT: &str = "can\"\"ary-0f2b7c";

/// The outputs that the model was shown, from the kept exchanges of a trial.
fn outputs(run: &Path, task: &str) -> Vec<String> {
    let path = run.join(format!("trials/walls/{task}/main.1/attempt-1.cassette.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["block"]["raw"]["type"] == "function_call_output")
        .map(|line| line["block"]["raw"]["output"].as_str().unwrap().to_owned())
        .collect()
}

/// What the spy tries, with the host's own paths.
fn attempts(place: &Place, port: u16) -> Vec<String> {
    let (tree, home, out) = (place.tree(), place.root().join("home"), place.out());
    let secrets = [
        tree.join("tasks/walls/spy/tests/test.sh"),
        tree.join("tasks/walls/spy/solution/solve.sh"),
        tree.join("tasks/walls/victim/tests/test.sh"),
        tree.join("tasks/walls/cassettes/main/spy.1.jsonl"),
        tree.join("tasks/walls/scripts/main/victim.toml"),
        tree.join("retake.toml"),
        home.join("secret"),
    ]
    .map(|path| path.display().to_string());
    let folders = [tree, home, out, place.root().to_owned()].map(|path| path.display().to_string());
    let (secrets, folders) = (secrets.join(" "), folders.join(" "));
    let inside = secrets.split(' ').map(|path| format!("/proc/1/root{path}")).collect::<Vec<_>>().join(" ");
    let plain = "-path /usr -prune -o -path /proc -prune -o -path /sys -prune -o";
    vec![
        "echo control: $(cat /app/visible)".to_owned(),
        "ls -la / /tests /solution /logs /logs/verifier 2>&1; cat /tests/* /solution/* 2>&1".to_owned(),
        format!("cat {secrets} 2>&1"),
        format!("ls -la {folders} 2>&1"),
        format!("cat {inside} 2>&1; ls -la /proc/1/root/ /proc/1/cwd/ 2>&1; ls /proc/1/fd /proc/1/map_files 2>&1"),
        "cat /proc/1/environ /proc/*/environ 2>&1 | tr '\\0' '\\n'".to_owned(),
        "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>&1; ls -la /proc/[0-9]*/exe /proc/[0-9]*/fd 2>&1".to_owned(),
        format!("find / {plain} -readable -print 2>/dev/null | head -n 2000"),
        format!("find / -readable 2>/dev/null | grep -F -e {SPLIT} -e retake-it -e spy.1 -e victim -e solve.sh -e retake.toml"),
        format!("find / {plain} -path /dev -prune -o -type f -readable -print0 2>/dev/null | xargs -0r grep -lF {SPLIT} -- 2>/dev/null; echo searched"),
        "ls -laR /tmp /home /root /var/tmp /run /mnt /dev/shm 2>&1 | head -n 200; cat /tmp/* /dev/shm/* 2>/dev/null".to_owned(),
        "cat /proc/self/mountinfo /proc/mounts 2>&1".to_owned(),
        format!("(exec 3<>/dev/tcp/127.0.0.1/{port} && echo CONNECTED && cat <&3) 2>&1; (exec 3<>/dev/tcp/1.1.1.1/53 && echo CONNECTED) 2>&1; cat /proc/net/dev /proc/net/tcp /proc/net/unix 2>&1"),
        format!("cd /app; for up in .. ../.. /proc/self/cwd/../..; do cat $up{} 2>&1; done; ln -s {} link; cat link/retake.toml 2>&1", place.root().join("home/secret").display(), place.tree().display()),
        "mkdir -p m; mount --bind / m 2>&1; unshare -Urm ls / 2>&1; chroot / true 2>&1; id -u; ulimit -u; kill -9 1 2>&1; echo alive".to_owned(),
    ]
}

fn prepare(place: &Place, port: u16) {
    let marked = |text: &str| format!("#!/bin/bash\n# {CANARY}\n{text}");
    let reward = "mkdir -p /logs/verifier\n[[ -e /app/visible ]] && echo 1 >/logs/verifier/reward.txt\n";
    for name in ["spy", "victim"] {
        let folder = work::task(place, "walls", name, &marked(reward), &marked("touch visible\n"));
        place.write(
            &format!("{folder}/environment/Dockerfile"),
            "FROM debian:bookworm\nWORKDIR /app\nCOPY app/ /app/\n",
        );
        place.write(&format!("{folder}/environment/app/visible"), "seen\n");
        place.write(&format!("tasks/walls/cassettes/main/{name}.1.jsonl"), CANARY);
    }
    work::suite(place, "walls", &["spy", "victim"]);
    place.write(
        "retake.toml",
        &format!("# {CANARY}\nversion = \"1.0\"\n\n[suite.walls]\npath = \"tasks/walls\"\n"),
    );
    fs::write(place.root().join("home/secret"), CANARY).unwrap();
    place.write("tasks/walls/scripts/main/spy.toml", &work::script(&attempts(place, port)));
    let busy = format!(
        "w={SPLIT}; echo $w >/app/$w; echo $w >/tmp/$w; echo $w >/dev/shm/$w; echo $w >$HOME/$w; \
         (exec -a $w sleep 1000 >/dev/null 2>&1 &); sleep 4"
    );
    place.write("tasks/walls/scripts/main/victim.toml", &work::script(&[busy]));
}

#[test]
fn an_agent_reaches_nothing_but_its_own_world() {
    if !contained() {
        return;
    }
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    prepare(&place, port);
    let out = place.out();
    let arguments =
        ["run", "walls", "--model", "script", "--jobs", "2", "--json", "--out", out.to_str().unwrap()];
    let mut command = place.command(&arguments);
    let output = command.env("SECRET_OF_THE_HOST", CANARY).output().unwrap();
    let done = crate::place::Done::of(output);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let run = crate::place::Run::of(&done);
    assert_eq!(run.count("passed"), 2, "{}", run.summary);
    let outputs = outputs(&run.path, "spy");
    assert_eq!(outputs.len(), attempts(&place, port).len(), "an output is missing or stands twice");
    assert!(outputs[0].starts_with("control: seen\n"), "{}", outputs[0]);
    let root = place.root().file_name().unwrap().to_str().unwrap();
    let commands = attempts(&place, port);
    for (command, output) in commands.iter().zip(&outputs) {
        assert!(!output.contains(CANARY), "a secret was read by\n{command}\n{output}");
        assert!(!output.contains("[killed after"), "too slow to be a test:\n{command}");
        assert!(!output.contains("CONNECTED"), "a connection was made by\n{command}\n{output}");
        // What was asked for may be named in a refusal, and nothing else of the host's folders may.
        for line in output.lines().filter(|line| line.contains(root)) {
            let refused = ["No such file or directory", "Permission denied", "Not a directory", "sleep"];
            assert!(
                refused.iter().any(|word| line.contains(word)) || line.contains("bash -c"),
                "a path of the host is known to\n{command}\n{line}"
            );
        }
    }
    let connected = listener.accept();
    assert!(connected.is_err(), "the harness's host was reached over the network: {connected:?}");
    let own = repository_paths();
    for output in &outputs {
        assert!(!own.iter().any(|path| output.contains(path)), "the project is known:\n{output}");
    }
}

fn repository_paths() -> Vec<String> {
    let repository = crate::place::repository();
    ["harness", "target", "tasks"].map(|name| repository.join(name).display().to_string()).into()
}

#[test]
fn a_refused_wall_is_exit_4_and_doctor_says_what_this_host_has() {
    let place = Place::new();
    let done = place.retake(&["doctor", "--json"]);
    let report = done.json();
    assert!(report["walls"].as_array().is_some_and(|walls| !walls.is_empty()), "{report}");
    assert!(matches!(done.code, Some(0 | 4)), "{:?}", done.code);
}
