//! Folders of tasks for tests. Knows nothing of what is tested.

#![expect(clippy::unwrap_used, reason = "a test may stop where its own files are wrong")]

use std::path::Path;

/// A folder with these files; a path that ends in `/` is an empty folder.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    add(root.path(), files);
    root
}

/// Adds files to a folder.
pub(crate) fn add(root: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// The files of the smallest task, in a folder of that name.
pub(crate) fn add_task(root: &Path, name: &str, toml: &str) {
    let dir = root.join(name);
    std::fs::create_dir_all(&dir).unwrap();
    add(&dir, &[("task.toml", toml), ("instruction.md", "Do it.\n"), ("tests/test.sh", "true\n")]);
}
