//! Whether something that looks like a secret is one: how random it is, its checksum, and what it must not be. Knows
//! nothing of where it stands.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::kinds::Check;

/// Bits a character from which on a long value looks random.
const RANDOM_BITS: f64 = 3.2;
/// The same for a password, which may be short.
const PASSWORD_BITS: f64 = 2.5;

/// Words of values that stand for one.
const STAND_INS: [&str; 16] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "your-",
    "your_",
    "yourpass",
    "xxxx",
    "****",
    "....",
    "dummy",
    "redacted",
    "insert",
    "process.env",
    "os.environ",
];

/// Whether a match counts, and `next` is the character after it.
pub(super) fn holds(check: Check, value: &str, next: Option<char>) -> bool {
    match check {
        Check::Format => !value.to_ascii_lowercase().contains("example"),
        Check::Checksum => has_checksum(value) || is_random(value),
        Check::Random => is_random(value),
        Check::Jwt => is_jwt(value),
        Check::Password => is_password(value) && !is_code(value, next),
        Check::Key => is_key(value) && !is_code(value, next),
        Check::Token => is_key(value) && !is_code(value, next) && !is_hash(value),
        Check::UserAndPassword => is_user_and_password(value),
        Check::Url => !is_stand_in(value) && !value.starts_with(['$', '{', '%']) && !is_word_for_it(value),
    }
}

/// Shannon's entropy of the bytes, in bits a byte.
fn bits(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = value.len().max(1) as f64;
    let part = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(part).map(|p| -p * p.log2()).sum()
}

fn is_stand_in(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    STAND_INS.iter().any(|word| lower.contains(word))
}

/// The words that manuals write where a password goes.
fn is_word_for_it(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["pass", "passwd", "password", "pwd", "secret", "token", "user", "pw"].contains(&lower.as_str())
}

fn is_random(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit())
        && bits(value) >= RANDOM_BITS
        && !value.contains("EXAMPLE")
        && !is_stand_in(value)
}

/// GitHub's and npm's: the last six digits are the CRC-32 of those after the prefix, in base 62.
fn has_checksum(value: &str) -> bool {
    let Some((_, body)) = value.split_once('_') else { return false };
    let Some(at) = body.len().checked_sub(6) else { return false };
    let (body, sum) = body.split_at(at);
    let mut crc = u32::MAX;
    for byte in body.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc;
    let digits: Vec<u8> = (0..6)
        .map(|_| {
            let digit =
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(rest % 62) as usize];
            rest /= 62;
            digit
        })
        .collect();
    sum.bytes().rev().eq(digits)
}

fn is_jwt(value: &str) -> bool {
    let head = value.split('.').next().unwrap_or_default();
    let head = URL_SAFE_NO_PAD
        .decode(head)
        .ok()
        .and_then(|head| serde_json::from_slice::<serde_json::Value>(&head).ok());
    head.is_some_and(|head| head.get("alg").is_some() || head.get("enc").is_some())
}

fn is_user_and_password(value: &str) -> bool {
    let text = STANDARD.decode(value).ok().and_then(|text| String::from_utf8(text).ok());
    text.and_then(|text| {
        text.split_once(':').map(|(_, password)| password.len() >= 3 && !password.contains(char::is_control))
    })
    .unwrap_or(false)
}

fn is_password(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let mixed = has(u8::is_ascii_digit) || value.bytes().any(|b| b"!#%^&*@?+~$".contains(&b));
    mixed
        && has(u8::is_ascii_alphabetic)
        && bits(value) >= PASSWORD_BITS
        && !is_stand_in(value)
        && !is_word_for_it(value)
        && !is_path(value)
        && !is_ours(value)
}

fn is_key(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    value.len() >= 12
        && digits >= 2
        && value.bytes().any(|b| b.is_ascii_alphabetic())
        && bits(value) >= RANDOM_BITS
        && !is_stand_in(value)
        && !is_path(value)
        && !is_uuid(value)
        && !is_ours(value)
}

/// A path, a URL, or a reference to where a value is.
fn is_path(value: &str) -> bool {
    value.starts_with(['/', '~', '$', '@', '<', '%'])
        || value.starts_with("./")
        || value.starts_with("../")
        || value.contains("://")
}

/// What code writes where a value goes: a call, an element, a name with its parts.
fn is_code(value: &str, next: Option<char>) -> bool {
    let name = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let names = value.split(['.', ':']).filter(|part| !part.is_empty()).all(name);
    let dotted = value.contains(['.', ':']) && names;
    // snake_case and kebab-case words: at most the last part is a number.
    let words = value.contains(['_', '-'])
        && value.split(['_', '-']).all(|part| {
            let letters =
                part.bytes().all(|b| b.is_ascii_lowercase()) || part.bytes().all(|b| b.is_ascii_uppercase());
            letters || part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())
        });
    let sentence = value.ends_with([':', '?', '!', '.'])
        && value.trim_end_matches([':', '?', '!', '.']).bytes().all(|b| b.is_ascii_alphabetic());
    matches!(next, Some('(' | '[' | '{' | '<' | '$')) || dotted || words || sentence
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<usize> = value.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// A digest or the name of a commit.
fn is_hash(value: &str) -> bool {
    let hex = value.rsplit([':', '-']).next().unwrap_or_default();
    [32, 40, 64, 96, 128].contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What the protocols give names to, and digests that say so.
fn is_ours(value: &str) -> bool {
    let begins = [
        "call_",
        "toolu_",
        "fc_",
        "fco_",
        "ctc_",
        "msg_",
        "rs_",
        "resp_",
        "req_",
        "chatcmpl-",
        "sha256",
        "sha512-",
        "sha384-",
        "sha1-",
        "blake3",
        "h1:",
        "W/",
    ];
    begins.iter().any(|prefix| value.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_tells_a_token_from_its_like() {
        // Made up: the checksum of zeros.
        let token = "ghp_000000000000000000000000000000";
        let body = &token[4..];
        let found = (0..1_u32).any(|_| has_checksum(&format!("ghp_{body}{}", sum(body))));
        assert!(found);
        assert!(!has_checksum(&format!("ghp_{body}000000")));
    }

    /// The CRC-32 by another way: one table look-up a byte.
    fn sum(text: &str) -> String {
        let table: Vec<u32> = (0..256_u32)
            .map(|n| (0..8).fold(n, |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 }))
            .collect();
        let crc = !text.bytes().fold(u32::MAX, |c, b| table[((c ^ u32::from(b)) & 255) as usize] ^ (c >> 8));
        let digits: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
        (0..6).rev().map(|place| digits[(crc / 62_u32.pow(place) % 62) as usize]).collect()
    }

    #[test]
    fn code_words_hashes_and_ids_are_no_keys() {
        let key = |value: &str| holds(Check::Key, value, None);
        let token = |value: &str| holds(Check::Token, value, None);
        for value in [
            "settings.api_key_2",
            "my_api_key_no_12",
            "123e4567-e89b-12d3-a456-426614174000",
            "call_aB3dE5fG7hI9jK1l",
            "/run/secrets/key1",
            "https://x.y/z12345",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert!(!key(value), "{value}");
        }
        assert!(!token("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        assert!(key("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
        assert!(key("q7Jf02mZxP91vLk3TnR8"));
        assert!(!holds(Check::Key, "generate12Key34Xyz98", Some('(')));
        for value in ["hunter2", "s3cr3t!pass", "Tr0ub4dor&3"] {
            assert!(holds(Check::Password, value, None), "{value}");
        }
        for value in
            ["required", "string", "args.password1", "********", "changeme1", "$PASSWORD1", "user_name_1"]
        {
            assert!(!holds(Check::Password, value, None), "{value}");
        }
    }
}
