// What the reader has set. It is kept in the address, so that a view can be shared.

const LIMITS = { changes: [0.01, 1e4], records: [1, 1e7] };
const state = { changes: 1, records: 1e4, mode: "batch", theme: "", rows: new Set(), workloads: new Set() };

const readHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of ["changes", "records"]) {
    const value = Number(given.get(name));
    const [low, high] = LIMITS[name];
    if (value > 0) {
      state[name] = Math.min(high, Math.max(low, value));
    }
  }
  if (["batch", "single"].includes(given.get("mode"))) {
    state.mode = given.get("mode");
  }
  if (["light", "dark"].includes(given.get("theme"))) {
    state.theme = given.get("theme");
  }
  if (given.has("without")) {
    state.rows = new Set(given.getAll("without"));
  }
  if (given.has("skip")) {
    state.workloads = new Set(given.getAll("skip"));
  }
};

const writeHash = () => {
  const hash = new URLSearchParams({ changes: Number(state.changes.toPrecision(3)), records: Number(state.records.toPrecision(3)), mode: state.mode });
  if (state.theme) {
    hash.set("theme", state.theme);
  }
  state.rows.forEach((id) => hash.append("without", id));
  state.workloads.forEach((name) => hash.append("skip", name));
  history.replaceState(null, "", `#${hash}`);
};
