//! File operations: what they read, write, list and digest.

use std::time::Instant;

use sandbox::{
    Change, ContainerSpec, EntryKind, EnvError, Environment, FileFault, TrialSpec, WorkspaceKind,
    WorkspaceSource,
};

use crate::support::{Template, Test, sandbox, says, world};

pub(crate) const TESTS: &[Test] = &[
    ("files_are_written_read_renamed_and_removed", round_trip),
    ("odd_names_and_kinds_do_no_harm", odd_names),
    ("a_manifest_sees_every_change", manifest),
    ("overlay_and_copy_give_equal_manifests", overlay_and_copy),
    ("the_template_is_never_changed", template),
    ("a_bound_workspace_is_changed_in_place", bound),
];

fn fault<T: std::fmt::Debug>(result: Result<T, EnvError>) -> FileFault {
    match result {
        Err(EnvError::File { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn round_trip() {
    let world = world();
    let env = &world.container;
    env.write("deep/er/x.sh", b"echo hi\n", Some(true)).unwrap();
    assert_eq!(says(env, "deep/er/x.sh; stat -c '%a %U' deep/er/x.sh"), "hi\n755 agent\n");
    env.write("/app/deep/er/x.sh", b"", None).unwrap();
    assert_eq!(says(env, "stat -c '%a %s' deep/er/x.sh"), "755 0\n");
    env.write("deep/er/x.sh", &vec![7; 3 << 20], Some(false)).unwrap();
    assert_eq!(env.read("deep/er/x.sh", 3 << 20).unwrap(), vec![7; 3 << 20]);
    assert_eq!(fault(env.read("deep/er/x.sh", 100)), FileFault::TooLarge);
    env.rename("deep/er/x.sh", "other/y").unwrap();
    assert_eq!(fault(env.read("deep/er/x.sh", 100)), FileFault::NotFound);
    env.remove("other/y").unwrap();
    assert_eq!(fault(env.remove("other/y")), FileFault::NotFound);
    assert_eq!(fault(env.remove("other")), FileFault::IsFolder);
    assert_eq!(fault(env.read("other", 1)), FileFault::IsFolder);
    assert_eq!(fault(env.write("a.txt/b", b"x", None)), FileFault::NotFolder);
    assert_eq!(fault(env.write("/etc/x", b"x", None)), FileFault::Denied);
    assert_eq!(fault(env.read("nul\0", 1)), FileFault::Os(22));
    let listed: Vec<String> = env.list(".", 9, 100).unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(listed, ["a.txt", "deep", "deep/er", "other", "src", "src/b.txt"]);
    assert_eq!(env.list("/app", 1, 2).unwrap().len(), 2);
    assert_eq!(fault(env.list("nowhere", 1, 2)), FileFault::NotFound);
}

fn odd_names() {
    let world = world();
    let env = &world.container;
    says(
        env,
        r"printf x > $'bad\xffname'; printf y > 'line
break'; mkfifo pipe; ln -s nowhere dangling; ln -s . loop; mkdir closed; echo z > closed/z; chmod 0 closed; printf w > '\x41'",
    );
    let manifest = env.manifest(".", &[]).unwrap();
    assert_eq!(manifest.0[r"bad\xffname"].size, 1);
    assert_eq!(manifest.0["line\nbreak"].size, 1);
    assert_eq!(manifest.0["pipe"].kind, EntryKind::Other);
    assert_eq!(manifest.0["loop"].kind, EntryKind::Link);
    assert_eq!(manifest.0["closed"].kind, EntryKind::Folder);
    assert_eq!(env.read(r"bad\xffname", 10).unwrap(), b"x");
    assert_eq!(env.read(r"\x5cx41", 10).unwrap(), b"w");
    says(
        env,
        "d=$(printf %0200d 0); for i in $(seq 30); do mkdir $d && cd $d || exit 1; done; echo deep > bottom",
    );
    env.manifest(".", &[]).unwrap();
    env.list(".", 10_000, 10_000).unwrap();
    // A file with a hole claims more than anybody wants to read.
    says(env, "for i in $(seq 10); do truncate -s 2147483648 hole$i; done");
    assert_eq!(fault(env.manifest(".", &[])), FileFault::TooLarge);
}

fn manifest() {
    let world = world();
    let env = &world.container;
    let exclude = ["__pycache__".to_owned()];
    let before = env.manifest("/app", &exclude).unwrap();
    assert_eq!(before.0.keys().collect::<Vec<_>>(), ["a.txt", "src/b.txt"]);
    assert_eq!(before.0["a.txt"].digest, base::Digest::of(b"alpha\n"));
    says(
        env,
        "mkdir -p src/__pycache__ empty; echo x > src/__pycache__/x; chmod +x a.txt; echo BETA > src/b.txt; ln -s a.txt l",
    );
    let after = env.manifest("/app", &exclude).unwrap();
    let changed = [
        Change::Modified("a.txt".into()),
        Change::Added("empty".into()),
        Change::Added("l".into()),
        Change::Modified("src/b.txt".into()),
    ];
    assert_eq!(before.changes(&after), changed);
    assert_ne!(before.digest(), after.digest());
    // The same length, at once: no clock would show it, the manifest must.
    for round in 0..20 {
        env.write("a.txt", format!("{round:05}\n").as_bytes(), None).unwrap();
        let seen = env.manifest("/app", &exclude).unwrap();
        assert_eq!(seen.0["a.txt"].digest, base::Digest::of(format!("{round:05}\n").as_bytes()));
    }
    says(env, "for i in $(seq 2000); do head -c 20000 /dev/urandom > f$i; done; sleep 0.1");
    let cold = Instant::now();
    let first = env.manifest("/app", &exclude).unwrap();
    let cold = cold.elapsed();
    let warm = Instant::now();
    assert_eq!(env.manifest("/app", &exclude).unwrap(), first);
    println!("     manifest of 2000 files: {cold:.1?}, again {:.1?}", warm.elapsed());
}

fn overlay_and_copy() {
    let sandbox = sandbox();
    let template = Template::new(&sandbox, &[("a", "1"), ("b/c", "2"), ("b/d/e", "3")]);
    std::os::unix::fs::symlink("b/c", template.path().join("link")).unwrap();
    std::fs::create_dir(template.path().join("empty")).unwrap();
    sandbox.adopt(&template.path()).unwrap();
    let digest = |source| {
        let spec = TrialSpec { workspace: source, ..TrialSpec::on(template.path()) };
        let trial = sandbox.trial(&spec).unwrap();
        let container = trial.container(&ContainerSpec::default()).unwrap();
        let before = container.manifest(".", &[]).unwrap();
        says(&container, "echo 4 > b/d/f; rm -r b/d; mkdir b/d; echo 5 > b/d/g; rm a; mv b/c c; chmod +x c");
        (trial.workspace(), before, container.manifest(".", &[]).unwrap())
    };
    let overlay = digest(WorkspaceSource::Template(template.path()));
    let copy = digest(WorkspaceSource::Copy(template.path()));
    assert_eq!(copy.0, WorkspaceKind::Copy);
    if sandbox.report().overlay.fault.is_none() {
        assert_eq!(overlay.0, WorkspaceKind::Overlay);
    }
    assert_eq!(overlay.1, copy.1);
    assert_eq!(overlay.2, copy.2);
    assert_eq!(overlay.2.0.keys().collect::<Vec<_>>(), ["b/d/g", "c", "empty", "link"]);
}

fn template() {
    let sandbox = sandbox();
    let template = Template::new(&sandbox, &[("a", "1"), ("b/c", "2")]);
    let spec = TrialSpec::on(template.path());
    let first = sandbox.trial(&spec).unwrap();
    let one = first.container(&ContainerSpec::default()).unwrap();
    says(&one, "rm -rf b; echo changed > a; echo new > n");
    one.close().unwrap();
    // The same trial's next container sees the same workspace, and nothing else of the first.
    let two = first.container(&ContainerSpec::default()).unwrap();
    assert_eq!(
        says(&two, "cat a; ls; ls -A /tmp ~ /logs"),
        "changed\na\nn\n/home/agent:\n\n/logs:\n\n/tmp:\n"
    );
    let other = sandbox.trial(&spec).unwrap();
    let three = other.container(&ContainerSpec::default()).unwrap();
    assert_eq!(says(&three, "cat a; ls"), "1a\nb\n");
    assert_eq!(std::fs::read_to_string(template.path().join("a")).unwrap(), "1");
    assert_eq!(std::fs::read_to_string(template.path().join("b/c")).unwrap(), "2");
}

fn bound() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "1").unwrap();
    let workspace = WorkspaceSource::Bind(folder.path().into());
    let trial = sandbox.trial(&TrialSpec { workspace, ..TrialSpec::on(folder.path()) }).unwrap();
    let container = trial.container(&ContainerSpec::default()).unwrap();
    says(&container, "echo 2 > a; mkdir made; echo 3 > made/b");
    container.close().unwrap();
    trial.close();
    assert_eq!(std::fs::read_to_string(folder.path().join("a")).unwrap(), "2\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("made/b")).unwrap(), "3\n");
}
