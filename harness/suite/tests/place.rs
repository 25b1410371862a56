//! Whether and how a task's workspace is made here. Knows only the crate's public face.

#![expect(clippy::unwrap_used, reason = "a test may stop where its own files are wrong")]

mod common;

use common::{add, add_task, folder};
use proptest::prelude::*;
use suite::{Defaults, RecipeStep, Runnable, SuiteError, Task};

fn recipe(toml: &str, dockerfile: &str, files: &[(&str, &str)]) -> Result<Runnable, SuiteError> {
    let root = folder(&[]);
    add_task(root.path(), "one", toml);
    let dir = root.path().join("one");
    add(&dir, &[("environment/Dockerfile", dockerfile)]);
    add(&dir.join("environment"), files);
    Task::load(&dir, &Defaults::default()).map(|task| task.runnable)
}

const NEEDS: &str = "[retake]\nneeds = []\n";

fn copies(dockerfile: &str, files: &[(&str, &str)]) -> Vec<(String, String)> {
    let Runnable::Here(recipe) = recipe(NEEDS, dockerfile, files).unwrap() else { panic!("{dockerfile}") };
    let copy = |step| match step {
        RecipeStep::Copy { from, to, .. } => Some((from, to)),
        _ => None,
    };
    recipe.steps.into_iter().filter_map(copy).collect()
}

#[test]
fn copies_go_where_docker_would_put_them() {
    let files = [("a.py", ""), ("b.py", ""), ("dir/c", ""), ("dir/d", "")];
    let copied = |line: &str| copies(&format!("FROM python:3\nWORKDIR /app\n{line}\n"), &files);
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(copied("COPY . ."), [pair("", "/app")]);
    assert_eq!(copied("COPY a.py ."), [pair("a.py", "/app/a.py")]);
    assert_eq!(copied("COPY a.py /app"), [pair("a.py", "/app/a.py")]);
    assert_eq!(copied("COPY a.py x.py"), [pair("a.py", "/app/x.py")]);
    assert_eq!(copied("COPY a.py b.py /opt/"), [pair("a.py", "/opt/a.py"), pair("b.py", "/opt/b.py")]);
    assert_eq!(copied("COPY *.py /opt/"), [pair("a.py", "/opt/a.py"), pair("b.py", "/opt/b.py")]);
    assert_eq!(copied("COPY [\"dir\", \"/app/new\"]"), [pair("dir", "/app/new")]);
    assert_eq!(copied("COPY ./dir/* ./"), [pair("dir/c", "/app/c"), pair("dir/d", "/app/d")]);
    assert_eq!(copied("ARG D=dir\nCOPY --chown=a:b --chmod=755 $D/c /x"), [pair("dir/c", "/x")]);
    assert_eq!(copied("ADD dir/c /app/"), [pair("dir/c", "/app/c")]);
}

#[test]
fn copies_that_leave_the_environment_or_find_nothing_are_errors() {
    for line in ["COPY ../tests /app", "COPY dir/../../tests /app", "COPY missing /app", "COPY *.none /app/"]
    {
        let told = recipe(NEEDS, &format!("FROM x\n{line}\n"), &[("dir/c", "")]).unwrap_err().to_string();
        assert!(told.contains("environment/"), "{line}: {told}");
    }
}

#[test]
fn an_image_is_needed_unless_the_task_says_what_it_uses() {
    let plain = recipe("", "FROM python:3.12\nWORKDIR /app\n", &[]).unwrap();
    assert!(
        matches!(&plain, Runnable::No { reason } if reason.contains("needs the image python:3.12")),
        "{plain:?}"
    );
    assert!(matches!(recipe("", "FROM scratch\n", &[]).unwrap(), Runnable::Here(_)));
    let Runnable::Here(followed) = recipe(NEEDS, "FROM python:3.12\nWORKDIR /app\n", &[]).unwrap() else {
        panic!()
    };
    assert_eq!((followed.from, followed.workdir.as_str()), (vec!["python:3.12".to_owned()], "/app"));
}

#[test]
fn without_a_dockerfile_the_environment_itself_is_the_workspace() {
    let root = folder(&[]);
    add_task(root.path(), "one", "");
    add(&root.path().join("one"), &[("environment/a", "")]);
    let Runnable::Here(recipe) = Task::load(&root.path().join("one"), &Defaults::default()).unwrap().runnable
    else {
        panic!()
    };
    let whole = RecipeStep::Copy { from: String::new(), to: "/app".to_owned(), mode: None };
    assert_eq!(recipe.steps, [RecipeStep::Workdir("/app".to_owned()), whole]);
}

proptest! {
    #[test]
    fn no_bytes_as_dockerfile_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lines in proptest::collection::vec("(FROM|RUN|COPY|ADD|ENV|ARG|WORKDIR|USER|SHELL|#) [-a-z$ {}:\\[\\]\"'\\\\=/.*<]{0,12}", 0..8)) {
        let root = folder(&[("one/environment/a", "")]);
        add_task(root.path(), "one", NEEDS);
        let dir = root.path().join("one");
        let text = format!("FROM scratch\n{}", lines.join("\n"));
        for content in [bytes.as_slice(), text.as_bytes()] {
            std::fs::write(dir.join("environment/Dockerfile"), content).unwrap();
            let _ = Task::load(&dir, &Defaults::default());
        }
    }
}
