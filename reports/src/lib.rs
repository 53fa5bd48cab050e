//! Reports from result files: Markdown for a pull request, SVG charts, and one self-contained page that needs no network.
//!
//! [`Report::new`] combines what was loaded, [`Report::render`] makes the files. Reads results and nothing else: no engine, no clock.
#![forbid(unsafe_code)]

mod beside;
mod break_even;
mod charts;
mod cited;
mod combine;
mod date;
mod diff_page;
mod dots;
mod format;
mod group;
mod lines;
mod markdown;
mod matrix;
mod native;
mod page;
mod panel;
mod parts;
mod profile;
mod ranking;
mod regret;
mod samples;
mod scale;
mod sources;
mod style;
mod support;
mod svg;
mod table;
mod tables;
mod verdict;
mod view;

pub use combine::{CombineError, Report, Run};
pub use diff_page::DiffPage;
pub use page::RenderError;

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the report's folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Report {
    /// The files of the report: `index.html`, `report.md` and the charts.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn render(&self) -> Result<Vec<File>, RenderError> {
        let view = view::View::new(self);
        let mut files = vec![
            File { name: "index.html".into(), text: page::render(&view)? },
            File { name: "report.md".into(), text: markdown::render(&view) },
        ];
        files.extend(view.figures().map(|f| File { name: format!("{}.svg", f.id), text: f.standalone(&view.styles) }));
        Ok(files)
    }
}
