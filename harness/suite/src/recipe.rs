//! What a Dockerfile does to a workspace, as steps that can be followed without an image. Knows nothing of the
//! files that it copies, and runs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::dockerfile::{Instruction, instructions, words};

/// Whether a task can run in the sandbox, on the host's own programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runnable {
    /// It can, in a workspace made this way.
    Here(Recipe),
    /// It cannot.
    No {
        /// Why, and what would be needed.
        reason: String,
    },
}

/// How a workspace is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The images that the Dockerfile names; for information.
    pub from: Vec<String>,
    /// Where commands start in the end: absolute.
    pub workdir: String,
    /// What to do, in order.
    pub steps: Vec<RecipeStep>,
}

/// One step of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeStep {
    /// Copies a file to a file, or what a folder holds into a folder.
    Copy {
        /// Relative to the task's `environment/`; empty: all of it.
        from: String,
        /// Absolute, without a slash at its end.
        to: String,
        /// The permission bits that `--chmod` gives.
        mode: Option<u32>,
    },
    /// Sets a variable for all that follows, the agent included.
    Env {
        /// Its name.
        name: String,
        /// Its value; `${PATH}` in it stands for the environment's own PATH.
        value: String,
    },
    /// Runs a command.
    Run {
        /// Program and arguments; a shell and its script where the Dockerfile says a command line.
        argv: Vec<String>,
        /// Build arguments: variables of this command alone.
        env: Vec<(String, String)>,
    },
    /// Makes a folder and goes there.
    Workdir(String),
}

/// Why a Dockerfile needs podman or docker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfollowable {
    /// What it does that has no meaning without an image, as a fragment.
    pub reason: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
}

impl Unfollowable {
    pub(crate) fn new(line: u32, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), line }
    }
}

impl fmt::Display for Unfollowable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// One build stage in the making.
#[derive(Clone)]
struct Stage {
    image: String,
    workdir: String,
    steps: Vec<RecipeStep>,
    env: BTreeMap<String, String>,
    args: BTreeMap<String, String>,
    shell: Vec<String>,
    is_root: bool,
}

impl Stage {
    fn new(image: String) -> Self {
        Self {
            image,
            workdir: "/".to_owned(),
            steps: Vec::new(),
            env: BTreeMap::new(),
            args: BTreeMap::new(),
            shell: vec!["/bin/sh".to_owned(), "-c".to_owned()],
            is_root: true,
        }
    }

    fn vars(&self) -> BTreeMap<String, String> {
        let mut vars = self.args.clone();
        vars.extend(self.env.clone());
        vars
    }
}

impl Recipe {
    /// Reads a Dockerfile. Its copies are still as written: `from` may hold wildcards, and `to` ends in `/` where a
    /// folder is meant; a loaded task has them resolved.
    pub fn parse(text: &str) -> Result<Self, Unfollowable> {
        let mut globals = BTreeMap::new();
        let mut images = Vec::new();
        let mut named: BTreeMap<String, Stage> = BTreeMap::new();
        let mut stage: Option<(Option<String>, Stage)> = None;
        for mut instruction in instructions(text)? {
            match (instruction.keyword.as_str(), &mut stage) {
                ("FROM", _) => {
                    if let Some((Some(name), done)) = stage.take() {
                        named.insert(name, done);
                    }
                    let (image, name) = from(&mut instruction, &globals)?;
                    let begun = match named.get(&image.to_ascii_lowercase()) {
                        Some(earlier) => earlier.clone(),
                        None => Stage::new(image),
                    };
                    images.push(begun.image.clone());
                    stage = Some((name, begun));
                }
                ("ARG", None) => arg(&instruction, &mut globals, &BTreeMap::new())?,
                (_, None) => return Err(instruction.refuse("an instruction stands before FROM")),
                (_, Some((_, stage))) => follow(stage, &mut instruction, &globals)?,
            }
        }
        let (_, stage) = stage.ok_or_else(|| Unfollowable::new(0, "there is no FROM"))?;
        images.dedup();
        Ok(Self { from: images, workdir: stage.workdir, steps: stage.steps })
    }

    /// Whether it builds on nothing but `scratch`.
    pub fn is_from_scratch(&self) -> bool {
        self.from.iter().all(|image| image == "scratch")
    }

    /// The folders that are sure to exist when a copy runs.
    pub(crate) fn known_folders(&self) -> BTreeSet<String> {
        let folders = self.steps.iter().filter_map(|step| match step {
            RecipeStep::Workdir(path) => Some(path.clone()),
            _ => None,
        });
        folders.chain(["/app", "/tmp", "/"].map(str::to_owned)).collect()
    }
}

fn from(
    instruction: &mut Instruction,
    globals: &BTreeMap<String, String>,
) -> Result<(String, Option<String>), Unfollowable> {
    instruction.take_flags();
    let parts = words(&instruction.rest, globals).map_err(|why| instruction.refuse(why))?;
    match parts.as_slice() {
        [image] if !image.is_empty() => Ok((image.clone(), None)),
        [image, keyword, name] if keyword.eq_ignore_ascii_case("as") => {
            Ok((image.clone(), Some(name.to_ascii_lowercase())))
        }
        _ => Err(instruction.refuse("FROM is not `FROM IMAGE [AS NAME]`")),
    }
}

fn arg(
    instruction: &Instruction,
    args: &mut BTreeMap<String, String>,
    globals: &BTreeMap<String, String>,
) -> Result<(), Unfollowable> {
    let mut vars = globals.clone();
    vars.extend(args.clone());
    for word in words(&instruction.rest, &vars).map_err(|why| instruction.refuse(why))? {
        match word.split_once('=') {
            Some((name, value)) => args.insert(name.to_owned(), value.to_owned()),
            None => globals.get(&word).and_then(|value| args.insert(word, value.clone())),
        };
    }
    Ok(())
}

/// Applies one instruction to its stage.
fn follow(
    stage: &mut Stage,
    instruction: &mut Instruction,
    globals: &BTreeMap<String, String>,
) -> Result<(), Unfollowable> {
    match instruction.keyword.as_str() {
        "RUN" => run(stage, instruction),
        "COPY" | "ADD" => copy(stage, instruction),
        "ENV" => env(stage, instruction),
        "ARG" => arg(instruction, &mut stage.args, globals),
        "WORKDIR" => {
            let vars = stage.vars();
            let path = words(&instruction.rest, &vars).map_err(|why| instruction.refuse(why))?.join(" ");
            if path.is_empty() {
                return Err(instruction.refuse("WORKDIR names no folder"));
            }
            stage.workdir = absolute(&stage.workdir, &path);
            stage.steps.push(RecipeStep::Workdir(stage.workdir.clone()));
            Ok(())
        }
        "USER" => {
            let name = instruction.rest.split(':').next().unwrap_or_default().trim();
            let root = matches!(name, "root" | "0");
            if root && !stage.is_root {
                return Err(instruction.refuse("it goes back to root after another USER"));
            }
            stage.is_root = root;
            Ok(())
        }
        "SHELL" => {
            let shell = instruction.json().filter(|argv| !argv.is_empty());
            stage.shell = shell.ok_or_else(|| instruction.refuse("SHELL is no list of words"))?;
            Ok(())
        }
        "LABEL" | "CMD" | "ENTRYPOINT" | "EXPOSE" | "MAINTAINER" | "STOPSIGNAL" | "HEALTHCHECK"
        | "VOLUME" | "ONBUILD" => Ok(()),
        other => Err(instruction.refuse(format!("`{other}` is no instruction of a Dockerfile"))),
    }
}

/// Command lines that install what the host may not have, and may not be given.
const INSTALLERS: [&str; 9] = [
    "apt-get update",
    "apt-get install",
    "apt update",
    "apt install",
    "apk add",
    "apk update",
    "dnf install",
    "yum install",
    "microdnf install",
];

fn run(stage: &mut Stage, instruction: &mut Instruction) -> Result<(), Unfollowable> {
    for (name, value) in instruction.take_flags() {
        let cache = value.split(',').any(|part| matches!(part, "type=cache" | "type=tmpfs"));
        if name == "mount" && !cache {
            return Err(instruction.refuse("RUN --mount needs a builder"));
        }
        if name == "security" && value != "sandbox" {
            return Err(instruction.refuse("RUN --security needs a builder"));
        }
    }
    if instruction.has_heredoc() {
        return Err(
            instruction.refuse("here-documents are not followed: write the lines with && or COPY a script")
        );
    }
    let argv = instruction
        .json()
        .unwrap_or_else(|| stage.shell.iter().cloned().chain([instruction.rest.clone()]).collect());
    if argv.is_empty() || instruction.rest.is_empty() {
        return Err(instruction.refuse("RUN names no command"));
    }
    let line: Vec<String> = argv.join(" ").split_whitespace().map(str::to_owned).collect();
    let line = line.join(" ");
    if let Some(installer) = INSTALLERS.iter().find(|known| line.contains(**known)) {
        return Err(instruction.refuse(format!("it runs `{installer}`")));
    }
    let env = stage.args.clone().into_iter().filter(|(name, _)| !stage.env.contains_key(name)).collect();
    stage.steps.push(RecipeStep::Run { argv, env });
    Ok(())
}

fn env(stage: &mut Stage, instruction: &Instruction) -> Result<(), Unfollowable> {
    let found = words(&instruction.rest, &stage.vars()).map_err(|why| instruction.refuse(why))?;
    let pairs: Vec<(String, String)> = match found.split_first() {
        Some((name, value)) if !name.contains('=') && !value.is_empty() => {
            vec![(name.clone(), value.join(" "))]
        }
        _ => found
            .iter()
            .filter_map(|w| w.split_once('='))
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect(),
    };
    if pairs.is_empty() || pairs.iter().any(|(name, value)| name.is_empty() || value.contains('\0')) {
        return Err(instruction.refuse("ENV is not `ENV NAME=VALUE`"));
    }
    for (name, value) in pairs {
        stage.env.insert(name.clone(), value.clone());
        stage.steps.push(RecipeStep::Env { name, value });
    }
    Ok(())
}

fn copy(stage: &mut Stage, instruction: &mut Instruction) -> Result<(), Unfollowable> {
    let mut mode = None;
    for (name, value) in instruction.take_flags() {
        match name.as_str() {
            "chown" | "link" => {}
            "chmod" => {
                let bits = u32::from_str_radix(&value, 8).ok().filter(|bits| *bits <= 0o7777);
                mode = Some(bits.ok_or_else(|| instruction.refuse("--chmod is followed in octal only"))?);
            }
            "from" => return Err(instruction.refuse(format!("it copies from `{value}`, another image"))),
            other => return Err(instruction.refuse(format!("--{other} is not followed"))),
        }
    }
    if instruction.has_heredoc() {
        return Err(instruction.refuse("here-documents are not followed: put the file into environment/"));
    }
    let parts = match instruction.json() {
        Some(parts) => parts,
        None => words(&instruction.rest, &stage.vars()).map_err(|why| instruction.refuse(why))?,
    };
    let (to, sources) = match parts.split_last() {
        Some((to, sources)) if !sources.is_empty() && !to.is_empty() => (to, sources),
        _ => return Err(instruction.refuse("it names no source and target")),
    };
    let folder = to.ends_with('/') || to == "." || to.ends_with("/.") || sources.len() > 1;
    let mut target = absolute(&stage.workdir, to);
    if folder && target != "/" {
        target.push('/');
    }
    for from in sources {
        if instruction.keyword == "ADD" && is_special_add(from) {
            return Err(instruction
                .refuse(format!("ADD of `{from}` fetches or unpacks: put the files into environment/")));
        }
        stage.steps.push(RecipeStep::Copy { from: from.clone(), to: target.clone(), mode });
    }
    Ok(())
}

fn is_special_add(source: &str) -> bool {
    let archives = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];
    source.contains("://") || source.starts_with("git@") || archives.iter().any(|end| source.ends_with(end))
}

/// A path from a folder, with `.` and `..` taken out.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    let start = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
