//! Rows of values on one logarithmic axis: marks with whiskers, or bars from a baseline.

use crate::format::Unit;
use crate::scale::Scale;
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
    /// Where bars begin; without it values are marks, because a logarithmic axis has no zero that a bar could stand on.
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
const LEFT: f64 = 116.0;
const RIGHT: f64 = WIDTH - 60.0;
const TOP: f64 = 50.0;
const STEP: f64 = 22.0;

impl Panel {
    /// Its height.
    pub fn height(&self) -> f64 {
        TOP + STEP * self.rows.len() as f64 + 8.0
    }

    /// Its marks, without the element around them.
    pub fn body(&self, styles: &[Style]) -> String {
        let values = self.rows.iter().map(|r| r.point).flat_map(|p| [p.value, p.low, p.high]).chain(self.baseline);
        let scale = Scale::around(values, LEFT, RIGHT - 6.0);
        let bottom = self.height() - 4.0;
        let mut body = text(0.0, 13.0, "heading", &self.title) + &text(RIGHT - 6.0, 30.0, "axis end", &self.axis);
        for tick in scale.ticks(36.0) {
            let at = scale.at(tick);
            body += &line((at, TOP - 4.0), (at, bottom), "grid");
            body += &text(at, TOP - 7.0, "tick middle", &self.unit.tick(tick));
        }
        if let Some(baseline) = self.baseline {
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

    fn row(&self, row: &PanelRow, style: &Style, scale: &Scale, y: f64, apart: bool) -> String {
        let mut body = format!(
            "<g class=\"row k{}\" data-row=\"{}\" data-tip=\"{}\" transform=\"translate(0,{y:.1})\"><rect class=\"hit\" x=\"0\" y=\"-11\" width=\"{WIDTH}\" height=\"22\"/>",
            style.rank(),
            escape(&row.id),
            escape(&row.tip),
        );
        if apart {
            body += &line((0.0, -STEP / 2.0), (WIDTH, -STEP / 2.0), "apart");
        }
        body += &text(LEFT - 8.0, 4.0, "name end", &cut(&row.id, 16));
        let point = row.point;
        if point.value > 0.0 {
            let x = scale.at(point.value);
            if let Some(base) = self.baseline.map(|b| scale.at(b)) {
                let hollow = if style.hollow { " hollow" } else { "" };
                let (from, width) = (x.min(base), (x - base).abs().max(1.5));
                body += &format!(
                    "<rect class=\"bar s{}{hollow}\" x=\"{from:.1}\" y=\"-6\" width=\"{width:.1}\" height=\"12\" rx=\"1.5\"/>",
                    style.slot
                );
            }
            if self.baseline.is_none() {
                body += &line((LEFT, 0.0), (x, 0.0), &format!("stem s{}", style.slot));
            }
            if point.low < point.high {
                body += &whisker(scale.at(point.low), scale.at(point.high), 0.0, &format!("s{}", style.slot));
            }
            body += &marker(style, x, 0.0);
        }
        body += &text(RIGHT + 2.0, 4.0, "value", &self.unit.text(point.value));
        body + "</g>"
    }
}
