//! What `retake diff` takes.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// A trial as RUN:TRIAL (`latest:core/task@main#1`, parts that are unique do), a cassette, or a trial's folder
    #[arg(value_name = "A")]
    pub(crate) a: String,
    /// The other one, likewise
    #[arg(value_name = "B")]
    pub(crate) b: String,
    /// A difference of the two openings that was to be expected, as `instructions_changed`; may be given several times
    #[arg(long, value_name = "CAUSE", value_parser = cause)]
    pub(crate) expect: Vec<wire::Cause>,
}

fn cause(text: &str) -> Result<wire::Cause, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        "not a cause; of openings there are model_changed, tools_changed, instructions_changed, item_changed, \
         item_inserted, item_missing and parameters_changed"
            .to_owned()
    })
}
