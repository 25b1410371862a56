//! Which processes belong to a command, and their end. Knows nothing of how commands are started.

use std::collections::BTreeMap;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::sys;

/// How often the process table is gone through for what is left.
const ROUNDS: usize = 20;

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
    let mut since = None;
    for _ in 0..ROUNDS {
        let table = table();
        let since = *since.get_or_insert_with(|| started(main).unwrap_or(u64::MAX));
        let victims: Vec<i32> = table
            .iter()
            .filter(|(pid, process)| {
                **pid != me && belongs(&table, **pid, process, &Command { main, others, since, init: me })
            })
            .map(|(pid, _)| *pid)
            .collect();
        if victims.is_empty() {
            return;
        }
        kill(&victims);
    }
    // It starts processes faster than they can be looked up.
    if own_pids {
        sys::kill_everything();
    } else {
        kill_descendants(me);
    }
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
    for _ in 0..ROUNDS * 10 {
        let table = table();
        let victims: Vec<i32> = table
            .iter()
            .filter(|(pid, process)| top_below(&table, **pid, process, root).1.is_some())
            .map(|(pid, _)| *pid)
            .collect();
        if victims.is_empty() {
            return;
        }
        kill(&victims);
    }
}

fn kill(pids: &[i32]) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, Signal::KILL);
    }
    // What was killed needs the processor to die.
    std::thread::yield_now();
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
