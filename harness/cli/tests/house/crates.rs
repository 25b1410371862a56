//! Who depends on whom, read from the manifests.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use crate::{none, read, root};

/// The crates, lowest first. Those of one row know nothing of each other.
const ORDER: [&[&str]; 13] = [
    &["base"],
    &["wire"],
    &["journal"],
    &["cassette"],
    &["promptcache"],
    &["sandbox"],
    &["suite"],
    &["evaluate"],
    &["model"],
    &["gateway"],
    &["agent"],
    &["runner", "interop", "report"],
    &["cli"],
];
/// What only the command line knows.
const CLI_ONLY: [&str; 2] = ["clap", "indicatif"];

/// The folders below harness/.
pub(crate) fn crates() -> BTreeSet<String> {
    let folders = std::fs::read_dir(root().join("harness")).unwrap().map(Result::unwrap);
    let folders = folders.filter(|entry| entry.path().join("Cargo.toml").is_file());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn rank(name: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&name))
}

fn manifest(folder: &str) -> Table {
    let path = Path::new(folder).join("Cargo.toml");
    read(&path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every dependency of a manifest, of any kind and for any target.
fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let table = manifest.get(kind).and_then(Value::as_table);
        found.extend(table.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(|targets| targets.values()).filter_map(Value::as_table);
    found.extend(targets.flat_map(dependencies));
    found
}

#[test]
fn each_crate_stands_above_all_that_it_uses() {
    let mut faults = Vec::new();
    for name in crates() {
        let Some(own) = rank(&name) else {
            faults.push(format!("harness/{name} has no place in the order"));
            continue;
        };
        for (other, _) in dependencies(&manifest(&format!("harness/{name}"))) {
            if rank(&other).is_some_and(|other| other >= own) {
                faults.push(format!("harness/{name} depends on {other}, which does not stand below it"));
            }
        }
    }
    none(
        &faults,
        "Move what both need to the lower crate, or pass it in. A new crate gets its place in ORDER \
         (harness/cli/tests/house/crates.rs) and in ARCHITECTURE.md.",
    );
}

#[test]
fn only_the_command_line_knows_its_libraries() {
    let mut faults = Vec::new();
    for name in crates().iter().filter(|name| *name != "cli") {
        let all = dependencies(&manifest(&format!("harness/{name}")));
        let known = all.iter().filter(|(other, _)| CLI_ONLY.contains(&other.as_str()));
        faults.extend(known.map(|(other, _)| format!("harness/{name} depends on {other}")));
    }
    none(&faults, "Parse arguments and show progress in cli; give the crate below a plain value or a trait.");
}

#[test]
fn manifests_share_what_the_workspace_says() {
    let mut faults = Vec::new();
    let folders = crates().into_iter().map(|name| format!("harness/{name}")).chain(["benches".to_owned()]);
    for folder in folders {
        let manifest = manifest(&folder);
        let text = |table: &str, key: &str| manifest.get(table).and_then(|table| table.get(key)).cloned();
        if text("package", "name").and_then(|name| Some(name.as_str()?.to_owned()))
            != folder.rsplit('/').next().map(str::to_owned)
        {
            faults.push(format!("{folder}: the package is not named like its folder"));
        }
        if text("lints", "workspace") != Some(Value::Boolean(true)) {
            faults.push(format!("{folder}: the workspace's lints do not hold here"));
        }
        for (name, value) in dependencies(&manifest) {
            if value.get("workspace") != Some(&Value::Boolean(true)) {
                faults.push(format!("{folder}: {name} does not come from the workspace"));
            }
        }
    }
    none(
        &faults,
        "Say `[lints] workspace = true`, and `name.workspace = true` with the version in the root Cargo.toml.",
    );
}
