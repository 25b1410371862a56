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

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{WaitOptions, wait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::base::Base;
use crate::protocol::{Answer, RunRequest, TrialPlan, receive, receive_fds, send};
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
    // Whatever else the harness's own parents have left open is none of ours.
    sys::close_all_but(&[control.as_raw_fd()]);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let _ = rustix::thread::set_name(c"retake-stage");
    let children = sys::child_signals()?;
    let mut base = None;
    let mut nets = Nets::default();
    loop {
        wait_for(&control, &children, &mut nets)?;
        let Some((mut stream, mut fds)) = next_call(&control)? else {
            // The holders see the same end.
            while wait(WaitOptions::empty()).is_ok() {}
            return Ok(());
        };
        let Ok(request) = receive::<RunRequest>(&mut stream) else { continue };
        let answer = match request {
            RunRequest::Probe => Answer::Report(probe::host()),
            RunRequest::Prepare { walls, toolchains, hidden, user } => {
                match base::prepare(walls, &toolchains, &hidden, user) {
                    Ok(made) => {
                        base = Some(made);
                        Answer::Done
                    }
                    Err(fault) => Answer::Failed(fault),
                }
            }
            RunRequest::Trial(plan) => match (&base, fds.pop()) {
                (Some(base), Some(holder)) => match start_trial(base, &plan, &mut nets, &stream, &holder) {
                    // The holder answers.
                    Ok(()) => continue,
                    Err(fault) => Answer::Failed(fault),
                },
                _ => Answer::Failed("a trial was asked for before the run was prepared".to_owned()),
            },
        };
        let _ = send(&mut stream, &answer);
    }
}

/// Forks a trial's holder.
fn start_trial(
    base: &Base,
    plan: &TrialPlan,
    nets: &mut Nets,
    stream: &UnixStream,
    control: &OwnedFd,
) -> Step {
    let net = if base.walls.net { Some(nets.take()?) } else { None };
    // The child takes the stream over; it never returns to what owns it here.
    let held = stream.try_clone().step("hand the call over")?;
    match sys::fork(0).step("fork a trial's holder")? {
        None => {
            let mut keep = vec![held.as_raw_fd(), control.as_raw_fd()];
            keep.extend(net.as_ref().map(AsRawFd::as_raw_fd));
            sys::close_all_but(&keep);
            holder::run(base, plan, net.as_ref(), held, control)
        }
        Some(pid) => {
            nets.used.extend(net.map(|net| (pid, net)));
            Ok(())
        }
    }
}

/// Network namespaces, each for one trial at a time. Making one and taking it apart costs more than the rest of a
/// trial's set-up together, so that those in which nothing has been left are used again: a holder looks first.
#[derive(Default)]
struct Nets {
    free: Vec<OwnedFd>,
    used: BTreeMap<i32, OwnedFd>,
}

impl Nets {
    fn take(&mut self) -> Step<OwnedFd> {
        if let Some(net) = self.free.pop() {
            return Ok(net);
        }
        sys::unshare(sys::NEW_NET).step("make a network namespace")?;
        sys::loopback_up().step("switch the loopback on")?;
        Ok(File::open("/proc/self/ns/net").step("keep a network namespace")?.into())
    }

    /// Takes leave of holders that have ended. Only one that ended by itself has seen all its processes die.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let net = self.used.remove(&pid.as_raw_nonzero().get());
            self.free.extend(net.filter(|_| status.exit_status() == Some(0)));
        }
    }
}

/// Waits for a call, taking leave of children meanwhile.
fn wait_for(control: &OwnedFd, children: &OwnedFd, nets: &mut Nets) -> std::io::Result<()> {
    loop {
        let mut fds = [PollFd::new(control, PollFlags::IN), PollFd::new(children, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !fds[1].revents().is_empty() {
            clear(children);
            nets.reap();
        }
        if !fds[0].revents().is_empty() {
            return Ok(());
        }
    }
}

/// Empties a descriptor of child signals: one may stand for several children.
fn clear(signals: &OwnedFd) {
    let mut buffer = [0; 128];
    while rustix::io::read(signals, &mut buffer).is_ok_and(|n| n == buffer.len()) {}
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
