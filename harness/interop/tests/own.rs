//! The repository's own recordings: what the analysis calls a break is there in the raw bytes, and nothing else is.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;

use interop::{Silent, read_paths};
use promptcache::{BreakCause, O200k, PriceTable, Profiles, Rules, analyse_all};
use serde_json::Value;
use wire::BlockKind;

/// A piece of a request without breakpoints, a text alone and a list of one text alike.
fn plain(raw: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("cache_control");
                members.values_mut().for_each(strip);
                if let Some(content) = members.get_mut("content") {
                    let only = content
                        .as_array()
                        .filter(|parts| parts.len() == 1)
                        .and_then(|parts| parts[0].get("text"));
                    if let Some(text) = only.cloned() {
                        *content = text;
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(raw).unwrap_or_default();
    strip(&mut value);
    value
}

#[test]
fn every_break_of_our_own_recordings_is_there_in_the_raw_bytes() {
    let tasks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks/core");
    let read = read_paths(&[tasks], &Silent);
    assert_eq!(read.unreadable, []);
    let (profiles, prices) = (Profiles::built_in().unwrap(), PriceTable::built_in().unwrap());
    let own = BTreeMap::new();
    let rules =
        Rules { profiles: &profiles, forced: None, prices: &prices, own_prices: &own, tokenizer: &O200k };
    let reports = analyse_all(&read.sessions, &rules);
    for agent in ["codex", "claude-code"] {
        let of =
            read.sessions.iter().filter(|session| session.source.contains(&format!("cassettes/{agent}/")));
        let calls: usize = of.map(|session| session.calls.len()).sum();
        assert!(calls > 50, "{agent}: {calls}");
    }
    let (mut calls, mut found) = (0, BTreeMap::<String, usize>::new());
    for (session, report) in read.sessions.iter().zip(&reports) {
        let mut before: HashMap<&str, Vec<u32>> = HashMap::new();
        for (number, call) in session.calls.iter().enumerate() {
            let Some(sent) = &call.request else { continue };
            let old = before.remove(call.thread.as_str()).unwrap_or_default();
            let mut now = old[..sent.keep].to_vec();
            now.extend(&sent.add);
            let raw = |ids: &[u32]| -> Vec<&str> {
                ids.iter().map(|id| &*session.blocks[*id as usize].raw).collect()
            };
            let extends = raw(&now).starts_with(&raw(&old));
            // What a provider is shown of it: without breakpoints, and without the parameters of the request.
            let shown = |ids: &[u32]| -> Vec<Value> {
                let blocks = ids.iter().map(|id| &session.blocks[*id as usize]);
                blocks.filter(|block| block.kind != BlockKind::Head).map(|block| plain(&block.raw)).collect()
            };
            let (was, is) = (shown(&old), shown(&now));
            let goes_on = is.starts_with(&was);
            let told = report.breaks.iter().any(|one| one.call == number + 1);
            assert!(goes_on || told, "{}#{}: an edited history is no break", session.source, number + 1);
            let of_call = report.breaks.iter().filter(|one| one.call == number + 1);
            for one in of_call {
                *found.entry(one.cause.to_string()).or_default() += 1;
                let by_content = matches!(
                    one.cause,
                    BreakCause::Content(_) | BreakCause::KeyOrder | BreakCause::KeyChanged
                );
                assert!(!(by_content && extends), "{}#{}: {one:?}", session.source, number + 1);
            }
            calls += 1;
            before.insert(&call.thread, now);
        }
    }
    std::io::stderr()
        .write_all(
            format!("{} recordings, {calls} calls: breaks {found:?}\n", read.sessions.len()).as_bytes(),
        )
        .unwrap();
    assert!(calls > 50);
}
