// Rows and workloads that the reader has switched off, groups that are unfolded, the mode and the theme.

const systemDark = matchMedia("(prefers-color-scheme: dark)");

const drawTheme = () => {
  if (state.theme) {
    document.documentElement.dataset.theme = state.theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
  byId("theme").setAttribute("aria-pressed", String(state.theme ? state.theme === "dark" : systemDark.matches));
};

const check = (name, on) => {
  for (const input of document.querySelectorAll(`input[name="${name}"]`)) {
    input.checked = on(input.value);
  }
};

const drawFilters = () => {
  document.body.dataset.mode = state.mode;
  check("mode", (value) => value === state.mode);
  check("metric", (value) => value === state.metric);
  check("row", (value) => !state.rows.has(value));
  check("workload", (value) => !state.workloads.has(value));
  check("group", (value) => state.open.has(value));
  for (const name of ["times", "flip"]) {
    byId(name).setAttribute("aria-pressed", String(state[name]));
  }
  const [allowed, shown] = [allowedRows(), shownRows()].map((rows) => new Set(rows.map((r) => r.id)));
  for (const part of document.querySelectorAll("main [data-row]")) {
    // What is the cheapest somewhere stays in that chart though its group is folded.
    part.classList.toggle("off", !("pinned" in part.dataset ? allowed : shown).has(part.dataset.row));
  }
  for (const part of document.querySelectorAll("[data-workload-section]")) {
    part.classList.toggle("off", state.workloads.has(part.dataset.workloadSection));
  }
  byId("filters").classList.toggle("active", state.rows.size + state.workloads.size > 0);
  layPanels();
  layNames();
  drawTheme();
};
