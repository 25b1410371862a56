//! What is found and what is left alone: kinds of secrets, places, and texts that only look like one. Knows nothing of files.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A secret of a kind, made of parts so that no scanner takes this file for a leak. `r`: letters and digits at random.
fn made(r: &str) -> Vec<(&'static str, String)> {
    let upper: String = r.bytes().map(|b| char::from(b'A' + b % 26)).collect();
    let hex: String = r.bytes().map(|b| char::from(b"0123456789abcdef"[usize::from(b % 16)])).collect();
    let long = r.repeat(4);
    vec![
        ("aws-access-key", format!("AK{}{}", "IA", &upper[..16])),
        ("github-token", format!("gh{}{}", "p_", &r[..36])),
        ("github-token", format!("github_{}{}_{}", "pat_", &r[..22], &long[..59])),
        ("gitlab-token", format!("gl{}{}", "pat-", &r[..20])),
        ("slack-token", format!("xo{}{}", "xb-", &r[..40])),
        ("google-key", format!("AI{}{}", "za", &r[..35])),
        ("google-token", format!("ya{}{}", "29.", r)),
        ("stripe-key", format!("sk_{}{}", "live_", &r[..24])),
        ("anthropic-key", format!("sk-{}{}", "ant-api03-", long)),
        ("openai-key", format!("sk-{}{}", "proj-", r)),
        ("api-key", format!("sk{}{}", "-", &r[..48])),
        ("npm-token", format!("np{}{}", "m_", &r[..36])),
        ("pypi-token", format!("py{}{}", "pi-AgEIcHlwaS5vcmc", long)),
        ("hugging-face-token", format!("h{}{}", "f_", &r[..34])),
        ("digitalocean-token", format!("do{}{}{}", "p_v1_", &hex[..40], &hex[..24])),
        ("jwt", format!("ey{}.{}.{}", "JhbGciOiJIUzI1NiJ9", &r[..30], &r[..43])),
    ]
}

fn random() -> impl Strategy<Value = String> {
    let random = |r: &String| {
        let first = &r.as_bytes()[..16];
        let distinct: std::collections::HashSet<u8> = first.iter().map(|b| b % 16).collect();
        first.iter().filter(|b| b.is_ascii_digit()).count() >= 2 && distinct.len() >= 10
    };
    "[a-zA-Z0-9]{48}".prop_filter("random enough", random)
}

fn kinds(text: &str, member: Option<&str>) -> Vec<(&'static str, String)> {
    let found = Scanner::default().find(text, member);
    found.iter().map(|found| (found.kind, text[found.start..found.end].to_owned())).collect()
}

#[test]
fn every_expression_can_be_made_and_every_kind_has_a_word_of_its_own() {
    assert!(Scanner::default().words.is_some());
    assert!(KINDS.len() < 61);
    for kind in KINDS {
        Regex::new(kind.pattern).unwrap();
        assert!(kind.words.iter().all(|word| *word == word.to_ascii_lowercase()), "{}", kind.name);
    }
    MEMBERS.iter().for_each(|(_, pattern, _)| drop(Regex::new(pattern).unwrap()));
}

#[test]
fn what_is_called_a_secret_is_one_where_it_looks_like_one() {
    let value = "q7Jf02mZxP91vLk3TnR8";
    let found = |text: &str| kinds(text, None).first().map(|(kind, value)| (*kind, value.clone()));
    for (text, kind, secret) in [
        (format!("API_KEY={value}\n"), "secret", value),
        (format!("api-key: \"{value}\""), "secret", value),
        (format!("{{\\\"client_secret\\\": \\\"{value}\\\"}}"), "secret", value),
        (format!("aws_secret_access_key = {value}{value}"), "secret", &value.repeat(2)),
        (format!("Authorization: Bearer {value}"), "bearer-token", value),
        (format!("x-api-key: {value}"), "secret", value),
        (format!("deploy --token {value}"), "secret", value),
        ("DB_PASSWORD='s3cr3t!pass'".to_owned(), "password", "s3cr3t!pass"),
        ("password = Tr0ub4dor&3".to_owned(), "password", "Tr0ub4dor&3"),
        ("curl -u ann:Tr0ub4dor&3 http://x".to_owned(), "password", "Tr0ub4dor&3"),
        ("machine x login ann password Tr0ub4dor&3".to_owned(), "password", "Tr0ub4dor&3"),
        ("postgres://ann:Tr0ub4dor&3@db:5432/x".to_owned(), "url-password", "Tr0ub4dor&3"),
        ("Authorization: Basic YW5uOlRyMHViNGRvcjM=".to_owned(), "basic-auth", "YW5uOlRyMHViNGRvcjM="),
    ] {
        assert_eq!(found(&text), Some((kind, secret.to_owned())), "{text}");
    }
    assert_eq!(kinds("s3cr3t!pass", Some("db_password")), [("password", "s3cr3t!pass".to_owned())]);
    assert_eq!(kinds(value, Some("clientSecret")), [("secret", value.to_owned())]);
}

#[test]
fn what_only_looks_like_a_secret_is_none() {
    let commit = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for text in [
        "password: str, token: str | None = None".to_owned(),
        "password = os.environ[\"DB_PASSWORD1\"]".to_owned(),
        "token = generate_token(user_id=12345678)".to_owned(),
        "secret: ${{ secrets.DEPLOY_KEY_2024 }}".to_owned(),
        "api_key=settings.api_key_2".to_owned(),
        "postgres://user:password@localhost/x, https://example.com/a:b@c".to_owned(),
        format!("token: {commit}, commit {commit}"),
        "the task-0123456789abcdefghijklmnopqrstuvwxyz0123".to_owned(),
        "max_tokens: 128000, \"total_tokens\": 1234567890123456".to_owned(),
        "prompt_cache_key: 01a202eb-0000-7b23-9e4f-000000000001".to_owned(),
        "basic authentication".to_owned(),
        format!("call_{}", "aB3dE5fG7hI9jK1lM3nO5pQ7"),
        format!("AK{}IOSFODNN7EXAMPLE", "IA"),
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----"
            .to_owned(),
        "it has no PRIVATE KEY at all".to_owned(),
    ] {
        assert_eq!(kinds(&text, None), [], "{text}");
    }
    for member in ["encrypted_content", "signature", "call_id"] {
        assert_eq!(kinds(&made(&"aB3dE5fG7hI9".repeat(4))[1].1, Some(member)), [], "{member}");
    }
    assert_eq!(kinds("01a202eb-0000-7b23-9e4f-000000000001", Some("auth_token")), []);
}

#[test]
fn a_private_key_goes_whole_also_where_it_was_cut_or_numbered() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n";
    let (first, last) =
        (format!("-----BEGIN RSA {} KEY-----", "PRIVATE"), format!("-----END RSA {} KEY-----", "PRIVATE"));
    let whole = format!("a\n{first}\n{body}{last}\nb");
    let numbered = format!("1\t{first}\n2\t{}\n3\t{last}\n", body.trim().replace('\n', "\n3\t"));
    let escaped = whole.replace('\n', "\\n");
    let (head, tail) = (format!("{first}\n{body}[output cut]"), format!("[output cut]\n{body}{last}\nb"));
    for text in [&whole, &numbered, &escaped, &head, &tail] {
        let redacted = Redactor::default().text(text).unwrap();
        assert!(redacted.contains("__redacted:private-key:1__"), "{redacted}");
        assert!(!redacted.contains("MIIEvQ") && !redacted.contains("MzEfYyji"), "{redacted}");
    }
    assert_eq!(Redactor::default().text(&whole).unwrap(), "a\n__redacted:private-key:1__\nb");
}

#[test]
fn the_same_secret_has_the_same_number_and_what_is_marked_stays() {
    let (one, two) =
        (made(&"aB3dE5fG7hI9".repeat(4))[1].1.clone(), made(&"zY8xW6vU4tS2".repeat(4))[1].1.clone());
    let mut redactor = Redactor::default();
    let text = redactor.text(&format!("{one} {two} {one}")).unwrap();
    assert_eq!(text, "__redacted:github-token:1__ __redacted:github-token:2__ __redacted:github-token:1__");
    assert_eq!(redactor.text(&text), Some(text.clone()));
    assert_eq!(redactor.text(&two).unwrap(), "__redacted:github-token:2__");
    let scanner = Scanner::default();
    assert!(scanner.same(&format!("{one} {two} {one}"), &text));
    assert!(scanner.same(&format!("{two} {one} {two}"), &text));
    assert!(!scanner.same(&format!("{one} {two} {two}"), &text));
    // What told that it is one stands only at one place.
    let text = "key Tr0ub4dor&3 in PASSWORD=Tr0ub4dor&3";
    assert_eq!(
        Redactor::default().text(text).unwrap(),
        "key __redacted:password:1__ in PASSWORD=__redacted:password:1__"
    );
}

/// Its expressions are made once.
static SCANNER: OnceLock<Arc<Scanner>> = OnceLock::new();

proptest! {
    #[test]
    fn a_secret_at_any_place_of_a_json_text_is_found_and_the_rest_stays(
        r in random(),
        before in "[ -~é\n\"\\\\]{0,30}[ \n\"'=(:\\[]",
        after in "[ \n\"',)\\]][ -~é\n]{0,30}",
        nested: bool,
    ) {
        let scanner = SCANNER.get_or_init(Arc::default);
        for (kind, secret) in made(&r) {
            let text = format!("{before}{secret}{after}");
            let inner = json!({"command": text, "n": 1.5}).to_string();
            let value = if nested { json!({"arguments": inner, "x": [1, "é"]}) } else { json!({"text": [text, 2], "k": {}}) };
            let raw = value.to_string();
            let mut redactor = Redactor::new(Arc::clone(scanner));
            let redacted = redactor.json(&raw).unwrap();
            prop_assert!(!redacted.contains(&secret), "{}", redacted);
            prop_assert!(redacted.contains(&format!("__redacted:{kind}:1__")), "{} {}", kind, redacted);
            let _: Value = serde_json::from_str(&redacted).unwrap();
        }
    }

    #[test]
    fn no_text_makes_it_panic_and_marks_are_found_again(text in any::<String>(), odd in "[-:@/a-zBEGINPRVTKY _={}\"\\\\.0-9\n]{0,120}") {
        for text in [text, odd] {
            let mut redactor = Redactor::default();
            let _ = redactor.json(&text);
            if let Some(redacted) = redactor.text(&text) {
                prop_assert!(Scanner::default().same(&text, &redacted), "{} {}", text, redacted);
            }
        }
    }
}
