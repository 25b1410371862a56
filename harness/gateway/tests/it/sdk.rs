//! The vendors' own Python clients, against a script: streams, bodies, tools and errors as they understand them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use gateway::Options;
use model::{Call, Model, ModelFault, Reply, ScriptModel};
use wire::Protocol;

use crate::fakes::{script, start};

const CLIENTS: [&str; 2] = ["openai==3.54.0", "anthropic==2.12.0"];

const SCRIPT: &str = r#"
    version = "1.0"
    model = "stub"
    [[turn]]
    id = "look"
    text = "I look."
    [[turn.call]]
    tool = "run"
    args = { cmd = "ls" }
    [[turn.when]]
    contains = "hi"
    goto = "look"
    [[turn]]
    text = "Done: é."
    goto = "look"
"#;

/// Plays a script, but for models whose name is an error.
struct Named(Arc<ScriptModel>);

impl Model for Named {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let sent: serde_json::Value = serde_json::from_str(call.sent.unwrap().body).unwrap();
        let status = |status: u16, retry_after_ms| ModelFault::Status {
            status,
            body: call.protocol.error_body(status, "", "as the test asked"),
            retry_after_ms,
        };
        match sent["model"].as_str().unwrap() {
            "exhausted" => Err(ModelFault::Exhausted("as the test asked".into())),
            "once-429" if call.attempt == 1 => Err(status(429, Some(5))),
            name => match name.strip_prefix("error-") {
                Some(number) => Err(status(number.parse().unwrap(), None)),
                None => self.0.answer(call),
            },
        }
    }
}

/// A Python that has the clients; the reason where there is none.
fn python() -> Result<&'static Path, &'static str> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PYTHON.get_or_init(install).as_deref().map_err(String::as_str)
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(CLIENTS.join("-"));
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if ready.exists() {
        return Ok(python);
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"];
    run(Command::new(&python).args(pip).args(CLIENTS))?;
    std::fs::write(ready, "").map_err(|error| error.to_string())?;
    Ok(python)
}

fn check(protocol: Protocol) {
    let python = match python() {
        Ok(python) => python,
        Err(reason) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{reason}"),
        Err(reason) => {
            eprintln!("SKIPPED: the vendors' own clients are not there: {reason}");
            return;
        }
    };
    let options = Options { models: vec!["stub".into()], ..Options::default() };
    let (gateway, observer) = start(Arc::new(Named(script(SCRIPT))), options);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients.py");
    let mut command = Command::new(python);
    command.arg(program).arg(protocol.name()).arg(format!("http://{}", gateway.address()));
    let output =
        command.env_remove("http_proxy").env_remove("HTTP_PROXY").env("NO_PROXY", "*").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{:?}", observer.all());
    // Three answers, five errors, one that is retried once, and one that is final.
    let summary = gateway.close();
    assert_eq!((summary.asked, summary.answered, summary.failed), (11, 4, 7));
}

#[test]
fn the_openai_client_understands_responses() {
    check(Protocol::Responses);
}

#[test]
fn the_openai_client_understands_chat_completions() {
    check(Protocol::ChatCompletions);
}

#[test]
fn the_anthropic_client_understands_messages() {
    check(Protocol::Messages);
}
