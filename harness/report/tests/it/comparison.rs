//! The comparison of two sessions as people read it.

use cassette::align::{
    Changed, Comparison, Extra, Fork, Glimpse, LedBy, Moved, SettingDifference, WhatChanged,
};
use insta::assert_snapshot;
use journal::{FailureMode, Outcome};
use report::{ComparedSide, ComparisonReport, comparison};
use wire::Cause;

fn glimpse(step: u32, tool: &str, text: &str) -> Glimpse {
    Glimpse { step, tool: tool.to_owned(), text: text.to_owned(), failed: step == 5 }
}

fn extra(step: u32, text: &str, repeated: bool, after_fork: bool) -> Extra {
    let action = glimpse(step, "exec_command", text);
    Extra { lane: "main".to_owned(), step, action, repeated, after_fork }
}

/// A comparison of which every recorded text is made of `text`.
fn report(text: &str, extras: u32) -> ComparisonReport {
    let lane = || "main".to_owned();
    let read = |step| glimpse(step, "read_file", text);
    let fork = Fork {
        lane: lane(),
        a_step: 6,
        b_step: 7,
        cause: Cause::ItemChanged,
        path: ".name".to_owned(),
        a: Some(glimpse(6, "exec_command", text)),
        b: Some(glimpse(7, "apply_patch", text)),
        led_by: Some(LedBy {
            a_step: 5,
            b_step: 6,
            action: glimpse(5, "exec_command", text),
            what: WhatChanged::Output,
            a: format!("1 failed {text}"),
            b: format!("2 failed {text}"),
        }),
    };
    let setting = SettingDifference {
        cause: Cause::InstructionsChanged,
        path: ".instructions".to_owned(),
        diff: format!("- {text}\n+ {text}"),
        declared: true,
    };
    let call = Changed {
        lane: lane(),
        a_step: 3,
        b_step: 4,
        what: WhatChanged::Call,
        path: ".arguments.path".to_owned(),
        a: read(3),
        b: read(4),
        after_fork: false,
    };
    let comparison = Comparison {
        equal: false,
        a_steps: 14,
        b_steps: 17,
        same: 9,
        setting: vec![setting],
        fork: Some(fork),
        inserted: (0..extras).map(|n| extra(2 + n, text, n == 0, n > 2)).collect(),
        missing: vec![extra(4, text, false, false), extra(8, text, false, true)],
        changed: vec![call],
        moved: vec![Moved { lane: lane(), a_step: 2, b_step: 1, action: read(2), after_fork: false }],
    };
    let a = ComparedSide {
        name: "20261125T220000Z-1a2b3c:core/report@main#1".to_owned(),
        attempt: Some(1),
        outcome: Some(Outcome::Passed),
        failure: None,
    };
    let b = ComparedSide {
        name: "20261125T221500Z-4d5e6f:core/report@terse#1".to_owned(),
        outcome: Some(Outcome::Failed),
        failure: Some(FailureMode::WrongResult),
        ..a.clone()
    };
    ComparisonReport { a, b, comparison }
}

#[test]
fn the_fork_comes_first_and_all_of_it_fits_a_screen() {
    assert_snapshot!("comparison", comparison(&report("python3 -m pytest -q", 4)));
    for extras in [0, 1, 40] {
        let text = comparison(&report(&"long ".repeat(100), extras));
        assert!(text.lines().count() <= 24, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 160), "{text}");
    }
}

#[test]
fn equal_sessions_are_said_to_be() {
    let mut same = report("x", 0);
    same.comparison.fork = None;
    same.comparison.equal = true;
    same.comparison.setting.clear();
    same.comparison.missing.clear();
    same.comparison.changed.clear();
    same.comparison.moved.clear();
    let text = comparison(&same);
    assert!(text.contains("equal: both did the same 9 actions"), "{text}");
}

#[test]
fn nothing_recorded_reaches_a_terminal_live() {
    let text = comparison(&report("\x1b]0;owned\x07\x1b[2J\u{202e}\r\nx\ty", 9));
    let live = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(live), "{text:?}");
    assert!(text.lines().count() <= 24, "{text}");
}
