//! What a container's first process takes from itself, and with it from all that it starts: privileges, resources,
//! writes outside its places, dangerous system calls. Knows nothing of mounts or requests.

use std::collections::BTreeMap;

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use super::{OrStep, Step};
use crate::spec::{Limits, Walls};
use crate::sys;

/// Takes from the calling process what it will not need to build containers, but what they must not have either:
/// once a trial, as each of the forty capabilities is a call of its own.
pub(super) fn renounce(walls: Walls) -> Step {
    // Before anything of the host, the kernel shall kill what runs here.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    if walls.privileges {
        sys::clear_bounding_set().step("drop the bounding capabilities")?;
        rustix::thread::clear_ambient_capability_set().step("drop the ambient capabilities")?;
    }
    Ok(())
}

/// Raises every other wall of the calling process that stands in it rather than in its namespaces.
pub(super) fn confine(walls: Walls, limits: &Limits, writable: &[String]) -> Step {
    if walls.limits {
        bound(limits)?;
    }
    if walls.privileges || walls.landlock || walls.seccomp {
        rustix::thread::set_no_new_privs(true).step("forbid new privileges")?;
    }
    if walls.landlock {
        fence_writes(writable)?;
    }
    if walls.privileges {
        let none = CapabilitySet::empty();
        rustix::thread::set_capabilities(
            None,
            CapabilitySets { effective: none, permitted: none, inheritable: none },
        )
        .step("drop all capabilities")?;
    }
    if walls.pid {
        // Nothing inside may look into this process, though it has the same user.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).step("close this process to others")?;
    }
    if walls.seccomp {
        filter_calls()?;
    }
    Ok(())
}

/// Sets the resource limits.
pub(super) fn bound(limits: &Limits) -> Step {
    // The holder and this process count too.
    let processes = limits.processes.saturating_add(2);
    let all = [
        (Resource::Nproc, processes),
        (Resource::Nofile, limits.open_files),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Data, limits.memory_bytes),
        (Resource::Core, 0),
    ];
    for (resource, wanted) in all {
        // An unprivileged process cannot raise what its parents have lowered.
        let ceiling = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let value = Some(wanted.min(ceiling));
        setrlimit(resource, Rlimit { current: value, maximum: value })
            .map_err(|error| format!("limit {resource:?}: {error}"))?;
    }
    Ok(())
}

/// Lets this process write below these paths and nowhere else, and signal nobody outside.
pub(super) fn fence_writes(writable: &[String]) -> Step {
    let writes = AccessFs::from_write(ABI::V3);
    let build = || -> Result<_, landlock::RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(writes)?
            .scope(Scope::Signal)?
            .scope(Scope::AbstractUnixSocket)?
            .create()?;
        for path in writable {
            if let Ok(fd) = PathFd::new(path) {
                rules = rules.add_rule(PathBeneath::new(fd, writes))?;
            }
        }
        for devices in ["/dev"] {
            if let Ok(fd) = PathFd::new(devices) {
                rules = rules.add_rule(PathBeneath::new(fd, AccessFs::WriteFile | AccessFs::Truncate))?;
            }
        }
        rules.restrict_self()
    };
    match build().step("fence writes by Landlock")?.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock, or it is switched off".to_owned()),
        _ => Ok(()),
    }
}

/// Calls that nothing in a trial needs and that widen what it could attack.
const REFUSED: &[libc::c_long] = &[
    // Mounts.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // Namespaces; `clone` is looked at more closely below.
    libc::SYS_unshare,
    libc::SYS_setns,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Parts of the kernel with a long history of holes.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_vmsplice,
    // Files by handle walk past mounts.
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_fanotify_init,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
];
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[libc::c_long] = &[
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[libc::c_long] = &[];

/// Flags of `clone` that make namespaces.
const NAMESPACE_FLAGS: [i32; 8] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    // CLONE_NEWTIME shares its bit with the exit signal of `clone` and is void there.
    0,
];

/// Refuses dangerous system calls with EPERM, for this process and all that it starts.
pub(super) fn filter_calls() -> Step {
    let arch = TargetArch::try_from(std::env::consts::ARCH).step("filter system calls")?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|call| (*call, Vec::new())).collect();
    let argument = |index, op, value: i64| {
        SeccompCondition::new(index, SeccompCmpArgLen::Dword, op, value as u64 & 0xffff_ffff)
            .step("filter system calls")
    };
    let rule = |conditions| SeccompRule::new(conditions).step("filter system calls");
    let mut clone = Vec::new();
    for flag in NAMESPACE_FLAGS.into_iter().filter(|flag| *flag != 0) {
        let bit = i64::from(flag);
        clone.push(rule(vec![argument(0, SeccompCmpOp::MaskedEq(bit as u64), bit)?])?);
    }
    rules.insert(libc::SYS_clone, clone);
    // Typing into a terminal as if a person had.
    let faking = [0x5412, 0x541c].map(|request| rule(vec![argument(1, SeccompCmpOp::Eq, request)?]));
    rules.insert(libc::SYS_ioctl, faking.into_iter().collect::<Step<_>>()?);
    // Only sockets that a network namespace holds in: not the hypervisor's, for one.
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    let others = families.map(|family| argument(0, SeccompCmpOp::Ne, i64::from(family)));
    rules.insert(libc::SYS_socket, vec![rule(others.into_iter().collect::<Step<_>>()?)?]);
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).step("filter system calls")?;
    let program = BpfProgram::try_from(filter).step("filter system calls")?;
    let program: BpfProgram = unknown_first().into_iter().chain(program).collect();
    seccompiler::apply_filter(&program).step("filter system calls")
}

/// Answers "no such call" to `clone3`, whose flags a filter cannot see (libraries then fall back to `clone`), and
/// to every call in the numbering of the x32 interface, which would slip past a filter of the usual numbers.
fn unknown_first() -> Vec<sock_filter> {
    const LOAD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const JUMP_GREATER_EQUAL: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const ERRNO: u32 = 0x0005_0000;
    let mut program = vec![sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 }];
    if cfg!(target_arch = "x86_64") {
        program.push(sock_filter { code: JUMP_GREATER_EQUAL, jt: 1, jf: 0, k: 0x4000_0000 });
    }
    program.push(sock_filter { code: JUMP_EQUAL, jt: 0, jf: 1, k: libc::SYS_clone3 as u32 });
    program.push(sock_filter { code: RETURN, jt: 0, jf: 0, k: ERRNO | libc::ENOSYS as u32 });
    program
}
