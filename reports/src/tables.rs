//! The tables of a report, and the figures that stand on them.

use quintet_results::{CriterionResult, Interval, Memory, Mode, Phase, RowKind, WorkloadResult, again, floor};

use crate::break_even::Costs;
use crate::charts::{Charts, Figure};
use crate::format::{Unit, bytes, count, count_with, percent, ratio_with, time};
use crate::lines::{Curve, Lines, Reign};
use crate::panel::{Panel, PanelRow, Point};
use crate::scale::{middling, near};
use crate::style::Style;
use crate::table::Table;
use crate::view::{batch_ratio, ordered, phase_name, slug};

/// A workload's rows and all their phases.
pub fn phases(workload: &WorkloadResult, ordered: &[&Style]) -> Table {
    let has = |phase: Phase| workload.rows.iter().any(|r| r.measure(phase).is_some());
    let shown: Vec<Phase> = Phase::ALL.into_iter().rev().filter(|p| has(*p)).collect();
    let mut table =
        Table::new("Times; the ratio is the batch's to the fastest backend's, with its interval at 95 %", &["row", "batch ratio"]);
    table.head.extend(shown.iter().map(|p| format!("{} / {}", phase_name(*p).to_lowercase(), p.per())));
    for style in ordered {
        let Some(row) = workload.row(&style.id) else { continue };
        let mark = if row.note.is_some() { " *" } else { "" };
        let mut cells = vec![format!("{}{mark}", style.id), batch_ratio(workload, &style.id, ordered).unwrap_or("–".into())];
        cells.extend(shown.iter().map(|p| time(row.centre(*p))));
        table.push_about(&style.id, cells);
    }
    table
}

/// Total cost against the number of records.
pub fn break_even(workload: &WorkloadResult, slug: &str, mode: Mode, costs: &Costs) -> Option<Figure> {
    let first = costs.steps.first()?;
    let (name, call) = match mode {
        Mode::Batch => ("batch", "in batches"),
        Mode::Single => ("single", "one call per record"),
    };
    let reach = costs.reach();
    let decades = reach.log10();
    let at = |from: f64, to: f64| -> Vec<f64> {
        let steps = ((to / from).log10() * 12.0).ceil().max(1.0) as usize;
        (0..=steps).map(|i| from * (to / from).powf(i as f64 / steps as f64)).collect()
    };
    let along: Vec<(f64, f64)> = at(1.0, reach).into_iter().map(|n| (n, costs.least(n))).collect();
    let to_least =
        |line: &crate::break_even::Line| along.iter().map(|(n, least)| (*n, Interval::exactly(line.total(*n) / least))).collect();
    let curves = costs.lines.iter().map(|line| Curve { id: line.id.clone(), points: to_least(line) });
    let starts: Vec<f64> = costs.steps.iter().map(|s| s.from.map_or(1.0, |i| i.value).clamp(1.0, reach)).chain([reach]).collect();
    let envelope = costs.steps.iter().zip(starts.windows(2)).map(|(step, ends)| Reign {
        id: step.id.clone(),
        from: step.from.map(|from| (from, 1.0)),
        points: vec![(ends[0], 1.0), (ends[1].max(ends[0] * 1.0001), 1.0)],
    });
    let places: Vec<f64> = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0].into_iter().filter(|e| *e <= decades).map(|e| 10f64.powf(e)).collect();
    let mut table = Table::new(
        "Total cost: getting ready and evaluating, and from how many records on a row is cheaper than the first on the envelope",
        &["row"],
    );
    table.head.extend(places.iter().map(|n| format!("{} records", count(*n))));
    table.head.push(format!("cheaper than {}", first.id));
    for line in &costs.lines {
        let mut cells = vec![line.id.clone()];
        cells.extend(places.iter().map(|n| time(line.total(*n))));
        cells.push(costs.line(&first.id).map_or(String::new(), |base| overtakes(line, base)));
        table.push_about(&line.id, cells);
    }
    Some(Figure {
        id: format!("break-even-{slug}-{name}"),
        title: format!("{}: what it costs in all, {call}", workload.name),
        desc: format!("Total CPU time as times the cheapest backend's at the same number of records, against that number, one line per row. {}.", steps_text(costs)),
        key: "The shaded line at 1× is the cheapest backend, named above. Circles: where it changes hands, with the interval at 95 %. A row that is off the axis has its number at its name. Ready means compiled, instantiated and called once. adaptive, whose cost changes as it goes, has no such line.".into(),
        charts: Charts::Lines(Box::new(Lines {
            x: ("records evaluated".into(), Unit::Count),
            y: ("times the cheapest in all: ready, then records".into(), Unit::Ratio),
            end: Some(4.2),
            curves: curves.collect(),
            envelope: envelope.collect(),
            measured: false,
            probe: Some((workload.name.clone(), name)),
        })),
        table,
    })
}

fn overtakes(line: &crate::break_even::Line, base: &crate::break_even::Line) -> String {
    use quintet_results::BreakEven;
    if line.id == base.id {
        return "–".into();
    }
    match line.cost.overtakes(&base.cost) {
        BreakEven::Always => "always".into(),
        BreakEven::Never => "never".into(),
        BreakEven::From(interval) => format!("from {}", count_with(interval)),
    }
}

/// The envelope as a sentence without its full stop.
pub fn steps_text(costs: &Costs) -> String {
    let steps = costs.steps.iter().map(|step| match step.from {
        None => format!("{} is the cheapest from the first record on", step.id),
        Some(from) => format!("{} from {} records on", step.id, count_with(from)),
    });
    steps.collect::<Vec<_>>().join(", ")
}

/// Bytes of code, heap and instance.
pub fn memory(workload: &WorkloadResult, slug: &str, styles: &[Style]) -> Option<Figure> {
    let rows: Vec<(&Style, Memory)> =
        ordered(workload, styles).into_iter().filter_map(|s| Some((s, workload.row(&s.id)?.memory?))).collect();
    if rows.is_empty() {
        return None;
    }
    let panel = |title: &str, axis: &str, of: fn(&Memory) -> usize| Panel {
        title: title.into(),
        axis: axis.into(),
        unit: Unit::Bytes,
        end: middling(rows.iter().filter(|(s, _)| s.candidate()).map(|(_, m)| of(m) as f64)),
        baseline: None,
        rows: rows
            .iter()
            .map(|(style, memory)| {
                let value = of(memory) as f64;
                PanelRow {
                    id: style.id.clone(),
                    point: Point { value, low: value, high: value },
                    processes: Vec::new(),
                    tip: format!("{}: {}", style.id, bytes(value)),
                }
            })
            .collect(),
    };
    let panels = vec![
        panel("Generated code", "bytes, all rules", |m| m.code_bytes),
        panel("Heap kept by compiling", "bytes, all rules", |m| m.heap_bytes),
        panel("An instance", "bytes, as far as known", |m| m.instance_bytes),
    ];
    let mut table = Table::new("Bytes for all rules", &["row", "code", "data", "heap", "heap per rule", "instance"]);
    for (style, m) in &rows {
        let per_rule = m.heap_bytes as f64 / workload.rules.max(1) as f64;
        let cells = [m.code_bytes as f64, m.data_bytes as f64, m.heap_bytes as f64, per_rule, m.instance_bytes as f64].map(bytes);
        table.push_about(&style.id, [style.id.clone()].into_iter().chain(cells).collect());
    }
    Some(Figure {
        id: format!("memory-{slug}"),
        title: format!("{}: memory and code size", workload.name),
        desc: "Bytes of generated code, of heap that compiling keeps, and of an instance, by row, as bars on linear axes from 0; a bar that leaves the axis ends in an arrow.".into(),
        key: "Linear axes; an arrow leaves the axis; shorter is smaller. A row without a bar has none.".into(),
        charts: Charts::Panels(panels),
        table,
    })
}

/// The median call and the slow one.
pub fn latency(workload: &WorkloadResult, slug: &str, styles: &[Style]) -> Option<Figure> {
    let rows: Vec<_> = ordered(workload, styles)
        .into_iter()
        .filter_map(|s| Some((s, workload.row(&s.id)?.latency.as_ref().filter(|l| !l.p50.is_empty() && !l.p99.is_empty())?)))
        .map(|(style, l)| (style, l.p50.interval(), l.p99.interval()))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let panel = |title: &str, of: fn(&(&Style, Interval, Interval)) -> Interval| Panel {
        title: title.into(),
        axis: "time of a call, clock taken off".into(),
        unit: Unit::Time,
        end: near(rows.iter().filter(|r| r.0.candidate()).map(|r| of(r).value)),
        baseline: None,
        rows: rows
            .iter()
            .map(|row| {
                let at = of(row);
                let tip = format!("{}: {} ({} to {})", row.0.id, time(at.value), time(at.low), time(at.high));
                PanelRow { id: row.0.id.clone(), point: at.into(), processes: Vec::new(), tip }
            })
            .collect(),
    };
    let mut table = Table::new("How long one call for one record takes", &["row", "p50 (95 %)", "p99 (95 %)", "p99 / p50"]);
    for (style, p50, p99) in &rows {
        let with = |i: &Interval| format!("{} ({} to {})", time(i.value), time(i.low), time(i.high));
        table.push_about(&style.id, vec![style.id.clone(), with(p50), with(p99), crate::format::ratio(p99.value / p50.value)]);
    }
    Some(Figure {
        id: format!("latency-{slug}"),
        title: format!("{}: latency of a single call", workload.name),
        desc: "The median call and the call that 99 of 100 are quicker than, by row, as bars on linear axes from 0; a bar that leaves the axis ends in an arrow.".into(),
        key: "Each call timed by itself. Whiskers: interval at 95 %. Linear axes; an arrow leaves the axis; shorter is better.".into(),
        charts: Charts::Panels(vec![panel("p50: the median call", |r| r.1), panel("p99: 99 of 100 are quicker", |r| r.2)]),
        table,
    })
}

/// How cost grows, one figure per group `scaling/*` of criterion.
pub fn scaling(criterion: &[CriterionResult], styles: &[Style], slugs: &mut Vec<String>) -> Vec<Figure> {
    let mut groups: Vec<&str> = criterion.iter().map(|c| c.group.as_str()).filter(|g| g.starts_with("scaling/")).collect();
    groups.dedup();
    let mut seen = Vec::new();
    groups.retain(|g| {
        !seen.contains(g) && {
            seen.push(*g);
            true
        }
    });
    groups.into_iter().filter_map(|group| scaling_of(group, criterion, styles, slugs)).collect()
}

fn scaling_of(group: &str, criterion: &[CriterionResult], styles: &[Style], slugs: &mut Vec<String>) -> Option<Figure> {
    let size = |c: &CriterionResult| c.parameter.as_ref().and_then(|p| p.parse::<f64>().ok()).filter(|p| *p > 0.0);
    let mut of: Vec<(f64, &CriterionResult)> = criterion.iter().filter(|c| c.group == group).filter_map(|c| Some((size(c)?, c))).collect();
    of.sort_by(|a, b| a.0.total_cmp(&b.0));
    of.first()?;
    // Elements are the records that one run goes over, and the cost of one of them is what grows; where the size itself is the number of
    // elements (records of a batch, rules to compile), the cost of the whole is.
    let whole = of.iter().all(|(n, c)| c.elements.is_none_or(|e| e as f64 == *n));
    let per = |c: &CriterionResult| if whole { 1.0 } else { c.elements.unwrap_or(1).max(1) as f64 };
    let curves: Vec<Curve> = styles
        .iter()
        .map(|style| Curve {
            id: style.id.clone(),
            points: of
                .iter()
                .filter(|(_, c)| c.function == style.id && c.ns > 0.0)
                .map(|(n, c)| (*n, Interval { value: c.ns / per(c), low: c.low / per(c), high: c.high / per(c) }))
                .collect(),
        })
        .filter(|c| !c.points.is_empty())
        .collect();
    if curves.is_empty() {
        return None;
    }
    let name = group.trim_start_matches("scaling/");
    let mut sizes: Vec<f64> = of.iter().map(|(n, _)| *n).collect();
    sizes.dedup();
    let mut table = Table::new("Criterion's estimates", &["row"]);
    table.head.extend(sizes.iter().map(|n| count(*n)));
    for curve in &curves {
        let at = |n: &f64| curve.points.iter().find(|p| p.0 == *n).map_or("–".into(), |p| time(p.1.value));
        table.push_about(&curve.id, [curve.id.clone()].into_iter().chain(sizes.iter().map(at)).collect());
    }
    let y = if whole { "time of one run" } else { "time per record" };
    Some(Figure {
        id: format!("scaling-{}", slug(name, slugs)),
        title: format!("How cost grows: {}", name.replace('/', ", ").replace('-', " ")),
        desc: format!("{y} against {name}, both logarithmic, one line per row."),
        key: "Criterion's estimates with intervals at 95 %. Both axes are logarithmic.".into(),
        charts: Charts::Lines(Box::new(Lines {
            x: (name.split('/').next().unwrap_or(name).replace('-', " "), Unit::Count),
            y: (y.into(), Unit::Time),
            end: None,
            curves,
            envelope: Vec::new(),
            measured: true,
            probe: None,
        })),
        table,
    })
}

/// Everything that criterion measured.
pub fn benchmarks(criterion: &[CriterionResult]) -> Option<Table> {
    let mut table = Table::new(
        "Criterion's estimates of one iteration, with intervals at 95 %",
        &["benchmark", "of", "at", "time", "interval", "elements", "time per element"],
    );
    for c in criterion {
        let elements = c.elements.filter(|n| *n > 0);
        table.push(vec![
            c.group.clone(),
            c.function.clone(),
            c.parameter.clone().unwrap_or("–".into()),
            time(c.ns),
            format!("{} to {}", time(c.low), time(c.high)),
            elements.map_or("–".into(), |n| count(n as f64)),
            elements.map_or("–".into(), |n| time(c.ns / n as f64)),
        ]);
    }
    (!criterion.is_empty()).then_some(table)
}

/// How noisy each workload was.
pub fn noise(workloads: &[WorkloadResult]) -> Table {
    let head = ["workload", "rounds", "measured twice", "its ratio to itself", "noise", "no-op / record", "share of the fastest batch"];
    let mut table = Table::new("The same row measured twice in the same rounds, and a loop that evaluates nothing", &head);
    for w in workloads {
        let no_op = w.no_op.centre();
        let fastest = w.rows.iter().filter(|r| r.kind != RowKind::Native).map(|r| r.centre(Phase::Batch)).fold(f64::INFINITY, f64::min);
        let (id, ratio, floor) = match again(w) {
            Some((id, r)) => (id.to_owned(), ratio_with(r), format!("±{:.1} %", 100.0 * floor(&[w]))),
            None => ("–".into(), "–".into(), "unknown".into()),
        };
        table.push(vec![w.name.clone(), w.rounds.to_string(), id, ratio, floor, time(no_op), percent(no_op / fastest)]);
    }
    table
}
