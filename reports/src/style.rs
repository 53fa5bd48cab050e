//! One look per row in all charts: the engine's colour and mark, the configuration's dashes. Never colour alone.

use quintet_results::{CriterionResult, Row, RowKind, WorkloadResult};

use crate::group::Group;

/// The shape of a series' marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Circle,
    Square,
    Diamond,
    Up,
    Down,
    Cross,
}

/// How a row looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// The row's id.
    pub id: String,
    /// What it is.
    pub kind: RowKind,
    /// Whether it is a backend with its passes off beside one that has them on: shown, but not to be chosen.
    pub variant: bool,
    /// Whether it is a backend configured otherwise beside one that is as it comes.
    pub configuration: bool,
    /// The place of its colour in [`COLOURS`].
    pub slot: usize,
    /// `stroke-dasharray`; empty for a solid line.
    dashes: &'static str,
    /// Its engine's mark.
    pub marker: Marker,
    /// Whether marks are drawn as outlines: other engines.
    pub hollow: bool,
}

/// Colours on light and on dark ground. The first eight are Okabe and Ito's, lighter on dark ground where they need it.
const COLOURS: [(&str, &str); 10] = [
    ("#CC79A7", "#DD92BC"),
    ("#E69F00", "#F0B429"),
    ("#0072B2", "#4D9FEC"),
    ("#009E73", "#22BE92"),
    ("#D55E00", "#F07C28"),
    ("#1B1F24", "#F2F4F7"),
    ("#3E9FDB", "#8CD0FF"),
    ("#A39400", "#F0E442"),
    ("#7A7F87", "#A3A9B2"),
    ("#5B4A8A", "#B7A6EA"),
];

/// The other colours: name, on light ground, on dark ground.
const GROUND: [(&str, &str, &str); 11] = [
    ("page", "#FBFAF8", "#14161A"),
    ("card", "#FFFFFF", "#1C1F25"),
    ("ink", "#1B1F24", "#ECEEF1"),
    ("soft", "#5A626C", "#A6AEB8"),
    ("line", "#E2E1DC", "#31363E"),
    ("grid", "#ECEBE7", "#2A2E35"),
    ("accent", "#0B5A8A", "#79BDF2"),
    ("wash", "#EEF4F8", "#1F2A35"),
    ("warn", "#9A4A00", "#F5B06B"),
    ("near", "#B5DFD0", "#1B5A49"),
    ("far", "#F5B78C", "#8A4412"),
];

/// The colours as CSS variables: light, dark where the reader's system says so, and either where `data-theme` does.
pub fn variables() -> String {
    let of = |dark: bool| {
        let series = COLOURS.iter().enumerate().map(|(i, c)| format!("--s{i}:{};", if dark { c.1 } else { c.0 }));
        let ground = GROUND.iter().map(|(name, l, d)| format!("--{name}:{};", if dark { d } else { l }));
        ground.chain(series).collect::<String>()
    };
    let (light, dark) = (of(false), of(true));
    let slots: String = (0..COLOURS.len()).map(|i| format!(".s{i}{{--c:var(--s{i})}}")).collect();
    format!(
        ":root{{color-scheme:light;{light}}}\n@media (prefers-color-scheme: dark){{:root:not([data-theme=\"light\"]){{color-scheme:dark;{dark}}}}}\n\
         :root[data-theme=\"dark\"]{{color-scheme:dark;{dark}}}\n{slots}\n"
    )
}

impl Style {
    /// The attribute that dashes a line.
    pub fn dash(&self) -> String {
        if self.dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", self.dashes) }
    }

    /// Whether it is a backend that may be chosen.
    pub fn candidate(&self) -> bool {
        self.kind == RowKind::Backend && !self.variant
    }

    /// The group that it is shown in.
    pub fn group(&self) -> Group {
        match (self.kind, self.variant, self.configuration) {
            (RowKind::Backend, false, false) => Group::Backends,
            (RowKind::Backend, false, true) => Group::Configurations,
            (RowKind::Backend, true, _) => Group::PassesOff,
            (RowKind::Native, ..) => Group::Native,
            (RowKind::Peer, ..) => Group::Peers,
        }
    }

    /// The place of its group.
    pub fn rank(&self) -> usize {
        self.group() as usize
    }
}

/// What tells a row's look.
#[derive(Clone, Copy)]
struct Named<'a> {
    id: &'a str,
    kind: RowKind,
    engine: &'a str,
    configuration: &'a str,
    passes: bool,
}

impl<'a> Named<'a> {
    fn of_row(row: &'a Row) -> Named<'a> {
        Named { id: &row.id, kind: row.kind, engine: &row.engine, configuration: &row.configuration, passes: row.passes }
    }

    /// A benchmark's function is a backend's id: the engine, its configuration, and `/no-passes`.
    fn of_benchmark(function: &'a str) -> Named<'a> {
        let (id, passes) = function.strip_suffix("/no-passes").map_or((function, true), |id| (id, false));
        let (engine, configuration) = id.split_once('-').unwrap_or((id, ""));
        let known = backend(engine).is_some();
        let (engine, configuration) = if known { (engine, configuration) } else { (function, "") };
        Named { id: function, kind: if known { RowKind::Backend } else { RowKind::Peer }, engine, configuration, passes }
    }
}

/// The looks of all rows, and of what only benchmarks of scaling name, in order of their groups.
pub fn assign(workloads: &[WorkloadResult], criterion: &[CriterionResult]) -> Vec<Style> {
    let mut rows: Vec<Named> = Vec::new();
    let scaling = criterion.iter().filter(|c| c.group.starts_with("scaling/")).map(|c| Named::of_benchmark(&c.function));
    for named in workloads.iter().flat_map(|w| &w.rows).map(Named::of_row).chain(scaling) {
        if rows.iter().all(|r| r.id != named.id) {
            rows.push(named);
        }
    }
    let others: Vec<&str> = distinct(rows.iter().filter(|r| look(r).is_none()).map(|r| r.engine));
    let mut styles: Vec<Style> = rows
        .iter()
        .map(|row| {
            let (slot, marker) = look(row).unwrap_or_else(|| {
                let at = others.iter().position(|o| *o == row.engine).unwrap_or(0);
                let markers = [Marker::Circle, Marker::Square, Marker::Diamond, Marker::Up, Marker::Down];
                (6 + at % 4, markers[at % markers.len()])
            });
            let with_passes = |r: &Named| r.passes && r.engine == row.engine && r.configuration == row.configuration;
            let variant = row.kind == RowKind::Backend && !row.passes && rows.iter().any(with_passes);
            let plain = |r: &Named| r.kind == RowKind::Backend && r.engine == row.engine && r.configuration.is_empty();
            let configuration = row.kind == RowKind::Backend && !row.configuration.is_empty() && rows.iter().any(plain);
            let configurations =
                distinct(rows.iter().filter(|r| r.engine == row.engine && !r.configuration.is_empty()).map(|r| r.configuration));
            let dashes = match (row.kind, variant, configurations.iter().position(|c| *c == row.configuration)) {
                (RowKind::Native, ..) => "12 3",
                (RowKind::Peer, ..) => "3 3",
                (_, true, None) => "1.5 3",
                (_, true, Some(0)) => "7 3 1.5 3",
                (_, true, Some(_)) => "4 2 1.5 6",
                (_, false, Some(0)) => "7 4",
                (_, false, Some(_)) => "4 2 4 6",
                (_, false, None) => "",
            };
            Style {
                id: row.id.into(),
                kind: row.kind,
                variant,
                configuration,
                slot,
                dashes,
                marker,
                hollow: row.kind == RowKind::Peer || variant,
            }
        })
        .collect();
    styles.sort_by_key(Style::rank);
    styles
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.fold(Vec::new(), |mut seen, name| {
        if !seen.contains(&name) {
            seen.push(name);
        }
        seen
    })
}

/// The fixed looks: Quintet's backends and Rust by hand.
fn look(row: &Named) -> Option<(usize, Marker)> {
    match row.kind {
        RowKind::Native => Some((5, Marker::Cross)),
        RowKind::Backend => backend(row.engine),
        RowKind::Peer => None,
    }
}

fn backend(engine: &str) -> Option<(usize, Marker)> {
    Some(match engine {
        "interp" => (0, Marker::Circle),
        "closures" => (1, Marker::Square),
        "jit" => (2, Marker::Diamond),
        "wasm" => (3, Marker::Up),
        "lua" => (4, Marker::Down),
        _ => return None,
    })
}

/// A workload without rows, for tests.
#[cfg(test)]
pub(crate) fn tests_workload() -> quintet_results::WorkloadResult {
    quintet_results::WorkloadResult {
        name: "w".into(),
        about: String::new(),
        rules: 1,
        records: 1,
        record_bytes: 1,
        matches: Vec::new(),
        traps: 0,
        verified_pairs: 1,
        difference: None,
        rounds: 1,
        processes: 1,
        front_end: Default::default(),
        rows: Vec::new(),
        absent: Vec::new(),
        no_op: Default::default(),
        again: None,
        sources: None,
        cited: Vec::new(),
        parts: Vec::new(),
        profiles: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, kind: RowKind, engine: &str, configuration: &str, passes: bool) -> Row {
        Row {
            id: id.into(),
            kind,
            engine: engine.into(),
            configuration: configuration.into(),
            passes,
            traits: None,
            phases: Default::default(),
            totals: Vec::new(),
            latency: None,
            memory: None,
            note: None,
        }
    }

    #[test]
    fn no_two_rows_look_alike() {
        use RowKind::{Backend, Native, Peer};
        let rows = [
            row("rhai", Peer, "rhai", "", false),
            row("jit", Backend, "jit", "", true),
            row("jit-fast", Backend, "jit", "fast", true),
            row("jit/no-passes", Backend, "jit", "", false),
            row("jit-fast/no-passes", Backend, "jit", "fast", false),
            row("jit-stencil", Backend, "jit", "stencil", true),
            row("jit-stencil/no-passes", Backend, "jit", "stencil", false),
            row("wasm", Backend, "wasm", "", true),
            row("native", Native, "native", "", false),
            row("lua", Backend, "lua", "", true),
            row("lua-script", Peer, "lua", "script", false),
            row("cel", Peer, "cel", "", false),
        ];
        let workload = vec![WorkloadResult { rows: rows.into(), ..tests_workload() }];
        let styles = assign(&workload, &[]);
        assert_eq!(styles.first().map(|s| s.id.as_str()), Some("jit"));
        assert_eq!(styles.iter().filter(|s| s.candidate()).count(), 5);
        let of = |group| styles.iter().filter(|s| s.group() == group).map(|s| s.id.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Group::Backends), ["jit", "wasm", "lua"]);
        assert_eq!(of(Group::Configurations), ["jit-fast", "jit-stencil"]);
        assert_eq!(of(Group::PassesOff), ["jit/no-passes", "jit-fast/no-passes", "jit-stencil/no-passes"]);
        for (i, a) in styles.iter().enumerate() {
            for b in &styles[i + 1..] {
                assert_ne!((a.slot, a.dashes, a.marker, a.hollow), (b.slot, b.dashes, b.marker, b.hollow), "{} and {}", a.id, b.id);
            }
        }
    }

    #[test]
    fn a_benchmark_names_its_backend() {
        let named = Named::of_benchmark("wasm-winch/no-passes");
        assert_eq!((named.engine, named.configuration, named.passes, named.kind), ("wasm", "winch", false, RowKind::Backend));
        assert_eq!(Named::of_benchmark("wirefilter-engine").kind, RowKind::Peer);
    }
}
