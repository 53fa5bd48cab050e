//! Every sample as a dot: one line of dots per process, around the row's own centre.

use crate::panel::{LEFT, NAME, RIGHT, TOP, WIDTH, label_width};
use crate::style::Style;
use crate::svg::{cut, escape, line, text};

/// One chart of a figure.
#[derive(Clone, Debug)]
pub struct Dots {
    /// What it shows: `batch`.
    pub title: String,
    /// Its rows, in order.
    pub rows: Vec<DotRow>,
}

/// A row of the chart.
#[derive(Clone, Debug)]
pub struct DotRow {
    /// The row's id.
    pub id: String,
    /// Its centre over all processes, as text.
    pub centre: String,
    /// Its processes.
    pub processes: Vec<Process>,
    /// What a reader who asks is told.
    pub tip: String,
}

/// What one process measured.
#[derive(Clone, Debug)]
pub struct Process {
    /// The process's own centre, to the row's.
    pub centre: f64,
    /// Its samples, to the row's centre.
    pub samples: Vec<f64>,
}

/// The height of a process's line.
const LINE: f64 = 7.0;
/// The space between rows.
const BETWEEN: f64 = 10.0;
/// How far the axis reaches to either side of the centre at least, and at most.
const REACH: (f64, f64) = (0.02, 0.5);

impl DotRow {
    fn height(&self) -> f64 {
        (LINE * self.processes.len() as f64 + BETWEEN).max(20.0)
    }
}

impl Dots {
    /// Its height.
    pub fn height(&self) -> f64 {
        TOP + self.rows.iter().map(DotRow::height).sum::<f64>() + 8.0
    }

    /// How far the axis reaches to either side: so far that 19 of 20 samples are on it, and every process's centre if that can be.
    fn reach(&self) -> f64 {
        let away = |v: f64| (v - 1.0).abs();
        let mut all: Vec<f64> = self.processes().flat_map(|p| &p.samples).map(|v| away(*v)).collect();
        all.sort_by(f64::total_cmp);
        let most = all.get(all.len().saturating_sub(1) * 19 / 20).copied().unwrap_or(0.0);
        let centres = self.processes().map(|p| away(p.centre)).fold(0.0, f64::max);
        let wanted = most.max(centres) * 1.1;
        if wanted.is_finite() { wanted.clamp(REACH.0, REACH.1) } else { REACH.1 }
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        self.rows.iter().flat_map(|r| &r.processes)
    }

    /// Its marks, without the element around them.
    pub fn body(&self, styles: &[Style]) -> String {
        let reach = self.reach();
        let right = RIGHT - 8.0;
        let at = |v: f64| LEFT + (right - LEFT) * (((v - 1.0) / reach).clamp(-1.0, 1.0) + 1.0) / 2.0;
        let bottom = self.height() - 4.0;
        let mut body = text(0.0, 13.0, "heading", &self.title) + &text(right, 30.0, "axis end", "off the row's centre");
        for (value, label) in ticks(reach) {
            let x = at(1.0 + value);
            body += &line((x, TOP - 4.0), (x, bottom), if value == 0.0 { "base" } else { "grid" });
            body += &text(x, TOP - 7.0, "tick middle", &label);
        }
        let mut top = TOP;
        let mut group = None;
        for row in &self.rows {
            let Some(style) = styles.iter().find(|s| s.id == row.id) else { continue };
            let apart = group.is_some_and(|g| g != style.rank());
            group = Some(style.rank());
            body += &self.row(row, style, &at, top, apart);
            top += row.height();
        }
        body
    }

    fn row(&self, row: &DotRow, style: &Style, at: &impl Fn(f64) -> f64, top: f64, apart: bool) -> String {
        let height = row.height();
        let mut body = format!(
            "<g class=\"row k{}\" data-row=\"{}\" data-tip=\"{}\" data-height=\"{height}\" transform=\"translate(0,{:.1})\"><rect class=\"hit\" x=\"0\" y=\"{:.1}\" width=\"{WIDTH}\" height=\"{height}\"/>",
            style.rank(),
            escape(&row.id),
            escape(&row.tip),
            top + height / 2.0,
            -height / 2.0
        );
        if apart {
            body += &line((0.0, -height / 2.0), (WIDTH, -height / 2.0), "apart");
        }
        body += &text(LEFT - 8.0, 4.0, "name end", &cut(&row.id, NAME));
        let first = -LINE * row.processes.len().saturating_sub(1) as f64 / 2.0;
        for (i, process) in row.processes.iter().enumerate() {
            let y = first + LINE * i as f64;
            // A dot is a line without length that has round ends, so that a process's samples are one path.
            let dots: String = process.samples.iter().map(|v| format!("M{:.1} {y:.1}h0", at(*v))).collect();
            let x = at(process.centre);
            body += &format!("<path class=\"dots s{}\" d=\"{dots}\"/>", style.slot);
            body += &line((x, y - 3.5), (x, y + 3.5), "centre");
        }
        body += &text(RIGHT + 2.0, 4.0, "value", &row.centre);
        body + "</g>"
    }
}

/// Ticks at the centre and to both sides of it, with their labels.
fn ticks(reach: f64) -> Vec<(f64, String)> {
    let label = |v: f64| match v {
        0.0 => "0".to_owned(),
        v => format!("{}{} %", if v > 0.0 { "+" } else { "−" }, (v.abs() * 1000.0).round() / 10.0),
    };
    let room = |v: f64| (label_width(&label(v)) + label_width("0")) / 2.0 + 8.0;
    let half = (RIGHT - 8.0 - LEFT) / 2.0;
    let step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().rfind(|s| *s <= reach * 0.95 && half * s / reach >= room(*s));
    let sides = step.map_or(Vec::new(), |s| vec![(-s, label(-s)), (s, label(s))]);
    [(0.0, label(0.0))].into_iter().chain(sides).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_most_samples_and_all_centres() {
        let of = |processes: Vec<Process>| Dots {
            title: String::new(),
            rows: vec![DotRow { id: "a".into(), centre: String::new(), processes, tip: String::new() }],
        };
        let quiet = Process { centre: 1.0, samples: vec![1.0, 0.999, 1.001] };
        assert_eq!(of(vec![quiet.clone()]).reach(), REACH.0);
        assert!((of(vec![quiet.clone(), Process { centre: 1.3, samples: vec![1.3; 3] }]).reach() - 0.33).abs() < 1e-9);
        assert_eq!(of(vec![quiet, Process { centre: 4.1, samples: vec![4.1; 3] }]).reach(), REACH.1);
        assert_eq!(of(Vec::new()).reach(), REACH.0);
        for reach in [0.02, 0.03, 0.09, 0.5] {
            assert_eq!(ticks(reach).len(), 3, "{reach}: {:?}", ticks(reach));
        }
    }
}
