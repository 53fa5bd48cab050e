// What the reader has set. It is kept in the address, so that a view can be shared.

const LIMITS = { changes: [0.01, 1e4], records: [1, 1e7] };
const CHOICES = { mode: ["batch", "single"], metric: ["batch", "single", "compile"], theme: ["light", "dark"] };
const state = {
  ...data.defaults,
  mode: "batch",
  metric: "batch",
  theme: "",
  times: false,
  flip: false,
  // Rows and workloads that are switched off, and groups that are unfolded.
  rows: new Set(),
  workloads: new Set(),
  open: new Set(),
  // What the matrix is sorted by: its workloads by a row, its rows by a workload; `up` or `down`.
  byRow: null,
  byWorkload: null,
};

const readSort = (text) => {
  const [, way, name] = text?.match(/^(up|down):(.*)$/s) ?? [];
  return way ? { way, name } : null;
};

const readHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of ["changes", "records"]) {
    const value = Number(given.get(name));
    const [low, high] = LIMITS[name];
    if (value > 0) {
      state[name] = Math.min(high, Math.max(low, value));
    }
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (choices.includes(given.get(name))) {
      state[name] = given.get(name);
    }
  }
  state.times = given.get("show") === "times";
  state.flip = given.get("rows") === "backends";
  state.rows = new Set(given.getAll("without"));
  state.workloads = new Set(given.getAll("skip"));
  state.open = new Set(given.getAll("open"));
  state.byRow = readSort(given.get("sort"));
  state.byWorkload = readSort(given.get("order"));
};

const writeHash = () => {
  const hash = new URLSearchParams({ changes: Number(state.changes.toPrecision(3)), records: Number(state.records.toPrecision(3)), mode: state.mode });
  const set = (name, value) => value && hash.set(name, value);
  set("metric", state.metric !== state.mode && state.metric);
  set("theme", state.theme);
  set("show", state.times && "times");
  set("rows", state.flip && "backends");
  set("sort", state.byRow && `${state.byRow.way}:${state.byRow.name}`);
  set("order", state.byWorkload && `${state.byWorkload.way}:${state.byWorkload.name}`);
  state.open.forEach((key) => hash.append("open", key));
  state.rows.forEach((id) => hash.append("without", id));
  state.workloads.forEach((name) => hash.append("skip", name));
  history.replaceState(null, "", `#${hash}`);
};
