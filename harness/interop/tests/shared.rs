//! Real sessions, traces and captures give what an independent count gives. They are not part of the project: where
//! they are absent, the tests say so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use interop::{Silent, read_paths};
use promptcache::{Figures, O200k, PriceTable, Profiles, Rules, SessionReport, Trace, analyse_all};

/// Says something that a passing test shows too: its captured output would not be seen.
macro_rules! tell {
    ($($words:tt)*) => {
        std::io::stderr().write_all((format!($($words)*) + "\n").as_bytes()).unwrap()
    };
}

/// The folder with the recordings, or nothing, loudly.
fn data(inner: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("RETAKE_SHARED").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = shared.unwrap_or_else(|| workspace.join("../shared")).join("data").join(inner);
    if path.exists() {
        return Some(path);
    }
    tell!("SKIPPED: no {inner} among the recordings of others (RETAKE_SHARED names their folder)");
    None
}

fn reports(paths: &[PathBuf]) -> (Vec<SessionReport>, Vec<Trace>) {
    let read = read_paths(paths, &Silent);
    assert_eq!(read.unreadable, []);
    let (profiles, prices) = (Profiles::built_in().unwrap(), PriceTable::built_in().unwrap());
    let own = BTreeMap::new();
    let rules =
        Rules { profiles: &profiles, forced: None, prices: &prices, own_prices: &own, tokenizer: &O200k };
    (analyse_all(&read.sessions, &rules), read.traces)
}

fn sum(reports: &[SessionReport]) -> Figures {
    let mut all = Figures::default();
    reports.iter().for_each(|report| all.merge(&report.figures));
    all
}

#[test]
fn every_file_of_the_answer_key_gives_its_tokens_to_the_token() {
    let Some(key) = data("EXPECTED.tsv") else { return };
    let text = std::fs::read_to_string(&key).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("local\t"));
    let mut checked = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let number = |at: usize| cells.get(at).and_then(|cell| cell.parse::<u64>().ok()).unwrap_or_default();
        let Some(path) = data(cells[0]) else { continue };
        let figures = sum(&reports(&[path]).0);
        let found = [
            figures.calls,
            figures.input_tokens,
            figures.cached_tokens,
            figures.cache_write_tokens,
            figures.output_tokens,
        ];
        assert_eq!(found, [2, 3, 4, 5, 6].map(number), "{}", cells[0]);
        checked += 1;
    }
    tell!("{checked} files of the answer key agree to the token");
    assert!(checked > 0);
}

#[test]
fn a_serving_trace_gives_the_published_ratios_to_four_digits() {
    let Some(path) = data("serving/Mooncake__FAST25-release__traces__conversation_trace.jsonl.gz") else {
        return;
    };
    let (_, traces) = reports(&[path]);
    let [trace] = &traces[..] else { panic!("{}", traces.len()) };
    assert_eq!((trace.block, trace.requests.len()), (512, 12_031));
    let four = |rate: Option<f64>| (rate.unwrap() * 1e4).round() / 1e4;
    let all = trace.hits(None);
    let ratios = [all.of_blocks, all.of_tokens, all.of_full_blocks, all.per_request].map(four);
    assert_eq!(ratios, [0.3664, 0.3736, 0.3823, 0.4094]);
    let bounded =
        [100_000, 50_000, 30_000, 10_000, 1_000].map(|capacity| four(trace.hits(Some(capacity)).of_blocks));
    assert_eq!(bounded, [0.3637, 0.3546, 0.3257, 0.2112, 0.0445]);
}

#[test]
fn traces_of_an_agent_give_their_hits() {
    let Some(folder) = data("serving") else { return };
    let (_, traces) = reports(&[folder]);
    let of = |name: &str| {
        let trace = traces.iter().find(|trace| trace.id == name).unwrap();
        let hits = trace.hits(None);
        tell!(
            "{name}: {} requests of block {}, {:.4} of tokens",
            trace.requests.len(),
            trace.block,
            hits.of_tokens.unwrap()
        );
        (trace.block, (hits.of_tokens.unwrap() * 1e3).round() / 1e3)
    };
    let found = ["trace_0187", "trace_0504", "trace_0546", "trace_0693"].map(of);
    assert_eq!(found, [(64, 0.604), (64, 0.651), (64, 0.733), (64, 0.852)]);
}

#[test]
fn raw_segments_give_the_rounds_that_were_made_of_them() {
    let (Some(claude), Some(codex)) =
        (data("claude/tracelab__claude_trace.json"), data("claude/tracelab__codex_trace.json"))
    else {
        return;
    };
    let Some(rounds) = data("claude/tracelab__derived_round_trace.jsonl") else { return };
    let (golden, _) = reports(&[rounds]);
    let calls = |report: &SessionReport| -> Vec<(u64, u64, u64)> {
        let usages = report.calls.iter().filter_map(|call| call.usage);
        usages
            .map(|usage| (usage.cached_tokens, usage.input_tokens - usage.cached_tokens, usage.output_tokens))
            .collect()
    };
    for (path, name) in [(claude, "claude"), (codex, "codex")] {
        let (own, _) = reports(&[path]);
        let theirs = golden.iter().find(|report| report.id.starts_with(name)).unwrap();
        assert_eq!(own.len(), 1);
        assert_eq!(calls(&own[0]), calls(theirs));
        let amplification = own[0].figures.prefill_amplification();
        assert_eq!(amplification, theirs.figures.prefill_amplification());
        // By their definition, from their rows.
        let rows = calls(theirs);
        let (mut appended, mut grown, mut output) = (0, 0, 0);
        for pair in rows.windows(2) {
            appended += pair[1].1;
            grown += (pair[1].0 + pair[1].1).saturating_sub(pair[0].0 + pair[0].1);
            output += pair[0].2;
        }
        let expected = appended as f64 / (grown as f64 - output as f64);
        match amplification {
            Some(found) => assert!((found - expected).abs() < 1e-6, "{name}: {found} {expected}"),
            None => assert!(grown <= output, "{name}: {expected}"),
        }
        tell!("{name}: {} rounds equal theirs, amplification {amplification:?}", rows.len());
    }
}

#[test]
fn predictions_are_near_the_counters_of_captured_caches_and_every_miss_is_explained() {
    let names = [
        "sse/rig__anthropic__prompt_caching__conformance_agent_loop.yaml",
        "sse/pydantic-ai__test_anthropic_cache_real_api.yaml",
        "sse/pydantic-ai__test_openai_responses_prompt_cache_e2e.yaml",
    ];
    for name in names {
        let Some(path) = data(name) else { return };
        let (sessions, _) = reports(&[path]);
        assert_eq!(sessions.len(), 1, "{name}");
        let report = &sessions[0];
        tell!("{name} ({})", report.profile.as_deref().unwrap_or("-"));
        tell!(
            "  {:>4} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8} {:>7}",
            "call",
            "input",
            "counted",
            "cached",
            "predicted",
            "written",
            "predicted",
            "error"
        );
        for call in &report.calls {
            let (usage, predicted) = (call.usage.unwrap(), call.predicted.unwrap());
            let error = predicted.cached as f64 - usage.cached_tokens as f64;
            tell!(
                "  {:>4} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8} {:>6.2}%",
                call.call,
                usage.input_tokens,
                predicted.counted,
                usage.cached_tokens,
                predicted.cached,
                usage.cache_write_tokens,
                predicted.written,
                error * 100.0 / usage.input_tokens as f64
            );
            let explained = report.breaks.iter().any(|one| one.call == call.call) || call.first;
            assert!(
                error.abs() / usage.input_tokens as f64 <= 0.02 || explained,
                "{name}: call {}",
                call.call
            );
        }
        for one in &report.breaks {
            tell!("  break at call {}: {} {} {}", one.call, one.cause, one.path, one.diff.replace('\n', " "));
        }
        assert!(report.figures.tokenizer_error().is_some());
    }
}

#[test]
fn whole_folders_of_any_mix_are_read() {
    let Some(folder) = data("") else { return };
    let read = read_paths(&[folder], &Silent);
    tell!(
        "{} files: {} sessions, {} traces, {} unreadable, {} of no known kind, {} calls counted once",
        read.files,
        read.sessions.len(),
        read.traces.len(),
        read.unreadable.len(),
        read.skipped.len(),
        read.duplicates.iter().map(|(_, _, calls)| calls).sum::<u64>()
    );
    for fault in &read.unreadable {
        tell!("  {}:{}: {}", fault.path.display(), fault.line, fault.problem);
    }
    assert!(read.sessions.len() >= 20 && read.traces.len() == 5);
}
