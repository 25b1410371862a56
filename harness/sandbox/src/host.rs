//! The harness's side of runs and trials: starting stages, asking them, and letting go. Knows nothing of how the
//! walls are built.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::lchown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::protocol::{
    Answer, ContainerPlan, RunRequest, TrialPlan, TrialRequest, call, control_pair, receive,
};
use crate::spec::{
    ContainerSpec, HostReport, SandboxError, SandboxOptions, TrialSpec, WorkspaceKind, WorkspaceSource,
};
use crate::{Container, pack, stage};

/// A set-up that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// What contains the trials of one run. May be used from many threads at once.
#[derive(Debug)]
pub struct Sandbox {
    stage: Arc<Stage>,
    report: HostReport,
}

/// The process from which trials are forked.
#[derive(Debug)]
struct Stage {
    /// Taken away first, so that the process ends.
    control: Mutex<Option<Arc<OwnedFd>>>,
    process: Mutex<Child>,
}

impl Stage {
    fn start(program: &[std::ffi::OsString]) -> Result<Self, SandboxError> {
        let fault = |what: &str| SandboxError::Stage(what.to_owned());
        let (path, args) = program.split_first().ok_or_else(|| fault("has no program"))?;
        let (near, far) = control_pair().map_err(|error| fault(&format!("has no socket: {error}")))?;
        let process = Command::new(path)
            // Trials can read it: it must not tell them where the harness lies.
            .arg0("retake")
            .args(args)
            .env_clear()
            .current_dir("/")
            // A Ctrl-C is for the harness, which then ends its trials in order.
            .process_group(0)
            .stdin(Stdio::from(far))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| fault(&format!("could not be started from {}: {error}", path.display())))?;
        Ok(Self { control: Mutex::new(Some(Arc::new(near))), process: Mutex::new(process) })
    }

    fn call(
        &self,
        request: &RunRequest,
        fds: &[std::os::fd::BorrowedFd<'_>],
    ) -> Result<UnixStream, SandboxError> {
        let control = lock(&self.control).clone();
        let control = control.ok_or_else(|| SandboxError::Stage("has been ended".to_owned()))?;
        started(call(control.as_fd(), request, fds), "is gone")
    }

    fn ask(&self, request: &RunRequest) -> Result<Answer, SandboxError> {
        answer(&mut self.call(request, &[])?)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let ended = lock(&self.control).take().is_none_or(|control| let_go(&control));
        let mut process = lock(&self.process);
        if !ended {
            // Its holders die with it.
            let _ = process.kill();
        }
        let _ = process.wait();
    }
}

/// Shows a stage the end of our side and waits for the end of its own, which closes when it has ended; false where
/// that takes too long.
fn let_go(control: &OwnedFd) -> bool {
    let _ = rustix::net::shutdown(control, rustix::net::Shutdown::Write);
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    loop {
        match poll(&mut [PollFd::new(control, PollFlags::IN)], Some(&patience)) {
            Ok(ready) => return ready > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// A poisoned lock guards nothing here that a panic could have left half done.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn started(stream: std::io::Result<UnixStream>, what: &str) -> Result<UnixStream, SandboxError> {
    let stream = stream.map_err(|error| SandboxError::Stage(format!("{what}: {error}")))?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .map_err(|error| SandboxError::Stage(format!("cannot be waited for: {error}")))?;
    Ok(stream)
}

fn answer(stream: &mut UnixStream) -> Result<Answer, SandboxError> {
    match receive(stream) {
        Ok(Answer::Failed(fault)) => Err(SandboxError::Setup(fault)),
        Ok(answer) => Ok(answer),
        Err(error) => Err(SandboxError::Stage(format!("died or hung before it answered: {error}"))),
    }
}

fn unexpected(answer: &Answer) -> SandboxError {
    SandboxError::Stage(format!("gave an answer that fits no question: {answer:?}"))
}

impl Sandbox {
    /// Finds out what this host can contain, by trying.
    pub fn probe(stage: &[std::ffi::OsString]) -> Result<HostReport, SandboxError> {
        Self::report_of(&Stage::start(stage)?)
    }

    fn report_of(stage: &Stage) -> Result<HostReport, SandboxError> {
        match stage.ask(&RunRequest::Probe)? {
            Answer::Report(report) => Ok(report),
            other => Err(unexpected(&other)),
        }
    }

    /// Prepares what all trials share; refuses where a wall that is asked for cannot be had.
    pub fn new(options: &SandboxOptions) -> Result<Self, SandboxError> {
        let stage = Stage::start(&options.stage)?;
        let report = Self::report_of(&stage)?;
        let missing = report.missing(options.walls);
        if !missing.is_empty() {
            let faults: Vec<String> = missing
                .into_iter()
                .map(|wall| format!("{} ({})", wall.name, wall.fault.as_deref().unwrap_or_default()))
                .collect();
            return Err(SandboxError::Missing(faults.join(", ")));
        }
        let mut toolchains = options.toolchains.clone();
        for toolchain in &mut toolchains {
            toolchain.root = canonical(&toolchain.root)?;
        }
        // What isn't there needs no hiding.
        let hidden = options.hidden.iter().filter_map(|path| path.canonicalize().ok()).collect();
        match stage.ask(&RunRequest::Prepare {
            walls: options.walls,
            toolchains,
            hidden,
            user: options.user.clone(),
        })? {
            Answer::Done => Ok(Self { stage: Arc::new(stage), report }),
            other => Err(unexpected(&other)),
        }
    }

    /// What this host can contain.
    pub fn report(&self) -> &HostReport {
        &self.report
    }

    /// Gives a template folder that the harness made to the user that trials are, so that a trial can overlay
    /// rather than copy it. Does nothing unless the harness runs as root. Never for a folder of somebody else.
    pub fn adopt(&self, folder: &Path) -> Result<(), SandboxError> {
        if !self.report.root {
            return Ok(());
        }
        let fault = |path: &Path, source| SandboxError::Path { path: path.to_owned(), source };
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            lchown(&path, Some(stage::DROPPED_ID), Some(stage::DROPPED_ID)).map_err(|e| fault(&path, e))?;
            if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
                for entry in path.read_dir().map_err(|e| fault(&path, e))? {
                    open.push(entry.map_err(|e| fault(&path, e))?.path());
                }
            }
        }
        Ok(())
    }

    /// Starts a trial: its workspace stands, nothing runs in it yet.
    pub fn trial(&self, spec: &TrialSpec) -> Result<Trial, SandboxError> {
        let mut plan = TrialPlan {
            workspace: spec.workspace.clone(),
            bytes: spec.workspace_bytes,
            files: spec.workspace_files,
            binds: spec.binds.clone(),
        };
        let (WorkspaceSource::Template(folder)
        | WorkspaceSource::Copy(folder)
        | WorkspaceSource::Bind(folder)) = &mut plan.workspace;
        *folder = canonical(folder)?;
        let folder = folder.clone();
        for bind in &mut plan.binds {
            bind.source = canonical(&bind.source)?;
        }
        let (near, far) =
            control_pair().map_err(|error| SandboxError::Setup(format!("make a socket pair: {error}")))?;
        let mut stream = self.stage.call(&RunRequest::Trial(plan), &[far.as_fd()])?;
        drop(far);
        let workspace = loop {
            match answer(&mut stream)? {
                // Where the other side stops reading, it says why.
                Answer::Workspace { copy: true, .. } => send_folder(&folder, &mut stream)?,
                Answer::Workspace { kind, copy: false } => break kind,
                other => return Err(unexpected(&other)),
            }
        };
        let control = Mutex::new(Some(Arc::new(near)));
        let holder = Holder { control, next: AtomicU64::new(0), _stage: Arc::clone(&self.stage) };
        Ok(Trial { holder: Arc::new(holder), workspace })
    }
}

/// Sends a folder's content. Where the stage has gone away meanwhile, its answer says why.
fn send_folder(folder: &Path, stream: &mut UnixStream) -> Result<(), SandboxError> {
    match pack::pack(folder, stream) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(SandboxError::Path { path: folder.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, SandboxError> {
    path.canonicalize().map_err(|source| SandboxError::Path { path: path.to_owned(), source })
}

/// One trial's world: its workspace, kept from container to container. Ends with all that runs in it when closed
/// or dropped.
#[derive(Debug)]
pub struct Trial {
    holder: Arc<Holder>,
    workspace: WorkspaceKind,
}

/// The process that keeps a trial's workspace.
#[derive(Debug)]
pub(crate) struct Holder {
    control: Mutex<Option<Arc<OwnedFd>>>,
    next: AtomicU64,
    /// Trials die with the stage that forked them: it stays as long as they.
    _stage: Arc<Stage>,
}

impl Trial {
    /// How its workspace was made.
    pub fn workspace(&self) -> WorkspaceKind {
        self.workspace
    }

    /// Starts a container around the workspace. Everything else in it is fresh.
    pub fn container(&self, spec: &ContainerSpec) -> Result<Container, SandboxError> {
        let id = self.holder.next.fetch_add(1, Ordering::Relaxed);
        let plan = ContainerPlan {
            id,
            home: spec.home.clone(),
            env: spec.env.clone(),
            limits: spec.limits,
            copies: spec.copies.iter().map(|copy| (copy.target.clone(), copy.writable)).collect(),
        };
        let (near, far) =
            control_pair().map_err(|error| SandboxError::Setup(format!("make a socket pair: {error}")))?;
        let mut stream = self.holder.call(&TrialRequest::Open(plan), &[far.as_fd()])?;
        drop(far);
        // Made first, so that what is half up goes away again.
        let container = Container::new(Arc::clone(&self.holder), id, near);
        for copy in &spec.copies {
            send_folder(&copy.source, &mut stream)?;
        }
        match answer(&mut stream)? {
            Answer::Done => Ok(container),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the trial: kills what still runs and forgets the workspace. Also done when it is dropped.
    pub fn close(&self) {
        self.holder.end();
    }
}

impl Holder {
    fn call(
        &self,
        request: &TrialRequest,
        fds: &[std::os::fd::BorrowedFd<'_>],
    ) -> Result<UnixStream, SandboxError> {
        let control = lock(&self.control).clone();
        let control = control.ok_or_else(|| SandboxError::Setup("the trial has been closed".to_owned()))?;
        started(call(control.as_fd(), request, fds), "of this trial is gone")
    }

    /// Ends one container; returns when all its processes are gone.
    pub(crate) fn close(&self, id: u64) -> Result<(), SandboxError> {
        let open = lock(&self.control).is_some();
        if !open {
            return Ok(());
        }
        match answer(&mut self.call(&TrialRequest::Close { id }, &[])?)? {
            Answer::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn end(&self) {
        if let Some(control) = lock(&self.control).take() {
            let_go(&control);
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether something has been done once.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicBool);

impl Once {
    /// True the first time.
    pub(crate) fn first(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}
