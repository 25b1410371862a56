//! Which processes belong to a command, and their end. Knows nothing of how commands are started.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::sys;

/// In how many rounds through the process table new victims may turn up.
const ROUNDS: usize = 20;
/// How long what has been killed is waited for.
const DYING_MS: u32 = 2000;

struct Process {
    parent: i32,
    group: i32,
    /// In clock ticks since the host's start.
    started: u64,
}

/// Kills a command with all that it started, wherever that has gone: its group, its descendants, and orphans that
/// are younger than it and belong to no other command.
pub(super) fn kill_command(main: i32, others: &[i32], own_pids: bool) {
    if let Some(group) = Pid::from_raw(main) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let me = std::process::id() as i32;
    let since = started(main).unwrap_or(u64::MAX);
    let command = Command { main, others, since, init: me };
    let gone = kill_all(ROUNDS, |table, pid, process| pid != me && belongs(table, pid, process, &command));
    if gone {
        return;
    }
    // It starts processes faster than they can be looked up.
    if own_pids {
        sys::kill_everything();
    } else {
        kill_descendants(me);
    }
}

/// Kills whatever is chosen until nothing new is; false where that goes on for too many rounds. What has been
/// killed starts nothing more, but needs the processor to die: it is waited for a while, not for ever.
fn kill_all(rounds: usize, chosen: impl Fn(&BTreeMap<i32, Process>, i32, &Process) -> bool) -> bool {
    let mut killed = BTreeSet::new();
    let (mut with_new, mut dying) = (0, 0);
    while with_new < rounds && dying < DYING_MS {
        let table = table();
        let victims = table.iter().filter(|(pid, process)| chosen(&table, **pid, process));
        let victims: Vec<(i32, u64)> = victims.map(|(pid, process)| (*pid, process.started)).collect();
        if victims.is_empty() {
            return true;
        }
        let new: Vec<&(i32, u64)> = victims.iter().filter(|victim| !killed.contains(*victim)).collect();
        for pid in new.iter().filter_map(|(pid, _)| Pid::from_raw(*pid)) {
            let _ = kill_process(pid, Signal::KILL);
        }
        if new.is_empty() {
            dying += 1;
            std::thread::sleep(Duration::from_millis(1));
        } else {
            with_new += 1;
            killed.extend(victims);
        }
    }
    dying >= DYING_MS
}

struct Command<'a> {
    main: i32,
    others: &'a [i32],
    since: u64,
    init: i32,
}

fn belongs(table: &BTreeMap<i32, Process>, pid: i32, process: &Process, command: &Command<'_>) -> bool {
    if process.group == command.main {
        return true;
    }
    if command.others.contains(&process.group) {
        return false;
    }
    let (top, top_process) = top_below(table, pid, process, command.init);
    let Some(top_process) = top_process else { return false };
    top == command.main || (!command.others.contains(&top) && top_process.started >= command.since)
}

/// The ancestor that is a child of `init`; no process where this one is no descendant of it.
fn top_below<'a>(
    table: &'a BTreeMap<i32, Process>,
    mut pid: i32,
    mut process: &'a Process,
    init: i32,
) -> (i32, Option<&'a Process>) {
    for _ in 0..table.len() {
        if process.parent == init {
            return (pid, Some(process));
        }
        match table.get(&process.parent) {
            Some(parent) => {
                pid = process.parent;
                process = parent;
            }
            None => break,
        }
    }
    (pid, None)
}

/// Kills every descendant of a process, until none is left.
pub(super) fn kill_descendants(root: i32) {
    kill_all(ROUNDS * 50, |table, pid, process| top_below(table, pid, process, root).1.is_some());
}

/// Every process that is seen and not yet dead.
fn table() -> BTreeMap<i32, Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let (alive, process) = look_at(pid)?;
            alive.then_some((pid, process))
        })
        .collect()
}

fn started(pid: i32) -> Option<u64> {
    Some(look_at(pid)?.1.started)
}

fn look_at(pid: i32) -> Option<(bool, Process)> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may itself hold any byte.
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let text = std::str::from_utf8(&stat[after_name..]).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    // State, parent and group were fields 3 to 5; the start is field 22.
    let started = fields.nth(16)?.parse().ok()?;
    Some((!matches!(state, "Z" | "X"), Process { parent, group, started }))
}
