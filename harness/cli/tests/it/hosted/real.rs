//! Codex CLI and Claude Code, recorded and replayed in a network namespace that has loopback alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{project, said};
use crate::agents::programs;
use crate::place::{Place, skipped};

/// An agent and how these tests drive it.
pub(super) struct Real {
    program: &'static str,
    arguments: &'static [&'static str],
    flags: &'static [&'static str],
    script: fn(&Path) -> String,
}

pub(super) const CODEX: Real = Real {
    program: "codex",
    arguments: &["exec", "--skip-git-repo-check", "--ephemeral", "-m", "gpt-5.5", "Greet."],
    // By itself it only reads.
    flags: &["--unattended"],
    script: |_| {
        let exec = |command: &str| {
            format!(
                "[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = {{ cmd = '''{command}''' }}\n\n"
            )
        };
        let patch = "[[turn]]\n[[turn.call]]\ntool = \"apply_patch\"\ninput = '''\n*** Begin Patch\n*** Update File: notes.txt\n@@\n-old\n+new\n*** End Patch\n'''\n\n";
        format!(
            "version = \"1.0\"\nmodel = \"gpt-5.5\"\n\n{}{}{}[[turn]]\ntext = \"Done.\"\n",
            exec("ls -A; cat AGENTS.md; pwd"),
            exec("echo hello >greeting; cat nothing"),
            patch
        )
    },
};

pub(super) const CLAUDE_CODE: Real = Real {
    program: "claude",
    arguments: &[
        "-p",
        "Greet.",
        "--output-format",
        "stream-json",
        "--verbose",
        "--model",
        "claude-opus-5-5",
        "--allowedTools",
        "Bash,Edit,Read,Write",
    ],
    // Refused to root.
    flags: &[],
    script: |folder| {
        let call = |tool: &str, arguments: String| {
            format!("[[turn]]\n[[turn.call]]\ntool = \"{tool}\"\nargs = {{ {arguments} }}\n\n")
        };
        let file = |name: &str| format!("file_path = {:?}", folder.join(name));
        let turns = [
            call("Bash", "command = '''ls -A; cat AGENTS.md; pwd''', description = \"look\"".to_owned()),
            call("Read", file("notes.txt")),
            call("Edit", format!("{}, old_string = \"old\", new_string = \"new\"", file("notes.txt"))),
            call("Write", format!("{}, content = \"hello\\n\"", file("greeting"))),
        ];
        format!(
            "version = \"1.0\"\nmodel = \"claude-opus-5-5\"\n\n{}[[turn]]\ntext = \"Done.\"\n",
            turns.concat()
        )
    },
};

/// Calls of a tool, then a word.
fn calls(tool: &str, last: &str, commands: &[&str]) -> String {
    let call = |command: &&str| {
        format!(
            "[[turn]]\n[[turn.call]]\ntool = \"{tool}\"\nargs = {{ command = '''{command}''', description = \"do\" }}\n\n"
        )
    };
    let turns: String = commands.iter().map(call).collect();
    format!("version = \"1.0\"\nmodel = \"gpt-5.5\"\n\n{turns}{last}")
}

/// Agents that only have to be pointed here: recorded and replayed where `RETAKE_AGENTS` has them, which CI doesn't ask for.
const OTHERS: [Real; 3] = [
    Real {
        program: "mini",
        arguments: &["--model", "openai/gpt-5.5", "--task", "Greet.", "--exit-immediately", "--yolo"],
        flags: &["--unattended"],
        script: |_| {
            let last = "sed -i s/old/new/ notes.txt; echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";
            calls("bash", "", &["ls -A; cat AGENTS.md", "echo hello >greeting; cat nothing", last])
        },
    },
    Real {
        program: "aider",
        arguments: &[
            "--model",
            "openai/gpt-5.5",
            "--message",
            "Greet.",
            "--edit-format",
            "whole",
            "--no-auto-commits",
            "--no-gitignore",
            "notes.txt",
        ],
        flags: &["--unattended"],
        script: |_| {
            let answer =
                "[[turn]]\ntext = \"\"\"\ngreeting\n```\nhello\n```\n\nnotes.txt\n```\nnew\n```\n\"\"\"\n";
            calls("", answer, &[])
        },
    },
    Real {
        program: "opencode",
        arguments: &["run", "--model", "openai/gpt-5.5", "--format", "json", "--title", "t", "Greet."],
        flags: &["--unattended"],
        script: |_| {
            let commands = ["ls -A; cat AGENTS.md", "echo hello >greeting; sed -i s/old/new/ notes.txt"];
            calls("bash", "[[turn]]\ntext = \"Done.\"\n", &commands)
        },
    },
];

/// Brings loopback up in a namespace of its own, then becomes the program that follows.
const INSIDE: &str = "import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))
os.execvp(sys.argv[1], sys.argv[1:])";

/// `retake`, in a folder of the place and with a home of its own, with nothing but loopback around it.
fn isolated(place: &Place, programs: &Path, folder: &str, home: &str) -> Command {
    let (folder, home) = (place.tree().join(folder), place.root().join(home));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-rn", "python3", "-c", INSIDE]).arg(place.binary());
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display());
    command.env_clear().env("PATH", path).env("HOME", home).env("LANG", "C.UTF-8").current_dir(folder);
    command
}

pub(super) fn able() -> bool {
    let made = Command::new("unshare").args(["-rn", "python3", "-c", INSIDE, "true"]).output();
    let able = made.is_ok_and(|done| done.status.success());
    if !able {
        skipped(true, "no network namespace can be made here (unshare -rn)");
    }
    able
}

impl Real {
    pub(super) fn verb(&self, place: &Place, programs: &Path, at: (&str, &str), words: &[&str]) -> Command {
        let mut command = isolated(place, programs, at.0, at.1);
        command.args(words).args(self.flags).args(["--json", "--limit", "90", "--"]);
        command.arg(self.program).args(self.arguments);
        command
    }

    fn is_recorded_and_replayed(&self) {
        let Some(programs) = programs().filter(|_| able()) else { return };
        let place = self.recorded_and_replayed_elsewhere(&programs);
        place.write("changed/AGENTS.md", "Answer in many words.\n");
        place.write("changed/notes.txt", "old\n");
        let words = ["replay", "../../run.jsonl", "--workspace", "../../changed"];
        let void = said(&mut self.verb(&place, &programs, ("another/place", "other-home"), &words), 5);
        let first = &void["first_divergence"];
        assert_eq!((&first["step"], &first["cause"]), (&1.into(), &"instructions_changed".into()), "{void}");
        assert!(first["diff"].as_str().unwrap().contains("many"), "{void}");
    }

    /// Records it in one folder and home, and replays that in others: every exchange served, the same workspace.
    fn recorded_and_replayed_elsewhere(&self, programs: &Path) -> Place {
        let place = project("");
        place.write("script.toml", &(self.script)(&place.tree().join("project")));
        let words = ["record", "--cassette", "../run.jsonl", "--model", "../script.toml"];
        let recorded = said(&mut self.verb(&place, programs, ("project", "home"), &words), 0);
        assert_eq!(
            (&recorded["agent_exit"], &recorded["warnings"]),
            (&0.into(), &Value::Array(vec![])),
            "{recorded}"
        );
        let file = |name: &str| fs::read_to_string(place.tree().join("project").join(name)).unwrap();
        assert_eq!((file("greeting").as_str(), file("notes.txt").as_str()), ("hello\n", "new\n"));

        let words = ["replay", "../../run.jsonl"];
        let replay = said(&mut self.verb(&place, programs, ("another/place", "other-home"), &words), 0);
        assert_eq!((&replay["divergences"], &replay["drift"]), (&0.into(), &0.into()), "{replay}");
        assert_eq!(
            (&replay["served"], &replay["exchanges"]),
            (&recorded["exchanges"], &recorded["exchanges"])
        );
        assert_eq!(replay["workspace_digest"], recorded["workspace_digest"]);
        place
    }
}

/// Records an agent whose model fails before it answers; gives what was recorded.
fn with_errors(real: &Real, error: &str) -> Option<Value> {
    let programs = programs().filter(|_| able())?;
    let place = project("");
    let turn = format!("[[turn]]\ntext = \"Done.\"\nerror = {{ {error} }}\n");
    place.write("script.toml", &format!("version = \"1.1\"\nmodel = \"gpt-5.5\"\n\n{turn}"));
    let words = ["record", "--cassette", "../run.jsonl", "--model", "../script.toml"];
    Some(said(&mut real.verb(&place, &programs, ("project", "home"), &words), 0))
}

/// 5 tries of a request times 6 of a turn, as `agents-on-the-wire.md` counted: 24.5 s of its own back-off.
#[test]
fn codex_asks_thirty_times_before_it_gives_up_on_a_permanent_500() {
    if std::env::var("CI").as_deref() != Ok("true") && std::env::var_os("RETAKE_SLOW").is_none() {
        return skipped(false, "half a minute of Codex's own back-off; RETAKE_SLOW=1 runs it");
    }
    let Some(report) = with_errors(&CODEX, "status = 500") else { return };
    assert_eq!((&report["exchanges"], &report["agent_exit"]), (&30.into(), &1.into()), "{report}");
}

#[test]
fn codex_asks_again_after_three_errors_and_goes_on() {
    let Some(report) = with_errors(&CODEX, "status = 502, times = 3") else { return };
    assert_eq!((&report["exchanges"], &report["agent_exit"]), (&4.into(), &0.into()), "{report}");
}

#[test]
fn codex_gives_up_at_once_on_a_400() {
    let Some(report) = with_errors(&CODEX, "status = 400") else { return };
    assert_eq!((&report["exchanges"], &report["agent_exit"]), (&1.into(), &1.into()), "{report}");
}

#[test]
fn claude_code_asks_again_when_the_model_is_overloaded_or_asked_too_often() {
    for status in [529, 429] {
        let error = format!("status = {status}, times = 2");
        let Some(report) = with_errors(&CLAUDE_CODE, &error) else { return };
        assert_eq!(
            (&report["exchanges"], &report["agent_exit"]),
            (&3.into(), &0.into()),
            "{status}: {report}"
        );
    }
}

#[test]
fn codex_is_recorded_and_replayed_elsewhere_and_a_changed_sentence_diverges() {
    CODEX.is_recorded_and_replayed();
}

#[test]
fn claude_code_is_recorded_and_replayed_elsewhere_and_a_changed_sentence_diverges() {
    CLAUDE_CODE.is_recorded_and_replayed();
}

#[test]
fn agents_that_honour_the_usual_variables_are_recorded_and_replayed_elsewhere() {
    let Some(programs) = programs().filter(|_| able()) else { return };
    for real in OTHERS {
        if programs.join(real.program).exists() {
            real.recorded_and_replayed_elsewhere(&programs);
        } else {
            skipped(
                false,
                &format!("RETAKE_AGENTS has no {} (fixtures/agents/install.sh FOLDER all)", real.program),
            );
        }
    }
}
