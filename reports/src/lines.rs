//! Curves on two logarithmic axes: one per row, named at their ends, with the lower envelope and where it changes hands.

use quintet_results::Interval;

use crate::format::Unit;
use crate::scale::Scale;
use crate::style::Style;
use crate::svg::{cut, escape, line, marker, text, whisker};

/// A chart of curves.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What runs along it, and its unit.
    pub x: (String, Unit),
    /// What goes up, and its unit.
    pub y: (String, Unit),
    /// Its curves.
    pub curves: Vec<Curve>,
    /// Who is the cheapest from where to where, left to right.
    pub envelope: Vec<Reign>,
    /// Whether every point is a measurement, drawn with its mark and its interval.
    pub measured: bool,
    /// The workload and mode that a reader can probe at any place of the x axis.
    pub probe: Option<(String, &'static str)>,
}

/// One row's curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The row's id.
    pub id: String,
    /// Its points, left to right: x, and y with its interval.
    pub points: Vec<(f64, Interval)>,
}

/// A stretch of the lower envelope.
#[derive(Clone, Debug)]
pub struct Reign {
    /// The row's id.
    pub id: String,
    /// Where it begins: the crossing with the one before; `None` for the first.
    pub from: Option<(Interval, f64)>,
    /// Its points: x, y.
    pub points: Vec<(f64, f64)>,
}

/// How wide a chart of curves is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a desk.
    Wide,
    /// For a phone.
    Narrow,
}

impl Size {
    /// Width and height.
    pub fn extent(self) -> (f64, f64) {
        match self {
            Size::Wide => (760.0, 430.0),
            Size::Narrow => (340.0, 400.0),
        }
    }
}

/// The space that a name at a curve's end takes up.
const NAME: f64 = 14.5;

impl Lines {
    /// The axes, within a chart of this size.
    fn scales(&self, size: Size) -> (Scale, Scale) {
        let (width, height) = size.extent();
        let right = width - if size == Size::Wide { 128.0 } else { 92.0 };
        let top = if self.envelope.is_empty() { 26.0 } else { 48.0 };
        let xs = || self.curves.iter().flat_map(|c| &c.points).map(|p| p.0);
        let ys = self.curves.iter().flat_map(|c| &c.points).flat_map(|p| [p.1.value, p.1.low, p.1.high]);
        let (low, high) = xs().fold((f64::INFINITY, 0.0f64), |(l, h), x| (l.min(x), h.max(x)));
        (Scale::exactly(low, high.max(low * 2.0), 58.0, right), Scale::around(ys, height - 46.0, top))
    }

    /// Attributes from which a script lays names out and maps a place on the chart to a number of records.
    pub fn attributes(&self, size: Size) -> String {
        let (x, y) = self.scales(size);
        let names = format!(" data-names=\"{:.1} {NAME}\"", floor(&y));
        let Some((workload, mode)) = &self.probe else { return names };
        format!(
            "{names} data-workload=\"{}\" data-mode=\"{mode}\" data-plot=\"{:.1} {:.1} {:.1} {:.1}\" data-domain=\"{} {}\"",
            escape(workload),
            x.at(x.low()),
            x.at(x.high()),
            y.at(y.high()),
            y.at(y.low()),
            x.low(),
            x.high()
        )
    }

    /// Its marks, without the element around them.
    pub fn body(&self, styles: &[Style], size: Size) -> String {
        let (x, y) = self.scales(size);
        let mut body = self.axes(&x, &y, size);
        for reign in &self.envelope {
            let points: Vec<_> = reign.points.iter().map(|p| (x.at(p.0), y.at(p.1))).collect();
            body += &format!("<path class=\"envelope\" d=\"{}\"/>", path(&points));
        }
        let mut ends = Vec::new();
        for (place, curve) in self.curves.iter().enumerate() {
            let Some(style) = styles.iter().find(|s| s.id == curve.id) else { continue };
            let points: Vec<_> = curve.points.iter().map(|p| (x.at(p.0), y.at(p.1.value))).collect();
            let Some(last) = points.last() else { continue };
            ends.push((last.1, last.0, style));
            body += &format!("<g class=\"curve k{}\" data-row=\"{}\"{}>", style.rank(), escape(&curve.id), self.pinned(&curve.id));
            body += &format!(
                "<path class=\"series s{}\" data-series=\"{}\"{} d=\"{}\"/>",
                style.slot,
                escape(&curve.id),
                style.dash(),
                path(&points)
            );
            // Marks of one curve are apart from those of the next.
            let every = points.len().div_ceil(3).max(1);
            for (i, (at, p)) in points.iter().zip(&curve.points).enumerate() {
                if self.measured {
                    let tip = format!(
                        "{} at {}: {} ({} to {})",
                        curve.id,
                        self.x.1.text(p.0),
                        self.y.1.text(p.1.value),
                        self.y.1.text(p.1.low),
                        self.y.1.text(p.1.high)
                    );
                    let (low, high) = (y.at(p.1.low), y.at(p.1.high));
                    body += &format!(
                        "<g data-tip=\"{}\">{}",
                        escape(&tip),
                        line((at.0, low), (at.0, high), &format!("whisker s{}", style.slot))
                    );
                    body += &(marker(style, at.0, at.1) + "</g>");
                } else if i % every == (every / 2 + place) % every {
                    body += &marker(style, at.0, at.1);
                }
            }
            body += "</g>";
        }
        body += &self.names(&mut ends, &y, size);
        for reign in &self.envelope {
            let Some((interval, height)) = &reign.from else { continue };
            let (at, up) = (x.at(interval.value), y.at(*height));
            let open = if interval.high.is_infinite() { ", upper end open" } else { "" };
            let tip = format!("from {} records on {} is the cheapest{open}", crate::format::count_with(*interval), reign.id);
            body += &format!("<g class=\"crossing\" data-tip=\"{}\">", escape(&tip));
            body += &line((at, up), (at, y.at(y.low())), "drop");
            body += &whisker(x.at(interval.low), x.at(interval.high), up, "ink");
            body += &format!("<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"4.5\" class=\"cross\"/></g>");
        }
        body + &self.ribbon(&x, styles, size)
    }

    fn axes(&self, x: &Scale, y: &Scale, size: Size) -> String {
        let (left, right, top, bottom) = (x.at(x.low()), x.at(x.high()), y.at(y.high()), y.at(y.low()));
        let mut body = text(0.0, 13.0, "axis", &self.y.0) + &text((left + right) / 2.0, bottom + 38.0, "axis middle", &self.x.0);
        for tick in y.ticks(26.0) {
            body += &line((left, y.at(tick)), (right, y.at(tick)), "grid");
            body += &text(left - 7.0, y.at(tick) + 4.0, "tick end", &self.y.1.tick(tick));
        }
        for tick in x.ticks(if size == Size::Wide { 56.0 } else { 46.0 }) {
            body += &line((x.at(tick), top), (x.at(tick), bottom), "grid");
            body += &text(x.at(tick), bottom + 18.0, "tick middle", &self.x.1.tick(tick));
        }
        body + &line((left, bottom), (right, bottom), "base")
    }

    /// Above the plot: who is the cheapest where.
    fn ribbon(&self, x: &Scale, styles: &[Style], size: Size) -> String {
        let mut body = String::new();
        for (i, reign) in self.envelope.iter().enumerate() {
            let Some(style) = styles.iter().find(|s| s.id == reign.id) else { continue };
            let from = reign.from.map_or(x.low(), |f| f.0.value);
            let to = self.envelope.get(i + 1).and_then(|r| r.from).map_or(x.high(), |f| f.0.value);
            let (from, to) = (x.at(from), x.at(to));
            body += &format!(
                "<rect class=\"ribbon s{}\" x=\"{from:.1}\" y=\"37\" width=\"{:.1}\" height=\"5\"/>",
                style.slot,
                (to - from - 1.5).max(0.5)
            );
            if to - from > 7.5 * reign.id.chars().count() as f64 {
                body += &text((from + to) / 2.0, 33.0, "reign middle", &reign.id);
            }
        }
        if size == Size::Wide && !body.is_empty() {
            body += &text(x.at(x.high()) + 8.0, 43.0, "tick", "cheapest backend");
        }
        body
    }

    /// What keeps a row on the chart though its group is folded: it is the cheapest somewhere.
    fn pinned(&self, id: &str) -> &'static str {
        if self.envelope.iter().any(|r| r.id == id) { " data-pinned=\"\"" } else { "" }
    }

    /// The curves' names at their ends, pushed apart where they would overlap. The page's script does the same for those that are shown.
    fn names(&self, ends: &mut [(f64, f64, &Style)], y: &Scale, size: Size) -> String {
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut places: Vec<f64> = Vec::new();
        for end in ends.iter() {
            let after = places.last().map_or(f64::NEG_INFINITY, |p| p + NAME);
            places.push(end.0.max(after));
        }
        let mut limit = floor(y);
        for place in places.iter_mut().rev() {
            *place = place.min(limit);
            limit = *place - NAME;
        }
        let most = if size == Size::Wide { 16 } else { 11 };
        let mut body = String::new();
        for ((up, x, style), place) in ends.iter().zip(places) {
            body += &format!(
                "<g class=\"end-name\" data-row=\"{}\" data-end=\"{x:.1} {up:.1}\"{}><path class=\"leader s{}\" d=\"M{:.1} {up:.1}L{:.1} {place:.1}\"/>{}</g>",
                escape(&style.id),
                self.pinned(&style.id),
                style.slot,
                x + 2.0,
                x + 12.0,
                text(x + 15.0, place + 4.0, "name", &cut(&style.id, most))
            );
        }
        body
    }
}

/// The lowest place of a curve's name.
fn floor(y: &Scale) -> f64 {
    y.at(y.low()) + 6.0
}

fn path(points: &[(f64, f64)]) -> String {
    points.iter().enumerate().map(|(i, (x, y))| format!("{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' })).collect()
}
