//! How Claude Code is started. Every line was checked by running that version. Knows nothing of the other agents.

use super::point::{Pointed, Pointing};
use super::{DUMMY_KEY, Launch, LaunchPlan, strings, variables};

/// The version that all of this was found out with.
pub(super) const VERSION: &str = "2.1.330";

/// Where it sends its requests.
pub(super) const PATH: &str = "/v1/messages?beta=true";

/// What its requests need: members of their bodies that not everybody may use.
pub(super) const HEADERS: [(&str, &str); 2] = [
    ("anthropic-version", "2023-06-01"),
    (
        "anthropic-beta",
        "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,\
         per-turn-control-2026-07-01,mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,\
         advanced-tool-use-2025-11-20,effort-2025-11-24,thinking-display-updates-2026-08-18",
    ),
];

pub(super) fn launch(plan: &LaunchPlan<'_>) -> Launch {
    // `-p`: one instruction, then the end. `stream-json` tells every step and wants `--verbose`.
    let mut argv =
        strings(["claude", "-p", "--output-format", "stream-json", "--verbose", "--model", plan.model]);
    // Refused to root: run it as another user. Attended, edits in the workspace are allowed, and whatever else would
    // have to be asked for is denied, since nobody answers.
    argv.extend(match plan.unattended {
        true => strings([UNATTENDED]),
        false => strings(["--permission-mode", "acceptEdits"]),
    });
    argv.extend(plan.append.iter().flat_map(|text| strings(["--append-system-prompt", text])));
    let mut env = quiet(plan.base_url, plan.home);
    // Its settings, memory and session files. The path stands in the system prompt.
    env.push(("HOME".to_owned(), plan.home.to_owned()));
    let scratch = scratch(plan.home);
    // The instruction comes on standard input: no limit to its length, and it may begin with a dash.
    Launch {
        argv,
        env,
        files: vec![(format!("{scratch}/.keep"), String::new())],
        stdin: plan.instruction.to_owned(),
    }
}

/// Lets it do everything without asking. Refused to root.
const UNATTENDED: &str = "--dangerously-skip-permissions";

/// Its own temporary files. Otherwise /tmp/claude-UID, which trials would share on a host.
fn scratch(home: &str) -> String {
    format!("{home}/.cache/claude-code")
}

/// Variables that point it at the gateway and keep it quiet and alike from run to run.
fn quiet(base_url: &str, home: &str) -> Vec<(String, String)> {
    variables([
        ("ANTHROPIC_BASE_URL", base_url),
        ("ANTHROPIC_API_KEY", DUMMY_KEY),
        // No telemetry, no update, no HEAD request at its start. Changes the system prompt: so always set.
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        // A reminder that comes after so many calls or, with some models, after a minute of silence: a replay that
        // takes milliseconds would never get it.
        ("CLAUDE_CODE_SILENT_TURN_REMINDER", "0"),
        // Commands and sub-agents in the background tell their end when it comes, between any two steps.
        ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
        ("CLAUDE_CODE_TMPDIR", &scratch(home)),
    ])
}

/// Variables point it; a flag lets it act.
pub(super) fn point(words: &[String], at: &Pointing<'_>) -> Pointed {
    let mut argv = words.to_vec();
    if at.unattended && !argv.is_empty() && !argv.iter().any(|word| word == UNATTENDED) {
        argv.insert(1, UNATTENDED.to_owned());
    }
    Pointed { argv, env: quiet(at.base_url, at.home) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: LaunchPlan<'_> = LaunchPlan {
        base_url: "http://127.0.0.1:4000",
        model: "claude-opus-5-5",
        instruction: "fix it",
        cwd: "/app",
        home: "/home/agent",
        unattended: true,
        append: None,
    };

    #[test]
    fn it_is_pointed_at_the_gateway_and_stays_in_its_home() {
        let launch = launch(&PLAN);
        let set = |key: &str| launch.env.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        assert_eq!(set("ANTHROPIC_BASE_URL"), Some("http://127.0.0.1:4000"));
        assert_eq!(set("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"), Some("1"));
        assert!(set("CLAUDE_CODE_TMPDIR").is_some_and(|path| path.starts_with("/home/agent/")));
        assert!(launch.files.iter().all(|(path, _)| path.starts_with("/home/agent/")));
        assert_eq!(launch.argv.last().map(String::as_str), Some("--dangerously-skip-permissions"));
        assert_eq!(launch.stdin, "fix it");
    }

    #[test]
    fn attended_nothing_dangerous_is_skipped() {
        let line = launch(&LaunchPlan { unattended: false, ..PLAN }).argv.join(" ");
        assert!(line.ends_with("--permission-mode acceptEdits"), "{line}");
    }
}
