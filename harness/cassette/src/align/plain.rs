//! Spellings of one action, or of one output, made equal: volatile values, wording and key order taken out. Nothing
//! here enters a request's key; it only decides what a comparison calls the same. Knows nothing of sessions.

use std::borrow::Cow;

use serde_json::Value;
use wire::canonical;

/// Tools that hold words alone: what they are called with is not compared.
const WORDS_ONLY: [&str; 3] = ["update_plan", "TodoWrite", "think"];
/// Members of a call's arguments that explain the call.
const WORDING: [&str; 3] = ["description", "explanation", "justification"];
/// Members that name a process of the run.
const HANDLES: [&str; 4] = ["session_id", "bash_id", "shell_id", "pid"];
/// Fewest digits of a hexadecimal word, with figures and letters, that counts as a digest.
const HEX: usize = 7;
/// What stands before the name of a piece of an output.
const CHUNK: &str = "Chunk ID: ";
/// Units of a duration.
const UNITS: [&str; 8] = ["ns", "us", "µs", "ms", "s", "sec", "secs", "seconds"];

/// A call in one spelling: equal for calls that do the same.
pub fn spelled(tool: &str, arguments: &str) -> String {
    format!("{tool} {}", self::arguments(tool, arguments, &[]))
}

/// What is the same about a call however it is spelled: its arguments in one form.
pub(super) fn arguments(tool: &str, arguments: &str, folders: &[String]) -> String {
    if WORDS_ONLY.contains(&tool) {
        return String::new();
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(arguments) else {
        return scrub(arguments, folders, false).into_owned();
    };
    if members.keys().any(|key| !is_wording(key)) {
        members.retain(|key, _| !is_wording(key));
    }
    for (key, value) in &mut members {
        if HANDLES.contains(&key.as_str()) { *value = Value::Null } else { scrub_value(value, folders) }
    }
    let text = Value::Object(members).to_string();
    canonical(&text).unwrap_or(text)
}

/// Whether a member of a call's arguments only explains the call.
pub(super) fn is_wording(key: &str) -> bool {
    WORDING.contains(&key)
}

fn scrub_value(value: &mut Value, folders: &[String]) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(plain) = scrub(text, folders, false) {
                *text = plain;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| scrub_value(value, folders)),
        Value::Object(members) => members.values_mut().for_each(|value| scrub_value(value, folders)),
        _ => {}
    }
}

/// What is the same about an output however often it is made: without times, durations, digests and addresses.
pub(super) fn output<'t>(text: &'t str, folders: &[String]) -> Cow<'t, str> {
    scrub(text, folders, true)
}

/// The text with a sign in the place of each volatile value. `measured`: times and durations are volatile too; in a
/// call they say what to do.
fn scrub<'t>(text: &'t str, folders: &[String], measured: bool) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let found = match byte {
            b'/' => folder(&text[at..], folders),
            b if b.is_ascii_alphanumeric() => word(&text[at..], measured),
            _ => None,
        };
        if let Some((length, sign)) = found {
            out.push_str(&text[from..at]);
            out.push_str(sign);
            at += length;
            from = at;
        } else if byte.is_ascii_alphanumeric() {
            at += alphanumeric(&bytes[at..]);
        } else {
            at += 1;
            // Whatever follows begins at a character: only whole ASCII bytes are looked at.
            while bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
                at += 1;
            }
        }
    }
    if from == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[from..]) }
}

fn alphanumeric(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A folder of this run, or a temporary name.
fn folder(text: &str, folders: &[String]) -> Option<(usize, &'static str)> {
    let known = folders.iter().filter(|folder| text.starts_with(folder.as_str())).map(String::len).max();
    if let Some(length) = known {
        let inside = text[length..].bytes().next();
        return inside
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(&byte))
            .then_some((length, "<folder>"));
    }
    let name =
        text.strip_prefix("/tmp/").filter(|name| name.starts_with("tmp") || name.starts_with(".tmp"))?;
    let length = name.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)).count();
    Some(("/tmp/".len() + length, "/tmp/<name>"))
}

/// A volatile value at the beginning of a word.
fn word(text: &str, measured: bool) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    if is_uuid(bytes) {
        return Some((36, "<uuid>"));
    }
    // Codex CLI names each piece of an output so.
    if let Some(rest) = text.strip_prefix(CHUNK).filter(|_| measured) {
        return Some((CHUNK.len() + alphanumeric(rest.as_bytes()), "<chunk>"));
    }
    let run = alphanumeric(bytes);
    let word = &bytes[..run];
    if measured && word.starts_with(b"0x") && run > 4 && word[2..].iter().all(u8::is_ascii_hexdigit) {
        return Some((run, "<address>"));
    }
    let all_hex = run >= HEX && word.iter().all(u8::is_ascii_hexdigit);
    if all_hex && word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic) {
        return Some((run, "<digest>"));
    }
    if measured && bytes[0].is_ascii_digit() { moment(bytes).or_else(|| duration(text)) } else { None }
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() >= 36
        && bytes[..36].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2026-11-02T09:00:00.25Z`, `2026-11-02 09:00:00` or `09:00:00`.
fn moment(bytes: &[u8]) -> Option<(usize, &'static str)> {
    let shaped = |bytes: &[u8], shape: &[u8]| {
        bytes.len() >= shape.len()
            && bytes.iter().zip(shape).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    let mut at = 0;
    if shaped(bytes, b"0000-00-00T") || shaped(bytes, b"0000-00-00 ") {
        at = 11;
    }
    if !shaped(&bytes[at..], b"00:00:00") {
        return None;
    }
    at += 8;
    if bytes.get(at) == Some(&b'.') {
        at += 1 + digits(&bytes[at + 1..]);
    }
    if bytes.get(at) == Some(&b'Z') {
        at += 1;
    } else if shaped(&bytes[at..], b"+00:00") || shaped(&bytes[at..], b"-00:00") {
        at += 6;
    }
    Some((at, "<time>"))
}

/// `12ms`, `0.12 s`, `3 seconds`.
fn duration(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut at = digits(bytes);
    if bytes.get(at) == Some(&b'.') {
        at += 1 + digits(&bytes[at + 1..]);
    }
    at += usize::from(bytes.get(at) == Some(&b' '));
    let rest = text.get(at..)?;
    let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    UNITS.contains(&&rest[..length]).then_some((at + length, "<duration>"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_an_output_measured_is_taken_out_and_what_it_says_stays() {
        let folders = ["/srv/a/work".to_owned()];
        let plain = |text| output(text, &folders).into_owned();
        assert_eq!(plain("3 passed in 0.12s"), "3 passed in <duration>");
        assert_eq!(plain("4 passed in 12 ms"), "4 passed in <duration>");
        assert_eq!(plain("at 2026-11-02T09:00:00.25Z ok"), "at <time> ok");
        assert_eq!(plain("[09:00:01] x"), "[<time>] x");
        assert_eq!(plain("<T object at 0x7f3a12>"), "<T object at <address>>");
        assert_eq!(plain("commit 1a2b3c4d5e"), "commit <digest>");
        assert_eq!(plain("/srv/a/work/x /srv/a/workshop"), "<folder>/x /srv/a/workshop");
        assert_eq!(plain("/tmp/tmpab12_x/y /tmp/out.txt"), "/tmp/<name>/y /tmp/out.txt");
        assert_eq!(plain("größe 12 Sekunden, 1.2.3, deadbeef"), "größe 12 Sekunden, 1.2.3, deadbeef");
    }

    #[test]
    fn wording_order_and_handles_are_no_part_of_a_call() {
        let plain = |text| arguments("Bash", text, &[]);
        let one = plain(r#"{"command":"ls -l","description":"Look around","bash_id":"b1"}"#);
        assert_eq!(one, plain(r#"{"bash_id":"x","description":"See","command":"ls -l"}"#));
        assert_ne!(one, plain(r#"{"command":"ls","bash_id":"b1"}"#));
        assert_ne!(plain(r#"{"cmd":"sleep 5s"}"#), plain(r#"{"cmd":"sleep 6s"}"#));
        assert_eq!(arguments("update_plan", "{\"plan\":[1]}", &[]), arguments("update_plan", "{}", &[]));
    }

    proptest! {
        #[test]
        fn any_text_can_be_made_plain_and_stays_so(
            text in any::<String>(),
            near in "[0-9a-f:/.T Zµms-]{0,60}",
        ) {
            for text in [&text, &near] {
                let once = output(text, &["/a".to_owned()]).into_owned();
                prop_assert!(once.len() <= text.len() * 12 + 12);
                arguments("x", text, &[]);
            }
        }
    }
}
