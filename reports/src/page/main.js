// Everything together: what the reader does changes the state, and the state is drawn.

let waiting = false;

const draw = () => {
  waiting = false;
  drawFilters();
  drawTraffic();
};

const changed = () => {
  writeHash();
  if (!waiting) {
    waiting = true;
    requestAnimationFrame(draw);
  }
};

const toggle = (set, value, on) => (on ? set.delete(value) : set.add(value));

for (const name of ["changes", "records"]) {
  byId(name).addEventListener("input", (event) => {
    state[name] = 10 ** Number(event.target.value);
    changed();
  });
}

document.addEventListener("change", (event) => {
  const { name, value, checked } = event.target;
  if (name === "mode") {
    state.mode = value;
  } else if (name === "row") {
    toggle(state.rows, value, checked);
  } else if (name === "workload") {
    toggle(state.workloads, value, checked);
  } else {
    return;
  }
  changed();
});

byId("everything").addEventListener("click", () => {
  state.rows.clear();
  state.workloads.clear();
  changed();
});

byId("theme").addEventListener("click", () => {
  const dark = state.theme ? state.theme === "dark" : systemDark.matches;
  state.theme = dark ? "light" : "dark";
  changed();
});
systemDark.addEventListener("change", drawTheme);

document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#filters")) {
    byId("filters").open = false;
  }
});
byId("filters").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    byId("filters").open = false;
    byId("filters").querySelector("summary").focus();
  }
});

addEventListener("hashchange", () => {
  readHash();
  draw();
});
addEventListener("resize", changed);

readHash();
bindTips();
bindProbes();
draw();
