//! The vendors' own Python clients, against a script: streams, bodies, tools and errors as they understand them.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use gateway::Options;
use model::{Call, Model, ModelFault, Reply, ScriptModel};
use wire::Protocol;

use crate::fakes::{script, start};

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

/// The Python that `RETAKE_PYTHON` names, else the one on the path, where it has the clients.
fn python() -> Option<String> {
    let python = std::env::var("RETAKE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import anthropic, openai"]).output();
    if found.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    let why = format!("{python} lacks openai or anthropic (fixtures/python); RETAKE_PYTHON names one");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "not in CI: {why}");
    // Past the test runner, which keeps what passing tests print to itself.
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
    None
}

fn check(protocol: Protocol) {
    let Some(python) = python() else { return };
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
