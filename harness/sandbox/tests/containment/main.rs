//! What must hold of containment, tried for real: as whoever runs the tests and, where that is root, once more as
//! an ordinary user. Has a main of its own because this very program is also the stage.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test with its own main"
)]

mod escapes;
mod exhaustion;
mod files;
mod lifetime;
mod support;

use std::process::ExitCode;

use support::Test;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == support::STAGE) {
        sandbox::stage_main();
    }
    if args.first().is_some_and(|arg| arg == lifetime::VICTIM) {
        return lifetime::be_killed();
    }
    let tests: Vec<Test> = [escapes::TESTS, exhaustion::TESTS, files::TESTS, lifetime::TESTS].concat();
    support::run(&args, &tests)
}
