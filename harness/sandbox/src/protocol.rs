//! How the harness and its stages talk: a control socket that carries one stream a call, and framed messages on
//! that stream. Knows nothing of what the messages ask for.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::spec::{Bind, HostReport, Limits, Toolchain, User, Walls, WorkspaceKind, WorkspaceSource};
use crate::{FileFault, ListEntry, Manifest};

/// The most descriptors that one call carries.
const MAX_FDS: usize = 4;
/// The largest message: beyond it the other side is broken.
const MAX_FRAME: usize = 1 << 30;

/// To the first stage of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RunRequest {
    /// Find out what this host can contain, then end.
    Probe,
    /// Build what all trials share; once, first.
    Prepare { walls: Walls, toolchains: Vec<Toolchain>, hidden: Vec<PathBuf>, user: User },
    /// Start a trial's holder; carries its control socket.
    Trial(TrialPlan),
}

/// What a holder must make.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TrialPlan {
    pub(crate) workspace: WorkspaceSource,
    pub(crate) bytes: u64,
    pub(crate) files: u64,
    pub(crate) binds: Vec<Bind>,
}

/// To a trial's holder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TrialRequest {
    /// Start a container; carries its control socket. Packed folders follow, one per entry of `copies`.
    Open(ContainerPlan),
    /// Kill everything in a container and answer when it is gone.
    Close { id: u64 },
}

/// What a container must be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContainerPlan {
    pub(crate) id: u64,
    pub(crate) home: String,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) limits: Limits,
    /// Targets, and whether they may be changed.
    pub(crate) copies: Vec<(String, bool)>,
}

/// To a container's first process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ContainerRequest {
    /// Run a command; carries the pipe's two ends and, optionally, its input. A byte on the stream kills it.
    Exec {
        argv: Vec<String>,
        cwd: String,
        env: Vec<(String, String)>,
        stdin: bool,
    },
    /// The content follows the answer.
    Read {
        path: String,
        max: u64,
    },
    /// The content follows the request.
    Write {
        path: String,
        bytes: u64,
        executable: Option<bool>,
    },
    Remove {
        path: String,
    },
    Rename {
        from: String,
        to: String,
    },
    List {
        path: String,
        depth: u32,
        limit: usize,
    },
    Manifest {
        path: String,
        exclude: Vec<String>,
    },
    /// Kill every command with all that it started.
    Still,
    /// A listening socket on this port of the loopback; its descriptor comes with the answer.
    Listen {
        port: u16,
    },
}

/// What any stage answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Report(HostReport),
    /// The workspace is up, or (with `Copy` as kind and `copy` set) waits for its packed content.
    Workspace {
        kind: WorkspaceKind,
        copy: bool,
    },
    Exited(i32),
    Signaled(i32),
    /// The command could not be started.
    NotStarted(String),
    /// This many bytes follow.
    Content(u64),
    Listing(Vec<ListEntry>),
    Tree(Manifest),
    File(Fault),
    Failed(String),
}

/// A file's fault in a form that travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    NotFound,
    Denied,
    IsFolder,
    NotFolder,
    TooLarge,
    NoSpace,
    Os(i32),
}

impl From<Fault> for FileFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound => Self::NotFound,
            Fault::Denied => Self::Denied,
            Fault::IsFolder => Self::IsFolder,
            Fault::NotFolder => Self::NotFolder,
            Fault::TooLarge => Self::TooLarge,
            Fault::NoSpace => Self::NoSpace,
            Fault::Os(number) => Self::Os(number),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOENT) => Self::NotFound,
            Some(libc::EACCES | libc::EPERM | libc::EROFS) => Self::Denied,
            Some(libc::EISDIR) => Self::IsFolder,
            Some(libc::ENOTDIR) => Self::NotFolder,
            Some(libc::EFBIG) => Self::TooLarge,
            Some(libc::ENOSPC | libc::EDQUOT) => Self::NoSpace,
            Some(number) => Self::Os(number),
            None => Self::Os(libc::EINVAL),
        }
    }
}

/// A pair of control sockets: ours and the stage's.
pub(crate) fn control_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Starts a call: opens its stream, hands the far end over with `fds`, and sends the request on it.
pub(crate) fn call<R: Serialize>(
    control: BorrowedFd<'_>,
    request: &R,
    fds: &[BorrowedFd<'_>],
) -> io::Result<UnixStream> {
    let (mut near, far) = UnixStream::pair()?;
    let mut all: Vec<BorrowedFd<'_>> = vec![far.as_fd()];
    all.extend_from_slice(fds);
    send_fds(control, &all)?;
    drop(far);
    send(&mut near, request)?;
    Ok(near)
}

/// Sends descriptors with one byte.
pub(crate) fn send_fds(socket: BorrowedFd<'_>, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    loop {
        match sendmsg(socket, &[IoSlice::new(b"c")], &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Receives what `send_fds` sent; nothing at the end of the other side.
pub(crate) fn receive_fds(socket: BorrowedFd<'_>) -> io::Result<Option<Vec<OwnedFd>>> {
    let mut byte = [0_u8; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) => break received,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    Ok(Some(fds))
}

/// Sends one message.
pub(crate) fn send<M: Serialize>(stream: &mut UnixStream, message: &M) -> io::Result<()> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).map_err(|_| io::ErrorKind::InvalidInput)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    stream.write_all(&frame)
}

/// Receives one message.
pub(crate) fn receive<M: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<M> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(serde_json::from_slice(&frame)?)
}
