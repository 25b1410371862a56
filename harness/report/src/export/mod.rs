//! The files of a report: one exporter a file, all written here. Knows the run's folder and no other.

mod drift_json;
mod html;
mod junit;
mod results_csv;
mod results_json;
mod summary_md;
mod timings_csv;
mod trials_csv;

use journal::RunDir;

pub use drift_json::drift_json;
pub use html::{comparison_html, write_html};
pub use junit::junit_xml;
pub use results_csv::results_csv;
pub use results_json::results_json;
pub use summary_md::summary_md;
pub use timings_csv::timings_csv;
pub use trials_csv::trials_csv;

use crate::{ReportError, RunData, Scores};

/// Version of the JSON files; a field that is added changes the minor part.
const VERSION: base::FormatVersion = base::FormatVersion::new(1, 3);

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `report.html`, `host.html`, and for a large run their pages in `report/` and `host/`.
    Html,
    /// `results.csv`, `trials.csv`, `timings.csv`.
    Csv,
    /// `results.json`, `drift.json`.
    Json,
    /// `junit.xml`.
    Junit,
    /// `summary.md`.
    Md,
}

impl Format {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Html, Self::Csv, Self::Json, Self::Junit, Self::Md];
}

/// Writes reports of these kinds into the run's folder. Which files are equal wherever the run is repeated, and which are
/// of this host, METHODOLOGY.md lists.
pub fn write(dir: &RunDir, data: &RunData, scores: &Scores, formats: &[Format]) -> Result<(), ReportError> {
    for format in formats {
        match format {
            Format::Html => write_html(dir, data, scores)?,
            Format::Csv => {
                dir.write("results.csv", &results_csv(data, scores)?)?;
                dir.write("trials.csv", &trials_csv(data, scores)?)?;
                dir.write("timings.csv", &timings_csv(data, scores)?)?;
            }
            Format::Json => {
                dir.write("results.json", &results_json(data, scores)?)?;
                dir.write("drift.json", &drift_json(dir, data)?)?;
            }
            Format::Junit => dir.write("junit.xml", &junit_xml(dir, data)?)?,
            Format::Md => dir.write("summary.md", &summary_md(data, scores)?)?,
        }
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
