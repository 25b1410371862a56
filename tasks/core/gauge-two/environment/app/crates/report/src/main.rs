//! The command: `report paths|hosts|alerts [--slow SECONDS]`, lines on stdin.

use std::io::Read;
use std::process::ExitCode;

use report::{run, Ask};

fn ask(arguments: &[String]) -> Option<Ask> {
    match arguments {
        [verb] if verb == "paths" => Some(Ask::Paths),
        [verb] if verb == "hosts" => Some(Ask::Hosts),
        [verb] if verb == "alerts" => Some(Ask::Alerts(1.0)),
        [verb, flag, slow] if verb == "alerts" && flag == "--slow" => slow.parse().ok().map(Ask::Alerts),
        _ => None,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(ask) = ask(&arguments) else {
        eprintln!("usage: report paths|hosts|alerts [--slow SECONDS]");
        return ExitCode::from(2);
    };
    let mut input = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut input) {
        eprintln!("report: {error}");
        return ExitCode::FAILURE;
    }
    print!("{}", run(ask, &input));
    ExitCode::SUCCESS
}
