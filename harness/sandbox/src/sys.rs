//! The system calls that no safe library offers, behind safe functions. The only file with unsafe code; knows
//! nothing of what they are used for.
#![expect(unsafe_code, reason = "raw system calls: each is wrapped here, and nowhere else")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};

/// Namespaces to leave the parent's of.
pub(crate) const NEW_USER: i32 = libc::CLONE_NEWUSER;
/// The mount namespace.
pub(crate) const NEW_MOUNTS: i32 = libc::CLONE_NEWNS;
/// The process namespace.
pub(crate) const NEW_PID: i32 = libc::CLONE_NEWPID;
/// The network namespace.
pub(crate) const NEW_NET: i32 = libc::CLONE_NEWNET;
/// The System V namespace.
pub(crate) const NEW_IPC: i32 = libc::CLONE_NEWIPC;
/// The host name's namespace.
pub(crate) const NEW_UTS: i32 = libc::CLONE_NEWUTS;

/// Read-only, no set-user-id, no devices, no programs: attributes of mounts.
pub(crate) const READ_ONLY: u64 = 0x1;
pub(crate) const NO_SUID: u64 = 0x2;
pub(crate) const NO_DEV: u64 = 0x4;
pub(crate) const NO_EXEC: u64 = 0x8;

fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Forks a process of one thread, into new namespaces where `flags` names some. In the child: nothing; in the
/// parent: the child's number.
pub(crate) fn fork(flags: i32) -> io::Result<Option<i32>> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with no stack given this is fork(2): the child goes on with a copy of this
    // memory. The stages that call it have one thread, so that no lock is held by a thread that is gone.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) })?;
    if pid == 0 {
        // The parent's pipe is not the child's.
        CHILD_ENDED.store(-1, Ordering::Relaxed);
        return Ok(None);
    }
    Ok(Some(pid as i32))
}

/// Moves this process of one thread into new namespaces.
pub(crate) fn unshare(flags: i32) -> io::Result<()> {
    // SAFETY: takes no pointer; only namespace flags are passed, never CLONE_FILES.
    check(unsafe { libc::unshare(flags) }.into()).map(drop)
}

/// Ends this process at once, running nothing more.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: takes no pointer and does not return.
    unsafe { libc::_exit(code) }
}

/// Gives up all groups and takes one user and group id for good.
pub(crate) fn become_user(id: u32) -> io::Result<()> {
    // SAFETY: an empty list of groups is not read; the other calls take no pointer.
    unsafe {
        check(libc::setgroups(0, std::ptr::null()).into())?;
        check(libc::setresgid(id, id, id).into())?;
        check(libc::setresuid(id, id, id).into())?;
    }
    Ok(())
}

/// Removes every capability from the bounding set.
pub(crate) fn clear_bounding_set() -> io::Result<()> {
    for capability in 0..64_u64 {
        // SAFETY: takes no pointer.
        let result = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match check(result.into()) {
            Ok(_) => {}
            // The first number that this kernel doesn't know.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Adds attributes to a mount, and to all below it where `recursive`.
pub(crate) fn mount_attributes(path: &Path, set: u64, recursive: bool) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let attr = MountAttr { set, clear: 0, propagation: 0, userns_fd: 0 };
    let flags = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: `path` is NUL-terminated and `attr` has the layout and size of the kernel's struct mount_attr;
    // both outlive the call, which only reads them.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    check(result).map(drop)
}

/// Switches the loopback of this network namespace on.
pub(crate) fn loopback_up() -> io::Result<()> {
    // SAFETY: takes no pointer; the descriptor that comes back is nobody else's.
    let socket = unsafe {
        let fd = check(libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0).into())?;
        OwnedFd::from_raw_fd(fd as RawFd)
    };
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads one ifreq, which lives on this stack.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) }.into())
        .map(drop)
}

/// Where the handler of SIGCHLD writes; -1 for nowhere. A signal handler can be given nothing else.
static CHILD_ENDED: AtomicI32 = AtomicI32::new(-1);

extern "C" fn child_ended(_signal: libc::c_int) {
    let fd = CHILD_ENDED.load(Ordering::Relaxed);
    if fd >= 0 {
        // SAFETY: write(2) may be called in a handler and reads one byte of a constant. The pipe does not block;
        // where it is full, it is readable already. `errno` is put back, as the interrupted code may look at it.
        unsafe {
            let errno = *libc::__errno_location();
            libc::write(fd, b"c".as_ptr().cast(), 1);
            *libc::__errno_location() = errno;
        }
    }
}

/// A descriptor that becomes readable when a child ends. (Not a signalfd: for that the signal must be blocked, and
/// every command would inherit that.)
pub(crate) fn child_signals() -> io::Result<OwnedFd> {
    let (near, far) =
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
    CHILD_ENDED.store(far.into_raw_fd(), Ordering::Relaxed);
    // SAFETY: all zeroes is a valid sigaction; the handler only does what a handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = child_ended as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
        check(libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()).into())?;
    }
    Ok(near)
}

/// Kills every process that this one may, but itself: in a process namespace of its own all that is in it.
pub(crate) fn kill_everything() {
    // SAFETY: takes no pointer.
    unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Closes every descriptor from 3 on but these. What owned one of the closed must never be dropped: call it only
/// before anything else is open, or in a fresh child that ends with [`exit_now`].
pub(crate) fn close_all_but(keep: &[RawFd]) {
    let mut keep = keep.to_vec();
    keep.sort_unstable();
    let mut from = 3;
    for fd in keep.into_iter().chain([RawFd::MAX]) {
        if fd > from {
            // SAFETY: takes no pointer; the caller promises that nobody uses these descriptors any more.
            unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) };
        }
        from = from.max(fd.saturating_add(1));
    }
}

/// The version of Landlock that the kernel has; 0 for none.
pub(crate) fn landlock_abi() -> u32 {
    // SAFETY: with a null attribute, size 0 and the VERSION flag (1) nothing is read.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, 1_u32) };
    u32::try_from(version).unwrap_or(0)
}

/// Reserves space for a file's first bytes, growing it where it is shorter.
pub(crate) fn reserve(file: &std::fs::File, bytes: u64) -> io::Result<()> {
    // SAFETY: takes no pointer; the descriptor is open for the call.
    check(unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, bytes as libc::off_t) }.into()).map(drop)
}
