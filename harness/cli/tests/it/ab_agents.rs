//! `retake ab` of agents of other makers: their recorded requests with another file of instructions are those that they make
//! with it, and a model is asked in their own protocol.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::ab::{Server, stages};
use crate::agents::{programs, toolchain};
use crate::place::{Done, Place, contained};
use crate::work;

const NEW: &str = "QUALITY-B: read before you write. \"Quote\" what you say.\n\n- Nothing else; näme it.\n";

const HEADS: &str = r#"
[variant.codex-new]
extends = "codex"
files = { "AGENTS.md" = "new.md" }

[variant.codex-later]
extends = "codex-new"
agent = "codex@0.170.0"

[variant.codex-appended]
extends = "codex"
append = "new.md"

[variant.codex-tools]
extends = "codex"
tools = ["exec_command"]

[variant.claude-new]
extends = "claude-code"
files = { "AGENTS.md" = "new.md" }

[variant.claude-imports]
extends = "claude-code"
files = { "CLAUDE.md" = "imports.md" }
"#;

/// Tasks of core with a file of instructions, and without one.
const TASKS: [&str; 2] = ["backup-spaces", "digest-queries"];

/// The suite core with its recordings, and variants that say something else.
fn core(more: &str) -> Place {
    let place = Place::with(&["core"]);
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    place.write("retake.toml", &(config + HEADS + more));
    place.write("new.md", NEW);
    place.write("imports.md", "See @docs/style.md.\n");
    place
}

/// The first stage's line.
fn free(place: &Place, arguments: &[&str], code: i32) -> Value {
    let done = place.retake(&[&["ab"], arguments, &["--stage", "free", "--json"]].concat());
    assert_eq!(done.code, Some(code), "{arguments:?}\n{}\n{}", done.stdout, done.stderr);
    stages(&done).remove(0)
}

/// A recording, line by line.
struct Sheet {
    lines: Vec<String>,
    /// Kind and raw text of each block.
    blocks: Vec<(String, String)>,
    tokens: Vec<i64>,
    requests: Vec<Vec<usize>>,
}

impl Sheet {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (mut blocks, mut tokens, mut requests) = (Vec::new(), Vec::new(), Vec::<Vec<usize>>::new());
        for line in &lines {
            let value: Value = serde_json::from_str(line).unwrap();
            if let Some(block) = value.get("block") {
                let raw = &line[line.find("\"raw\":").unwrap() + 6..line.len() - 2];
                blocks.push((block["kind"].as_str().unwrap().to_owned(), raw.to_owned()));
                tokens.push(block["tokens"].as_i64().unwrap());
            }
            let Some(exchange) = value.get("exchange") else { continue };
            let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
            let mut ids = requests.last().cloned().unwrap_or_default();
            ids.truncate(number(&exchange["keep"]));
            for (place, id) in exchange["replace"].as_object().into_iter().flatten() {
                ids[place.parse::<usize>().unwrap()] = number(id);
            }
            ids.extend(exchange["add"].as_array().unwrap().iter().map(number));
            requests.push(ids);
        }
        Self { lines, blocks, tokens, requests }
    }

    fn write(&self, path: &Path) {
        let mut blocks = self.blocks.iter().enumerate();
        let line = |line: &String| match line.starts_with("{\"block\":") {
            false => format!("{line}\n"),
            true => {
                let (id, (kind, raw)) = blocks.next().unwrap();
                format!("{{\"block\":{{\"id\":{id},\"kind\":\"{kind}\",\"tokens\":0,\"raw\":{raw}}}}}\n")
            }
        };
        fs::write(path, self.lines.iter().map(line).collect::<String>()).unwrap();
    }

    /// Tokens of all requests, as the recording counts them.
    fn input_tokens(&self) -> i64 {
        self.requests.iter().flatten().map(|id| self.tokens[*id]).sum()
    }

    /// A request's body, of another model.
    fn body(&self, request: &[usize], model: &str) -> Value {
        let mut body = Map::new();
        let messages = self.lines[0].contains("\"protocol\":\"messages\"");
        for id in request {
            let (kind, raw) = &self.blocks[*id];
            let value: Value = serde_json::from_str(raw).unwrap();
            let key = match kind.as_str() {
                "head" => {
                    body.extend(value.as_object().unwrap().clone());
                    continue;
                }
                "tool" => "tools",
                "instructions" => "system",
                _ if messages => "messages",
                _ => "input",
            };
            body.entry(key).or_insert_with(|| Value::Array(Vec::new())).as_array_mut().unwrap().push(value);
        }
        body.insert("model".to_owned(), model.into());
        Value::Object(body)
    }
}

/// The other recording with the values of this one wherever a reader would find the same: ids, hours, durations. Both have
/// one head, for its members come in any order, and no counts.
fn aligned(recorded: &mut Sheet, other: &mut Sheet) {
    let plain = |raw: &str| raw.chars().filter(|c| !c.is_ascii_hexdigit() && *c != '.').collect::<String>();
    let head = recorded.blocks[0].clone();
    for sheet in [&mut *recorded, &mut *other] {
        sheet.blocks.iter_mut().filter(|(kind, _)| kind == "head").for_each(|block| block.clone_from(&head));
    }
    assert_eq!(recorded.requests.len(), other.requests.len());
    for (a, b) in recorded.requests.iter().zip(&other.requests) {
        assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            let (old, new) = (&recorded.blocks[*a].1, &mut other.blocks[*b].1);
            let id = |raw: &str| Some(raw.split_once("\"id\":\"msg_")?.1.split_once('"')?.0.to_owned());
            if plain(old) == plain(new) {
                new.clone_from(old);
            } else if let (Some(old), Some(id)) = (id(old), id(new)) {
                *new = new.replace(&id, &old);
            }
        }
    }
}

#[test]
fn recordings_of_other_agents_are_rewritten_where_they_show_the_file_and_nowhere_else() {
    if !contained() {
        return;
    }
    let place = core("");
    for (base, head) in [("codex", "codex-new"), ("claude-code", "claude-new")] {
        let free = free(&place, &[base, head, "core"], 0);
        assert_eq!((&free["recordings"], &free["as_recorded"]), (&5.into(), &5.into()), "{}", free["left"]);
        assert_eq!(free["requests"], free["differing"]);
        let causes = free["causes"].as_array().unwrap();
        let told: Vec<(&str, bool)> =
            causes.iter().map(|c| (c["cause"].as_str().unwrap(), c["declared"] == true)).collect();
        // Where there was no such file, one more part stands before the others.
        assert_eq!(told, [("instructions_changed", true)], "{causes:?}");
        for trial in free["trials"].as_array().unwrap() {
            let task = trial["task"].as_str().unwrap().replace("core/", "");
            let sheet =
                Sheet::read(&place.tree().join(format!("tasks/core/cassettes/{base}/{task}.1.jsonl")));
            let of = |arm: &str, what: &str| trial[arm][what].as_i64().unwrap();
            assert_eq!(of("base", "input_tokens"), sheet.input_tokens(), "{task}");
            let more = |what: &str| of("head", what) - of("base", what);
            assert_ne!(more("opening_tokens"), 0, "{task}");
            let requests = i64::try_from(sheet.requests.len()).unwrap();
            assert_eq!(more("input_tokens"), requests * more("opening_tokens"), "{task}");
            assert_eq!(more("prefix_tokens"), (requests - 1) * more("opening_tokens"), "{task}");
            assert!(of("base", "achievable_tokens") > 0, "{trial}");
        }
        assert_ne!(free["head"]["cost_usd"].as_f64().unwrap(), free["base"]["cost_usd"].as_f64().unwrap());
        let same = self::free(&place, &[head, head, "core", "--cassettes", base], 0);
        assert_eq!((&same["recordings"], &same["differing"]), (&5.into(), &0.into()), "{same}");
    }
}

#[test]
fn what_recorded_requests_of_other_agents_cannot_tell_is_said_with_the_reason() {
    if !contained() {
        return;
    }
    let place = core("");
    let asked = [
        (
            "codex",
            "codex-later",
            "what codex@0.170.0 says instead of codex@0.169.0 is known only once it runs",
        ),
        (
            "codex-later",
            "codex-later",
            "it is a recording of codex 0.169.0, and codex@0.170.0 asks otherwise",
        ),
        ("codex", "codex-appended", "only it knows where they go"),
        ("codex", "codex-tools", "it has its own"),
        (
            "claude-code",
            "claude-imports",
            "words that begin with @, which may name other files, in CLAUDE.md",
        ),
        ("main", "codex", "what codex@0.169.0 says instead of native"),
    ];
    for (base, head, why) in asked {
        let set = if head.starts_with("claude") { "claude-code" } else { "codex" };
        let free = free(&place, &[base, head, "core", "--task", TASKS[0], "--cassettes", set], 7);
        assert_eq!(free["recordings"], 0, "{free}");
        assert!(free["left"][0][1].as_str().unwrap().contains(why), "{head}: {}", free["left"]);
    }
    let unread = ["codex", "new.md", "core", "--variant", "codex", "--as", "CLAUDE.md", "--task", TASKS[0]];
    let left = free(&place, &unread, 7)["left"].to_string();
    assert!(left.contains("shows nothing here of what the arms' files differ in"), "{left}");
}

/// Two tasks, one with a file of instructions, played by a real agent; and what they are to say instead.
fn real(programs: &Path, agent: &str, program: &str, model: &str, [name, argument]: [&str; 2]) -> Place {
    let place = Place::new();
    let test = "#!/bin/bash\n[[ -e /app/done ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";
    let call = |command: &str| {
        format!("[[turn]]\n[[turn.call]]\ntool = \"{name}\"\nargs = {{ {argument} = '''{command}''' }}\n\n")
    };
    let turns = ["ls -A", "seq 3000; echo ünï >done", "cat nothing", "cat done"].map(call).concat();
    let script = format!("version = \"1.0\"\nmodel = \"{model}\"\n\n{turns}[[turn]]\ntext = \"Done.\"\n");
    for task in ["bare", "told"] {
        let folder = work::task(&place, "agents", task, test, "touch done\n");
        let dockerfile = "FROM debian:bookworm\nWORKDIR /app\nCOPY app/ /app/\n";
        place.write(&format!("{folder}/environment/Dockerfile"), dockerfile);
        place.write(&format!("{folder}/environment/app/README.md"), "A project.\n");
        place.write(&format!("tasks/agents/scripts/main/{task}.toml"), &script);
    }
    place.write("tasks/agents/told/environment/app/AGENTS.md", "Answer in few words.\n\n");
    // What lists the folder sees the file in both.
    place.edit("tasks/agents/scripts/main/bare.toml", "ls -A", "pwd");
    work::suite(&place, "agents", &["bare", "told"]);
    let config = format!(
        "version = \"1.0\"\n\n[suite.agents]\npath = \"tasks/agents\"\n{}\n[variant.base]\nagent = \"{agent}\"\n\
         model = \"cassette\"\n\n[variant.head]\nextends = \"base\"\nfiles = {{ \"AGENTS.md\" = \"new.md\" }}\n",
        toolchain(programs, program)
    );
    place.write("retake.toml", &config);
    place.write("new.md", NEW);
    place
}

fn rewritten_requests_are_those_that_it_makes(agent: &str, program: &str, model: &str, tool: [&str; 2]) {
    let Some(programs) = programs() else { return };
    let place = real(&programs, agent, program, model, tool);
    let play = |variant: &str| {
        let folder = format!("tasks/agents/cassettes/{}", if variant == "base" { "main" } else { "head" });
        place.run(&["agents", "--variant", variant, "--model", "script", "--record", &folder], 0)
    };
    play("base");
    play("head");
    let said = free(&place, &["base", "head", "agents"], 0);
    assert_eq!((&said["recordings"], &said["as_recorded"]), (&2.into(), &2.into()), "{said}");
    // The same answers, asked for by the real agent with head's file: the keys are of requests without ids and hours.
    place.edit("tasks/agents/suite.toml", "cassettes/main", "cassettes/head");
    let real = free(&place, &["head", "head", "agents"], 0);
    place.edit("tasks/agents/suite.toml", "cassettes/head", "cassettes/main");
    assert_eq!((&real["recordings"], &real["as_recorded"]), (&2.into(), &2.into()), "{real}");
    let keys = |free: &Value| [0, 1].map(|trial| free["trials"][trial]["head_keys"].clone());
    assert_eq!(keys(&said), keys(&real));
    assert!(keys(&said).iter().all(|keys| keys.as_array().unwrap().len() == 5), "{said}");
    // Ids and hours are other ones in every run, and cost a token more or less: the figures are those of real requests but
    // for them.
    let file =
        |set: &str, task: &str| place.tree().join(format!("tasks/agents/cassettes/{set}/{task}.1.jsonl"));
    let mut heads = Vec::new();
    for task in ["bare", "told"] {
        let (mut recorded, mut other) = (Sheet::read(&file("main", task)), Sheet::read(&file("head", task)));
        aligned(&mut recorded, &mut other);
        recorded.write(&file("main", task));
        heads.push((task, other));
    }
    let said = free(&place, &["base", "head", "agents"], 0);
    heads.iter().for_each(|(task, sheet)| sheet.write(&file("main", task)));
    let real = free(&place, &["head", "head", "agents"], 0);
    assert_eq!((&real["recordings"], &real["as_recorded"]), (&2.into(), &2.into()), "{real}");
    for (said, real) in said["trials"].as_array().unwrap().iter().zip(real["trials"].as_array().unwrap()) {
        assert_eq!(said["head"], real["base"], "{}", said["task"]);
        assert!(said["base"]["input_tokens"].as_u64() < said["head"]["input_tokens"].as_u64(), "{said}");
    }
}

#[test]
fn rewritten_requests_of_codex_are_those_that_it_makes_with_the_file() {
    rewritten_requests_are_those_that_it_makes("codex@0.169.0", "codex", "gpt-5.5", ["exec_command", "cmd"]);
}

#[test]
fn rewritten_requests_of_claude_code_are_those_that_it_makes_with_the_file() {
    let tool = ["Bash", "command"];
    rewritten_requests_are_those_that_it_makes("claude-code@2.1.330", "claude", "claude-opus-5-5", tool);
}

/// The suite core, and a model on loopback that speaks what each of the agents does.
fn at_work(more: &str) -> (Place, Server) {
    let place = core(more);
    let server = Server::start(&place, &[]);
    let backend = |name: &str, protocol: &str| {
        format!(
            "\n[backend.{name}]\nprotocol = \"{protocol}\"\nbase_url = \"http://127.0.0.1:{}\"\nkey_env = \"\"\n\
             limits = {{ output_reserve = 400 }}\n[backend.{name}.prices]\n\
             \"two-qualities*\" = {{ input = 10.0, cached = 1.0, output = 40.0 }}\n",
            server.port
        )
    };
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    let backends = backend("one", "responses") + &backend("other", "messages");
    place.write("retake.toml", &(config + &backends));
    (place, server)
}

/// Both agents, each with a variant, a backend and the path that it asks.
const BOTH: [[&str; 4]; 2] = [
    ["codex", "codex-new", "one", "/v1/responses"],
    ["claude-code", "claude-new", "other", "/v1/messages?beta=true"],
];

/// `retake ab --json` on the two tasks, its model being one of a backend.
fn ask(place: &Place, [base, head, backend, _]: [&str; 4], how: &[&str]) -> Done {
    let model = format!("{backend}:two-qualities");
    let question = ["ab", base, head, "core", "--task", TASKS[0], "--task", TASKS[1], "--model", &model];
    place.retake(&[&question[..], how, &["--max-cost", "20", "--json"]].concat())
}

#[test]
fn both_agents_go_through_all_stages_and_cost_what_the_model_was_paid() {
    let Some(programs) = programs() else { return };
    let shown = ["codex", "claude"].map(|program| toolchain(&programs, program)).concat();
    let (place, _server) = at_work(&shown);
    let mut before = 0.0;
    for agent in BOTH {
        let done = ask(&place, agent, &["--trials", "2", "--probes", "4"]);
        assert!(matches!(done.code, Some(0 | 6)), "{}\n{}", done.stdout, done.stderr);
        let stages = stages(&done);
        let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
        assert_eq!(names, ["free", "plan", "probe", "live"]);
        let (plan, live) = (&stages[1], &stages[3]);
        assert_eq!((&plan["pairs"], &plan["assumed"]), (&4.into(), &false.into()), "{plan}");
        assert!(live["pairs"] == 4 || !live["stopped"].is_null(), "{live}");
        assert_eq!(live["cache"], "own", "an agent makes its requests itself");
        let spent: f64 = Server::ledger(&place).iter().map(|(_, usd)| usd).sum();
        assert!((spent - before - live["spent_usd"].as_f64().unwrap()).abs() < 1e-4, "{spent} {live}");
        before = spent;
    }
}

#[test]
fn a_model_is_asked_for_its_next_action_in_the_protocol_of_the_recorded_agent() {
    if !contained() {
        return;
    }
    let (place, _server) = at_work("");
    let asked = place.root().join("model/asked.jsonl");
    for agent in BOTH {
        fs::write(&asked, "").unwrap();
        let [base, _, backend, path] = agent;
        let done = ask(&place, agent, &["--stage", "probe", "--probes", "8"]);
        assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
        let probe = stages(&done).remove(2);
        assert_eq!(
            (&probe["stage"], &probe["steps"], &probe["tasks"]),
            (&"probe".into(), &8.into(), &2.into())
        );
        assert_eq!(probe["served_head"][0], "two-qualities-1", "{probe}");
        let sheets = TASKS.map(|task| {
            Sheet::read(&place.tree().join(format!("tasks/core/cassettes/{base}/{task}.1.jsonl")))
        });
        let recorded: Vec<Value> = sheets
            .iter()
            .flat_map(|sheet| sheet.requests.iter().map(|ids| sheet.body(ids, "two-qualities")))
            .collect();
        let text = fs::read_to_string(&asked).unwrap();
        let requests: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (head, base): (Vec<&Value>, Vec<&Value>) =
            requests.iter().partition(|request| request["body"].to_string().contains("QUALITY-B"));
        assert_eq!((base.len(), head.len()), (16, 8));
        assert!(requests.iter().all(|request| request["path"] == path), "{text}");
        for request in base {
            assert!(recorded.contains(&request["body"]), "{request}");
        }
        let beta = requests[0]["headers"]["anthropic-beta"].as_str().unwrap_or_default();
        assert_eq!(beta.contains("context-management"), backend == "other");
    }
    let done = ask(&place, ["claude-code", "claude-new", "one", ""], &["--stage", "probe"]);
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    assert!(done.stderr.contains("claude-code@2.1.330 speaks messages"), "{}", done.stderr);
    let cold = ask(&place, BOTH[0], &["--cache", "cold"]);
    assert_eq!((cold.code, cold.stdout.as_str()), (Some(2), ""), "nothing is asked before it is refused");
    assert!(cold.stderr.contains("make their requests themselves"), "{}", cold.stderr);
}
