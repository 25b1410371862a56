//! One process a trial: drops all privileges, makes the workspace, keeps it between the trial's containers, and
//! sees to it that everything in a container is dead before it says so. Knows nothing of commands or files inside.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::base::{Base, DROPPED_ID, bind, detach, drop_root, enter_user_namespace, new_tmpfs, on_host};
use super::{OrStep, Step, confine, init, next_call};
use crate::protocol::{Answer, TrialPlan, TrialRequest, receive, send};
use crate::spec::{Bind, WorkspaceKind, WorkspaceSource};
use crate::{pack, sys};

/// Holds one trial until the harness lets go of it.
pub(super) fn run(
    base: &Base,
    plan: &TrialPlan,
    net: Option<&OwnedFd>,
    mut stream: UnixStream,
    control: &OwnedFd,
) -> ! {
    let _ = rustix::thread::set_name(c"retake-trial");
    let answer = match set_up(base, plan, net, &mut stream) {
        Ok(kind) => Answer::Workspace { kind, copy: false },
        Err(fault) => Answer::Failed(fault),
    };
    let failed = matches!(answer, Answer::Failed(_));
    let _ = send(&mut stream, &answer);
    drop(stream);
    if !failed {
        let _ = serve(base, &plan.binds, control);
    }
    sys::exit_now(i32::from(failed))
}

fn set_up(
    base: &Base,
    plan: &TrialPlan,
    net: Option<&OwnedFd>,
    stream: &mut UnixStream,
) -> Step<WorkspaceKind> {
    let (WorkspaceSource::Template(folder) | WorkspaceSource::Copy(folder) | WorkspaceSource::Bind(folder)) =
        &plan.workspace;
    let own_net = enter_net(net)?;
    // What this trial needs of the host is shown at places of its own; then the host goes away.
    sys::unshare(sys::NEW_MOUNTS).step("make a mount namespace")?;
    show_sources(&on_host(folder), &plan.binds)?;
    detach("/host")?;
    if base.privileged {
        if matches!(plan.workspace, WorkspaceSource::Bind(_)) {
            give_away(Path::new("/template"))?;
        }
        drop_root()?;
    }
    enter_user_namespace(base.user.id, sys::NEW_MOUNTS | own_net)?;
    die_with_parent()?;
    confine::renounce(base.walls)?;
    if own_net != 0 {
        sys::loopback_up().step("switch the loopback on")?;
    }
    new_tmpfs(
        "/store",
        &format!("size={},nr_inodes={},mode=0755", plan.bytes, plan.files.saturating_add(16)),
    )?;
    make_workspace(&plan.workspace, base.user.id, stream)
}

/// Enters the network that this trial was given. Where its last trial has left a trace, a new one must be made: the
/// flag that does it.
fn enter_net(net: Option<&OwnedFd>) -> Step<i32> {
    let Some(net) = net else { return Ok(0) };
    let kind = Some(rustix::thread::LinkNameSpaceType::Network);
    rustix::thread::move_into_link_name_space(net.as_fd(), kind).step("enter a network namespace")?;
    Ok(if net_is_unused() { 0 } else { sys::NEW_NET })
}

/// Ends this process when the stage that forked it ends, however it does.
pub(super) fn die_with_parent() -> Step {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .step("tie this process to its parent")
}

fn show_sources(folder: &Path, binds: &[Bind]) -> Step {
    bind(folder, Path::new("/template"))?;
    if binds.is_empty() {
        return Ok(());
    }
    new_tmpfs("/binds", "size=1m,mode=0755")?;
    for (index, wanted) in binds.iter().enumerate() {
        let source = on_host(&wanted.source);
        let target = bound_at(index);
        if fs::metadata(&source).is_ok_and(|metadata| metadata.is_dir()) {
            fs::create_dir(&target).step("make a folder for a bind")?;
        } else {
            fs::write(&target, "").step("make a file for a bind")?;
        }
        bind(&source, &target)?;
    }
    Ok(())
}

/// Where a bind waits for its containers.
pub(super) fn bound_at(index: usize) -> PathBuf {
    Path::new("/binds").join(index.to_string())
}

/// Gives everything below a folder to the user that trials are.
fn give_away(folder: &Path) -> Step {
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        lchown(&path, Some(DROPPED_ID), Some(DROPPED_ID)).step("give the folder to the sandbox's user")?;
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            for entry in fs::read_dir(&path).step("list a folder")? {
                open.push(entry.step("list a folder")?.path());
            }
        }
    }
    Ok(())
}

/// Puts the workspace at `/app`.
fn make_workspace(source: &WorkspaceSource, id: u32, stream: &mut UnixStream) -> Step<WorkspaceKind> {
    let owned = fs::metadata("/template").is_ok_and(|metadata| metadata.uid() == id);
    match source {
        WorkspaceSource::Bind(_) => {
            bind(Path::new("/template"), Path::new("/app"))?;
            sys::mount_attributes(Path::new("/app"), sys::NO_SUID | sys::NO_DEV, true)
                .step("fence the workspace")?;
            return Ok(WorkspaceKind::Bind);
        }
        WorkspaceSource::Template(_) if owned && overlay().is_ok() => return Ok(WorkspaceKind::Overlay),
        WorkspaceSource::Template(_) | WorkspaceSource::Copy(_) => {}
    }
    // The harness may read what this user may not: it sends the content.
    send(stream, &Answer::Workspace { kind: WorkspaceKind::Copy, copy: true })
        .step("ask for the template")?;
    let content = Path::new("/store/copy");
    let mut input = BufReader::with_capacity(64 << 10, stream);
    pack::unpack(content, &mut input).step("copy the template into the workspace")?;
    bind(content, Path::new("/app"))?;
    Ok(WorkspaceKind::Copy)
}

/// An overlay that keeps every change in memory.
pub(super) fn overlay() -> Step {
    for folder in ["/store/upper", "/store/work"] {
        fs::create_dir(folder).step("make a folder for the overlay")?;
    }
    let options = c"lowerdir=/template,upperdir=/store/upper,workdir=/store/work,userxattr";
    mount("overlay", "/app", "overlay", MountFlags::NOSUID | MountFlags::NODEV, options)
        .step("mount an overlay in a user namespace")
}

fn serve(base: &Base, binds: &[Bind], control: &OwnedFd) -> std::io::Result<()> {
    let mut containers: BTreeMap<u64, i32> = BTreeMap::new();
    // Without a process namespace, what a container leaves behind comes to this process.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    while let Ok(Some((mut stream, mut fds))) = next_call(control) {
        let Ok(request) = receive::<TrialRequest>(&mut stream) else { continue };
        match request {
            TrialRequest::Open(plan) => {
                let Some(init) = fds.pop() else { continue };
                // A network without sockets is as good as a new one, and making one costs more than all the rest.
                let own_net = base.walls.net && !(containers.is_empty() && net_is_unused());
                match sys::fork(fresh_namespaces(base, own_net)) {
                    Ok(None) => {
                        sys::close_all_but(&[stream.as_raw_fd(), init.as_raw_fd()]);
                        init::run(base, binds, &plan, own_net, stream, &init)
                    }
                    Ok(Some(pid)) => {
                        containers.insert(plan.id, pid);
                    }
                    Err(error) => {
                        let fault = format!("make a container's namespaces: {error}");
                        let _ = send(&mut stream, &Answer::Failed(fault));
                    }
                }
            }
            TrialRequest::Close { id } => {
                if let Some(pid) = containers.remove(&id) {
                    end(base, pid);
                }
                let _ = send(&mut stream, &Answer::Done);
            }
        }
    }
    for pid in containers.into_values() {
        end(base, pid);
    }
    Ok(())
}

/// Namespaces that every container has for itself.
fn fresh_namespaces(base: &Base, own_net: bool) -> i32 {
    let walls = base.walls;
    sys::NEW_MOUNTS | flags(&[(walls.pid, sys::NEW_PID), (walls.ipc, sys::NEW_IPC), (own_net, sys::NEW_NET)])
}

fn flags(namespaces: &[(bool, i32)]) -> i32 {
    namespaces.iter().filter(|(on, _)| *on).fold(0, |flags, (_, flag)| flags | flag)
}

/// Whether this process's network holds no socket, not even one that lingers after its process: nobody has left a
/// trace in it (nothing inside may change it otherwise), and no gateway listens in it. (The tables of single sockets would say the same, but are
/// slow: each goes through those of the whole host.)
fn net_is_unused() -> bool {
    let Ok(counts) = fs::read_to_string("/proc/self/net/sockstat") else { return false };
    let count = |line: &str, name: &str| {
        let words: Vec<&str> =
            counts.lines().find(|l| l.starts_with(line))?.split_ascii_whitespace().collect();
        words.windows(2).find(|pair| pair[0] == name)?[1].parse::<u64>().ok()
    };
    [("sockets:", "used"), ("TCP:", "inuse"), ("TCP:", "tw")]
        .into_iter()
        .all(|(l, name)| count(l, name) == Some(0))
}

/// Kills a container and waits until every process in it is gone: the first process of a process namespace ends
/// only after all others.
fn end(base: &Base, pid: i32) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    if !base.walls.pid {
        super::processes::kill_descendants(pid.as_raw_nonzero().get());
    }
    let _ = kill_process(pid, Signal::KILL);
    let _ = waitpid(Some(pid), WaitOptions::empty());
    if !base.walls.pid {
        super::processes::kill_descendants(rustix::process::getpid().as_raw_nonzero().get());
    }
}
