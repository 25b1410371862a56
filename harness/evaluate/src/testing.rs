//! An environment for this crate's tests: real commands in a temporary folder that stands for `/`. Contains nothing.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{
    Cancel, EntryKind, EnvError, Environment, Exec, ExecEnd, ExecOutput, FileFault, ListEntry, Manifest,
};

/// Paths under `/app`, `/tests` and `/logs` are those of a temporary folder, also inside of commands and scripts.
pub(crate) struct FakeEnvironment {
    root: tempfile::TempDir,
}

const TOP: [&str; 3] = ["/app", "/tests", "/logs"];

impl FakeEnvironment {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for top in TOP {
            std::fs::create_dir(root.path().join(&top[1..])).unwrap();
        }
        Self { root }
    }

    fn root(&self) -> String {
        self.root.path().to_string_lossy().into_owned()
    }

    fn inward(&self, text: &str) -> String {
        TOP.iter().fold(text.to_owned(), |text, top| text.replace(top, &format!("{}{top}", self.root())))
    }

    fn host(&self, path: &str) -> PathBuf {
        match path.strip_prefix('/') {
            Some(absolute) => self.root.path().join(absolute),
            None => self.root.path().join("app").join(path),
        }
    }
}

fn file_error(path: &str, error: &std::io::Error) -> EnvError {
    let fault = match error.kind() {
        std::io::ErrorKind::NotFound => FileFault::NotFound,
        std::io::ErrorKind::IsADirectory => FileFault::IsFolder,
        _ => FileFault::Os(error.raw_os_error().unwrap_or(0)),
    };
    EnvError::File { path: path.to_owned(), fault }
}

impl Environment for FakeEnvironment {
    fn exec(&self, exec: &Exec<'_>, cancel: &Cancel) -> Result<ExecOutput, EnvError> {
        let start = Instant::now();
        let argv: Vec<String> = exec.argv.iter().map(|word| self.inward(word)).collect();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).current_dir(self.host(exec.cwd)).envs(exec.env.iter().cloned());
        command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer).process_group(0);
        let mut child = command
            .spawn()
            .map_err(|e| EnvError::Start { program: argv[0].clone(), reason: e.to_string() })?;
        drop(command);
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all
        });
        let end = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().map_or(ExecEnd::Signaled(status.signal().unwrap_or(0)), ExecEnd::Exited);
            }
            let stop = if cancel.is_cancelled() {
                ExecEnd::Cancelled
            } else if start.elapsed() > exec.limit {
                ExecEnd::TimedOut
            } else {
                std::thread::sleep(Duration::from_millis(2));
                continue;
            };
            let group = format!("-{}", child.id());
            Command::new("kill").args(["-9", "--", &group]).status().unwrap();
            child.wait().unwrap();
            break stop;
        };
        let text = String::from_utf8_lossy(&reading.join().unwrap()).replace(&self.root(), "");
        let all = text.into_bytes();
        let head = all.len().min(exec.output.head);
        let tail = all.len().saturating_sub(exec.output.tail).max(head);
        Ok(ExecOutput {
            end,
            head: all[..head].to_vec(),
            tail: all[tail..].to_vec(),
            omitted: (tail - head) as u64,
            duration: start.elapsed(),
        })
    }

    fn read(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, EnvError> {
        let content = std::fs::read(self.host(path)).map_err(|e| file_error(path, &e))?;
        let too_large = content.len() as u64 > max_bytes;
        let fault = EnvError::File { path: path.to_owned(), fault: FileFault::TooLarge };
        if too_large { Err(fault) } else { Ok(content) }
    }

    fn write(&self, path: &str, content: &[u8], executable: Option<bool>) -> Result<(), EnvError> {
        let host = self.host(path);
        std::fs::create_dir_all(host.parent().unwrap()).map_err(|e| file_error(path, &e))?;
        let content = self.inward(&String::from_utf8_lossy(content));
        std::fs::write(&host, content).map_err(|e| file_error(path, &e))?;
        let mode = if executable == Some(true) { 0o755 } else { 0o644 };
        std::fs::set_permissions(&host, std::fs::Permissions::from_mode(mode))
            .map_err(|e| file_error(path, &e))
    }

    fn remove(&self, path: &str) -> Result<(), EnvError> {
        std::fs::remove_file(self.host(path)).map_err(|e| file_error(path, &e))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), EnvError> {
        std::fs::rename(self.host(from), self.host(to)).map_err(|e| file_error(from, &e))
    }

    fn list(&self, path: &str, _depth: u32, limit: usize) -> Result<Vec<ListEntry>, EnvError> {
        let entries = std::fs::read_dir(self.host(path)).map_err(|e| file_error(path, &e))?;
        let entry = |entry: std::fs::DirEntry| ListEntry {
            path: entry.file_name().to_string_lossy().into_owned(),
            kind: if entry.path().is_dir() { EntryKind::Folder } else { EntryKind::File },
            size: 0,
        };
        Ok(entries.flatten().map(entry).take(limit).collect())
    }

    fn still(&self) -> Result<(), EnvError> {
        Ok(())
    }

    fn manifest(&self, _path: &str, _exclude: &[String]) -> Result<Manifest, EnvError> {
        Ok(Manifest::default())
    }
}

/// A file of `fixtures/`, the output of a real run.
pub(crate) fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}
