//! A program of the host on a leash: a process between it and us that outlives neither. Whatever the program started
//! becomes the leash's own when its parent ends, so that killing finds all of it; when we die, however, the leash is
//! told by the kernel and kills it all the same. Knows nothing of agents.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runner::hosted::{Program, ProgramEnd};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, getppid, kill_process, set_child_subreaper,
    set_parent_process_death_signal, wait,
};
use sandbox::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output;

/// The argument that makes this program a leash.
pub(crate) const LEASH: &str = "__leash";

/// How often ends are looked for.
const TICK: Duration = Duration::from_millis(5);
/// How long a program has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How long killing may take.
const KILLING: Duration = Duration::from_secs(5);

/// How long a program may take, what stops it, and where its standard output goes.
pub(crate) struct Bounds<'a> {
    pub(crate) limit: Duration,
    pub(crate) cancel: &'a Cancel,
    /// Its standard output is ours; otherwise it goes to standard error.
    pub(crate) stdout: bool,
}

/// Starts a program on a leash and waits for its end; nothing that it started is left.
pub(crate) fn run(program: &Program, bounds: &Bounds<'_>) -> io::Result<ProgramEnd> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(LEASH).arg(getpid().as_raw_nonzero().to_string()).args(&program.argv);
    command.envs(program.env.iter().map(|(name, value)| (name, value))).current_dir(&program.folder);
    if !bounds.stdout {
        command.stdout(Stdio::from(io::stderr()));
    }
    let mut leash = command.spawn()?;
    let pid = Pid::from_child(&leash);
    let start = Instant::now();
    let mut asked: Option<(ProgramEnd, Instant)> = None;
    loop {
        if let Some(status) = leash.try_wait()? {
            let code = status.code().unwrap_or(128 + 9);
            return Ok(asked.map_or(ProgramEnd::Exited(code), |(end, _)| end));
        }
        match asked {
            None if bounds.cancel.is_cancelled() => asked = Some((ProgramEnd::Stopped, Instant::now())),
            None if start.elapsed() >= bounds.limit => asked = Some((ProgramEnd::TimedOut, Instant::now())),
            None => {}
            Some((_, moment)) if moment.elapsed() > GRACE + KILLING + GRACE => leash.kill()?,
            // Again and again: it may not have listened yet.
            Some(_) => drop(kill_process(pid, Signal::TERM)),
        }
        std::thread::sleep(TICK);
    }
}

/// The leash's own life: our number and the program's words.
pub(crate) fn hold(mut words: Vec<OsString>) -> ExitCode {
    match held(&mut words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::error(&format!(
                "{}: {error}",
                words.first().unwrap_or(&OsString::new()).to_string_lossy()
            ));
            ExitCode::from(127)
        }
    }
}

fn held(words: &mut Vec<OsString>) -> io::Result<u8> {
    let wrong = || io::Error::other("not started by retake");
    if words.len() < 2 {
        return Err(wrong());
    }
    let parent = words.remove(0);
    set_parent_process_death_signal(Some(Signal::TERM))?;
    set_child_subreaper(Some(getpid()))?;
    let told = Arc::new(AtomicBool::new(false));
    flag::register(SIGTERM, Arc::clone(&told))?;
    // Ctrl-C reaches the program itself; whoever started us says when that takes too long.
    flag::register(SIGINT, Arc::default())?;
    if getppid().is_none_or(|pid| *parent != *pid.as_raw_nonzero().to_string()) {
        // It died before we asked to be told.
        return Err(wrong());
    }
    let child = Pid::from_child(&Command::new(&words[0]).args(&words[1..]).spawn()?);
    let mut family = Family { child, status: None };
    while family.status.is_none() && !told.load(Ordering::SeqCst) {
        family.reap();
        std::thread::sleep(TICK);
    }
    family.end();
    Ok(family.status.map_or(128 + 9, code))
}

/// As a shell would say it.
fn code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// The program and whatever comes from it.
struct Family {
    child: Pid,
    status: Option<WaitStatus>,
}

impl Family {
    /// Takes note of every process of ours that ended.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == self.child {
                self.status = Some(status);
            }
        }
    }

    /// Asks the program to end, if it runs, then kills it and all that comes from it.
    fn end(&mut self) {
        if self.status.is_none() {
            let _ = kill_process(self.child, Signal::TERM);
            self.wait_for(GRACE, |family| family.status.is_some());
        }
        self.wait_for(KILLING, |_| {
            let left = descendants(getpid());
            for pid in &left {
                // It may have ended since.
                let _ = kill_process(*pid, Signal::KILL);
            }
            left.is_empty()
        });
    }

    fn wait_for(&mut self, limit: Duration, mut so: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !so(self) && start.elapsed() < limit {
            std::thread::sleep(TICK);
            self.reap();
        }
        self.reap();
    }
}

/// Every process that comes from one and still runs.
fn descendants(ancestor: Pid) -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // A process may end while it is read.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // Its name may hold anything, a parenthesis too.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let mut fields = rest.split(' ');
        let (state, parent) = (fields.next(), fields.next().and_then(|parent| parent.parse::<i32>().ok()));
        if let (Some(state), Some(parent)) = (state, parent)
            && state != "Z"
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![ancestor.as_raw_nonzero().get()];
    while let Some(parent) = open.pop() {
        for pid in children.remove(&parent).unwrap_or_default() {
            open.push(pid);
            found.extend(Pid::from_raw(pid));
        }
    }
    found
}
