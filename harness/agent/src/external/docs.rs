//! How agents of other makers show a project's file with instructions to their models: which file they read, what they make
//! of its text, and the words around it. Found out by running them on files of all kinds, in the versions that
//! `known_version` names. Takes and gives texts; knows nothing of requests.

use super::ExternalAgent;

/// Files in which such agents look for a project's instructions.
pub const INSTRUCTIONS: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "AGENTS.override.md"];

/// What Codex puts before its heading's folder, and around the text.
const CODEX: [&str; 3] = ["# AGENTS.md instructions", "<INSTRUCTIONS>\n", "\n</INSTRUCTIONS>"];
/// What stands between two files in it.
const CODEX_NEXT: &str = "\n\n--- project-doc ---\n\n";
/// Bytes of a file that Codex reads.
const CODEX_MAX: usize = 32 * 1024;

/// What Claude Code begins with, puts before a file's folder, after its name, and after the text.
const CLAUDE: [&str; 4] = [
    "<system-reminder>\nCodebase and user instructions are shown below. Be sure to adhere to these instructions. IMPORTANT: \
     These instructions OVERRIDE any default behavior and you MUST follow them exactly as written.",
    "\n\nContents of /",
    " (project instructions, checked into the codebase):\n\n",
    "\n</system-reminder>",
];

/// Whether a text of a request shows a project's file with instructions.
pub fn shows(text: &str, name: &str) -> bool {
    let codex = name == "AGENTS.md" && text.contains(CODEX[0]);
    codex || text.contains(&format!("Contents of /app/{name}"))
}

/// A project's instructions as an agent reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docs {
    /// The file's name.
    pub name: &'static str,
    /// What the agent makes of its text.
    pub text: String,
}

/// A text of a request that shows a project's instructions, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'t> {
    before: &'t str,
    /// The file's name, where it stands there, and what follows it.
    name: Option<(&'t str, &'t str)>,
    /// The instructions.
    pub text: &'t str,
    after: &'t str,
}

impl Shown<'_> {
    /// The same with other instructions.
    pub fn with(&self, docs: &Docs) -> String {
        let Self { before, name, after, .. } = *self;
        let name = name.map_or(String::new(), |(_, then)| format!("{}{then}", docs.name));
        format!("{before}{name}{}{after}", docs.text)
    }
}

impl ExternalAgent {
    /// The files with a project's instructions that it reads at the root of a workspace: the first that is there. None
    /// where that isn't known.
    pub fn docs(&self) -> &'static [&'static str] {
        match self {
            Self::Codex => &["AGENTS.override.md", "AGENTS.md"],
            Self::ClaudeCode => &["CLAUDE.md", "AGENTS.md"],
            _ => &[],
        }
    }

    /// What it reads of a workspace's files, `file` giving their contents; nothing where it shows none. An error says what of
    /// such a file it would work on in ways that only it knows.
    pub fn read_docs(&self, file: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Option<Docs>, String> {
        for name in self.docs() {
            let Some(content) = file(name) else { continue };
            let text = match self {
                Self::Codex => String::from_utf8_lossy(&content[..content.len().min(CODEX_MAX)]).into_owned(),
                _ => plain(&String::from_utf8_lossy(&content))
                    .map_err(|what| format!("{} works on {what} in {name}", self.name()))?,
            };
            if !text.trim().is_empty() {
                return Ok(Some(Docs { name, text }));
            }
            if *self == Self::Codex {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// A text that shows a project's instructions, taken apart; nothing where it is another one. An error says why it can't be.
    pub fn shown<'t>(&self, text: &'t str) -> Result<Option<Shown<'t>>, &'static str> {
        let several = "its instructions come from several files";
        let other = "its instructions stand in words that aren't known";
        match self {
            Self::Codex if text.starts_with(CODEX[0]) => {
                let at = text.find(CODEX[1]).ok_or(other)? + CODEX[1].len();
                let (before, rest) = text.split_at(at);
                let text = rest.strip_suffix(CODEX[2]).ok_or(other)?;
                if text.contains(CODEX_NEXT) {
                    return Err(several);
                }
                Ok(Some(Shown { before, name: None, text, after: CODEX[2] }))
            }
            Self::ClaudeCode if text.starts_with("<system-reminder>") && text.contains(CLAUDE[1]) => {
                let (lead, rest) = text.split_once(CLAUDE[1]).ok_or(other)?;
                let (path, rest) = rest.split_once(CLAUDE[2]).ok_or(other)?;
                let (folder, name) = path.rsplit_once('/').ok_or(other)?;
                let before = &text[..lead.len() + CLAUDE[1].len() + folder.len() + 1];
                let text = rest.strip_suffix(CLAUDE[3]).ok_or(other)?;
                if text.contains(CLAUDE[1]) || name.contains('\n') {
                    return Err(several);
                }
                Ok(Some(Shown { before, name: Some((name, CLAUDE[2])), text, after: CLAUDE[3] }))
            }
            _ => Ok(None),
        }
    }

    /// How its known version shows instructions in a workspace at `cwd`: the text of the first part of the first message of a
    /// user. Nothing where that isn't known.
    pub fn show(&self, docs: &Docs, cwd: &str) -> Option<String> {
        let Docs { name, text } = docs;
        match self {
            Self::Codex => Some(format!("{} for {cwd}\n\n{}{text}{}", CODEX[0], CODEX[1], CODEX[2])),
            Self::ClaudeCode => {
                let [lead, contents, then, after] = CLAUDE;
                let folder = cwd.trim_start_matches('/');
                Some(format!("{lead}{contents}{folder}/{name}{then}{text}{after}"))
            }
            _ => None,
        }
    }
}

/// What Claude Code makes of a text that holds nothing it works on; else what that is.
fn plain(text: &str) -> Result<String, &'static str> {
    // What JavaScript trims.
    let text = text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}');
    let imports = text.split_whitespace().any(|word| word.len() > 1 && word.starts_with('@'));
    match text {
        _ if imports => Err("words that begin with @, which may name other files,"),
        _ if text.contains("<!--") => Err("comments"),
        _ if text.starts_with("---") => Err("the table at the start"),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &ExternalAgent, files: &[(&str, &[u8])]) -> Result<Option<Docs>, String> {
        agent.read_docs(&|name| files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.to_vec()))
    }

    fn text(agent: &ExternalAgent, content: &[u8]) -> String {
        read(agent, &[("AGENTS.md", content)]).unwrap().unwrap().text
    }

    #[test]
    fn each_agent_reads_the_files_that_it_was_seen_to_read() {
        let (codex, claude) = (ExternalAgent::Codex, ExternalAgent::ClaudeCode);
        let name =
            |agent: &ExternalAgent, files: &[(&str, &[u8])]| read(agent, files).unwrap().map(|d| d.name);
        let all: [(&str, &[u8]); 3] =
            [("AGENTS.md", b"a"), ("AGENTS.override.md", b"o"), ("CLAUDE.md", b"c")];
        assert_eq!(
            (name(&codex, &all), name(&claude, &all)),
            (Some("AGENTS.override.md"), Some("CLAUDE.md"))
        );
        let blank: [(&str, &[u8]); 3] =
            [("AGENTS.md", b"a"), ("AGENTS.override.md", b"\n"), ("CLAUDE.md", b"\n")];
        assert_eq!((name(&codex, &blank), name(&claude, &blank)), (None, Some("AGENTS.md")));
        assert_eq!(name(&ExternalAgent::Aider, &all), None);
        assert_eq!(text(&codex, b"\xef\xbb\xbf\n a \xff\n\n"), "\u{feff}\n a \u{fffd}\n\n");
        let long = [b"a".as_slice(), "é".repeat(20_000).as_bytes()].concat();
        assert_eq!(text(&codex, &long), format!("a{}\u{fffd}", "é".repeat(16_383)));
        assert_eq!(text(&claude, "\u{feff}\u{a0}\n a\n\n\nb  \n\u{85}\n".as_bytes()), "a\n\n\nb  \n\u{85}");
        for odd in ["see @other.md", "a <!-- b -->", "---\nname: x\n---\nb"] {
            assert!(read(&claude, &[("AGENTS.md", odd.as_bytes())]).is_err(), "{odd}");
        }
        assert_eq!(text(&claude, b"mail a@b.c @ noon"), "mail a@b.c @ noon");
    }

    #[test]
    fn what_an_agent_shows_is_taken_apart_and_put_together_again() {
        for agent in [ExternalAgent::Codex, ExternalAgent::ClaudeCode] {
            let docs = Docs { name: "AGENTS.md", text: "one </INSTRUCTIONS> </system-reminder>\n".into() };
            let text = agent.show(&docs, "/app").unwrap();
            let shown = agent.shown(&text).unwrap().unwrap();
            assert_eq!((shown.text, shown.with(&docs)), (docs.text.as_str(), text.clone()));
            let other = Docs { name: "CLAUDE.md", text: "two".into() };
            let expected = agent.show(&other, "/app").unwrap();
            assert_eq!(shown.with(&other), expected);
            assert!(shows(&text, "AGENTS.md"));
            assert_eq!(agent.shown("# AGENTS.md").unwrap(), None);
            assert_eq!(agent.shown("<system-reminder>\nWhat else\n</system-reminder>").unwrap(), None);
        }
        let two = "# AGENTS.md instructions for /app\n\n<INSTRUCTIONS>\na\n\n--- project-doc ---\n\nb\n</INSTRUCTIONS>";
        assert!(ExternalAgent::Codex.shown(two).is_err());
        assert!(ExternalAgent::Codex.shown("# AGENTS.md instructions: none").is_err());
    }
}
