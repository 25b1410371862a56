//! Whether an action may be carried out: a shell command is taken apart into the commands in it, and each is held
//! against the rules. A guardrail with reasons, not a wall: the wall is the sandbox. Knows nothing of how an
//! action is run.

use suite::{Decision, Policy};

/// What the policy says of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may go on.
    pub allowed: bool,
    /// The rule that decided, as its prefix; `default` where none did.
    pub rule: String,
    /// The reason, as the model is shown it.
    pub reason: String,
}

/// Programs that only start another one, whose name follows their options.
const WRAPPERS: [&str; 10] =
    ["sudo", "env", "command", "exec", "nohup", "time", "nice", "stdbuf", "setsid", "xargs"];
/// Shells that take a script after `-c`.
const SHELLS: [&str; 4] = ["bash", "sh", "dash", "zsh"];
/// How deep scripts within scripts are followed.
const DEPTH_MAX: usize = 8;

/// Decides about a shell command. Nothing: no rule is concerned and the default allows it.
pub fn judge_command(policy: &Policy, script: &str) -> Option<Verdict> {
    judge(policy, &commands(script))
}

/// Decides about any other tool, named by its first words: the tool and the path it is given.
pub fn judge_tool(policy: &Policy, words: &[String]) -> Option<Verdict> {
    let concerned = policy.rules.iter().any(|rule| rule.applies_to(words));
    // A default of deny is about commands; tools that only touch the workspace need a rule of their own.
    if concerned { judge(policy, std::slice::from_ref(&words.to_vec())) } else { None }
}

/// The strictest decision over all commands wins; of several rules for one command the longest prefix.
fn judge(policy: &Policy, commands: &[Vec<String>]) -> Option<Verdict> {
    let mut allowed = None;
    for words in commands {
        let rules = policy.rules.iter().filter(|rule| rule.applies_to(words));
        let rule = rules.max_by_key(|rule| (rule.prefix.len(), rule.decision == Decision::Deny));
        let decision = rule.map_or(policy.default, |rule| rule.decision);
        let name = rule.map_or_else(|| "default".to_owned(), |rule| rule.prefix.join(" "));
        let reason = rule.and_then(|rule| rule.reason.clone());
        if decision == Decision::Deny {
            let reason =
                reason.unwrap_or_else(|| format!("`{}` is not on the list of allowed commands", words[0]));
            return Some(Verdict { allowed: false, rule: name, reason });
        }
        if rule.is_some() && allowed.is_none() {
            allowed = Some(Verdict { allowed: true, rule: name, reason: reason.unwrap_or_default() });
        }
    }
    allowed
}

/// The simple commands of a script, each as its words; those inside substitutions and nested shells too.
pub fn commands(script: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect(script, 0, &mut found);
    found
}

fn collect(script: &str, depth: usize, found: &mut Vec<Vec<String>>) {
    if depth >= DEPTH_MAX {
        return;
    }
    let mut scan = Scan {
        text: script.chars().collect(),
        at: 0,
        words: Vec::new(),
        word: None,
        inner: Vec::new(),
        out: Vec::new(),
    };
    scan.run();
    let (simple, inner) = (scan.out, scan.inner);
    for words in simple {
        push_command(words, depth, found);
    }
    for script in inner {
        collect(&script, depth + 1, found);
    }
}

fn push_command(mut words: Vec<String>, depth: usize, found: &mut Vec<Vec<String>>) {
    loop {
        let assignments = words.iter().take_while(|word| is_assignment(word)).count();
        words.drain(..assignments);
        let Some(first) = words.first_mut() else { return };
        if let Some((_, name)) = first.rsplit_once('/') {
            *first = name.to_owned();
        }
        if matches!(first.as_str(), "if" | "then" | "else" | "elif" | "while" | "until" | "do" | "!" | "{") {
            words.remove(0);
            continue;
        }
        let (wrapper, shell) = (WRAPPERS.contains(&first.as_str()), SHELLS.contains(&first.as_str()));
        let flag = words.iter().position(|word| word.starts_with('-') && word.ends_with('c'));
        if let Some(script) = flag.filter(|_| shell).and_then(|at| words.get(at + 1)) {
            collect(script, depth + 1, found);
        }
        found.push(words.clone());
        if !wrapper {
            return;
        }
        words.remove(0);
        let options = words.iter().take_while(|word| word.starts_with('-')).count();
        words.drain(..options);
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

struct Scan {
    text: Vec<char>,
    at: usize,
    words: Vec<String>,
    word: Option<String>,
    inner: Vec<String>,
    out: Vec<Vec<String>>,
}

impl Scan {
    fn run(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => {
                    if let Some(c) = self.next().filter(|c| *c != '\n') {
                        self.push(c);
                    }
                }
                '$' if self.peek() == Some('(') => {
                    self.at += 1;
                    self.substitution(')');
                }
                '`' => self.substitution('`'),
                '#' if self.word.is_none() => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '<' | '>' => self.redirection(),
                ';' | '&' | '|' | '\n' | '(' | ')' | '}' => self.end_command(),
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_command();
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.out.push(std::mem::take(&mut self.words));
        }
    }

    fn single(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.next().filter(|c| *c != '\'') {
            self.push(c);
        }
    }

    fn double(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.next().filter(|c| *c != '"') {
            match c {
                '\\' => {
                    if let Some(c) = self.next() {
                        self.push(c);
                    }
                }
                '$' if self.peek() == Some('(') => {
                    self.at += 1;
                    self.substitution(')');
                }
                '`' => self.substitution('`'),
                c => self.push(c),
            }
        }
    }

    /// Takes the script of a substitution out; its value is not known, so a placeholder stands in the word.
    fn substitution(&mut self, close: char) {
        let mut script = String::new();
        let mut depth = 1;
        while let Some(c) = self.next() {
            if c == close {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            } else if c == '(' && close == ')' {
                depth += 1;
            }
            script.push(c);
        }
        self.inner.push(script);
        self.push('\u{fffd}');
    }

    /// Passes a redirection and its target over; a process substitution is a script of its own.
    fn redirection(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        if self.peek() == Some('(') {
            self.at += 1;
            return self.substitution(')');
        }
        while matches!(self.peek(), Some('<' | '>' | '&' | ' ' | '\t' | '|')) {
            self.at += 1;
        }
        let before = self.words.len();
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !";&|()<>".contains(*c)) {
            self.at += 1;
            match c {
                '\'' => self.single(),
                '"' => self.double(),
                c => self.push(c),
            }
        }
        self.word = None;
        self.words.truncate(before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use suite::Rule;

    use super::*;

    fn policy(rules: &[(&str, Decision)], default: Decision) -> Policy {
        let rules = rules.iter().map(|(prefix, decision)| Rule {
            prefix: prefix.split(' ').map(str::to_owned).collect(),
            decision: *decision,
            reason: Some(format!("because of {prefix}")),
            matches: Vec::new(),
            not_matches: Vec::new(),
        });
        Policy { default, max_denials: None, rules: rules.collect() }
    }

    #[test]
    fn every_command_of_a_script_is_found() {
        let found = commands(
            "cd src && FOO=1 make -j2 | tee 'a b' > out.txt; if true; then /usr/bin/git push; fi # x",
        );
        let words: Vec<String> = found.iter().map(|words| words.join(" ")).collect();
        assert_eq!(words, ["cd src", "make -j2", "tee a b", "true", "git push", "fi"]);
        let nested = commands("echo \"$(git push origin)\" `rm x`; bash -lc 'curl y' ; sudo -n env A=1 rm z");
        let words: Vec<String> = nested.iter().map(|words| words.join(" ")).collect();
        for expected in ["git push origin", "rm x", "curl y", "rm z"] {
            assert!(words.iter().any(|found| found == expected), "{expected} in {words:?}");
        }
    }

    #[test]
    fn the_strictest_decision_over_all_commands_wins_and_the_longest_prefix_decides_one() {
        let policy = policy(
            &[("git", Decision::Allow), ("git push", Decision::Deny), ("rm -rf", Decision::Deny)],
            Decision::Allow,
        );
        assert!(judge_command(&policy, "git status").unwrap().allowed);
        let denied = judge_command(&policy, "git status && git push").unwrap();
        assert_eq!((denied.allowed, denied.rule.as_str()), (false, "git push"));
        assert_eq!(denied.reason, "because of git push");
        assert_eq!(judge_command(&policy, "echo git push"), None);
        assert!(!judge_command(&policy, "x=$(rm -rf /)").unwrap().allowed);
    }

    #[test]
    fn where_the_default_denies_only_listed_commands_run() {
        let policy = policy(&[("ls", Decision::Allow)], Decision::Deny);
        assert!(judge_command(&policy, "ls -A").unwrap().allowed);
        let denied = judge_command(&policy, "ls; wget x").unwrap();
        assert_eq!(denied.reason, "`wget` is not on the list of allowed commands");
        assert_eq!(judge_tool(&policy, &["write_file".into(), "a".into()]), None);
    }

    proptest! {
        #[test]
        fn no_script_makes_it_panic(script in "[a-z$()`'\"\\\\;|&<> \n#-]{0,60}") {
            commands(&script);
        }
    }
}
