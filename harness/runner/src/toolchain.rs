//! Which programs a task needs, where this host has them, and which folder of the host has to be shown for them.
//! Never a home folder or a root: only the toolchain's own folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sandbox::Toolchain;

/// Folders of programs that every trial sees.
const SYSTEM: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// Folders that every trial sees whole, or that are no toolchain's own.
const NEVER: [&str; 6] = ["/", "/usr", "/bin", "/home", "/root", "/opt"];

/// Runs a program and gives the first line that it writes; nothing where it fails.
pub type Spawn<'a> = &'a (dyn Fn(&Path, &[&str]) -> Option<String> + Sync);

/// Where a needed program is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Among the system's own.
    System,
    /// In this toolchain.
    Toolchain(String),
    /// Nowhere.
    Missing,
}

/// All programs that a run's tasks need.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Where each of them is.
    pub programs: BTreeMap<String, Found>,
    /// The toolchains to show.
    pub toolchains: Vec<Toolchain>,
}

impl Needs {
    /// Looks for programs: in the declared toolchains, among the system's own, then on the caller's PATH.
    pub fn look_up(
        programs: &BTreeSet<String>,
        declared: &BTreeMap<String, suite::Toolchain>,
        path: &[PathBuf],
        spawn: Spawn<'_>,
    ) -> Self {
        let mut needs = Self::default();
        for program in programs {
            let found = needs.find(program, declared, path, spawn);
            needs.programs.insert(program.clone(), found);
        }
        needs
    }

    /// The first of these programs that this host lacks.
    pub fn missing<'a>(&self, wanted: &'a [String]) -> Option<&'a str> {
        wanted.iter().map(String::as_str).find(|name| self.programs.get(*name) == Some(&Found::Missing))
    }

    fn find(
        &mut self,
        program: &str,
        declared: &BTreeMap<String, suite::Toolchain>,
        path: &[PathBuf],
        spawn: Spawn<'_>,
    ) -> Found {
        for (name, toolchain) in declared {
            if let Some(bin) =
                toolchain.bin.iter().find(|bin| toolchain.root.join(bin).join(program).is_file())
            {
                return self.show(name, &toolchain.root, bin);
            }
        }
        if SYSTEM.iter().any(|folder| Path::new(folder).join(program).is_file()) {
            return Found::System;
        }
        let Some(file) = path.iter().map(|folder| folder.join(program)).find(|file| file.is_file()) else {
            return Found::Missing;
        };
        match own_folder(program, &file, spawn) {
            Some((name, root, bin)) => self.show(&name, &root, &bin),
            None => Found::Missing,
        }
    }

    fn show(&mut self, name: &str, root: &Path, bin: &str) -> Found {
        if !self.toolchains.iter().any(|toolchain| toolchain.name == name) {
            let (name, root, bin) = (name.to_owned(), root.to_owned(), bin.to_owned());
            self.toolchains.push(Toolchain { name, root, bin });
        }
        Found::Toolchain(name.to_owned())
    }
}

/// The folder that a program found on the PATH lives in, asked of the program itself where a shim may stand for it.
fn own_folder(program: &str, file: &Path, spawn: Spawn<'_>) -> Option<(String, PathBuf, String)> {
    let asked = match program {
        "cargo" | "rustc" | "rustdoc" | "rustfmt" => {
            let rustc = file.with_file_name("rustc");
            ("rust", spawn(&rustc, &["--print", "sysroot"]).map(PathBuf::from))
        }
        "python3" | "python" => {
            ("python", spawn(file, &["-c", "import sys; print(sys.base_prefix)"]).map(PathBuf::from))
        }
        _ => (program, None),
    };
    let (name, root) = match asked {
        (name, Some(root)) => (name, root),
        (name, None) => {
            let real = file.canonicalize().ok()?;
            let bin = real.parent()?;
            let root = if bin.ends_with("bin") { bin.parent()? } else { bin };
            (name, root.to_owned())
        }
    };
    let bin = if root.join("bin").join(program).is_file() { "bin" } else { "." };
    let there = root.join(bin).join(program).is_file();
    let allowed = root.is_absolute() && !NEVER.iter().any(|never| Path::new(never) == root);
    let home = std::path::absolute(&root)
        .is_ok_and(|root| root.join(".ssh").exists() || root.join(".bashrc").exists());
    (there && allowed && !home).then(|| (name.to_owned(), root, bin.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_programs_need_nothing_and_unknown_ones_are_missing() {
        let wanted: BTreeSet<String> = ["bash".to_owned(), "no-such-program".to_owned()].into();
        let needs = Needs::look_up(&wanted, &BTreeMap::new(), &[], &|_, _| None);
        assert_eq!(needs.programs["bash"], Found::System);
        assert_eq!(
            needs.missing(&["bash".to_owned(), "no-such-program".to_owned()]),
            Some("no-such-program")
        );
        assert!(needs.toolchains.is_empty());
    }

    #[test]
    fn a_declared_toolchain_stands_before_the_systems_programs() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(temp.path().join("bin")).unwrap();
        std::fs::write(temp.path().join("bin/bash"), "").unwrap();
        let mine = suite::Toolchain { root: temp.path().to_owned(), bin: vec!["bin".to_owned()] };
        let wanted: BTreeSet<String> = ["bash".to_owned()].into();
        let needs = Needs::look_up(&wanted, &[("mine".to_owned(), mine)].into(), &[], &|_, _| None);
        assert_eq!(needs.programs["bash"], Found::Toolchain("mine".to_owned()));
    }

    #[test]
    fn a_program_on_the_path_shows_its_own_folder_and_never_a_home() {
        let temp = tempfile::tempdir().unwrap();
        let bin = temp.path().join("tool/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("frob"), "").unwrap();
        let wanted: BTreeSet<String> = ["frob".to_owned()].into();
        let needs = Needs::look_up(&wanted, &BTreeMap::new(), std::slice::from_ref(&bin), &|_, _| None);
        assert_eq!(needs.toolchains[0].root, temp.path().join("tool").canonicalize().unwrap());
        std::fs::write(temp.path().join("tool/.bashrc"), "").unwrap();
        let needs = Needs::look_up(&wanted, &BTreeMap::new(), &[bin], &|_, _| None);
        assert_eq!(needs.programs["frob"], Found::Missing);
    }
}
