//! The inside of the sandbox: small processes of one thread that the harness's own binary becomes when it is
//! started as a stage. The first one prepares what all trials of a run share and forks a holder for each trial.
//! Knows nothing of the harness but its control socket.

mod base;
mod confine;
mod exec;
mod files;
mod holder;
mod init;
mod probe;
mod processes;
mod root;
mod walk;

pub(crate) use base::DROPPED_ID;

use std::fmt::Display;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::protocol::{Answer, RunRequest, receive, receive_fds, send};
use crate::sys;

/// A step of the set-up: its fault is a sentence for the person who runs the harness.
type Step<T = ()> = Result<T, String>;

/// Names the step that failed.
trait OrStep<T> {
    fn step(self, what: &str) -> Step<T>;
}

impl<T, E: Display> OrStep<T> for Result<T, E> {
    fn step(self, what: &str) -> Step<T> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}

/// Runs the stage and never returns. A binary that uses the sandbox calls this first of all, before any thread
/// exists, when it was started with the arguments of [`crate::SandboxOptions::stage`].
pub fn stage_main() -> ! {
    let code = match serve_run() {
        Ok(()) => 0,
        Err(_) => 1,
    };
    sys::exit_now(code)
}

/// Serves the harness until it is gone.
fn serve_run() -> std::io::Result<()> {
    // The control socket came as standard input, the one descriptor that a spawn can pass safely.
    let control = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let _ = rustix::thread::set_name(c"retake-stage");
    // Holders are never waited for: they end with their trial, and leave nothing to reap.
    let children = sys::child_signals()?;
    let mut base = None;
    loop {
        if wait_for(&control, &children)? {
            reap();
        }
        let Some((mut stream, mut fds)) = next_call(&control)? else {
            // The holders see the same end.
            while rustix::process::wait(rustix::process::WaitOptions::empty()).is_ok() {}
            return Ok(());
        };
        let Ok(request) = receive::<RunRequest>(&mut stream) else { continue };
        let answer = match request {
            RunRequest::Probe => Answer::Report(probe::host()),
            RunRequest::Prepare { walls, toolchains, hidden } => {
                match base::prepare(walls, &toolchains, &hidden) {
                    Ok(made) => {
                        base = Some(made);
                        Answer::Done
                    }
                    Err(fault) => Answer::Failed(fault),
                }
            }
            RunRequest::Trial(plan) => match (&base, fds.pop()) {
                (Some(base), Some(holder)) => match sys::fork(0) {
                    Ok(None) => {
                        sys::close_all_but(&[stream.as_raw_fd(), holder.as_raw_fd()]);
                        holder::run(base, plan, stream, &holder)
                    }
                    // The holder answers.
                    Ok(Some(_)) => continue,
                    Err(error) => Answer::Failed(format!("fork a trial's holder: {error}")),
                },
                _ => Answer::Failed("a trial was asked for before the run was prepared".to_owned()),
            },
        };
        let _ = send(&mut stream, &answer);
    }
}

/// Waits for a call; true where children have ended too.
fn wait_for(control: &OwnedFd, children: &OwnedFd) -> std::io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    let mut fds = [PollFd::new(control, PollFlags::IN), PollFd::new(children, PollFlags::IN)];
    let mut ended = false;
    loop {
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !fds[1].revents().is_empty() {
            clear(children);
            ended = true;
            reap();
        }
        if !fds[0].revents().is_empty() {
            return Ok(ended);
        }
    }
}

/// Empties a descriptor of child signals: one may stand for several children.
fn clear(signals: &OwnedFd) {
    let mut buffer = [0; 128];
    while rustix::io::read(signals, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
}

fn reap() {
    use rustix::process::{WaitOptions, wait};
    while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
}

/// The next call on a control socket: its stream and its descriptors; nothing where the harness is gone.
fn next_call(control: &OwnedFd) -> std::io::Result<Option<(UnixStream, Vec<OwnedFd>)>> {
    let Some(mut fds) = receive_fds(control.as_fd())? else { return Ok(None) };
    if fds.is_empty() {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let stream = UnixStream::from(fds.remove(0));
    Ok(Some((stream, fds)))
}

/// Runs `work` in a child of its own and gives what it found.
fn in_child<T: Serialize + DeserializeOwned>(work: impl FnOnce() -> Step<T>) -> Step<T> {
    let (mut near, mut far) = UnixStream::pair().step("make a socket pair")?;
    match sys::fork(0).step("fork")? {
        None => {
            let _ = send(&mut far, &work());
            sys::exit_now(0)
        }
        Some(pid) => {
            drop(far);
            let found = receive(&mut near);
            let _ = rustix::process::waitpid(
                rustix::process::Pid::from_raw(pid),
                rustix::process::WaitOptions::empty(),
            );
            found.map_err(|_| "the trying process died".to_owned())?
        }
    }
}
