//! Figures: charts with a title, a description, a key and the table that says the same.

use crate::dots::Dots;
use crate::lines::{Lines, Size};
use crate::panel::{Panel, WIDTH};
use crate::style::{Style, variables};
use crate::svg::escape;
use crate::table::Table;

/// A figure of a report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What tells it from the others, in file names and addresses.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it shows, for who cannot see it.
    pub desc: String,
    /// How it is read.
    pub key: String,
    /// Its charts.
    pub charts: Charts,
    /// The same as a table.
    pub table: Table,
}

/// The charts of a figure.
#[derive(Clone, Debug)]
pub enum Charts {
    /// Panels side by side.
    Panels(Vec<Panel>),
    /// Samples side by side.
    Dots(Vec<Dots>),
    /// Curves.
    Lines(Box<Lines>),
}

/// How charts look, in a file of their own and on the page.
pub const STYLE: &str = include_str!("page/chart.css");

impl Figure {
    /// The figure's charts for the page, which brings the style.
    pub fn inline(&self, styles: &[Style]) -> String {
        match &self.charts {
            Charts::Panels(_) | Charts::Dots(_) => {
                let each = self.side_by_side(styles).into_iter().map(|(title, height, body)| {
                    let title = format!("{}: {title}", self.title);
                    element("chart", (WIDTH, height), &title, &self.desc, "", &body)
                });
                format!("<div class=\"panels\">{}</div>", each.collect::<String>())
            }
            Charts::Lines(lines) => [(Size::Wide, "chart wide"), (Size::Narrow, "chart narrow")]
                .map(|(size, class)| {
                    element(class, size.extent(), &self.title, &self.desc, &lines.attributes(size), &lines.body(styles, size))
                })
                .concat(),
        }
    }

    /// The charts that stand side by side: title, height and marks of each.
    fn side_by_side(&self, styles: &[Style]) -> Vec<(&str, f64, String)> {
        match &self.charts {
            Charts::Panels(panels) => panels.iter().map(|p| (p.title.as_str(), p.height(), p.body(styles))).collect(),
            Charts::Dots(dots) => dots.iter().map(|d| (d.title.as_str(), d.height(), d.body(styles))).collect(),
            Charts::Lines(_) => Vec::new(),
        }
    }

    /// The figure as a file of its own.
    pub fn standalone(&self, styles: &[Style]) -> String {
        let margin = 20.0;
        let (inner, body) = match &self.charts {
            Charts::Panels(_) | Charts::Dots(_) => {
                let panels = self.side_by_side(styles);
                let height = panels.iter().map(|(_, height, _)| *height).fold(0.0, f64::max);
                let gap = WIDTH + 28.0;
                let body = panels
                    .iter()
                    .enumerate()
                    .map(|(i, (.., body))| format!("<g transform=\"translate({:.1},0)\">{body}</g>", i as f64 * gap));
                ((gap * panels.len() as f64 - 28.0, height), body.collect::<String>())
            }
            Charts::Lines(lines) => (Size::Wide.extent(), lines.body(styles, Size::Wide)),
        };
        let extent = (inner.0.max(420.0) + 2.0 * margin, inner.1 + 2.0 * margin + 52.0);
        let heading = crate::svg::text(margin, margin + 10.0, "title", &self.title);
        let key = crate::svg::text(margin, extent.1 - margin + 4.0, "key", &self.key);
        let body = format!(
            "<style>{}{STYLE}</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/>{heading}<g transform=\"translate({margin},{:.1})\">{body}</g>{key}",
            variables(),
            margin + 26.0
        );
        element("chart", extent, &self.title, &self.desc, " xmlns=\"http://www.w3.org/2000/svg\"", &body) + "\n"
    }
}

/// The `svg` element around a chart, with its name and description.
fn element(class: &str, (width, height): (f64, f64), title: &str, desc: &str, attributes: &str, body: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{0}\"{attributes}>\
         <desc>{1}</desc>{body}</svg>",
        escape(title),
        escape(desc)
    )
}
