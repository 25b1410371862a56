//! The first process of a container: builds its root, confines itself, and then serves the harness until that lets
//! go or the container is ended. Knows nothing of other containers.

use std::fs::{self, Permissions};
use std::io::BufReader;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount};

use super::base::{Base, Entry, bind, detach, new_tmpfs};
use super::exec::Commands;
use super::{OrStep, Step, confine, files, holder};
use crate::protocol::{Answer, ContainerPlan, ContainerRequest, send};
use crate::spec::Bind;
use crate::{pack, sys};

const ROOT: &str = "/new";

/// Becomes a container's first process.
pub(super) fn run(
    base: &Base,
    binds: &[Bind],
    plan: &ContainerPlan,
    own_net: bool,
    mut stream: UnixStream,
    control: &OwnedFd,
) -> ! {
    let _ = rustix::thread::set_name(c"retake-init");
    let ready = set_up(base, binds, plan, own_net, &mut stream).and_then(|()| Commands::new(base, plan));
    let answer = ready.as_ref().map_or_else(|fault| Answer::Failed(fault.clone()), |_| Answer::Done);
    let _ = send(&mut stream, &answer);
    drop(stream);
    if let Ok(mut commands) = ready {
        let _ = commands.serve(control);
    }
    if !base.walls.pid {
        super::processes::kill_descendants(std::process::id() as i32);
    }
    sys::exit_now(0)
}

fn set_up(base: &Base, binds: &[Bind], plan: &ContainerPlan, own_net: bool, stream: &mut UnixStream) -> Step {
    holder::die_with_parent()?;
    if own_net {
        sys::loopback_up().step("switch the loopback on")?;
    }
    let limits = &plan.limits;
    // A folder or file costs about a kilobyte of the kernel's memory besides its content.
    let inodes = limits.scratch_bytes / 4096 + 1024;
    new_tmpfs(ROOT, &format!("size={},nr_inodes={inodes},mode=0755", limits.scratch_bytes))?;
    show_host(base)?;
    let mut writable = own_folders(base, plan)?;
    for (index, wanted) in binds.iter().enumerate() {
        let target = inside(&wanted.target)?;
        let source = holder::bound_at(index);
        make_place(&target, source.is_dir())?;
        bind(&source, &target)?;
        fence(&target, wanted.writable)?;
        if wanted.writable {
            writable.push(wanted.target.clone());
        }
    }
    let mut input = BufReader::with_capacity(64 << 10, stream);
    for (target, may_write) in &plan.copies {
        let place = inside(target)?;
        make_parent(&place)?;
        pack::unpack(&place, &mut input).map_err(|error| format!("copy into {target}: {error}"))?;
        if *may_write {
            writable.push(target.clone());
        } else {
            bind(&place, &place)?;
            fence(&place, false)?;
        }
    }
    enter()?;
    confine::confine(base.walls, limits, &writable)
}

/// What the skeleton has, and processes and terminals.
fn show_host(base: &Base) -> Step {
    for entry in &base.entries {
        match entry {
            Entry::Bound(name) => {
                let (source, target) = (Path::new("/skel").join(name), Path::new(ROOT).join(name));
                make_place(&target, source.is_dir())?;
                bind(&source, &target)?;
            }
            Entry::Link(name, to) => {
                symlink(to, Path::new(ROOT).join(name)).step("make a link in the root")?;
            }
        }
    }
    let proc = Path::new(ROOT).join("proc");
    fs::create_dir(&proc).step("make /proc")?;
    if base.walls.pid {
        mount("proc", &proc, "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)
            .step("mount /proc (does this host mask parts of its own?)")?;
    } else {
        bind(Path::new("/proc"), &proc)?;
    }
    if base.walls.root {
        // A host without it has no terminals inside, which few commands miss.
        let _ = mount(
            "devpts",
            "/new/dev/pts",
            "devpts",
            MountFlags::NOSUID | MountFlags::NOEXEC,
            c"newinstance,ptmxmode=0666,mode=0620",
        );
    }
    Ok(())
}

/// The workspace and the container's fresh folders; gives those that may be written.
fn own_folders(base: &Base, plan: &ContainerPlan) -> Step<Vec<String>> {
    let mut writable: Vec<String> = ["/tmp", "/logs", &plan.home].map(str::to_owned).to_vec();
    if base.walls.root {
        writable.push("/run/shm".to_owned());
    }
    for path in &writable {
        fs::create_dir_all(inside(path)?).map_err(|error| format!("make {path}: {error}"))?;
    }
    for shared in ["/new/tmp", "/new/run/shm"] {
        if Path::new(shared).is_dir() {
            fs::set_permissions(shared, Permissions::from_mode(0o1777)).step("open /tmp")?;
        }
    }
    fs::create_dir("/new/app").step("make /app")?;
    bind(Path::new("/app"), Path::new("/new/app"))?;
    writable.push("/app".to_owned());
    Ok(writable)
}

/// Where an absolute path inside lies while the root is being built.
fn inside(path: &str) -> Step<PathBuf> {
    let relative = Path::new(path).strip_prefix("/").map_err(|_| format!("{path} is not absolute"))?;
    let plain = relative.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if plain && relative.components().next().is_some() {
        Ok(Path::new(ROOT).join(relative))
    } else {
        Err(format!("{path} is no plain absolute path"))
    }
}

fn make_parent(path: &Path) -> Step {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(|e| format!("make {}: {e}", parent.display())),
        None => Ok(()),
    }
}

fn make_place(path: &Path, folder: bool) -> Step {
    make_parent(path)?;
    let made = if folder { fs::create_dir_all(path) } else { fs::write(path, "") };
    made.map_err(|error| format!("make {}: {error}", path.display()))
}

fn fence(path: &Path, writable: bool) -> Step {
    let read_only = if writable { 0 } else { sys::READ_ONLY };
    sys::mount_attributes(path, sys::NO_SUID | sys::NO_DEV | read_only, true)
        .map_err(|error| format!("fence {}: {error}", path.display()))
}

/// Makes the new root the root, and the old one unreachable.
fn enter() -> Step {
    rustix::process::chdir(ROOT).step("enter the container's root")?;
    rustix::process::pivot_root(".", ".").step("change to the container's root")?;
    detach(".")?;
    rustix::process::chdir("/app").step("enter the workspace")
}

/// One call from the harness.
pub(super) fn handle(
    commands: &mut Commands,
    request: ContainerRequest,
    mut stream: UnixStream,
    fds: Vec<OwnedFd>,
) {
    let answer = match request {
        ContainerRequest::Exec { argv, cwd, env, stdin } => {
            if let Some((mut stream, reason)) = commands.start(&argv, &cwd, &env, stdin, stream, fds) {
                let _ = send(&mut stream, &Answer::NotStarted(reason));
            }
            return;
        }
        ContainerRequest::Read { path, max } => {
            let _ = files::read(&path, max, &mut stream);
            return;
        }
        ContainerRequest::Write { path, bytes, executable } => {
            files::answer(files::write(&path, bytes, executable, &mut stream).map(|()| Answer::Done))
        }
        ContainerRequest::Remove { path } => files::answer(files::remove(&path).map(|()| Answer::Done)),
        ContainerRequest::Rename { from, to } => {
            files::answer(files::rename(&from, &to).map(|()| Answer::Done))
        }
        ContainerRequest::List { path, depth, limit } => {
            files::answer(super::walk::list(&path, depth, limit).map(Answer::Listing))
        }
        ContainerRequest::Manifest { path, exclude } => {
            files::answer(commands.digests.manifest(&path, &exclude).map(Answer::Tree))
        }
        ContainerRequest::Still => {
            super::processes::kill_descendants(std::process::id() as i32);
            Answer::Done
        }
        ContainerRequest::Listen { port } => return listen(port, &mut stream),
    };
    let _ = send(&mut stream, &answer);
}

/// A socket keeps the network namespace that it was made in, whoever accepts on it.
fn listen(port: u16, stream: &mut UnixStream) {
    use std::os::fd::AsFd;
    match std::net::TcpListener::bind(("127.0.0.1", port)) {
        Ok(listener) => {
            if send(stream, &Answer::Done).is_ok() {
                let _ = crate::protocol::send_fds(stream.as_fd(), &[listener.as_fd()]);
            }
        }
        Err(error) => {
            let _ = send(stream, &Answer::Failed(format!("listen on port {port} inside: {error}")));
        }
    }
}
