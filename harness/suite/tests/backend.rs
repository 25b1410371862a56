//! `[backend.NAME]` of retake.toml: what is understood, and how what is wrong is told.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use suite::Config;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("retake.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&file).map_err(|error| error.to_string())
}

#[test]
fn a_backend_is_read_whole() {
    let config = load(
        r#"
[backend.local]
protocol = "responses"
base_url = "http://127.0.0.1:8080/v1"
key_env = "LOCAL_KEY"
model = "stub"
headers = { "x-team" = "evals" }
timeouts = { connect = 2, first_byte = 60.5, idle = 30, total = 600 }
limits = { concurrent = 4, requests_per_minute = 60, tokens_per_minute = 90000, output_reserve = 2000 }
retry = { attempts = 3, base = 0.5, max = 20, total = 60 }
prices = { "stub" = { input = 1.25, output = 10.0 } }
"#,
    )
    .unwrap();
    let backend = &config.backends["local"];
    assert_eq!(backend.base_url.as_deref(), Some("http://127.0.0.1:8080/v1"));
    assert_eq!((backend.timeouts.first_byte, backend.retry.attempts), (Some(60.5), Some(3)));
    assert_eq!((backend.limits.tokens_per_minute, backend.prices["stub"].cached), (Some(90_000), None));
}

#[test]
fn what_no_backend_can_be_is_told_with_its_place() {
    let told = |line: &str| load(&format!("[backend.local]\n{line}\n")).unwrap_err();
    for (line, what) in [
        ("base_ulr = \"http://a.example\"", "did you mean `base_url`"),
        ("protocol = \"grpc\"", "grpc"),
        ("base_url = \"a.example/v1\"", "base_url is an address"),
        ("base_url = \"https://me:secret@a.example\"", "without user"),
        ("key_env = \"sk 1234\"", "not its value"),
        ("headers = { Authorization = \"Bearer x\" }", "holds a key"),
        ("headers = { \"a b\" = \"c\" }", "no header"),
        ("timeouts = { idle = 0 }", "idle is a number of seconds above 0"),
        ("timeouts = { idel = 1 }", "did you mean `idle`"),
        ("limits = { concurrent = 0 }", "concurrent is at least 1"),
        ("retry = { attempts = 0 }", "attempts is at least 1"),
        ("prices = { x = { input = -1.0, output = 1.0 } }", "USD per million"),
    ] {
        let error = told(line);
        assert!(error.contains(what), "{line}: {error}");
        assert!(error.contains("retake.toml:2:"), "{line}: {error}");
    }
    let taken = load("[backend.script]\nmodel = \"x\"\n").unwrap_err();
    assert!(taken.contains("not free"), "{taken}");
}
