//! `quintet report`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use quintet_reports::Report;

use crate::failure::{Failure, output};
use crate::replace::replace;
use crate::results_file::load;

/// Make a report from result files: one HTML page, Markdown for a pull request, SVG charts.
///
/// The page is one file that needs no network. Several result files make one report where they are of the same machine and versions and
/// share no workload. The paths of the files written are printed; nothing is written when a result file cannot be used.
#[derive(Args)]
#[command(after_help = "\
Examples:
  quintet report target/quintet/results.json --out report/
  quintet report shipped/results.json mine/results.json --out report/

Exit status: 0 written; 2 a result file cannot be used, or a file cannot be written.")]
pub struct ReportArgs {
    /// Result files of `quintet compare`.
    #[arg(required = true, value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// The folder that `index.html`, `report.md` and the charts are written to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub fn run(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let files: Result<Vec<_>, Failure> = args.results.iter().map(|path| Ok((path.display().to_string(), load(path)?))).collect();
    let report = Report::new(files?).map_err(Failure::unusable)?;
    let rendered = report.render().map_err(Failure::unusable)?;
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::unusable(format!("{}: {e}", args.out.display())))?;
    // The report is whole before its first path is printed, whatever becomes of the printing.
    let mut paths = String::new();
    for file in rendered {
        let path = args.out.join(&file.name);
        replace(&path, &file.text).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
        paths += &format!("{}\n", path.display());
    }
    write!(std::io::stdout().lock(), "{paths}").map_err(output)?;
    Ok(ExitCode::SUCCESS)
}
