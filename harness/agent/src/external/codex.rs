//! How Codex CLI is started. Every line was checked by running that version. Knows nothing of the other agents.

use super::point::{Pointed, Pointing};
use super::{DUMMY_KEY, Launch, LaunchPlan, strings, variables};

/// The version that all of this was found out with.
pub(super) const VERSION: &str = "0.169.0";

/// The variable that its provider reads the key from.
const KEY: &str = "RETAKE_API_KEY";

/// Lets it do everything without asking.
const UNATTENDED: &str = "--dangerously-bypass-approvals-and-sandbox";

/// Settings that keep it quiet, offline and alike from run to run, each with its reason.
const SETTINGS: [&str; 9] = [
    // A provider of our own: plain HTTP with the whole history in every request. The built-in one tries a WebSocket
    // first. Its retries and time-outs stay as they are: they are part of what is tested.
    "model_provider=\"retake\"",
    // Without these it looks for ab.chatgpt.com, chatgpt.com and api.github.com.
    "analytics.enabled=false",
    "check_for_update_on_startup=false",
    "features.plugins=false",
    "features.apps=false",
    // Its text names CODEX_HOME and is read from disk for every turn.
    "skills.bundled.enabled=false",
    // Takes the user's shell set-up into every command.
    "features.shell_snapshot=false",
    // Goals and sub-agents go on by themselves, at times that no recording can repeat.
    "features.goals=false",
    "features.multi_agent=false",
];

/// The model catalogue is the one within the program, so the version pins it: with a provider of our own nothing is
/// fetched. A model that it does not know gets the program's own fallback prompt.
pub(super) fn launch(plan: &LaunchPlan<'_>) -> Launch {
    // `--json`: one event a line. `--ephemeral`: no session file. `--ignore-user-config`: no settings but these.
    // The check for a git repository would refuse a plain folder.
    let mut argv = strings([
        "codex",
        "exec",
        "--json",
        "--ephemeral",
        "--ignore-user-config",
        "--skip-git-repo-check",
        "--color",
        "never",
        "--model",
        plan.model,
        "--cd",
        plan.cwd,
    ]);
    argv.extend(settings(plan.base_url));
    // Its own sandbox would make .git read-only, so that `git commit` fails, and takes 0.2 s a command.
    argv.extend(match plan.unattended {
        true => strings([UNATTENDED]),
        false => strings(["--sandbox", "workspace-write"]),
    });
    // A developer message of its own, after the base instructions.
    let append = plan.append.map(|text| format!("developer_instructions={}", quoted(text)));
    argv.extend(append.iter().flat_map(|setting| strings(["-c", setting])));
    // The instruction comes on standard input: no limit to its length, and it may begin with a dash.
    argv.push("-".to_owned());
    let codex_home = format!("{}/.codex", plan.home);
    Launch {
        argv,
        env: variables([("HOME", plan.home), ("CODEX_HOME", &codex_home), (KEY, DUMMY_KEY)]),
        // It refuses a CODEX_HOME that is not there. The file itself is not read.
        files: vec![(format!("{codex_home}/config.toml"), String::new())],
        stdin: plan.instruction.to_owned(),
    }
}

/// All of its settings, as arguments.
fn settings(base_url: &str) -> Vec<String> {
    let provider = format!(
        "model_providers.retake={{name=\"retake\",base_url={},wire_api=\"responses\",env_key=\"{KEY}\"}}",
        quoted(&format!("{base_url}/v1"))
    );
    SETTINGS.into_iter().chain([provider.as_str()]).flat_map(|setting| strings(["-c", setting])).collect()
}

/// The settings stand before the subcommand, which takes them over; what it may do stands with the subcommand.
pub(super) fn point(words: &[String], at: &Pointing<'_>) -> Pointed {
    let mut argv: Vec<String> = words.iter().take(1).cloned().collect();
    argv.extend(settings(at.base_url));
    let rest = words.get(1..).unwrap_or_default();
    let before = rest.iter().position(|word| word == "exec" || word == "e").map_or(0, |place| place + 1);
    argv.extend_from_slice(&rest[..before]);
    if at.unattended && !rest.iter().any(|word| word == UNATTENDED) {
        argv.push(UNATTENDED.to_owned());
    }
    argv.extend_from_slice(&rest[before..]);
    Pointed { argv, env: variables([(KEY, DUMMY_KEY)]) }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // A basic string of TOML holds no control character but the tab.
            c if c.is_control() && c != '\t' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: LaunchPlan<'_> = LaunchPlan {
        base_url: "http://127.0.0.1:4000",
        model: "gpt-5.5",
        instruction: "- fix it",
        cwd: "/app",
        home: "/home/agent",
        unattended: true,
        append: None,
    };

    #[test]
    fn it_is_pointed_at_the_gateway_and_nowhere_else() {
        let launch = launch(&PLAN);
        let line = launch.argv.join(" ");
        assert!(line.contains("base_url=\"http://127.0.0.1:4000/v1\",wire_api=\"responses\""), "{line}");
        for off in ["analytics.enabled", "features.plugins", "features.apps", "check_for_update_on_startup"] {
            assert!(line.contains(&format!("-c {off}=false")), "{off}");
        }
        assert!(line.ends_with("--dangerously-bypass-approvals-and-sandbox -"), "{line}");
        assert!(!line.contains("max_retries"), "its retries are its own");
        assert_eq!(launch.stdin, "- fix it");
        assert!(launch.env.contains(&("CODEX_HOME".into(), "/home/agent/.codex".into())));
        assert!(launch.files.iter().all(|(path, _)| path.starts_with("/home/agent/")));
    }

    #[test]
    fn attended_it_keeps_its_own_sandbox() {
        let line = launch(&LaunchPlan { unattended: false, ..PLAN }).argv.join(" ");
        assert!(line.contains("--sandbox workspace-write") && !line.contains("dangerously"), "{line}");
    }
}
