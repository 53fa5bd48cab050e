//! Curves: one per row, named at their ends, with the lower envelope and where it changes hands. What runs along is logarithmic; what goes
//! up is logarithmic, or linear from zero to what is near.

use quintet_results::Interval;

use crate::format::Unit;
use crate::scale::{Linear, Scale};
use crate::style::Style;
use crate::svg::{cut, escape, line, marker, text, whisker};

/// A chart of curves.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What runs along it, and its unit.
    pub x: (String, Unit),
    /// What goes up, and its unit.
    pub y: (String, Unit),
    /// Where a linear axis that goes up ends; `None` for a logarithmic one.
    pub end: Option<f64>,
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

/// The axis that goes up.
enum Up {
    Log(Scale),
    Linear(Linear),
}

impl Up {
    fn at(&self, value: f64) -> f64 {
        match self {
            Up::Log(scale) => scale.at(value),
            Up::Linear(scale) => scale.at(value),
        }
    }

    fn beyond(&self, value: f64) -> bool {
        matches!(self, Up::Linear(scale) if scale.beyond(value))
    }

    fn ticks(&self) -> Vec<f64> {
        match self {
            Up::Log(scale) => scale.ticks(26.0),
            Up::Linear(scale) => scale.ticks(|_| 18.0),
        }
    }

    /// Where the axis begins and ends.
    fn ends(&self) -> (f64, f64) {
        (self.at(0.0), self.at(f64::INFINITY))
    }
}

impl Lines {
    /// The axes, within a chart of this size.
    fn scales(&self, size: Size) -> (Scale, Up) {
        let (width, height) = size.extent();
        let right = width - if size == Size::Wide { 128.0 } else { 102.0 };
        let top = if self.envelope.is_empty() { 26.0 } else { 48.0 };
        let xs = || self.curves.iter().flat_map(|c| &c.points).map(|p| p.0);
        let ys = self.curves.iter().flat_map(|c| &c.points).flat_map(|p| [p.1.value, p.1.low, p.1.high]);
        let (low, high) = xs().fold((f64::INFINITY, 0.0f64), |(l, h), x| (l.min(x), h.max(x)));
        let up = match self.end {
            Some(end) => Up::Linear(Linear::new(end, height - 46.0, top)),
            None => Up::Log(Scale::around(ys, height - 46.0, top)),
        };
        (Scale::exactly(low, high.max(low * 2.0), 58.0, right), up)
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
            y.ends().1,
            y.ends().0,
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
            body += &format!("<path class=\"envelope\" d=\"{}\"/>", path(points.into_iter().map(Some)));
        }
        let mut ends = Vec::new();
        for (place, curve) in self.curves.iter().enumerate() {
            let Some(style) = styles.iter().find(|s| s.id == curve.id) else { continue };
            let points: Vec<_> = curve.points.iter().map(|p| (x.at(p.0), y.at(p.1.value))).collect();
            let (Some(at), Some(last)) = (points.last(), curve.points.last()) else { continue };
            // Off the axis a curve's name says where it is.
            let beyond = y.beyond(last.1.value).then(|| self.y.1.text(last.1.value));
            ends.push(End { x: at.0, up: at.1, value: last.1.value, style, beyond });
            // Where a curve is off the axis it is not drawn, but for the piece that leaves or comes back.
            let off = |i: usize| curve.points.get(i).is_none_or(|p| y.beyond(p.1.value));
            let drawn = points.iter().enumerate().map(|(i, at)| {
                let alone = off(i) && (i == 0 || off(i - 1)) && off(i + 1);
                (!alone).then_some(*at)
            });
            body += &format!("<g class=\"curve k{}\" data-row=\"{}\"{}>", style.rank(), escape(&curve.id), self.pinned(&curve.id));
            body += &format!(
                "<path class=\"series s{}\" data-series=\"{}\"{} d=\"{}\"/>",
                style.slot,
                escape(&curve.id),
                style.dash(),
                path(drawn)
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
                } else if i % every == (every / 2 + place) % every && !off(i) {
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
            body += &line((at, up), (at, y.ends().0), "drop");
            body += &whisker(x.at(interval.low), x.at(interval.high), up, "ink");
            body += &format!("<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"4.5\" class=\"cross\"/></g>");
        }
        body + &self.ribbon(&x, styles)
    }

    fn axes(&self, x: &Scale, y: &Up, size: Size) -> String {
        let (left, right, (bottom, top)) = (x.at(x.low()), x.at(x.high()), y.ends());
        let mut body = text(0.0, 13.0, "axis", &self.y.0) + &text((left + right) / 2.0, bottom + 38.0, "axis middle", &self.x.0);
        for tick in y.ticks() {
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
    fn ribbon(&self, x: &Scale, styles: &[Style]) -> String {
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
        if !body.is_empty() {
            body += &text(x.at(x.low()) - 7.0, 43.0, "tick end", "cheapest");
        }
        body
    }

    /// What keeps a row on the chart though its group is folded: it is the cheapest somewhere.
    fn pinned(&self, id: &str) -> &'static str {
        if self.envelope.iter().any(|r| r.id == id) { " data-pinned=\"\"" } else { "" }
    }

    /// The curves' names at their ends, pushed apart where they would overlap. The page's script does the same for those that are shown.
    fn names(&self, ends: &mut [End], y: &Up, size: Size) -> String {
        ends.sort_by(|a, b| a.up.total_cmp(&b.up).then(b.value.total_cmp(&a.value)));
        let mut places: Vec<f64> = Vec::new();
        for end in ends.iter() {
            let after = places.last().map_or(f64::NEG_INFINITY, |p| p + NAME);
            places.push(end.up.max(after));
        }
        let mut limit = floor(y);
        for place in places.iter_mut().rev() {
            *place = place.min(limit);
            limit = *place - NAME;
        }
        let most: usize = if size == Size::Wide { 16 } else { 11 };
        let mut body = String::new();
        for (End { x, up, style, beyond, .. }, place) in ends.iter().zip(places) {
            let name = match beyond {
                Some(value) => format!("{} {value}", cut(&style.id, most.saturating_sub(value.chars().count() + 1))),
                None => cut(&style.id, most),
            };
            body += &format!(
                "<g class=\"end-name\" data-row=\"{}\" data-end=\"{x:.1} {up:.1}\"{}><path class=\"leader s{}\" d=\"M{:.1} {up:.1}L{:.1} {place:.1}\"/>{}</g>",
                escape(&style.id),
                self.pinned(&style.id),
                style.slot,
                x + 2.0,
                x + 12.0,
                text(x + 15.0, place + 4.0, "name", &name)
            );
        }
        body
    }
}

/// The end of a curve.
struct End<'a> {
    x: f64,
    up: f64,
    value: f64,
    style: &'a Style,
    /// Its value, where that is off the axis.
    beyond: Option<String>,
}

/// The lowest place of a curve's name.
fn floor(y: &Up) -> f64 {
    y.ends().0 + 6.0
}

/// A line through points, with gaps where there is none.
fn path(points: impl Iterator<Item = Option<(f64, f64)>>) -> String {
    let mut begun = false;
    let step = |point: Option<(f64, f64)>| {
        let pen = if std::mem::replace(&mut begun, point.is_some()) { 'L' } else { 'M' };
        point.map_or(String::new(), |(x, y)| format!("{pen}{x:.1} {y:.1}"))
    };
    points.map(step).collect()
}
