//! Rows of values as bars on a linear axis from zero. What is not near enough to be on it ends open, with its number.

use crate::format::Unit;
use crate::scale::Linear;
use crate::style::Style;
use crate::svg::{cut, escape, line, marker, text, whisker};

/// One chart of a figure.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What it shows: `batch`.
    pub title: String,
    /// What its axis counts, in words: `ns per record`.
    pub axis: String,
    /// Its axis's unit.
    pub unit: Unit,
    /// Where its axis ends: what is beyond is drawn as a bar with an open end.
    pub end: f64,
    /// A value that others are measured by, drawn as a line.
    pub baseline: Option<f64>,
    /// Its rows, in order.
    pub rows: Vec<PanelRow>,
}

/// A row of a panel.
#[derive(Clone, Debug)]
pub struct PanelRow {
    /// The row's id.
    pub id: String,
    /// Its value, and the interval around it.
    pub point: Point,
    /// The same in each process, where there were several.
    pub processes: Vec<f64>,
    /// What a reader who asks is told.
    pub tip: String,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The value.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl From<quintet_results::Interval> for Point {
    fn from(i: quintet_results::Interval) -> Point {
        Point { value: i.value, low: i.low, high: i.high }
    }
}

/// The width of a panel.
pub const WIDTH: f64 = 340.0;
/// Where rows' plots begin.
pub const LEFT: f64 = 134.0;
/// Where they end, and the numbers begin.
pub const RIGHT: f64 = WIDTH - 58.0;
/// Where rows begin.
pub const TOP: f64 = 50.0;
/// The height of a row.
const STEP: f64 = 22.0;
/// Characters that a name may have.
pub const NAME: usize = 20;

/// About how wide a tick's label is.
pub fn label_width(label: &str) -> f64 {
    6.4 * label.chars().count() as f64
}

impl Panel {
    /// Its height.
    pub fn height(&self) -> f64 {
        TOP + STEP * self.rows.len() as f64 + 8.0
    }

    /// Its marks, without the element around them.
    pub fn body(&self, styles: &[Style]) -> String {
        let scale = Linear::new(self.end, LEFT, RIGHT - 8.0);
        let bottom = self.height() - 4.0;
        let mut body = text(0.0, 13.0, "heading", &self.title) + &text(RIGHT - 8.0, 30.0, "axis end", &self.axis);
        for tick in scale.ticks(|t| label_width(&self.unit.tick(t))) {
            let at = scale.at(tick);
            body += &line((at, TOP - 4.0), (at, bottom), "grid");
            body += &text(at, TOP - 7.0, "tick middle", &self.unit.tick(tick));
        }
        if let Some(baseline) = self.baseline.filter(|b| !scale.beyond(*b)) {
            body += &line((scale.at(baseline), TOP - 4.0), (scale.at(baseline), bottom), "base");
        }
        let mut group = None;
        for (i, row) in self.rows.iter().enumerate() {
            let Some(style) = styles.iter().find(|s| s.id == row.id) else { continue };
            let apart = group.is_some_and(|g| g != style.rank());
            group = Some(style.rank());
            body += &self.row(row, style, &scale, TOP + STEP * (i as f64 + 0.5), apart);
        }
        body
    }

    fn row(&self, row: &PanelRow, style: &Style, scale: &Linear, y: f64, apart: bool) -> String {
        let mut body = format!(
            "<g class=\"row k{}\" data-row=\"{}\" data-tip=\"{}\" data-height=\"{STEP}\" transform=\"translate(0,{y:.1})\"><rect class=\"hit\" x=\"0\" y=\"-11\" width=\"{WIDTH}\" height=\"22\"/>",
            style.rank(),
            escape(&row.id),
            escape(&row.tip),
        );
        if apart {
            body += &line((0.0, -STEP / 2.0), (WIDTH, -STEP / 2.0), "apart");
        }
        body += &text(LEFT - 8.0, 4.0, "name end", &cut(&row.id, NAME));
        let point = row.point;
        if point.value > 0.0 {
            let x = scale.at(point.value);
            let hollow = if style.hollow { " hollow" } else { "" };
            if scale.beyond(point.value) {
                // An arrow's head at the end of the axis: the bar goes on.
                body += &format!(
                    "<path class=\"bar open s{}{hollow}\" d=\"M{LEFT:.1} -6H{:.1}L{:.1} 0L{:.1} 6H{LEFT:.1}Z\"/>",
                    style.slot,
                    x - 1.0,
                    x + 5.0,
                    x - 1.0
                );
            } else {
                let width = (x - LEFT).max(1.0);
                body +=
                    &format!("<rect class=\"bar s{}{hollow}\" x=\"{LEFT:.1}\" y=\"-6\" width=\"{width:.1}\" height=\"12\"/>", style.slot);
                if point.low < point.high {
                    body += &whisker(scale.at(point.low), scale.at(point.high), 0.0, &format!("s{}", style.slot));
                }
                body += &marker(style, x, 0.0);
            }
            for at in row.processes.iter().filter(|at| !scale.beyond(**at)) {
                body += &format!("<circle class=\"process\" cx=\"{:.1}\" cy=\"4.5\" r=\"1.6\"/>", scale.at(*at));
            }
        }
        body += &text(RIGHT + 2.0, 4.0, "value", &self.unit.text(point.value));
        body + "</g>"
    }
}
