//! The command: reads one expression and prints its tree.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(source) = std::env::args().nth(1) else {
        eprintln!("usage: sieve EXPRESSION");
        return ExitCode::from(2);
    };
    match sieve::parse(&source) {
        Ok(tree) => {
            println!("{tree}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("{}", error.show(&source));
            ExitCode::FAILURE
        }
    }
}
