//! The kinds of secrets that are looked for: what each looks like, by its vendor's word where there is one, and what a
//! match must be besides to count. Data alone; knows nothing of where texts come from.

/// What a match must be besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing else looks like it, but an example in a manual.
    Format,
    /// The same, and its last six digits are a checksum: where they are not, it must look random.
    Checksum,
    /// Looks random.
    Random,
    /// Three parts, the first of which says an algorithm.
    Jwt,
    /// The value of something that is called a password.
    Password,
    /// The value of something that is called a key or a secret.
    Key,
    /// The value of something that is called a token: these may also be counts, hashes and places in a list.
    Token,
    /// `user:password` in base64.
    UserAndPassword,
    /// The password of a URL.
    Url,
}

/// A kind of secret.
#[derive(Debug)]
pub(super) struct Kind {
    /// What its marks are called.
    pub(super) name: &'static str,
    /// Words without which there is none, in lower case.
    pub(super) words: &'static [&'static str],
    /// What it looks like; its first group is the secret, where it has one.
    pub(super) pattern: &'static str,
    pub(super) check: Check,
}

const fn kind(
    name: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    check: Check,
) -> Kind {
    Kind { name, words, pattern, check }
}

/// What stands before a secret that begins with letters: nothing, or what belongs to no word, or an escaped line break.
macro_rules! begin {
    ($pattern:literal) => {
        concat!(r"(?:^|[^A-Za-z0-9]|\\[nrt])", $pattern)
    };
}

/// The quotes around a value, escaped or not.
macro_rules! named {
    ($name:literal, $value:literal) => {
        concat!(
            r#"(?i)(?:"#,
            $name,
            r#")s?(?:[_-][a-z0-9_-]{1,24})?(?:\\{0,3}["'`])?[ \t]{0,4}(?::=|=>|=|:)[ \t]{0,4}(?:\\{0,3}["'`])?"#,
            $value
        )
    };
}

/// All of them; of two that match the same text the first counts.
pub(super) const KINDS: &[Kind] = &[
    kind(
        "aws-access-key",
        &["akia", "asia", "abia", "acca"],
        begin!(r"((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})(?:[^A-Za-z0-9]|$)"),
        Check::Format,
    ),
    kind(
        "github-token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"gh[pousr]_[A-Za-z0-9]{36,}",
        Check::Checksum,
    ),
    kind("github-token", &["github_pat_"], r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", Check::Format),
    kind(
        "gitlab-token",
        &[
            "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-",
            "glsoat-", "glffct-",
        ],
        r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_-]{20,}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?",
        Check::Random,
    ),
    kind(
        "slack-token",
        &["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxe.xox"],
        r"xox(?:[abeoprs]-|e\.xox[bp]-)[A-Za-z0-9-]{10,}",
        Check::Random,
    ),
    kind("slack-token", &["xapp-"], r"xapp-[0-9]-[A-Z0-9]{8,20}-[0-9]{8,20}-[a-f0-9]{32,80}", Check::Format),
    kind(
        "slack-webhook",
        &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows)/[A-Z][A-Za-z0-9]{5,14}/[A-Z][A-Za-z0-9]{5,14}/([A-Za-z0-9/]{20,80})",
        Check::Random,
    ),
    kind("google-key", &["aiza"], begin!(r"(AIza[A-Za-z0-9_-]{35})"), Check::Random),
    kind("google-token", &["ya29."], begin!(r"(ya29\.[A-Za-z0-9_-]{20,})"), Check::Random),
    kind("google-secret", &["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{28}", Check::Format),
    kind(
        "stripe-key",
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
        begin!(r"([sr]k_(?:live|test)_[A-Za-z0-9]{16,})"),
        Check::Random,
    ),
    kind("stripe-key", &["whsec_"], begin!(r"(whsec_[A-Za-z0-9+/=]{24,100})"), Check::Random),
    kind("anthropic-key", &["sk-ant-"], begin!(r"(sk-ant-[A-Za-z0-9_-]{20,})"), Check::Random),
    kind(
        "openai-key",
        &["sk-"],
        begin!(r"(sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,})"),
        Check::Random,
    ),
    kind("api-key", &["sk-"], begin!(r"(sk-(?:or-v1-|lf-)?[A-Za-z0-9_-]{32,})"), Check::Random),
    kind("npm-token", &["npm_"], begin!(r"(npm_[A-Za-z0-9]{36})"), Check::Checksum),
    kind("pypi-token", &["pypi-age"], r"pypi-AgE[A-Za-z0-9_-]{50,}", Check::Format),
    kind("crates-token", &["cio"], begin!(r"(cio[A-Za-z0-9]{32})(?:[^A-Za-z0-9]|$)"), Check::Random),
    kind("rubygems-token", &["rubygems_"], r"rubygems_[a-f0-9]{48}", Check::Format),
    kind("docker-token", &["dckr_pat_"], r"dckr_pat_[A-Za-z0-9_-]{27}", Check::Format),
    kind("hugging-face-token", &["hf_"], begin!(r"(hf_[A-Za-z0-9]{34,40})"), Check::Random),
    kind("groq-key", &["gsk_"], begin!(r"(gsk_[A-Za-z0-9]{48,60})"), Check::Random),
    kind("xai-key", &["xai-"], begin!(r"(xai-[A-Za-z0-9]{70,90})"), Check::Random),
    kind("perplexity-key", &["pplx-"], begin!(r"(pplx-[A-Za-z0-9]{40,60})"), Check::Random),
    kind("sendgrid-key", &["sg."], begin!(r"(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"), Check::Format),
    kind("digitalocean-token", &["dop_v1_", "doo_v1_", "dor_v1_"], r"do[opr]_v1_[a-f0-9]{64}", Check::Format),
    kind(
        "shopify-token",
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
        Check::Format,
    ),
    kind("databricks-token", &["dapi"], begin!(r"(dapi[0-9a-f]{32})(?:[^A-Za-z0-9]|$)"), Check::Random),
    kind("linear-key", &["lin_api_"], begin!(r"(lin_api_[A-Za-z0-9]{32,48})"), Check::Random),
    kind("vault-token", &["hvs.", "hvb.", "hvr."], begin!(r"(hv[sbr]\.[A-Za-z0-9_-]{24,})"), Check::Random),
    kind("telegram-token", &[":aa"], begin!(r"([0-9]{8,10}:AA[A-Za-z0-9_-]{33})"), Check::Random),
    kind("age-key", &["age-secret-key-1"], r"AGE-SECRET-KEY-1[A-Z0-9]{58}", Check::Format),
    kind(
        "azure-key",
        &["accountkey=", "sharedaccesskey="],
        r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{43,86}={0,2})",
        Check::Random,
    ),
    kind(
        "jwt",
        &["eyj"],
        begin!(r"(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,})"),
        Check::Jwt,
    ),
    kind(
        "url-password",
        &["://"],
        r#"(?i)[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'<>\\]{0,80}:([^\s/@"'<>\\]{3,256})@"#,
        Check::Url,
    ),
    kind("basic-auth", &["basic"], r#"(?i)basic[ \t]{1,4}([a-z0-9+/]{8,}={0,2})"#, Check::UserAndPassword),
    kind(
        "password",
        &["--user", " -u"],
        r#"\s(?:-u|--user)[= \t]{1,4}(?:\\{0,3}["'])?[^\s:"'\\]{1,64}:([^\s"'\\]{6,})"#,
        Check::Password,
    ),
    kind("bearer-token", &["bearer"], r"(?i)bearer[ \t]{1,4}([a-z0-9._~+/=-]{16,})", Check::Key),
    kind(
        "password",
        &["password", "passwd", "passphrase"],
        r#"(?i)(?:--|\slogin\s{1,4}\S{1,100}\s{1,4})(?:password|passwd|passphrase)\s{1,4}(?:\\{0,3}["'])?([^\s"'\\]{8,})"#,
        Check::Password,
    ),
    kind(
        "password",
        &["password", "passwd", "passphrase", "pwd"],
        named!("password|passwd|passphrase|pwd", r#"([^\s"'`\\,;<>(){}\[\]|]{8,})"#),
        Check::Password,
    ),
    kind(
        "secret",
        &["secret", "key", "credential"],
        named!(
            "secret|api[_-]?key|access[_-]?key|secret[_-]?key|auth[_-]?key|account[_-]?key|encryption[_-]?key|signing[_-]?key|private[_-]?key|credential",
            r#"([^\s"'`\\,;<>(){}\[\]|&$]{12,})"#
        ),
        Check::Key,
    ),
    kind("secret", &["token"], named!("token", r#"([^\s"'`\\,;<>(){}\[\]|&$]{16,})"#), Check::Token),
    kind(
        "secret",
        &["--token", "--api-key", "--secret"],
        r#"(?i)--(?:token|api-key|secret|secret-key|access-token|auth-token)\s{1,4}(?:\\{0,3}["'])?([^\s"'\\]{16,})"#,
        Check::Token,
    ),
];

/// How a member of an object has to be called for its whole value to count.
pub(super) const MEMBERS: &[(&str, &str, Check)] = &[
    ("password", r"(?i)(?:password|passwd|passphrase)[0-9]?$", Check::Password),
    (
        "secret",
        r"(?i)(?:secret|api[_-]?key|(?:access|secret|auth|account|encryption|signing|private)[_-]?key|credentials?|secret[_-]?access[_-]?key)$",
        Check::Key,
    ),
    (
        "secret",
        r"(?i)(?:access|auth|api|session|refresh|bearer|private|security|csrf)[_-]?token$",
        Check::Token,
    ),
];

/// Members whose values are sealed by a vendor or made by one: no text of a person.
pub(super) const SEALED: &[&str] =
    &["encrypted_content", "signature", "call_id", "tool_call_id", "tool_use_id"];
