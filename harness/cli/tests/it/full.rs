//! A run folder without room: the run ends with exit code 4 and goes on when room is made.

use std::fs;
use std::process::Command;

use crate::place::{Done, contained, skipped};
use crate::work;

/// Fills up, makes room and goes on inside one mount namespace; prints the two exit codes and the digest.
const STORY: &str = r#"
mount -t tmpfs -o size=192k tmpfs "$OUT" || { echo "no tmpfs"; exit 0; }
"$RETAKE" -C "$TREE" run tasks/work --out "$OUT" --jobs 1 >"$ROOT/first.out" 2>"$ROOT/first.err"
echo "first $?"
mount -o remount,size=64m "$OUT"
"$RETAKE" -C "$TREE" run --json --resume "$OUT"/* >"$ROOT/second.json" 2>"$ROOT/second.err"
echo "second $?"
ls -A "$OUT"/*
"#;

#[test]
fn a_full_run_folder_is_exit_4_and_goes_on_when_room_is_made() {
    if !contained() {
        return;
    }
    let place = work::recorded(12, "retake-it-full");
    let undisturbed = place.run(&["tasks/work"], 0);
    fs::rename(&undisturbed.path, place.root().join("undisturbed")).unwrap();
    let root = rustix::process::geteuid().is_root();
    let own = place.command(&[]);
    let mut command = Command::new("unshare");
    command.args(if root { &["-m"][..] } else { &["-Um", "--map-current-user", "--keep-caps"] });
    command.args(["--propagation", "private", "bash", "-c", STORY]);
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("RETAKE", place.binary()).env("TREE", place.tree());
    command.env("OUT", place.out()).env("ROOT", place.root());
    let Ok(output) = command.output() else { return skipped(false, "there is no unshare") };
    let done = Done::of(output);
    let read = |name: &str| fs::read_to_string(place.root().join(name)).unwrap_or_default();
    let (first, second) = (read("first.err"), read("second.err"));
    if done.stdout.is_empty() || done.stdout.starts_with("no tmpfs") {
        return skipped(false, &format!("a small tmpfs cannot be mounted here: {}", done.stderr));
    }
    if !root && first.contains("cannot contain a trial") {
        return skipped(false, "trials cannot be contained inside a user namespace here");
    }
    assert!(done.stdout.contains("first 4\n"), "{}\n{first}", done.stdout);
    assert!(first.contains("No space left on device"), "{first}");
    assert!(first.contains("retake run --resume "), "{first}");
    assert!(done.stdout.contains("second 0\n"), "{}\n{second}", done.stdout);
    let resumed: serde_json::Value = serde_json::from_str(&read("second.json")).unwrap();
    assert_eq!(resumed["digest"], undisturbed.summary["digest"]);
    assert!(!done.stdout.contains(".scratch"), "{}", done.stdout);
}
