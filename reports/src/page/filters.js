// Rows and workloads that the reader has switched off, the mode and the theme.

// Rows of a panel move up where others are off, and the panel ends below the last one.
const panels = [...document.querySelectorAll(".panels svg")].map((svg) => {
  const rows = [...svg.querySelectorAll(".row")];
  const places = rows.map((row) => row.getAttribute("transform"));
  return { svg, rows, places, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
});

const layPanels = () => {
  for (const { svg, rows, places, width, height } of panels) {
    const shown = rows.filter((row) => !row.classList.contains("off"));
    shown.forEach((row, i) => row.setAttribute("transform", places[i]));
    const now = height - 22 * (rows.length - shown.length);
    svg.setAttribute("viewBox", `0 0 ${width} ${now}`);
    svg.setAttribute("height", now);
  }
};

const systemDark = matchMedia("(prefers-color-scheme: dark)");

const drawTheme = () => {
  if (state.theme) {
    document.documentElement.dataset.theme = state.theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
  byId("theme").setAttribute("aria-pressed", String(state.theme ? state.theme === "dark" : systemDark.matches));
};

const drawFilters = () => {
  document.body.dataset.mode = state.mode;
  for (const input of document.querySelectorAll('input[name="mode"]')) {
    input.checked = input.value === state.mode;
  }
  for (const input of document.querySelectorAll('#filters input[name="row"]')) {
    input.checked = !state.rows.has(input.value);
  }
  for (const input of document.querySelectorAll('#filters input[name="workload"]')) {
    input.checked = !state.workloads.has(input.value);
  }
  for (const part of document.querySelectorAll("main [data-row]")) {
    part.classList.toggle("off", state.rows.has(part.dataset.row));
  }
  for (const part of document.querySelectorAll("[data-workload-section]")) {
    part.classList.toggle("off", state.workloads.has(part.dataset.workloadSection));
  }
  byId("filters").classList.toggle("active", state.rows.size + state.workloads.size > 0);
  layPanels();
  drawTheme();
};
