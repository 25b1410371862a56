//! Which parts of the host a container's root shows, and the few files of `/etc` and `/dev` that it needs. Knows
//! nothing of workspaces or processes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::base::{Entry, bind, new_tmpfs};
use super::{OrStep, Step};
use crate::spec::User;
use crate::sys;

/// Folders of programs and libraries; some are links on most hosts.
const SYSTEM: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Folders of `/etc` that programs need and that hold no secrets.
const ETC_FOLDERS: [&str; 4] = ["alternatives", "ssl/certs", "ca-certificates", "ld.so.conf.d"];
/// Prefixes of further such folders, with a version in their names.
const ETC_PREFIXES: [&str; 3] = ["java-", "python", "perl"];
/// Files of `/etc` likewise.
const ETC_FILES: [&str; 6] =
    ["ld.so.cache", "ld.so.conf", "mime.types", "protocols", "services", "ssl/openssl.cnf"];
/// Files of `/etc` that are the same on every host.
const ETC_OWN: [(&str, &str); 5] = [
    ("hosts", "127.0.0.1 localhost retake\n::1 localhost\n"),
    ("hostname", "retake\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"),
    ("resolv.conf", ""),
    ("shells", "/bin/sh\n/bin/bash\n"),
];
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// The allow-list: system folders, a small `/etc`; nothing else.
pub(super) fn allow_listed(user: &User, entries: &mut Vec<Entry>) -> Step {
    for name in SYSTEM {
        show(name, entries)?;
    }
    // The place for devices; nothing can be made here once the skeleton is read-only.
    fs::create_dir("/skel/dev").step("make /dev")?;
    etc(user)?;
    entries.push(Entry::Bound("etc".to_owned()));
    Ok(())
}

/// Everything of the host's root but the places that are the trial's own.
pub(super) fn whole_host(entries: &mut Vec<Entry>) -> Step {
    for entry in fs::read_dir("/host").step("list the host's root")? {
        let name = entry.step("list the host's root")?.file_name();
        let Some(name) = name.to_str() else { continue };
        match name {
            "app" | "tests" | "solution" | "logs" | "tmp" | "proc" | "lost+found" => {}
            // Below these the trial has places of its own, beside the host's.
            "home" | "opt" => {
                for entry in fs::read_dir(Path::new("/host").join(name)).into_iter().flatten().flatten() {
                    if let Some(child) = entry.file_name().to_str().filter(|child| *child != "agent") {
                        show(&format!("{name}/{child}"), entries)?;
                    }
                }
            }
            _ => show(name, entries)?,
        }
    }
    Ok(())
}

/// Shows one entry of the host's root as it is there: a link stays a link.
fn show(name: &str, entries: &mut Vec<Entry>) -> Step {
    let source = Path::new("/host").join(name);
    let target = Path::new("/skel").join(name);
    let Ok(metadata) = fs::symlink_metadata(&source) else { return Ok(()) };
    if metadata.is_symlink() {
        let to = fs::read_link(&source).step("read a link of the host's root")?;
        entries.push(Entry::Link(name.to_owned(), to));
        return Ok(());
    }
    if metadata.is_dir() {
        fs::create_dir_all(&target).step("make a system folder")?;
    } else {
        fs::write(&target, "").step("make a system file")?;
    }
    bind(&source, &target)?;
    entries.push(Entry::Bound(name.to_owned()));
    Ok(())
}

fn etc(user: &User) -> Step {
    let (host, own) = (Path::new("/host/etc"), Path::new("/skel/etc"));
    fs::create_dir_all(own.join("ssl")).step("make /etc")?;
    for (name, text) in ETC_OWN {
        fs::write(own.join(name), text).step("fill /etc")?;
    }
    let User { name, id } = user;
    let passwd = format!(
        "root:x:0:0:root:/root:/bin/sh\n{name}:x:{id}:{id}:{name}:/home/agent:/bin/bash\n\
         nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    );
    fs::write(own.join("passwd"), passwd).step("fill /etc")?;
    let group = format!("root:x:0:\n{name}:x:{id}:\nnogroup:x:65534:\n");
    fs::write(own.join("group"), group).step("fill /etc")?;
    for name in ETC_FILES {
        // Links are followed inside the host's view only where they are relative; the rest is done without.
        let source = host.join(name);
        if fs::metadata(&source).is_ok_and(|file| file.is_file() && file.len() < 1 << 20) {
            fs::copy(&source, own.join(name)).step("fill /etc")?;
        }
    }
    let listed = fs::read_dir(host).into_iter().flatten().flatten();
    let versioned = listed
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| ETC_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || name == "alternatives");
    let mut names: Vec<String> = ETC_FOLDERS.map(str::to_owned).to_vec();
    names.extend(versioned);
    names.sort_unstable();
    names.dedup();
    for name in names {
        let source = host.join(&name);
        if fs::symlink_metadata(&source).is_ok_and(|entry| entry.is_dir()) {
            fs::create_dir_all(own.join(&name)).step("fill /etc")?;
            bind(&source, &own.join(&name))?;
        }
    }
    Ok(())
}

/// The few devices that every program expects.
pub(super) fn devices(entries: &mut Vec<Entry>) -> Step {
    let dev = Path::new("/skel/dev");
    new_tmpfs(dev, "size=64k,mode=0755")?;
    fs::create_dir(dev.join("pts")).step("fill /dev")?;
    for name in DEVICES {
        fs::write(dev.join(name), "").step("fill /dev")?;
        bind(&Path::new("/host/dev").join(name), &dev.join(name))?;
    }
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
        ("shm", "/run/shm"),
    ];
    for (name, to) in links {
        symlink(to, dev.join(name)).step("fill /dev")?;
    }
    sys::mount_attributes(dev, sys::READ_ONLY | sys::NO_SUID | sys::NO_EXEC, true)
        .step("make /dev read-only")?;
    entries.push(Entry::Bound("dev".to_owned()));
    Ok(())
}
