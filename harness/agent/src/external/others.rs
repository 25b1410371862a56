//! How the other agents are started. Each preset was checked by a run of the named version in a network namespace that
//! has loopback alone. Knows nothing of what they do.

use super::point::{self, Pointing};
use super::{DUMMY_KEY, ExternalAgent, Launch, LaunchPlan, strings, variables};

/// The versions that the presets were checked with.
pub(super) const MINI_SWE_AGENT: &str = "2.4.6";
pub(super) const AIDER: &str = "0.86.2";
pub(super) const OPENCODE: &str = "1.18.33";

/// Its home and the variables that clients of the two vendors read.
fn endpoints(plan: &LaunchPlan<'_>) -> Vec<(String, String)> {
    let mut env = point::endpoints(plan.base_url);
    env.push(("HOME".to_owned(), plan.home.to_owned()));
    env
}

/// What keeps an agent from asking the net beside its model, and its user before the first task.
pub(super) fn quiet(agent: &ExternalAgent) -> Vec<(String, String)> {
    // LiteLLM fetches its map of prices unless told not to.
    const LITELLM: (&str, &str) = ("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    match agent {
        ExternalAgent::MiniSweAgent => variables([
            LITELLM,
            ("MSWEA_CONFIGURED", "true"),
            ("MSWEA_COST_TRACKING", "ignore_errors"),
            ("MSWEA_SILENT_STARTUP", "1"),
        ]),
        ExternalAgent::Aider => variables([LITELLM]),
        ExternalAgent::OpenCode => {
            variables([("OPENCODE_DISABLE_AUTOUPDATE", "1"), ("OPENCODE_DISABLE_MODELS_FETCH", "1")])
        }
        _ => Vec::new(),
    }
}

/// What points and quietens an agent that somebody else's command line starts: variables that it reads as settings.
pub(super) fn point(agent: &ExternalAgent, at: &Pointing<'_>) -> Vec<(String, String)> {
    let mut env = quiet(agent);
    match agent {
        ExternalAgent::Aider => {
            env.extend(variables([
                ("AIDER_CHECK_UPDATE", "false"),
                ("AIDER_SHOW_RELEASE_NOTES", "false"),
                ("AIDER_SHOW_MODEL_WARNINGS", "false"),
                ("AIDER_ANALYTICS_DISABLE", "true"),
                // They hold times, and stand in the workspace otherwise.
                ("AIDER_CHAT_HISTORY_FILE", &format!("{}/.aider.chat.history.md", at.home)),
                ("AIDER_INPUT_HISTORY_FILE", &format!("{}/.aider.input.history", at.home)),
            ]));
            if at.unattended {
                env.extend(variables([("AIDER_YES_ALWAYS", "true")]));
            }
        }
        ExternalAgent::OpenCode => {
            let options =
                |base_url: String| serde_json::json!({"options": {"baseURL": base_url, "apiKey": DUMMY_KEY}});
            let v1 = || options(format!("{}/v1", at.base_url));
            let provider = serde_json::json!({"openai": v1(), "anthropic": v1()});
            let mut settings = opencode_settings(&provider);
            if at.unattended {
                settings["permission"] = serde_json::json!({"*": "allow"});
            }
            env.extend(variables([("OPENCODE_CONFIG_CONTENT", &settings.to_string())]));
        }
        _ => {}
    }
    env
}

fn opencode_settings(provider: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({"autoupdate": false, "share": "disabled", "provider": provider})
}

/// Its models go through LiteLLM, which wants the vendor before the name and fetches prices unless told not to. The
/// model calls its one tool, `bash`, and ends with the output that its prompt asks for. What it did is kept in its home.
pub(super) fn mini_swe_agent(plan: &LaunchPlan<'_>) -> Launch {
    let model = format!("openai/{}", plan.model);
    let mut argv = strings(["mini", "--model", &model, "--task", plan.instruction, "--exit-immediately"]);
    if plan.unattended {
        argv.push("--yolo".to_owned());
    }
    let mut env = endpoints(plan);
    env.extend(quiet(&ExternalAgent::MiniSweAgent));
    Launch { argv, env, files: Vec::new(), stdin: String::new() }
}

/// It commits by itself and asks much; both are switched off, as are updates and analytics. It looks for a list of prices
/// on the net all the same, and goes on without. It has no tools: the model answers with whole files. Its histories are
/// kept in its home; only its map of the repository (`.aider.tags.cache.v4`) stays in the workspace.
pub(super) fn aider(plan: &LaunchPlan<'_>) -> Launch {
    let model = format!("openai/{}", plan.model);
    let file = format!("{}/.retake/instruction.md", plan.home);
    let chat = format!("{}/.retake/aider.chat.history.md", plan.home);
    let input = format!("{}/.retake/aider.input.history", plan.home);
    let mut argv = strings([
        "aider",
        "--model",
        &model,
        "--message-file",
        &file,
        "--chat-history-file",
        &chat,
        "--input-history-file",
        &input,
        "--no-check-update",
        "--no-show-release-notes",
        "--no-show-model-warnings",
        "--analytics-disable",
        "--no-auto-commits",
        "--no-gitignore",
        "--no-pretty",
        "--no-fancy-input",
    ]);
    if plan.unattended {
        argv.push("--yes-always".to_owned());
    }
    let mut env = endpoints(plan);
    env.extend(quiet(&ExternalAgent::Aider));
    Launch { argv, env, files: vec![(file, plan.instruction.to_owned())], stdin: String::new() }
}

/// Its provider is written into a settings file of its home. With a title of ours it asks no model for one.
pub(super) fn opencode(plan: &LaunchPlan<'_>) -> Launch {
    let settings = opencode_settings(&serde_json::json!({"retake": {
        "npm": "@ai-sdk/openai-compatible",
        "name": "retake",
        "options": {"baseURL": format!("{}/v1", plan.base_url), "apiKey": DUMMY_KEY},
        "models": {plan.model: {"name": plan.model}},
    }}));
    let model = format!("retake/{}", plan.model);
    let mut argv = strings(["opencode", "run", "--model", &model, "--format", "json", "--title", "retake"]);
    if plan.unattended {
        argv.push("--auto".to_owned());
    }
    // What follows is no option, whatever it begins with.
    argv.extend(strings(["--", plan.instruction]));
    let file = format!("{}/.config/opencode/opencode.json", plan.home);
    let mut env = endpoints(plan);
    env.extend(quiet(&ExternalAgent::OpenCode));
    Launch { argv, env, files: vec![(file, settings.to_string())], stdin: String::new() }
}

/// Any program: `{instruction}`, `{model}`, `{base_url}`, `{cwd}` and `{home}` in its words are filled in. The
/// instruction comes on standard input where no word asks for it.
pub(super) fn command(words: &[String], plan: &LaunchPlan<'_>) -> Launch {
    let places = [
        ("{model}", plan.model),
        ("{base_url}", plan.base_url),
        ("{cwd}", plan.cwd),
        ("{home}", plan.home),
        // Last, so that nothing within it is filled in.
        ("{instruction}", plan.instruction),
    ];
    let fill =
        |word: &String| places.iter().fold(word.clone(), |word, (place, text)| word.replace(place, text));
    let asked = words.iter().any(|word| word.contains("{instruction}"));
    Launch {
        argv: words.iter().map(fill).collect(),
        env: endpoints(plan),
        files: Vec::new(),
        stdin: if asked { String::new() } else { plan.instruction.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: LaunchPlan<'_> = LaunchPlan {
        base_url: "http://127.0.0.1:4000",
        model: "m",
        instruction: "fix {model}",
        cwd: "/app",
        home: "/home/agent",
        unattended: true,
        append: None,
    };

    #[test]
    fn a_command_is_filled_in_and_gets_both_endpoints() {
        let words = strings(["run", "--model={model}", "--at", "{base_url}/v1", "{instruction}"]);
        let launch = command(&words, &PLAN);
        assert_eq!(launch.argv, ["run", "--model=m", "--at", "http://127.0.0.1:4000/v1", "fix {model}"]);
        assert_eq!(launch.stdin, "");
        assert_eq!(command(&strings(["run"]), &PLAN).stdin, "fix {model}");
        let set = |key: &str| launch.env.iter().any(|(k, v)| k == key && v.starts_with(PLAN.base_url));
        assert!(set("OPENAI_BASE_URL") && set("ANTHROPIC_BASE_URL"));
    }

    /// What a program is started with: its words, its variables beside those that every agent gets, its files.
    fn shown(launch: &Launch) -> String {
        let usual = endpoints(&PLAN);
        assert!(usual.iter().all(|pair| launch.env.contains(pair)), "{:?}", launch.env);
        assert_eq!(launch.stdin, "");
        let env = launch.env.iter().filter(|pair| !usual.contains(pair));
        let env: Vec<String> = env.map(|(key, value)| format!("{key}={value}")).collect();
        let files: Vec<String> = launch.files.iter().map(|(path, text)| format!("{path}: {text}")).collect();
        format!("{}\n{}\n{}", launch.argv.join(" "), env.join(" "), files.join("\n"))
    }

    #[test]
    fn each_preset_has_its_words_variables_and_files() {
        assert_eq!(
            shown(&mini_swe_agent(&PLAN)),
            "mini --model openai/m --task fix {model} --exit-immediately --yolo\n\
             LITELLM_LOCAL_MODEL_COST_MAP=True MSWEA_CONFIGURED=true MSWEA_COST_TRACKING=ignore_errors \
             MSWEA_SILENT_STARTUP=1\n"
        );
        assert_eq!(
            shown(&aider(&PLAN)),
            "aider --model openai/m --message-file /home/agent/.retake/instruction.md \
             --chat-history-file /home/agent/.retake/aider.chat.history.md \
             --input-history-file /home/agent/.retake/aider.input.history --no-check-update \
             --no-show-release-notes --no-show-model-warnings --analytics-disable --no-auto-commits --no-gitignore \
             --no-pretty --no-fancy-input --yes-always\n\
             LITELLM_LOCAL_MODEL_COST_MAP=True\n\
             /home/agent/.retake/instruction.md: fix {model}"
        );
        let opencode = shown(&opencode(&PLAN));
        let (start, settings) = opencode.split_once("opencode.json: ").unwrap();
        assert_eq!(
            start,
            "opencode run --model retake/m --format json --title retake --auto -- fix {model}\n\
             OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1\n\
             /home/agent/.config/opencode/"
        );
        let settings: serde_json::Value = serde_json::from_str(settings).unwrap();
        let options = &settings["provider"]["retake"]["options"];
        assert_eq!(options["baseURL"], "http://127.0.0.1:4000/v1");
        assert_eq!((&settings["autoupdate"], &settings["share"]), (&false.into(), &"disabled".into()));
    }

    #[test]
    fn a_command_line_of_somebody_elses_is_pointed_and_quietened_by_variables() {
        let at = Pointing { base_url: PLAN.base_url, home: PLAN.home, unattended: true };
        let said = |agent, name: &str| {
            let env = super::point(&agent, &at);
            env.into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
        };
        assert_eq!(said(ExternalAgent::MiniSweAgent, "MSWEA_CONFIGURED"), "true");
        assert_eq!(said(ExternalAgent::Aider, "AIDER_YES_ALWAYS"), "true");
        assert!(said(ExternalAgent::Aider, "AIDER_CHAT_HISTORY_FILE").starts_with("/home/agent/"));
        let settings = said(ExternalAgent::OpenCode, "OPENCODE_CONFIG_CONTENT");
        let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["provider"]["openai"]["options"]["baseURL"], "http://127.0.0.1:4000/v1");
        assert_eq!((&settings["share"], &settings["permission"]["*"]), (&"disabled".into(), &"allow".into()));
        let attended = Pointing { unattended: false, ..at };
        assert!(!super::point(&ExternalAgent::OpenCode, &attended)[2].1.contains("permission"));
    }

    #[test]
    fn every_file_lies_in_the_home() {
        for launch in [aider(&PLAN), opencode(&PLAN), mini_swe_agent(&PLAN)] {
            assert!(launch.files.iter().all(|(path, _)| path.starts_with("/home/agent/")), "{launch:?}");
            assert!(launch.env.iter().any(|(key, _)| key == "OPENAI_BASE_URL"));
        }
    }
}
