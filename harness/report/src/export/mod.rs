//! The files of a report: one exporter a file, all written here. Knows the run's folder and no other.

mod drift_json;
mod junit;
mod results_csv;
mod results_json;
mod summary_md;
mod timings_csv;
mod trials_csv;

use journal::RunDir;

pub use drift_json::drift_json;
pub use junit::junit_xml;
pub use results_csv::results_csv;
pub use results_json::results_json;
pub use summary_md::summary_md;
pub use timings_csv::timings_csv;
pub use trials_csv::trials_csv;

use crate::{ReportError, RunData, Scores};

/// Version of the JSON files; a field that is added changes the minor part.
const VERSION: base::FormatVersion = base::FormatVersion::new(1, 1);

/// Writes every file of the report into the run's folder: `results.json`, `results.csv`, `trials.csv` and `junit.xml`,
/// equal wherever the run is repeated, and `summary.md`, `timings.csv` and `drift.json`, which are of this host.
pub fn write_all(dir: &RunDir, data: &RunData, scores: &Scores) -> Result<(), ReportError> {
    let files = [
        ("results.json", results_json(data, scores)?),
        ("results.csv", results_csv(data, scores)?),
        ("trials.csv", trials_csv(data, scores)?),
        ("junit.xml", junit_xml(data, scores)?),
        ("summary.md", summary_md(data, scores)?),
        ("timings.csv", timings_csv(data, scores)?),
        ("drift.json", drift_json(dir, data)?),
    ];
    for (name, content) in files {
        dir.write(name, &content)?;
    }
    Ok(())
}

/// A CSV file of a heading and rows.
fn csv_file(
    report: &'static str,
    heading: impl AsRef<[&'static str]>,
    rows: impl Iterator<Item = impl AsRef<[String]>>,
) -> Result<Vec<u8>, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading.as_ref()).map_err(ReportError::encode(report))?;
    for row in rows {
        writer.write_record(row.as_ref()).map_err(ReportError::encode(report))?;
    }
    writer.into_inner().map_err(|error| ReportError::encode(report)(error.to_string()))
}

/// Indented JSON with a line end.
fn json_file<T: serde::Serialize>(report: &'static str, value: &T) -> Result<Vec<u8>, ReportError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(ReportError::encode(report))?;
    text.push(b'\n');
    Ok(text)
}

/// A cell for a number that may be missing.
fn number<T: ToString>(value: Option<T>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// A cell for a figure that may be missing, at the decimals of canonical files.
fn figure(value: Option<f64>) -> String {
    number(value.map(crate::score::round))
}
