//! Which conversation a request belongs to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::{Event, Options};
use model::ModelFault;
use serde_json::{Value, json};

use crate::client::{Client, request};
use crate::fakes::{Does, Frames, Gate, Remembers, frame, frames, start, until};

struct Session {
    client: Client,
    observer: Arc<Remembers>,
    _gateway: gateway::Gateway,
}

impl Session {
    fn new() -> Self {
        let model = Does(|| Ok(frames(vec![Ok(frame(0, None, "{}"))])), Arc::default());
        let (gateway, observer) = start(Arc::new(model), Options::default());
        Self { client: Client::open(gateway.address()), observer, _gateway: gateway }
    }

    /// Asks and tells where the request was put.
    fn ask(&mut self, path: &str, body: &Value) -> (String, u32, u32) {
        assert_eq!(self.client.post(path, &body.to_string()).status, 200);
        self.observer.asked().pop().unwrap()
    }
}

fn at(lane: &str, step: u32) -> (String, u32, u32) {
    (lane.to_owned(), step, 1)
}

fn user(text: &str) -> Value {
    json!({"type": "message", "role": "user", "content": text})
}

#[test]
fn a_conversation_that_grows_stays_in_its_lane_whatever_its_head_says() {
    let mut session = Session::new();
    let mut items = vec![user("fix it")];
    for step in 1..=5 {
        let body = json!({"model": "m", "client_metadata": {"turn": step}, "tools": [{"name": "a"}], "input": items});
        assert_eq!(session.ask("/v1/responses", &body), at("main", step));
        items.push(json!({"type": "reasoning", "id": step}));
    }
    let other = json!({"model": "m", "tools": [{"name": "a"}], "input": [user("another task")]});
    assert_eq!(session.ask("/v1/responses", &other), at("lane-2", 1));
    let body = json!({"model": "m", "tools": [{"name": "a"}], "input": items});
    assert_eq!(session.ask("/v1/responses", &body), at("main", 6));
}

#[test]
fn a_cache_mark_that_moves_on_changes_no_lane() {
    let mut session = Session::new();
    let marked = |text: &str| json!({"role": "user", "content": [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]});
    let plain = |text: &str| json!({"role": "user", "content": text});
    let said = |text: &str| json!({"role": "assistant", "content": text});
    let body = |messages: Vec<Value>| json!({"model": "m", "system": "s", "messages": messages});
    assert_eq!(session.ask("/v1/messages", &body(vec![marked("a")])), at("main", 1));
    assert_eq!(session.ask("/v1/messages", &body(vec![plain("a"), said("b"), marked("c")])), at("main", 2));
    let third = body(vec![plain("a"), said("b"), plain("c"), said("d"), marked("e")]);
    assert_eq!(session.ask("/v1/messages", &third), at("main", 3));
    let helper = json!({"model": "m", "system": "helper", "messages": [plain("a")]});
    assert_eq!(session.ask("/v1/messages", &helper), at("lane-2", 1));
}

#[test]
fn a_history_that_is_rewritten_stays_but_a_new_one_with_the_same_beginning_does_not() {
    let mut session = Session::new();
    let chat = |texts: &[&str]| {
        let roles = ["system", "user", "assistant", "user", "assistant", "user"];
        let message = |(role, text): (&&str, &&str)| json!({"role": role, "content": text});
        json!({"messages": roles.iter().zip(texts).map(message).collect::<Vec<_>>()})
    };
    let path = "/v1/chat/completions";
    assert_eq!(session.ask(path, &chat(&["s", "task 1"])), at("main", 1));
    assert_eq!(session.ask(path, &chat(&["s", "task 1", "b", "c", "d", "e"])), at("main", 2));
    assert_eq!(session.ask(path, &chat(&["s", "task 1", "b", "shorter"])), at("main", 3));
    assert_eq!(session.ask(path, &chat(&["s", "task 2"])), at("lane-2", 1));
    assert_eq!(session.ask(path, &chat(&["s", "task 1"])), at("lane-3", 1));
}

#[test]
fn a_compacted_thread_goes_on_in_its_lane() {
    let mut session = Session::new();
    let base = json!({"type": "message", "role": "developer", "id": "msg_base", "content": "be brief"});
    let body = |thread: &str, tools: Value, items: &[Value]| {
        let input = [std::slice::from_ref(&base), items].concat();
        json!({"model": "m", "prompt_cache_key": thread, "tools": tools, "input": input})
    };
    let tools = json!([{"name": "a"}]);
    let call = json!({"type": "custom_tool_call", "call_id": "c", "name": "a", "input": "x"});
    let output = json!({"type": "custom_tool_call_output", "call_id": "c", "output": "y"});
    let history = [user("fix it"), call, output, user("CHECKPOINT")];
    let mut ask = |body: Value| session.ask("/v1/responses", &body);
    assert_eq!(ask(body("t1", tools.clone(), &history[..1])), at("main", 1));
    assert_eq!(ask(body("t1", tools.clone(), &history[..3])), at("main", 2));
    assert_eq!(ask(body("t1", json!([]), &history)), at("main", 3));
    assert_eq!(ask(body("t1", json!([]), &[user("summary")])), at("main", 4));
    assert_eq!(ask(body("t2", tools, &[user("summary")])), at("lane-2", 1));
}

#[test]
fn a_client_that_left_with_the_answer_goes_on_at_the_next_step_one_that_met_an_error_does_not() {
    let gate = Gate::default();
    let (held, calls) = (gate.clone(), AtomicUsize::new(0));
    let model = Does(
        move || match calls.fetch_add(1, Ordering::SeqCst) {
            1 => Err(ModelFault::status(500, "{}")),
            _ => {
                let held = held.clone();
                let end = std::iter::once_with(move || {
                    held.wait();
                    Ok(frame(0, None, "late"))
                });
                Ok(Box::new(std::iter::once(Ok(frame(0, None, "first"))).chain(end)) as Frames)
            }
        },
        Arc::default(),
    );
    let (gateway, observer) = start(Arc::new(model), Options::default());
    let items = [user("a"), json!({"type": "reasoning"}), user("b"), user("c")];
    let post = |length: usize| {
        let mut client = Client::open(gateway.address());
        let body = json!({"model": "m", "input": items[..length]}).to_string();
        client.write(request("POST", "/v1/responses", "", &body).as_bytes());
        client
    };
    let mut first = post(1);
    let mut seen = [0; 12];
    std::io::Read::read_exact(&mut first.stream, &mut seen).unwrap();
    drop(first);
    gate.open();
    until("it is told", || {
        observer.all().iter().any(|e| matches!(e, Event::Abandoned { .. } | Event::Answered { .. }))
    });
    assert_eq!(post(3).read(false).unwrap().status, 500);
    assert_eq!(post(4).read(false).unwrap().status, 200);
    assert_eq!(observer.asked(), [at("main", 1), at("main", 2), at("main", 2)]);
}

#[test]
fn a_call_without_its_output_is_told_once_and_answered_all_the_same() {
    let mut session = Session::new();
    let call = json!({"type": "function_call", "call_id": "c", "name": "a", "arguments": "{}"});
    session.ask("/v1/responses", &json!({"input": [user("a"), call]}));
    session.ask("/v1/responses", &json!({"input": [user("a"), call, user("b")]}));
    let told = session.observer.all().into_iter().filter(|e| matches!(e, Event::Problem { .. })).count();
    assert_eq!(told, 1);
}
