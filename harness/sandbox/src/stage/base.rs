//! What all trials of a run share, made once: a private view of the host at `/host`, and at `/skel` the read-only
//! parts of every container's root. Knows nothing of single trials.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
};

use super::{OrStep, Step, root};
use crate::spec::{Toolchain, User, Walls};
use crate::sys;

/// Who trials are on the host where the harness runs as root: an id that nobody else has, far from those that
/// distributions and containers hand out.
pub(crate) const DROPPED_ID: u32 = 1_913_640_000;

/// What has been prepared.
pub(super) struct Base {
    pub(super) walls: Walls,
    /// Whether this stage still is the host's root, and must drop that for each trial.
    pub(super) privileged: bool,
    /// What stands in each container's root beside its own folders.
    pub(super) entries: Vec<Entry>,
    /// The PATH inside.
    pub(super) path: String,
    /// Who trials are inside.
    pub(super) user: User,
}

/// One entry of a container's root.
pub(super) enum Entry {
    /// Bound from the same place in the skeleton.
    Bound(String),
    /// A link with this target.
    Link(String, PathBuf),
}

/// Leaves the host's mounts and builds what trials share.
pub(super) fn prepare(walls: Walls, toolchains: &[Toolchain], hidden: &[PathBuf], user: User) -> Step<Base> {
    let privileged = enter(user.id)?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .step("detach from the host's mounts")?;
    pivot()?;
    if walls.uts {
        // Nothing inside may change it: one serves all.
        sys::unshare(sys::NEW_UTS).step("make a namespace for the host name")?;
        rustix::system::sethostname(b"retake").step("name the containers")?;
    }
    let mut entries = Vec::new();
    new_tmpfs("/skel", "size=16m,mode=0755")?;
    if walls.root {
        root::allow_listed(&user, &mut entries)?;
    } else {
        root::whole_host(&mut entries)?;
    }
    let path = show_toolchains(toolchains, &mut entries)?;
    for path in hidden {
        hide(path, toolchains)?;
    }
    if walls.root {
        sys::mount_attributes(Path::new("/skel"), sys::READ_ONLY | sys::NO_SUID | sys::NO_DEV, true)
            .step("make the system folders read-only (needs Linux 5.12)")?;
        root::devices(&mut entries)?;
    }
    Ok(Base { walls, privileged, entries, path, user })
}

/// Gets a mount namespace: as root by right, else in a user namespace. True where we still are root.
fn enter(id: u32) -> Step<bool> {
    if is_root() {
        if sys::unshare(sys::NEW_MOUNTS).is_ok() {
            return Ok(true);
        }
        // Root of a container that may not mount: like any other user.
        drop_root()?;
    }
    enter_user_namespace(id, sys::NEW_MOUNTS)?;
    Ok(false)
}

/// Whether this is root that can become the unprivileged user that trials are outside. Root of a user namespace
/// that does not know that user (a rootless container's, for example) is like any other user.
pub(super) fn is_root() -> bool {
    let known = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(|number| number.parse::<u32>().ok());
        let first = numbers.next().flatten()?;
        let count = numbers.nth(1).flatten()?;
        Some((first..first.saturating_add(count)).contains(&DROPPED_ID))
    };
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    rustix::process::geteuid().is_root() && map.lines().any(|line| known(line) == Some(true))
}

/// Becomes the unprivileged user that trials are outside.
pub(super) fn drop_root() -> Step {
    sys::become_user(DROPPED_ID).step("become an unprivileged user")?;
    // A process that has changed its user may not be looked at by that user, not even by itself, until it says so;
    // the maps of its user namespace are written through that view.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable)
        .step("own this process's files in /proc")
}

/// Enters a new user namespace, with others, in which this user and its group have the id.
pub(super) fn enter_user_namespace(id: u32, others: i32) -> Step {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    sys::unshare(sys::NEW_USER | others)
        .map_err(|error| format!("make a user namespace: {error}{}", hint()))?;
    fs::write("/proc/self/setgroups", "deny").step("give up groups")?;
    fs::write("/proc/self/uid_map", format!("{id} {uid} 1")).step("map the user")?;
    fs::write("/proc/self/gid_map", format!("{id} {gid} 1")).step("map the group")
}

/// What most often forbids user namespaces, where it can be seen.
fn hint() -> String {
    let says = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    let cause = if says("/proc/sys/user/max_user_namespaces", "0") {
        "user.max_user_namespaces is 0"
    } else if says("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "kernel.unprivileged_userns_clone is 0"
    } else if says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "kernel.apparmor_restrict_unprivileged_userns is 1"
    } else {
        return String::new();
    };
    format!(" ({cause})")
}

/// Makes a small root of our own, with the host's below `/host`.
fn pivot() -> Step {
    let point = ["/tmp", "/var", "/mnt"].into_iter().find(|path| Path::new(path).is_dir()).unwrap_or("/");
    new_tmpfs(point, "size=1m,mode=0755")?;
    rustix::process::chdir(point).step("enter the new root")?;
    for folder in ["host", "proc", "skel", "template", "binds", "store", "app", "new"] {
        fs::create_dir(folder).step("fill the new root")?;
    }
    rustix::process::pivot_root(".", "host").step("change the root")?;
    rustix::process::chdir("/").step("enter the new root")?;
    bind(Path::new("/host/proc"), Path::new("/proc"))
}

/// Mounts an empty file system in memory.
pub(super) fn new_tmpfs(target: impl AsRef<Path>, options: &str) -> Step {
    let target = target.as_ref();
    let options = std::ffi::CString::new(options).step("name mount options")?;
    mount("tmpfs", target, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
        .map_err(|error| format!("mount a tmpfs on {}: {error}", target.display()))
}

/// Where a host path lies in the stage's view.
pub(super) fn on_host(path: &Path) -> PathBuf {
    Path::new("/host").join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows a file or folder at another place, with all that is mounted below it.
pub(super) fn bind(source: &Path, target: &Path) -> Step {
    mount_bind_recursive(source, target)
        .map_err(|error| format!("show {} at {}: {error}", source.display(), target.display()))
}

fn show_toolchains(toolchains: &[Toolchain], entries: &mut Vec<Entry>) -> Step<String> {
    let mut path = String::new();
    for toolchain in toolchains {
        let place = format!("opt/{}", toolchain.name);
        let target = Path::new("/skel").join(&place);
        fs::create_dir_all(&target).step("make a folder below /opt")?;
        bind(&on_host(&toolchain.root), &target)?;
        entries.push(Entry::Bound(place.clone()));
        match toolchain.bin.as_str() {
            "" => {}
            "." => path.push_str(&format!("/{place}:")),
            bin => path.push_str(&format!("/{place}/{bin}:")),
        }
    }
    Ok(path + "/usr/local/bin:/usr/bin:/bin")
}

/// Masks a host path wherever the skeleton shows it.
fn hide(path: &Path, toolchains: &[Toolchain]) -> Step {
    let below_root = path.strip_prefix("/").map(|rest| Path::new("/skel").join(rest)).ok();
    let below_tools = toolchains.iter().filter_map(|toolchain| {
        let rest = path.strip_prefix(&toolchain.root).ok()?;
        Some(Path::new("/skel/opt").join(&toolchain.name).join(rest))
    });
    for place in below_root.into_iter().chain(below_tools) {
        let Ok(metadata) = fs::symlink_metadata(&place) else { continue };
        if metadata.is_dir() {
            new_tmpfs(&place, "size=4k,mode=0555")?;
        } else if metadata.is_file() {
            bind(Path::new("/host/dev/null"), &place)?;
        }
    }
    Ok(())
}

/// Takes a mount away, with all below it.
pub(super) fn detach(path: &str) -> Step {
    rustix::mount::unmount(path, UnmountFlags::DETACH).map_err(|error| format!("unmount {path}: {error}"))
}
