//! `retake doctor`: what this host can contain, or with `--live` what a server can do.

use std::fmt::Write as _;

use sandbox::{Sandbox, Walls};

use crate::args::{Common, DoctorArgs};
use crate::exit::{Exit, Failure};
use crate::{live, output, settings};

/// Carries the verb out.
pub(crate) fn doctor(args: &DoctorArgs, common: &Common) -> Result<Exit, Failure> {
    if let Some(url) = &args.live {
        return live::live(url, args, common);
    }
    let report = Sandbox::probe(&settings::stage()?).map_err(Failure::host)?;
    let missing = !report.missing(Walls::full()).is_empty();
    if common.json {
        output::json(&report)?;
    } else {
        let mut text = format!("kernel {}{}\n", report.kernel, if report.root { ", as root" } else { "" });
        for wall in report.walls.iter().chain(std::iter::once(&report.overlay)) {
            let word = wall.fault.as_ref().map_or_else(|| "yes".to_owned(), |fault| format!("NO: {fault}"));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:<12} {word}", wall.name);
        }
        let _ = writeln!(text, "{:<12} ABI {}", "landlock", report.landlock_abi);
        text.push_str(if missing {
            "trials cannot be contained here; `retake run --uncontained` does without the walls\n"
        } else {
            "trials can be contained here\n"
        });
        output::text(&text)?;
    }
    Ok(if missing { Exit::Fault } else { Exit::Done })
}
