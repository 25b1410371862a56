//! A task from nothing: small, whole and sound, with what makes it one's own marked.

use super::detect::{Project, Tree};
use super::draft::Draft;

const INSTRUCTION: &str = "\
TODO: say what you want, as you would write it to a colleague.

Until then: write the sum of the numbers in `numbers.txt` into `sum.txt`, one number and a line break.
";
const JUDGE: &str = "\
[[ $(cat sum.txt 2>/dev/null) == 42 && $(cat numbers.txt 2>/dev/null) == $'17\\n25' ]] && reward=1";

/// A task of a name.
pub(crate) fn skeleton(name: &str) -> Draft {
    let project = Project::of(&Tree { files: &["tests/run.sh".to_owned()], read: &|_| None });
    let mut draft = Draft {
        name: name.to_owned(),
        description: "TODO: what it is about, in a line".to_owned(),
        keywords: Vec::new(),
        project,
        checks: vec![("sum is there".to_owned(), "test -s sum.txt".to_owned())],
        files: Default::default(),
        notes: Vec::new(),
        start: None,
    };
    draft.put("instruction.md", INSTRUCTION);
    draft.begin("");
    draft.put("environment/app/numbers.txt", "17\n25\n");
    draft.put("tests/test.sh", include_str!("../../templates/task/test-todo.sh").replace("@JUDGE@", JUDGE));
    draft.put(
        "solution/solve.sh",
        "#!/bin/bash\n# TODO: the reference solution; it starts in /app.\nset -eu\necho 42 >sum.txt\n",
    );
    draft
}
