//! What is read of files and folders: compressed ones, broken lines, sessions that stand in several files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use interop::{Silent, read_paths};
use serde_json::json;

fn usage(input: u64, cached: u64, output: u64) -> serde_json::Value {
    json!({"input_tokens": input, "cached_input_tokens": cached, "output_tokens": output, "reasoning_output_tokens": 0, "total_tokens": input + output})
}

/// A rollout of calls with so many input tokens; each event stands twice, as some versions write it.
fn rollout(id: &str, parent: Option<&str>, inputs: &[u64]) -> String {
    let meta = |id: &str| {
        json!({"timestamp": "2026-11-25T10:00:00Z", "type": "session_meta", "payload": {"id": id}})
            .to_string()
    };
    let mut lines = vec![meta(id)];
    lines.extend(parent.map(meta));
    lines.push(
        json!({"timestamp": "2026-11-25T10:00:00Z", "type": "turn_context", "payload": {"model": "gpt-5.4"}})
            .to_string(),
    );
    lines.push(json!({"type": "event_msg", "payload": {"type": "token_count", "info": null}}).to_string());
    let (mut total, mut output) = (0, 0);
    for input in inputs {
        total += input;
        output += 10;
        let line = json!({"timestamp": "2026-11-25T10:00:05Z", "type": "event_msg", "payload": {"type": "token_count", "info": {
            "total_token_usage": usage(total, 0, output), "last_token_usage": usage(*input, 0, 10)}}});
        lines.push(line.to_string());
        lines.push(line.to_string());
    }
    lines.join("\n") + "\n"
}

fn calls(folder: &Path) -> Vec<(String, usize)> {
    let read = read_paths(&[folder.to_owned()], &Silent);
    let mut found: Vec<(String, usize)> =
        read.sessions.iter().map(|one| (one.id.clone(), one.calls.len())).collect();
    found.sort();
    found
}

#[test]
fn a_fork_counts_only_what_it_adds_and_a_copy_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("a.jsonl", &rollout("parent", None, &[1000, 1100, 1200]));
    write("nested/copy.jsonl", &rollout("parent", None, &[1000, 1100, 1200]));
    write("b.jsonl", &rollout("child", Some("parent"), &[1000, 1100, 1300, 1400]));
    write("c.jsonl", &rollout("other", None, &[1000, 7]));
    let expected = [("child", 2), ("other", 2), ("parent", 3)].map(|(id, calls)| (id.to_owned(), calls));
    assert_eq!(calls(temp.path()), expected);
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    assert_eq!(read.duplicates.iter().map(|(_, _, calls)| calls).sum::<u64>(), 5);
}

#[test]
fn messages_of_a_resumed_transcript_count_once_and_the_last_line_of_a_message_wins() {
    let line = |session: &str, id: &str, second: u32, output: u64| {
        json!({"type": "assistant", "sessionId": session, "uuid": format!("{id}{output}"), "timestamp": format!("2026-11-25T10:00:{second:02}Z"),
            "message": {"id": id, "model": "claude-sonnet-4-6", "role": "assistant", "content": [], "usage": {"input_tokens": 3, "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 20, "cache_creation": {"ephemeral_1h_input_tokens": 20, "ephemeral_5m_input_tokens": 0}, "output_tokens": output}}})
        .to_string()
    };
    let temp = tempfile::tempdir().unwrap();
    let first = [line("one", "m1", 1, 1), line("one", "m1", 1, 9), line("one", "m2", 2, 5)].join("\n");
    let second = [line("two", "m1", 1, 9), line("two", "m3", 3, 5)].join("\n");
    fs::write(temp.path().join("one.jsonl"), first).unwrap();
    fs::write(temp.path().join("two.jsonl"), second + "\n{\"type\":\"assistant\",\"mess").unwrap();
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    let usages: Vec<_> = read
        .sessions
        .iter()
        .flat_map(|session| &session.calls)
        .map(|call| (call.usage.unwrap(), call.written.hour))
        .collect();
    assert_eq!(usages.len(), 3);
    assert!(usages.iter().all(|(usage, hour)| usage.input_tokens == 123 && *hour == 20));
    assert_eq!(usages.iter().map(|(usage, _)| usage.output_tokens).sum::<u64>(), 9 + 5 + 5);
    let fault: Vec<usize> = read.unreadable.iter().map(|fault| fault.line).collect();
    assert_eq!(fault, [3]);
}

#[test]
fn compressed_files_are_read_and_what_is_nothing_known_is_said() {
    let temp = tempfile::tempdir().unwrap();
    let text = rollout("packed", None, &[5000, 6000]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    fs::write(temp.path().join("r.jsonl.gz"), packed.finish().unwrap()).unwrap();
    // One raw block of zstd: magic, frame header with a window of 128 KiB, block, no checksum.
    let other = rollout("zstd", None, &[5000, 6000]);
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let header = (u32::try_from(other.len()).unwrap() << 3) | 1;
    frame.extend(&header.to_le_bytes()[..3]);
    frame.extend(other.as_bytes());
    fs::write(temp.path().join("r.jsonl.zst"), frame).unwrap();
    assert_eq!(calls(temp.path()), [("packed".to_owned(), 2), ("zstd".to_owned(), 2)]);
    let (odd, absent) = (temp.path().join("odd.json"), temp.path().join("absent.jsonl"));
    fs::write(&odd, "{\"a\":1}").unwrap();
    let read = read_paths(&[odd.clone(), absent.clone()], &Silent);
    let paths: Vec<_> = read.unreadable.iter().map(|fault| fault.path.clone()).collect();
    assert_eq!(paths, [absent, odd.clone()]);
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    assert_eq!((read.unreadable.len(), read.skipped), (0, vec![odd]));
}

#[test]
fn a_bundle_and_its_rollout_are_one_session_with_requests() {
    let temp = tempfile::tempdir().unwrap();
    let bundle = temp.path().join("trace-1");
    fs::create_dir_all(bundle.join("payloads")).unwrap();
    let event = |seq: u64, payload: serde_json::Value| {
        json!({"schema_version": 2, "seq": seq, "wall_time_unix_ms": 1_795_646_028_444_u64 + seq, "rollout_id": "r1", "thread_id": null, "payload": payload}).to_string()
    };
    let place = |key: &str, path: &str, kind: &str| json!({"type": kind, "inference_call_id": path.get(..10), key: {"raw_payload_id": "x", "path": path}});
    let mut started = place("request_payload", "payloads/1.json", "inference_started");
    started["inference_call_id"] = "i1".into();
    let mut completed = place("response_payload", "payloads/2.json", "inference_completed");
    completed["inference_call_id"] = "i1".into();
    let lines =
        [event(1, json!({"type": "rollout_started"})), event(2, started), event(3, completed)].join("\n");
    fs::write(bundle.join("trace.jsonl"), lines).unwrap();
    fs::write(
        bundle.join("payloads/1.json"),
        json!({"model": "gpt-5.5", "input": [{"role": "user", "content": "hi"}], "tools": []}).to_string(),
    )
    .unwrap();
    fs::write(
        bundle.join("payloads/2.json"),
        json!({"response_id": "resp_1", "token_usage": usage(5100, 4992, 20)}).to_string(),
    )
    .unwrap();
    fs::write(temp.path().join("rollout.jsonl"), rollout("r1", None, &[5100])).unwrap();
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    assert_eq!((read.sessions.len(), &read.unreadable), (1, &vec![]));
    let session = &read.sessions[0];
    assert!(session.has_requests() && session.format == "codex_trace");
    assert_eq!(session.calls[0].usage.unwrap().cached_tokens, 4992);
}

#[test]
fn requests_of_a_transcript_are_put_together_from_their_records() {
    let temp = tempfile::tempdir().unwrap();
    let blob = |hash: &str, role: &str, text: &str| {
        json!({"type": "api-request-blob", "sessionId": "s", "hash": hash, "message": {"role": role, "content": [{"type": "text", "text": text}]}}).to_string()
    };
    let request = |id: &str, base: Option<&str>, keep: u64, tail: &[&str], at: u64| {
        let mut line = json!({"type": "api-request", "sessionId": "s", "id": id, "keep": keep, "tail": tail, "shapeHash": "h",
            "params": {"model": "claude-sonnet-4-6", "max_tokens": 9}, "cacheControl": [{"path": format!("messages.{at}.content.0"), "value": {"type": "ephemeral"}}]});
        if let Some(base) = base {
            line["base"] = base.into();
        }
        line.to_string()
    };
    let answer = |id: &str, request: &str| {
        json!({"type": "assistant", "sessionId": "s", "requestRef": request, "message": {"id": id, "model": "claude-sonnet-4-6",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 90, "output_tokens": 3}}}).to_string()
    };
    let lines = [
        json!({"type": "api-request-shape", "sessionId": "s", "shapeHash": "h", "shape": {"system": [{"type": "text", "text": "be brief"}], "tools": [{"name": "ls", "input_schema": {}}]}}).to_string(),
        blob("a", "user", "hi"),
        request("r1", None, 0, &["a"], 0),
        answer("m1", "r1"),
        blob("b", "assistant", "yes"),
        blob("c", "user", "go"),
        request("r2", Some("r1"), 1, &["b", "c"], 2),
        answer("m2", "r2"),
    ];
    fs::write(temp.path().join("s.jsonl"), lines.join("\n")).unwrap();
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    assert_eq!(read.unreadable, []);
    let session = &read.sessions[0];
    assert!(session.calls.iter().all(|call| call.request.is_some()));
    let last = session.calls[1].request.as_ref().unwrap();
    // Head, tool, system; the first message lost its breakpoint.
    assert_eq!((last.keep, last.add.len()), (3, 3));
    assert!(session.blocks[*last.add.last().unwrap() as usize].raw.contains("cache_control"));
}

#[test]
fn an_archive_of_http_gives_threads_by_what_requests_have_in_common() {
    let temp = tempfile::tempdir().unwrap();
    let entry = |second: u32, messages: serde_json::Value| {
        let body = json!({"model": "gpt-4o", "messages": messages}).to_string();
        let answer = json!({"id": "c", "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 2000, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1024}}}).to_string();
        json!({"startedDateTime": format!("2026-11-25T10:00:{second:02}.000Z"), "time": 900.0,
            "request": {"url": "https://api.openai.com/v1/chat/completions", "postData": {"text": body}},
            "response": {"status": 200, "content": {"text": answer}}})
    };
    let (system, hi, bye) = (
        json!({"role": "system", "content": "s"}),
        json!({"role": "user", "content": "hi"}),
        json!({"role": "user", "content": "bye"}),
    );
    let log = json!({"log": {"entries": [
        entry(1, json!([system, hi])),
        entry(2, json!([system, bye])),
        entry(3, json!([system, hi, {"role": "assistant", "content": "ok"}, bye])),
    ]}});
    fs::write(temp.path().join("a.har"), log.to_string()).unwrap();
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    let threads: Vec<&str> = read.sessions[0].calls.iter().map(|call| call.thread.as_str()).collect();
    assert_eq!(threads, ["thread 1", "thread 2", "thread 1"]);
    assert_eq!(read.sessions[0].calls[2].usage.unwrap().cached_tokens, 1024);
}

/// Where a recording of the repository lies.
const RECORDING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tasks/core/cassettes/agent-v2/next-version.1.jsonl");

#[test]
fn a_recording_that_was_cut_or_broken_is_read_up_to_there_and_the_line_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let whole = fs::read(RECORDING).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let exchanges: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with(b"{\"exchange\""))
        .map(|(at, _)| at)
        .collect();
    let read = |name: &str, text: &[u8]| {
        let path = temp.path().join(name);
        fs::write(&path, text).unwrap();
        let read = read_paths(&[path], &Silent);
        let calls: usize = read.sessions.iter().map(|session| session.calls.len()).sum();
        (calls, read.unreadable.iter().map(|fault| fault.line).collect::<Vec<_>>())
    };
    assert_eq!(read("whole.jsonl", &whole), (exchanges.len(), vec![]));
    // Cut within the third exchange.
    let third = exchanges[2];
    let cut = [lines[..third].concat(), lines[third][..40].to_vec()].concat();
    assert_eq!(read("cut.jsonl", &cut), (2, vec![third + 1]));
    let broken = [lines[..third].concat(), b"{\"exchange\":\n".to_vec(), lines[third..].concat()].concat();
    assert_eq!(read("broken.jsonl", &broken), (2, vec![third + 1]));
    // Not even a whole header.
    assert_eq!(read("header.jsonl", &lines[0][..30]), (0, vec![1]));
}

#[test]
fn a_packed_recording_is_read_and_counts_once_beside_its_copies() {
    let temp = tempfile::tempdir().unwrap();
    let whole = fs::read(RECORDING).unwrap();
    let write = |name: &str, text: &[u8]| fs::write(temp.path().join(name), text).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&whole).unwrap();
    write("a.jsonl.gz", &packed.finish().unwrap());
    write("b.jsonl", &whole);
    let capture = json!({"request": {"body": {"model": "gpt-5.4", "input": [{"role": "user", "content": "hi"}]}},
        "response": {"status": 200, "body": {"model": "gpt-5.4", "usage": {"input_tokens": 7, "output_tokens": 1}, "output": [], "status": "completed"}}});
    write("c.jsonl", format!("{capture}\n{capture}\n").as_bytes());
    write("d.jsonl", format!("{capture}\n{capture}\n").as_bytes());
    let read = read_paths(&[temp.path().to_owned()], &Silent);
    assert_eq!(read.unreadable, []);
    let mut calls: Vec<usize> = read.sessions.iter().map(|session| session.calls.len()).collect();
    calls.sort_unstable();
    assert_eq!(calls, [2, 8]);
    assert_eq!(read.duplicates.len(), 2);
}

#[test]
fn a_capture_that_breaks_off_keeps_what_stands_before_it() {
    let temp = tempfile::tempdir().unwrap();
    let exchange = |text: &str| {
        format!(
            "- request:\n    url: https://api.openai.com/v1/responses\n    body: '{{\"model\":\"gpt-5.4\",\"input\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]}}'\n  response:\n    code: 200\n    body: '{{\"model\":\"gpt-5.4\",\"status\":\"completed\",\"output\":[],\"usage\":{{\"input_tokens\":5,\"output_tokens\":1}}}}'\n"
        )
    };
    let whole = format!("interactions:\n{}{}", exchange("one"), exchange("two"));
    let read = |text: &str| {
        let path = temp.path().join("a.yaml");
        fs::write(&path, text).unwrap();
        let read = read_paths(&[path], &Silent);
        let calls: usize = read.sessions.iter().map(|session| session.calls.len()).sum();
        (calls, read.unreadable.into_iter().map(|fault| (fault.line, fault.problem)).collect::<Vec<_>>())
    };
    assert_eq!(read(&whole), (2, vec![]));
    // Within the quotes of the second answer.
    let (calls, faults) = read(&whole[..whole.len() - 30]);
    assert_eq!((calls, faults.len()), (1, 1), "{faults:?}");
    assert!(faults[0].0 >= 8, "{faults:?}");
    // Before the second answer: the call is there, and its tokens are not known.
    let at = whole.rfind("  response").unwrap();
    let (calls, faults) = read(&whole[..at]);
    assert_eq!((calls, faults), (1, vec![(8, "exchange 2: there is no response".to_owned())]));
    let (calls, faults) = read(&format!("{}  response:\n    code: 200\n", &whole[..at]));
    assert_eq!(calls, 2);
    assert_eq!(faults, [(8, "exchange 2: no answer was captured: its tokens are not known".to_owned())]);
}

#[test]
fn json_that_breaks_off_is_told_with_its_line() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("trace.json");
    fs::write(&path, "{\"block_size\": 64,\n\"requests\": [{\"hash_ids\": [1,").unwrap();
    for paths in [path.clone(), temp.path().to_owned()] {
        let read = read_paths(&[paths], &Silent);
        assert_eq!(read.unreadable.len(), 1);
        assert_eq!(read.unreadable[0].line, 2, "{:?}", read.unreadable);
    }
}

#[test]
fn a_request_that_only_counts_tokens_is_no_call() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.jsonl");
    let body = json!({"model": "claude-sonnet-4-0", "max_tokens": 5, "system": "be brief", "messages": [{"role": "user", "content": "hi"}]});
    let of = |url: &str, answer: serde_json::Value| {
        json!({"request": {"url": url, "body": body}, "response": {"status": 200, "body": answer}})
            .to_string()
    };
    let answer = json!({"type": "message", "role": "assistant", "model": "claude-sonnet-4-0", "content": [], "stop_reason": "end_turn",
        "usage": {"input_tokens": 9, "output_tokens": 1}});
    let counted =
        of("https://api.anthropic.com/v1/messages/count_tokens?beta=true", json!({"input_tokens": 9}));
    fs::write(&path, format!("{counted}\n{}\n", of("https://api.anthropic.com/v1/messages", answer)))
        .unwrap();
    let read = read_paths(&[path], &Silent);
    assert_eq!((read.sessions[0].calls.len(), read.unreadable.len()), (1, 0), "{:?}", read.unreadable);
}
