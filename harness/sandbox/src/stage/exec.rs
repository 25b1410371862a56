//! The commands of one container: how they are started, how their ends are told, how they are killed. Knows nothing
//! of time limits: the harness says when to kill.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{WaitOptions, WaitStatus, wait};

use super::walk::Digests;
use super::{Step, base::Base, clear, init, next_call, processes};
use crate::protocol::{Answer, ContainerPlan, ContainerRequest, receive, send};
use crate::sys;

/// Background processes whose output goes on being read after their command has ended.
const MAX_DRAINS: usize = 64;

/// The commands of a container and what they need.
pub(super) struct Commands {
    env: Vec<(String, String)>,
    own_pids: bool,
    children: OwnedFd,
    running: Vec<Running>,
    /// Ended commands whose harness still reads, with their output's pipe.
    ended: Vec<(UnixStream, OwnedFd)>,
    /// Pipes that only background processes still write to: emptied, so that those neither block nor break.
    drains: Vec<OwnedFd>,
    /// Digests of files that have not changed since.
    pub(super) digests: Digests,
}

struct Running {
    pid: i32,
    stream: UnixStream,
    output: OwnedFd,
}

impl Commands {
    pub(super) fn new(base: &Base, plan: &ContainerPlan) -> Step<Self> {
        let fixed = [
            ("PATH", base.path.as_str()),
            ("HOME", &plan.home),
            ("USER", &base.user.name),
            ("LOGNAME", &base.user.name),
            ("SHELL", "/bin/bash"),
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
            ("TERM", "dumb"),
            ("PYTHONHASHSEED", "0"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ];
        let mut env: Vec<(String, String)> =
            fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        env.extend(plan.env.iter().cloned());
        if !base.walls.pid {
            let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        }
        Ok(Self {
            env,
            own_pids: base.walls.pid,
            children: sys::child_signals().map_err(|error| format!("watch for ended commands: {error}"))?,
            running: Vec::new(),
            ended: Vec::new(),
            drains: Vec::new(),
            digests: Digests::default(),
        })
    }

    /// Serves the harness until it is gone.
    pub(super) fn serve(&mut self, control: &OwnedFd) -> std::io::Result<()> {
        loop {
            let ready = self.wait(control)?;
            if ready.children {
                clear(&self.children);
            }
            // First the ends of commands: one that has ended needs no kill.
            self.reap();
            self.kill_asked();
            self.tidy();
            if ready.control {
                let Some((mut stream, fds)) = next_call(control)? else { return Ok(()) };
                if let Ok(request) = receive::<ContainerRequest>(&mut stream) {
                    init::handle(self, request, stream, fds);
                }
            }
        }
    }

    fn wait(&self, control: &OwnedFd) -> std::io::Result<Ready> {
        let mut fds = vec![PollFd::new(control, PollFlags::IN), PollFd::new(&self.children, PollFlags::IN)];
        fds.extend(self.running.iter().map(|running| PollFd::new(&running.stream, PollFlags::IN)));
        fds.extend(self.ended.iter().map(|(stream, _)| PollFd::new(stream, PollFlags::IN)));
        fds.extend(self.drains.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Ready { control: !fds[0].revents().is_empty(), children: !fds[1].revents().is_empty() })
    }

    /// Starts a command. Where that fails, the stream comes back with the reason.
    pub(super) fn start(
        &mut self,
        argv: &[String],
        cwd: &str,
        env: &[(String, String)],
        has_stdin: bool,
        stream: UnixStream,
        mut fds: Vec<OwnedFd>,
    ) -> Option<(UnixStream, String)> {
        let stdin = if has_stdin { fds.pop().map_or_else(Stdio::null, Stdio::from) } else { Stdio::null() };
        let (Some(output), Some(stdout)) = (fds.pop(), fds.pop()) else {
            return Some((stream, "its output has nowhere to go".to_owned()));
        };
        let program = match self.find(argv, cwd, env) {
            Ok(program) => program,
            Err(reason) => return Some((stream, reason)),
        };
        let stderr = match stdout.try_clone() {
            Ok(stderr) => stderr,
            Err(error) => return Some((stream, error.to_string())),
        };
        let mut command = Command::new(program);
        command
            .arg0(&argv[0])
            .args(&argv[1..])
            .current_dir(cwd)
            .env_clear()
            .envs(self.env.iter().chain(env).map(|(name, value)| (name, value)))
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        match command.spawn() {
            Ok(child) => {
                self.running.push(Running { pid: child.id() as i32, stream, output });
                None
            }
            Err(error) => Some((stream, error.to_string())),
        }
    }

    /// Looks the program up: done here, as otherwise the library would fork this process rather than spawn.
    fn find(&self, argv: &[String], cwd: &str, env: &[(String, String)]) -> Result<PathBuf, String> {
        let name = argv.first().filter(|name| !name.is_empty()).ok_or("no program is named")?;
        if !Path::new(cwd).is_dir() {
            return Err(format!("no such folder to start in: {cwd}"));
        }
        if name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        let path = env.iter().rev().chain(self.env.iter().rev()).find(|(name, _)| name == "PATH");
        let folders =
            path.map_or("", |(_, path)| path.as_str()).split(':').filter(|folder| !folder.is_empty());
        let runnable = |path: &PathBuf| {
            std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        };
        folders
            .map(|folder| Path::new(cwd).join(folder).join(name))
            .find(runnable)
            .ok_or_else(|| "no such program on the PATH".to_owned())
    }

    /// Takes leave of ended processes and tells the harness of ended commands.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get();
            let Some(index) = self.running.iter().position(|running| running.pid == pid) else { continue };
            let Running { mut stream, output, .. } = self.running.swap_remove(index);
            let _ = send(&mut stream, &ended(status));
            self.ended.push((stream, output));
        }
    }

    /// Kills the commands whose harness has said so, or has gone away.
    fn kill_asked(&self) {
        for running in self.running.iter().filter(|running| is_ready(&running.stream)) {
            // The byte is taken, so that the kill happens once; at the stream's end it may happen again.
            let _ = (&running.stream).read(&mut [0]);
            let others: Vec<i32> =
                self.running.iter().map(|other| other.pid).filter(|pid| *pid != running.pid).collect();
            processes::kill_command(running.pid, &others, self.own_pids);
        }
    }

    /// Goes on reading what background processes write once the harness has stopped to.
    fn tidy(&mut self) {
        let mut waiting = Vec::new();
        for (stream, output) in self.ended.drain(..) {
            if !is_ready(&stream) {
                waiting.push((stream, output));
            } else if self.drains.len() < MAX_DRAINS && rustix::io::ioctl_fionbio(&output, true).is_ok() {
                self.drains.push(output);
            }
        }
        self.ended = waiting;
        let mut buffer = [0; 16 << 10];
        self.drains.retain(|pipe| match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => false,
            Ok(_) => true,
            Err(error) => error == rustix::io::Errno::AGAIN || error == rustix::io::Errno::INTR,
        });
    }
}

struct Ready {
    control: bool,
    children: bool,
}

/// Whether there is something to read, or nobody to write it any more.
fn is_ready(stream: &UnixStream) -> bool {
    let mut fds = [PollFd::new(stream, PollFlags::IN)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}

fn ended(status: WaitStatus) -> Answer {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Answer::Exited(code),
        (None, Some(signal)) => Answer::Signaled(signal),
        (None, None) => Answer::Failed("a command ended in no known way".to_owned()),
    }
}
