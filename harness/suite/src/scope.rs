//! Which files the work of a task is about, as patterns of paths. Knows nothing of what an agent changed.

use std::path::Path;

use crate::retake::is_inside;

/// The files that a task is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Patterns of paths in the workspace: `*` and `?` stand for characters of a name, `**` for any number of folders, and a
    /// pattern that names a folder covers what lies in it. The error is the place of a pattern that leaves the workspace.
    pub(crate) fn of(patterns: Vec<String>) -> Result<Self, usize> {
        match patterns.iter().position(|pattern| !is_inside(Path::new(pattern))) {
            Some(wrong) => Err(wrong),
            None => Ok(Self(patterns)),
        }
    }

    /// Whether a file of the workspace is one of them.
    pub fn has(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        self.0.iter().any(|pattern| {
            let names = pattern.split('/').filter(|name| !matches!(*name, "" | "."));
            let pattern: Vec<&str> = names.chain(["**"]).collect();
            fits(
                &pattern,
                &path,
                |name| *name == "**",
                |name, part| {
                    let [name, part]: [Vec<char>; 2] = [name.chars().collect(), part.chars().collect()];
                    fits(&name, &part, |c| *c == '*', |c, other| *c == '?' || c == other)
                },
            )
        })
    }
}

/// Whether a pattern fits the whole of a list, where some of its parts (`any`) stand for any number of the list's. When the
/// rest doesn't fit, the last such part takes one more; those before it never need to.
fn fits<P, T>(pattern: &[P], list: &[T], any: impl Fn(&P) -> bool, one: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut next, mut last) = (0, 0, None);
    while next < list.len() {
        match pattern.get(at) {
            Some(part) if any(part) => {
                last = Some((at, next));
                at += 1;
            }
            Some(part) if one(part, &list[next]) => (at, next) = (at + 1, next + 1),
            _ => {
                let Some((star, taken)) = last else { return false };
                last = Some((star, taken + 1));
                (at, next) = (star + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(pattern: &str, path: &str) -> bool {
        Scope::of(vec![pattern.to_owned()]).unwrap().has(path)
    }

    #[test]
    fn a_pattern_covers_files_by_name_by_folder_and_at_any_depth() {
        for (pattern, path) in [
            ("src/a.py", "src/a.py"),
            ("src", "src/deep/a.py"),
            ("./src/", "src/a.py"),
            ("src/*.py", "src/a.py"),
            ("**/*.py", "a.py"),
            ("**/*.py", "src/deep/a.py"),
            ("src/**/test_*.py", "src/test_a.py"),
            ("src/**/x/**/y", "src/a/x/b/x/c/y"),
            ("a?c*", "abcd"),
            ("**", "anything/at/all"),
        ] {
            assert!(has(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("src/a.py", "src/a.pyc"),
            ("src", "srcs/a.py"),
            ("src/*.py", "src/deep/a.py"),
            ("*.py", "src/a.py"),
            ("**/x/**/y", "x/z"),
            ("a?c", "ac"),
        ] {
            assert!(!has(pattern, path), "{pattern} {path}");
        }
        assert!(!Scope::of(Vec::new()).unwrap().has("a"), "a task about no file");
        assert_eq!(Scope::of(vec!["a".to_owned(), "../b".to_owned()]), Err(1));
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!has(&"**/a*a*a/".repeat(60), &"aaaaaaaaaaaaaaaaaaaaab/".repeat(400)));
    }
}
