//! A suite made here for tests that stop, fill or repeat runs: many small trials of several slow steps each.

use std::fmt::Write as _;

use crate::place::Place;

/// Tool calls of each trial.
const STEPS: usize = 6;

const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                    [[ $(wc -l </app/log) == 6 ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";

/// The description of a task that needs no program beyond the usual ones.
pub(crate) fn task_toml(name: &str) -> String {
    format!(
        "schema_version = \"1.4\"\n\n[task]\nname = \"work/{name}\"\n\n[verifier]\ntimeout_sec = 30\n\n\
         [environment]\nnetwork_mode = \"no-network\"\n\n[retake]\nneeds = []\n"
    )
}

/// Writes one task below `tasks/<suite>/`; gives its folder in the tree.
pub(crate) fn task(place: &Place, suite: &str, name: &str, test: &str, solution: &str) -> String {
    let folder = format!("tasks/{suite}/{name}");
    place.write(&format!("{folder}/task.toml"), &task_toml(name));
    place.write(&format!("{folder}/instruction.md"), "Do what has to be done.\n");
    place.write(&format!("{folder}/environment/Dockerfile"), "FROM debian:bookworm\nWORKDIR /app\n");
    place.write(&format!("{folder}/tests/test.sh"), test);
    place.write(&format!("{folder}/solution/solve.sh"), solution);
    folder
}

/// Writes the `suite.toml` of `tasks/<suite>/`.
pub(crate) fn suite(place: &Place, suite: &str, tasks: &[&str]) {
    let text = format!(
        "version = \"1.0\"\nname = \"{suite}\"\ntasks = {tasks:?}\n\n\
         [cassettes]\nmain = \"cassettes/main\"\n\n[scripts]\nmain = \"scripts/main\"\n"
    );
    place.write(&format!("tasks/{suite}/suite.toml"), &text);
}

/// One turn that runs a command.
pub(crate) fn turn(command: &str) -> String {
    format!("[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = {{ cmd = '''{command}''' }}\n\n")
}

/// A script of commands that ends with a word.
pub(crate) fn script(commands: &[String]) -> String {
    let turns: String = commands.iter().map(|command| turn(command)).collect();
    format!("version = \"1.0\"\nmodel = \"stub-1\"\nseed = 5\n\n{turns}[[turn]]\ntext = \"Done.\"\n")
}

/// A place with `tasks/work`: so many trials, each of whose commands starts a process that stays and has `mark` in its
/// command line.
pub(crate) fn place(trials: usize, mark: &str) -> Place {
    let place = Place::new();
    let names: Vec<String> = (1..=trials).map(|number| format!("task-{number:02}")).collect();
    for name in &names {
        task(&place, "work", name, TEST, "for n in 1 2 3 4 5 6; do echo $n; done >log\n");
        let mut commands = Vec::new();
        for step in 1..=STEPS {
            let mut command = format!("echo {step} >>log; ");
            // Writing to a String cannot fail.
            let _ =
                write!(command, "(exec -a {mark} sleep 1000 >/dev/null 2>&1 &); sleep 0.0{step}; cat log");
            commands.push(command);
        }
        place.write(&format!("tasks/work/scripts/main/{name}.toml"), &script(&commands));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    suite(&place, "work", &names);
    place
}

/// The same, with its cassettes recorded.
pub(crate) fn recorded(trials: usize, mark: &str) -> Place {
    let place = place(trials, mark);
    let run = place.run(&["tasks/work", "--model", "script", "--record", "tasks/work/cassettes/main"], 0);
    assert_eq!(run.count("passed"), trials as u64, "{}", run.summary);
    std::fs::remove_dir_all(&run.path).unwrap();
    place
}
