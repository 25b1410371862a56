//! Reads access lines and prints tables of request times.

mod alerts;
mod collect;
mod parse;
mod summary;
mod table;

/// What the command was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    Paths,
    Hosts,
    /// With the limit, in seconds.
    Alerts(f64),
}

/// The whole answer, as it is printed.
pub fn run(ask: Ask, input: &str) -> String {
    let (registry, skipped) = collect::collect(input);
    let mut text = match ask {
        Ask::Paths => table::table("path", &summary::rows(&registry, "path")),
        Ask::Hosts => table::table("host", &summary::rows(&registry, "host")),
        Ask::Alerts(slow) => alerts::alerts(&registry, slow),
    };
    text.push_str(&format!("skipped: {skipped}\n"));
    text
}
