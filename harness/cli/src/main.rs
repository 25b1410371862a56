//! The binary `retake`: one file a verb. The only crate that knows the command line, progress bars and the
//! process's own surroundings.

mod ab;
mod args;
mod author;
mod cache;
mod cassette;
mod check;
mod compare;
mod diff;
mod doctor;
mod exit;
mod faults;
mod fork;
mod gates;
mod history;
mod hosted;
mod init;
mod leash;
mod list;
mod live;
mod new;
mod noted;
mod output;
mod progress;
mod record;
mod regrade;
mod replay;
mod report;
mod run;
mod settings;
mod show;
mod trial;
mod variant;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The sandbox's stage must begin before any thread does.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == settings::STAGE) {
        sandbox::stage_main();
    }
    if std::env::args_os().nth(1).is_some_and(|argument| argument == leash::LEASH) {
        return leash::hold(std::env::args_os().skip(2).collect());
    }
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return output::usage(&error),
    };
    let done = match args.verb {
        args::Verb::Run(run) => run::run(&run, &args.common),
        args::Verb::Record(record) => record::record(&record, &args.common),
        args::Verb::Replay(replay) => replay::replay(&replay, &args.common),
        args::Verb::Report(report) => report::report(&report, &args.common),
        args::Verb::Ab(ab) => ab::ab(&ab, &args.common),
        args::Verb::Compare(compare) => compare::compare(&compare, &args.common),
        args::Verb::History(history) => history::history(&history, &args.common),
        args::Verb::Baseline(verb) => history::baseline(&verb, &args.common),
        args::Verb::Regrade(regrade) => regrade::regrade(&regrade, &args.common),
        args::Verb::Show(show) => show::show(&show, &args.common),
        args::Verb::Diff(diff) => diff::diff(&diff, &args.common),
        args::Verb::Task(args::TaskVerb::Check(check)) => check::check(&check, &args.common),
        args::Verb::Task(args::TaskVerb::List(list)) => list::list(&list, &args.common),
        args::Verb::Task(args::TaskVerb::New(new)) => new::new(&new, &args.common),
        args::Verb::Init(init) => init::init(&init, &args.common),
        args::Verb::Variant(verb) => variant::variant(&verb, &args.common),
        args::Verb::Cassette(verb) => cassette::cassette(&verb, &args.common),
        args::Verb::Cache(cache) => cache::cache(&cache, &args.common),
        args::Verb::Doctor(doctor) => doctor::doctor(&doctor, &args.common),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::error(&failure.to_string());
            failure.exit.into()
        }
    }
}
