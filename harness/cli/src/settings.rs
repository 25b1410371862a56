//! From what was typed and what retake.toml says to plain settings. Nothing below this crate sees either.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::Clock;
use journal::{GitState, RunDir};
use promptcache::PriceTable;
use report::{Prices, RunData};
use runner::Options;
use sandbox::{Cancel, Walls};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use suite::{Config, Suite, Variant};

use crate::args::Common;
use crate::exit::{Exit, Failure};

/// The argument that makes this program the sandbox's stage.
pub(crate) const STAGE: &str = "__stage";

/// The profile that is meant where none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// Where the program was started, and what the repository there says.
pub(crate) struct Settings {
    pub(crate) directory: PathBuf,
    pub(crate) config: Config,
}

impl Settings {
    /// Reads the nearest retake.toml.
    pub(crate) fn read(common: &Common) -> Result<Self, Failure> {
        let directory = common.directory.clone().unwrap_or_else(|| PathBuf::from("."));
        let directory = directory
            .canonicalize()
            .map_err(|error| Failure::usage(format!("{}: {error}", directory.display())))?;
        let config = Config::find(&directory)?;
        Ok(Self { directory, config })
    }

    /// Loads suites by their names in retake.toml or by folder; where none is named those of the default profile,
    /// else all.
    pub(crate) fn suites(&self, names: &[String]) -> Result<Vec<Suite>, Failure> {
        let default = self.config.profiles.get(DEFAULT_PROFILE).map_or(&[][..], |profile| &profile.suites);
        let names = if names.is_empty() { default } else { names };
        if names.is_empty() {
            if self.config.suites.is_empty() {
                let problem = "there is no suite here: name a folder of tasks, or write a retake.toml";
                return Err(Failure::usage(problem));
            }
            return self.config.suites.values().map(|path| Ok(Suite::load(path)?)).collect();
        }
        names.iter().map(|name| self.suite(name)).collect()
    }

    fn suite(&self, name: &str) -> Result<Suite, Failure> {
        if let Some(path) = self.config.suites.get(name) {
            return Ok(Suite::load(path)?);
        }
        let path = self.directory.join(name);
        if path.is_dir() {
            return Ok(Suite::load(&path)?);
        }
        let known: Vec<&str> = self.config.suites.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none is described".to_owned() } else { known.join(", ") };
        Err(Failure::usage(format!(
            "there is no suite {name:?}: neither in retake.toml ({known}) nor as a folder"
        )))
    }

    /// Variants by name.
    pub(crate) fn variants(&self, names: &[String]) -> Result<Vec<Variant>, Failure> {
        let find = |name: &String| {
            let known: Vec<&str> = self.config.variants.keys().map(String::as_str).collect();
            let variant = self.config.variants.get(name).cloned();
            variant.ok_or_else(|| {
                Failure::usage(format!("there is no variant {name:?}; there are {}", known.join(", ")))
            })
        };
        names.iter().map(find).collect()
    }

    /// The variant that is meant where none is named: `main`, else the first.
    pub(crate) fn default_variant(&self) -> String {
        let variants = &self.config.variants;
        let main = suite::config::DEFAULT_VARIANT;
        let name =
            if variants.contains_key(main) { Some(main) } else { variants.keys().next().map(String::as_str) };
        name.unwrap_or(main).to_owned()
    }

    /// A run as it was read, with costs by the prices that hold here.
    pub(crate) fn load(&self, dir: &RunDir) -> Result<RunData, Failure> {
        Ok(RunData::priced(dir, &self.prices()?)?)
    }

    /// The prices that hold here.
    pub(crate) fn prices(&self) -> Result<Prices, Failure> {
        let table = PriceTable::built_in().map_err(Failure::host)?;
        Ok(Prices { table, own: self.own_prices() })
    }

    /// The prices that retake.toml states for its backends.
    pub(crate) fn own_prices(&self) -> BTreeMap<String, promptcache::Price> {
        let said = self.config.backends.values().flat_map(|backend| backend.prices.iter());
        said.map(|(model, price)| (model.clone(), runner::price(price))).collect()
    }

    /// A path as it is shown: relative to where the program was started, where it lies below.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.directory).unwrap_or(path).display().to_string()
    }

    /// The same as [`Settings::load`] with its prompt caches, for reports.
    pub(crate) fn load_whole(&self, dir: &RunDir) -> Result<RunData, Failure> {
        let prices = self.prices()?;
        Ok(RunData::priced(dir, &prices)?.with_cache(dir, &prices)?)
    }

    /// How to carry out what is neither recorded nor live, behind every wall.
    pub(crate) fn plain_options<'a>(
        &self,
        out: &Path,
        jobs_asked: Option<u32>,
        signals: &Signals,
        clock: &'a dyn Clock,
    ) -> Result<Options<'a>, Failure> {
        Ok(Options {
            around: Vec::new(),
            checks: false,
            out: out.to_owned(),
            jobs: jobs(jobs_asked),
            live_jobs: 1,
            live: runner::Live::default(),
            pace: runner::Pace::Instant,
            stage: stage()?,
            walls: Walls::full(),
            user: sandbox::User::default(),
            hidden: self.hidden(out),
            toolchains: self.config.toolchains.clone(),
            path: path(),
            spawn: &spawn,
            record: None,
            arguments: Vec::new(),
            terms: None,
            git: None,
            host: host_name(),
            cancel: signals.cancel.clone(),
            clock,
        })
    }

    /// What no trial may see, wherever it lies: the project, the runs, the home folder.
    pub(crate) fn hidden(&self, out: &Path) -> Vec<PathBuf> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let mut hidden = vec![self.directory.clone(), self.config.root.clone(), out.to_owned()];
        hidden.extend(home.filter(|home| home.is_absolute()));
        hidden
    }

    /// A run by its id, a unique part of it, its folder, or `latest`.
    pub(crate) fn find_run(&self, name: &str) -> Result<RunDir, Failure> {
        let folder = self.directory.join(name);
        if folder.join("run.json").is_file() {
            return Ok(RunDir { path: folder });
        }
        let out = &self.config.out;
        let entries = std::fs::read_dir(out)
            .map_err(|error| Failure::usage(format!("there are no runs: {}: {error}", out.display())))?;
        let mut runs: Vec<PathBuf> =
            entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        runs.retain(|path| path.join("run.json").is_file());
        runs.sort();
        let id = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "latest" {
            let newest = runs.pop();
            return newest.map(|path| RunDir { path }).ok_or_else(|| Failure::usage("there is no run yet"));
        }
        let exact = runs.iter().position(|path| id(path) == name);
        let mut found: Vec<PathBuf> = match exact {
            Some(at) => vec![runs.swap_remove(at)],
            None => runs.into_iter().filter(|path| id(path).contains(name)).collect(),
        };
        match (found.len(), found.pop()) {
            (1, Some(path)) => Ok(RunDir { path }),
            (0, _) => Err(Failure::usage(format!("there is no run {name:?} in {}", out.display()))),
            (n, _) => Err(Failure::usage(format!("{name:?} fits {n} runs: give more of the id"))),
        }
    }
}

/// The program and argument that start the sandbox's stage: this very program.
pub(crate) fn stage() -> Result<Vec<OsString>, Failure> {
    let program =
        std::env::current_exe().map_err(|e| Failure::host(format!("cannot find this program: {e}")))?;
    Ok(vec![program.into_os_string(), OsString::from(STAGE)])
}

/// The folders of the caller's PATH.
pub(crate) fn path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// The value of an environment variable.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a program of the host and gives the first line that it writes.
pub(crate) fn spawn(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output =
        command.args(arguments).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.lines().next()?.to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}

/// The repository that a folder belongs to: its commit, its branch, and whether files differ.
pub(crate) fn git(folder: &Path) -> Option<GitState> {
    let folder = folder.to_string_lossy();
    let git = |arguments: &[&str]| spawn(Path::new("git"), &[&["-C", &folder][..], arguments].concat());
    let commit = git(&["rev-parse", "--verify", "-q", "HEAD"])?;
    let branch = git(&["symbolic-ref", "-q", "--short", "HEAD"]).unwrap_or_default();
    Some(GitState {
        commit,
        branch,
        dirty: git(&["status", "--porcelain", "--untracked-files=no"]).is_some(),
    })
}

/// The host's name.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// Runs git in a folder, with nothing of the user's settings, and gives what it writes.
pub(crate) fn run_git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_PAGER", "cat");
    let output = command.output().map_err(|error| format!("git does not start: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("git {} in {}: {said}", arguments.join(" "), folder.display()))
}

/// Trials at a time: what was asked for, else one a processor.
pub(crate) fn jobs(asked: Option<u32>) -> usize {
    asked.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        |n| n as usize,
    )
}

/// What stops a run: the first Ctrl-C or request to terminate; the second ends the program at once.
pub(crate) struct Signals {
    /// Set by either.
    pub(crate) cancel: Cancel,
    terminated: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let (flag, terminated) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let hook = |signal: i32| {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&flag))?;
            flag::register(signal, Arc::clone(&flag))
        };
        hook(SIGINT)
            .and_then(|_| hook(SIGTERM))
            .and_then(|_| flag::register(SIGTERM, Arc::clone(&terminated)))
            .map_err(|e| Failure::host(format!("cannot listen for signals: {e}")))?;
        Ok(Self { cancel: Cancel::from(flag), terminated })
    }

    /// The exit code of a run that was stopped.
    pub(crate) fn exit(&self) -> Exit {
        if self.terminated.load(Ordering::SeqCst) { Exit::Terminated } else { Exit::Stopped }
    }
}
