//! What this host can contain, found out by doing it in a process that ends right after. Knows nothing of runs.

use std::path::Path;

use super::base::{drop_root, enter_user_namespace, is_root, new_tmpfs};
use super::{OrStep, Step, confine, in_child};
use crate::spec::{HostReport, Limits, User, Wall, Walls};
use crate::sys;

type Try = fn() -> Step;

/// Tries every wall.
pub(super) fn host() -> HostReport {
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    let walls: [(&str, Try); 10] = [
        ("user and mount namespaces", mounts),
        ("root", root),
        ("pid", own_pids),
        ("net", || enter(sys::NEW_NET).and_then(|()| sys::loopback_up().step("switch the loopback on"))),
        ("ipc", || enter(sys::NEW_IPC)),
        ("uts", || enter(sys::NEW_UTS)),
        ("privileges", || confined(|walls| walls.privileges = true)),
        ("landlock", || confined(|walls| walls.landlock = true)),
        ("seccomp", || confined(|walls| walls.seccomp = true)),
        ("limits", || confined(|walls| walls.limits = true)),
    ];
    let try_out = |name: &str, work: Try| Wall { name: name.to_owned(), fault: in_child(work).err() };
    HostReport {
        kernel,
        root: is_root(),
        walls: walls.into_iter().map(|(name, work)| try_out(name, work)).collect(),
        overlay: try_out("overlay", overlay),
        landlock_abi: sys::landlock_abi(),
    }
}

/// Enters a user namespace as a trial would, with others.
fn enter(others: i32) -> Step {
    if is_root() {
        drop_root()?;
    }
    enter_user_namespace(User::default().id, sys::NEW_MOUNTS | others)
}

fn mounts() -> Step {
    enter(0)?;
    new_tmpfs("/tmp", "size=64k")
}

fn root() -> Step {
    mounts()?;
    sys::mount_attributes(Path::new("/tmp"), sys::READ_ONLY, true)
        .step("make a mount read-only (needs Linux 5.12)")
}

fn own_pids() -> Step {
    enter(sys::NEW_PID)?;
    // The namespace is entered by the next child.
    in_child(|| {
        new_tmpfs("/tmp", "size=64k")?;
        let flags = rustix::mount::MountFlags::NOSUID;
        rustix::mount::mount("proc", "/tmp", "proc", flags, None)
            .step("mount /proc (does this host mask parts of its own?)")
    })
}

fn confined(ask: fn(&mut Walls)) -> Step {
    let mut walls = Walls::uncontained();
    ask(&mut walls);
    enter(0)?;
    confine::renounce(walls)?;
    confine::confine(walls, &Limits::default(), &["/tmp".to_owned()])
}

fn overlay() -> Step {
    mounts()?;
    for folder in ["/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/merged"] {
        std::fs::create_dir(folder).step("make a folder")?;
    }
    let options = c"lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr";
    rustix::mount::mount("overlay", "/tmp/merged", "overlay", rustix::mount::MountFlags::NOSUID, options)
        .step("mount an overlay in a user namespace")
}
