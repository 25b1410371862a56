//! Whether and how a task's workspace is made here: the Dockerfile's copies resolved against `environment/`, and
//! what the sandbox cannot give. Knows nothing of Dockerfile syntax; runs nothing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{SuiteError, read_text};
use crate::harbor::{HarborTask, Os};
use crate::recipe::{Recipe, RecipeStep, Runnable};
use crate::tree;

/// Where a task's files are put without a Dockerfile, and where its commands start.
pub(crate) const APP: &str = "/app";

/// Whether a task can run here. `needs`: whether the task says which of the host's programs it uses.
pub(crate) fn runnable(dir: &Path, harbor: &HarborTask, needs: bool) -> Result<Runnable, SuiteError> {
    let environment = dir.join("environment");
    tree::check_contained(&environment)?;
    if let Some(reason) = unmet(&environment, harbor) {
        return Ok(Runnable::No { reason });
    }
    let dockerfile = environment.join("Dockerfile");
    if !dockerfile.exists() {
        if let (Some(image), false) = (&harbor.environment.docker_image, needs) {
            return Ok(no_image(image));
        }
        return Ok(Runnable::Here(own_workdir(whole(&environment), harbor)));
    }
    match Recipe::parse(&read_text(&dockerfile, "the Dockerfile")?) {
        Err(why) => {
            let place = if why.line == 0 { String::new() } else { format!(":{}", why.line) };
            let reason = format!("environment/Dockerfile{place} needs podman or docker: {}", why.reason);
            Ok(Runnable::No { reason })
        }
        Ok(recipe) if !needs && !recipe.is_from_scratch() => Ok(no_image(&recipe.from.join(", "))),
        Ok(recipe) => Ok(Runnable::Here(own_workdir(place(recipe, &environment)?, harbor))),
    }
}

fn no_image(image: &str) -> Runnable {
    let help = "or `needs = [...]` under [retake] where the host's programs will do";
    Runnable::No { reason: format!("needs the image {image}: podman or docker, {help}") }
}

/// What a task asks for that a sandbox on one Linux host does not have.
fn unmet(environment: &Path, harbor: &HarborTask) -> Option<String> {
    let table = &harbor.environment;
    let compose = ["docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml"];
    let separate = harbor.verifier.is_separate() || harbor.steps.iter().any(|s| s.verifier.is_separate());
    let reason = if table.os == Os::Windows {
        "needs Windows containers"
    } else if table.gpus.unwrap_or(0) > 0 || table.tpu.is_some() {
        "needs a graphics or tensor processor"
    } else if compose.iter().any(|name| environment.join(name).exists()) {
        "needs several containers: docker compose"
    } else if separate {
        "needs an environment of its own for the verifier: podman or docker"
    } else if !table.mcp_servers.is_empty() {
        "needs MCP servers, which are not started here"
    } else if environment.join(".dockerignore").exists() {
        "needs podman or docker: environment/.dockerignore is not followed"
    } else {
        return None;
    };
    Some(reason.to_owned())
}

/// Without a Dockerfile: all of `environment/` in `/app`.
fn whole(environment: &Path) -> Recipe {
    let copy = RecipeStep::Copy { from: String::new(), to: APP.to_owned(), mode: None };
    let mut steps = vec![RecipeStep::Workdir(APP.to_owned())];
    steps.extend(environment.is_dir().then_some(copy));
    Recipe { from: Vec::new(), workdir: APP.to_owned(), steps }
}

fn own_workdir(mut recipe: Recipe, harbor: &HarborTask) -> Recipe {
    if let Some(workdir) = &harbor.environment.workdir {
        recipe.workdir = crate::recipe::absolute(&recipe.workdir, workdir);
    }
    recipe
}

/// Resolves the copies of a recipe: wildcards, folders and files, targets that are folders.
fn place(mut recipe: Recipe, environment: &Path) -> Result<Recipe, SuiteError> {
    let mut folders = recipe.known_folders();
    let mut placed = Vec::with_capacity(recipe.steps.len());
    for step in recipe.steps {
        let RecipeStep::Copy { from, to, mode } = step else {
            placed.push(step);
            continue;
        };
        let is_pattern = from.contains(['*', '?']);
        for from in sources(environment, &from)? {
            let to = target(environment, &from, &to, is_pattern, &mut folders);
            placed.push(RecipeStep::Copy { from, to, mode });
        }
    }
    recipe.steps = placed;
    Ok(recipe)
}

/// Where one source goes; remembers the folders that come to be.
fn target(
    environment: &Path,
    from: &str,
    to: &str,
    is_pattern: bool,
    folders: &mut BTreeSet<String>,
) -> String {
    let bare = if to == "/" { "/" } else { to.trim_end_matches('/') };
    if environment.join(from).is_dir() {
        folders.insert(bare.to_owned());
        return bare.to_owned();
    }
    if to.ends_with('/') || is_pattern || folders.contains(bare) {
        folders.insert(bare.to_owned());
        let name = from.rsplit('/').next().unwrap_or(from);
        return format!("{}/{name}", bare.trim_end_matches('/'));
    }
    bare.to_owned()
}

/// The files and folders of `environment/` that a source names.
fn sources(environment: &Path, from: &str) -> Result<Vec<String>, SuiteError> {
    let dockerfile = environment.join("Dockerfile");
    let relative = from.trim_start_matches('/');
    if !tree::stays_inside(Path::new(relative)) {
        return Err(SuiteError::invalid(&dockerfile, format!("COPY of `{from}` leaves environment/")));
    }
    let mut found = vec![String::new()];
    for part in crate::recipe::absolute("/", relative).split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for parent in &found {
            let folder = environment.join(parent);
            let join =
                |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            if part.contains(['*', '?']) {
                next.extend(names(&folder).iter().filter(|name| matches(part, name)).map(|name| join(name)));
            } else if folder.join(part).exists() {
                next.push(join(part));
            }
        }
        found = next;
    }
    if found.is_empty() {
        let reason = format!("COPY of `{from}`: nothing in environment/ has this name");
        return Err(SuiteError::invalid(&dockerfile, reason));
    }
    Ok(found)
}

/// The names in a folder, sorted; those that are not UTF-8 cannot be named by a pattern.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Whether a name fits a pattern of `*` and `?`, in time that grows with the product of their lengths.
fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for p in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match p {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                c => at > 0 && reached[at - 1] && name[at - 1] == c,
            };
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, want) in [
            ("*.py", "a.py", true),
            ("*.py", "a.pyc", false),
            ("?", "é", true),
            ("a*b*c", "aXbYc", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }
}
