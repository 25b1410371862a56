//! Dockerfiles as recipes: what is followed and what needs an image. Knows only the crate's public face.

#![expect(clippy::unwrap_used, reason = "a test may stop where its own files are wrong")]

use suite::{Recipe, RecipeStep};

fn steps(text: &str) -> Vec<RecipeStep> {
    Recipe::parse(&format!("FROM x\n{text}\n")).unwrap().steps
}

fn run(argv: &[&str], env: &[(&str, &str)]) -> RecipeStep {
    RecipeStep::Run {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: env.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
    }
}

fn set(name: &str, value: &str) -> RecipeStep {
    RecipeStep::Env { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn commands_are_read_in_both_forms_and_with_their_arguments() {
    assert_eq!(steps("RUN echo $A && \\\n  true"), [run(&["/bin/sh", "-c", "echo $A &&   true"], &[])]);
    assert_eq!(steps("RUN [\"echo\", \"a b\"]"), [run(&["echo", "a b"], &[])]);
    assert_eq!(steps("ARG V=1\nRUN make"), [run(&["/bin/sh", "-c", "make"], &[("V", "1")])]);
    assert_eq!(steps("SHELL [\"bash\", \"-ec\"]\nRUN make"), [run(&["bash", "-ec", "make"], &[])]);
    assert_eq!(steps("RUN --mount=type=cache,target=/x make"), [run(&["/bin/sh", "-c", "make"], &[])]);
}

#[test]
fn variables_are_read_in_both_forms_and_build_on_each_other() {
    assert_eq!(steps("ENV A=1 B=\"2 3\""), [set("A", "1"), set("B", "2 3")]);
    assert_eq!(steps("ENV A one two"), [set("A", "one two")]);
    assert_eq!(
        steps("ENV A=1\nENV B=$A$A PATH=/b:$PATH"),
        [set("A", "1"), set("B", "11"), set("PATH", "/b:${PATH}")]
    );
    let all = Recipe::parse("ARG V=3\nFROM py:$V\nARG V\nENV W=$V\n").unwrap();
    assert_eq!(
        (all.from.as_slice(), all.steps.as_slice()),
        (["py:3".to_owned()].as_slice(), [set("W", "3")].as_slice())
    );
}

#[test]
fn a_workdir_builds_on_the_one_before() {
    let recipe = Recipe::parse("FROM x\nWORKDIR /a/b\nWORKDIR ../c\nWORKDIR d/./e/\n").unwrap();
    assert_eq!(recipe.workdir, "/a/c/d/e");
    assert_eq!(recipe.steps.len(), 3);
}

#[test]
fn what_does_not_touch_the_workspace_is_passed_over() {
    let text = "LABEL a=b\nCMD [\"x\"]\nENTRYPOINT x\nEXPOSE 80\nUSER agent\nVOLUME /x\nSTOPSIGNAL 9\n\
                HEALTHCHECK CMD true\nMAINTAINER me\n";
    assert_eq!(steps(text), []);
}

#[test]
fn the_last_stage_counts_with_those_it_is_from() {
    let recipe = Recipe::parse("FROM a AS one\nENV A=1\nFROM b\nENV B=1\nFROM One\nENV C=1\n").unwrap();
    assert_eq!(recipe.steps, [set("A", "1"), set("C", "1")]);
    assert_eq!(recipe.from, ["a", "b", "a"]);
}

#[test]
fn what_needs_an_image_or_a_builder_is_refused_with_its_line() {
    for (line, word) in [
        ("COPY --from=build /x /y", "another image"),
        ("ADD https://example.com/x /y", "fetches"),
        ("ADD x.tar.gz /y", "unpacks"),
        ("USER a\nUSER root", "back to root"),
        ("RUN <<EOF\necho\nEOF", "here-documents"),
        ("COPY <<EOF /x\na\nEOF", "here-documents"),
        ("RUN apt-get  update && true", "apt-get update"),
        ("RUN --mount=type=secret,id=x true", "--mount"),
        ("COPY --chmod=u+x a /b", "octal"),
        ("COPY --parents a /b", "--parents"),
        ("COPY a", "source and target"),
        ("ENV A", "ENV"),
        ("WORKDIR", "WORKDIR"),
        ("RUN", "no command"),
        ("SHELL bash", "SHELL"),
        ("FORM y", "`FORM`"),
        ("FROM a b", "FROM"),
    ] {
        let why = Recipe::parse(&format!("FROM x\n{line}\n")).unwrap_err();
        assert!(why.reason.contains(word) && why.line >= 2, "{line}: {why}");
    }
    assert!(Recipe::parse("").unwrap_err().reason.contains("no FROM"));
    assert_eq!(Recipe::parse("RUN x\nFROM y").unwrap_err().line, 1);
}
