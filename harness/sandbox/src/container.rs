//! The harness's side of one container: calls of its first process, and the reading of what commands write. Knows
//! nothing of how the container is made.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::MemfdFlags;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::host::{Holder, Once};
use crate::output::HeadTail;
use crate::protocol::{Answer, ContainerRequest, call, receive, receive_fds};
use crate::{Cancel, EnvError, Environment, Exec, ExecEnd, ExecOutput, ListEntry, Manifest, SandboxError};

/// A file operation that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a killed command may take to be gone.
const DYING: Duration = Duration::from_secs(20);
/// How often a running command's cancellation is looked for.
const GLANCE: Duration = Duration::from_millis(20);

/// A set of processes with a root of their own around a trial's workspace.
#[derive(Debug)]
pub struct Container {
    holder: Arc<Holder>,
    id: u64,
    control: OwnedFd,
    closed: Once,
}

impl Container {
    pub(crate) fn new(holder: Arc<Holder>, id: u64, control: OwnedFd) -> Self {
        Self { holder, id, control, closed: Once::default() }
    }

    /// Kills everything inside and returns when all of it is gone. The workspace stays. Also done when it is
    /// dropped.
    pub fn close(&self) -> Result<(), SandboxError> {
        if self.closed.first() { self.holder.close(self.id) } else { Ok(()) }
    }

    /// A socket that listens on this port of the container's own loopback (0: any), and is accepted on out here:
    /// the one way from a trial to something outside.
    pub fn listen(&self, port: u16) -> Result<TcpListener, EnvError> {
        let mut stream = self.call(&ContainerRequest::Listen { port }, &[])?;
        match answer(&mut stream, "")? {
            Answer::Done => {
                let fds = receive_fds(stream.as_fd()).map_err(broken)?;
                let socket = fds.and_then(|mut fds| fds.pop()).ok_or_else(|| gone("no socket came"))?;
                Ok(TcpListener::from(socket))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn call(&self, request: &ContainerRequest, fds: &[BorrowedFd<'_>]) -> Result<UnixStream, EnvError> {
        let stream = call(self.control.as_fd(), request, fds).map_err(|_| gone("the container has ended"))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
        Ok(stream)
    }

    fn ask(&self, request: &ContainerRequest, path: &str) -> Result<Answer, EnvError> {
        answer(&mut self.call(request, &[])?, path)
    }

    fn done(&self, request: &ContainerRequest, path: &str) -> Result<(), EnvError> {
        match self.ask(request, path)? {
            Answer::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

fn gone(what: &str) -> EnvError {
    EnvError::Broken(what.to_owned())
}

fn broken(error: impl std::fmt::Display) -> EnvError {
    EnvError::Broken(error.to_string())
}

fn unexpected(answer: &Answer) -> EnvError {
    EnvError::Broken(format!("an answer that fits no question: {answer:?}"))
}

/// The answer of a call that is about a path.
fn answer(stream: &mut UnixStream, path: &str) -> Result<Answer, EnvError> {
    match receive(stream) {
        Ok(Answer::File(fault)) => Err(EnvError::File { path: path.to_owned(), fault: fault.into() }),
        Ok(Answer::Failed(fault)) => Err(EnvError::Broken(fault)),
        Ok(answer) => Ok(answer),
        Err(error) => Err(EnvError::Broken(format!("the container has ended or hangs: {error}"))),
    }
}

impl Environment for Container {
    fn exec(&self, command: &Exec<'_>, cancel: &Cancel) -> Result<ExecOutput, EnvError> {
        let start = Instant::now();
        let (output, write) = pipe_with(PipeFlags::CLOEXEC).map_err(broken)?;
        let input = if command.stdin.is_empty() { None } else { Some(memory_file(command.stdin)?) };
        let request = ContainerRequest::Exec {
            argv: command.argv.to_vec(),
            cwd: command.cwd.to_owned(),
            env: command.env.to_vec(),
            stdin: input.is_some(),
        };
        let mut fds = vec![write.as_fd(), output.as_fd()];
        fds.extend(input.as_ref().map(AsFd::as_fd));
        let stream = self.call(&request, &fds)?;
        drop(write);
        let mut watch = Watch { stream, output: File::from(output), kept: HeadTail::new(command.output) };
        let (end, killed) = watch.follow(start + command.limit, cancel)?;
        let end = match (end, killed) {
            (Answer::Exited(_) | Answer::Signaled(_), Some(killed)) => killed,
            (Answer::Exited(code), None) => ExecEnd::Exited(code),
            (Answer::Signaled(signal), None) => ExecEnd::Signaled(signal),
            (Answer::NotStarted(reason), _) => {
                let program = command.argv.first().cloned().unwrap_or_default();
                return Err(EnvError::Start { program, reason });
            }
            (other, _) => return Err(unexpected(&other)),
        };
        let (head, tail, omitted) = watch.kept.finish();
        Ok(ExecOutput { end, head, tail, omitted, duration: start.elapsed() })
    }

    fn read(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, EnvError> {
        let mut stream = self.call(&ContainerRequest::Read { path: path.to_owned(), max: max_bytes }, &[])?;
        match answer(&mut stream, path)? {
            Answer::Content(bytes) if bytes <= max_bytes => {
                let mut content = vec![0; bytes as usize];
                stream.read_exact(&mut content).map_err(broken)?;
                Ok(content)
            }
            other => Err(unexpected(&other)),
        }
    }

    fn write(&self, path: &str, content: &[u8], executable: Option<bool>) -> Result<(), EnvError> {
        let bytes = content.len() as u64;
        let mut stream =
            self.call(&ContainerRequest::Write { path: path.to_owned(), bytes, executable }, &[])?;
        stream.write_all(content).map_err(broken)?;
        match answer(&mut stream, path)? {
            Answer::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn remove(&self, path: &str) -> Result<(), EnvError> {
        self.done(&ContainerRequest::Remove { path: path.to_owned() }, path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), EnvError> {
        self.done(&ContainerRequest::Rename { from: from.to_owned(), to: to.to_owned() }, from)
    }

    fn list(&self, path: &str, depth: u32, limit: usize) -> Result<Vec<ListEntry>, EnvError> {
        match self.ask(&ContainerRequest::List { path: path.to_owned(), depth, limit }, path)? {
            Answer::Listing(entries) => Ok(entries),
            other => Err(unexpected(&other)),
        }
    }

    fn still(&self) -> Result<(), EnvError> {
        self.done(&ContainerRequest::Still, "")
    }

    fn manifest(&self, path: &str, exclude: &[String]) -> Result<Manifest, EnvError> {
        let request = ContainerRequest::Manifest { path: path.to_owned(), exclude: exclude.to_vec() };
        match self.ask(&request, path)? {
            Answer::Tree(manifest) => Ok(manifest),
            other => Err(unexpected(&other)),
        }
    }
}

/// A file in memory that a command reads from its start.
fn memory_file(content: &[u8]) -> Result<OwnedFd, EnvError> {
    let mut file = File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC).map_err(broken)?);
    file.write_all(content).map_err(broken)?;
    file.rewind().map_err(broken)?;
    Ok(file.into())
}

/// A command while it runs.
struct Watch {
    stream: UnixStream,
    output: File,
    kept: HeadTail,
}

impl Watch {
    /// Reads until the command has ended; kills it at its limit or when cancelled.
    fn follow(&mut self, limit: Instant, cancel: &Cancel) -> Result<(Answer, Option<ExecEnd>), EnvError> {
        let mut killed = None;
        let mut patience = limit;
        let mut writers = true;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let now = Instant::now();
            let wanted = match killed {
                None if cancel.is_cancelled() => Some(ExecEnd::Cancelled),
                None if now >= limit => Some(ExecEnd::TimedOut),
                Some(_) if now >= patience => return Err(gone("a killed command does not end")),
                _ => None,
            };
            if wanted.is_some() {
                killed = wanted;
                patience = now + DYING;
                // Where it has just ended, its answer is there already.
                let _ = self.stream.write_all(b"k");
            }
            let rest = patience.saturating_duration_since(now).min(GLANCE);
            let (readable, answered) = self.ready(writers, rest)?;
            if readable {
                match self.output.read(&mut buffer) {
                    Ok(0) => writers = false,
                    Ok(count) => self.kept.push(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(broken(error)),
                }
            }
            if answered {
                let end = answer(&mut self.stream, "")?;
                self.drain(&mut buffer)?;
                return Ok((end, killed));
            }
        }
    }

    /// Waits; then whether there is output, and whether there is an answer.
    fn ready(&self, writers: bool, rest: Duration) -> Result<(bool, bool), EnvError> {
        let mut fds = vec![PollFd::new(&self.stream, PollFlags::IN)];
        if writers {
            fds.push(PollFd::new(&self.output, PollFlags::IN));
        }
        let rest = Timespec { tv_sec: rest.as_secs() as i64, tv_nsec: i64::from(rest.subsec_nanos()) };
        match poll(&mut fds, Some(&rest)) {
            Ok(_) => {
                let ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
                Ok((ready(1), ready(0)))
            }
            Err(rustix::io::Errno::INTR) => Ok((false, false)),
            Err(error) => Err(broken(error)),
        }
    }

    /// Takes what is in the pipe now. Who still holds its other end is not waited for.
    fn drain(&mut self, buffer: &mut [u8]) -> Result<(), EnvError> {
        let mut rest = rustix::io::ioctl_fionread(&self.output).map_err(broken)?;
        while rest > 0 {
            let room = buffer.len().min(rest as usize);
            let count = self.output.read(&mut buffer[..room]).map_err(broken)?;
            if count == 0 {
                break;
            }
            self.kept.push(&buffer[..count]);
            rest -= count as u64;
        }
        Ok(())
    }
}
