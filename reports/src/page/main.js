// Everything together: what the reader does changes the state, and the state is drawn.

// What waits for the next frame: nothing, what depends on the rates, or everything.
let waiting = null;

const draw = (what = "all") => {
  waiting = null;
  if (what === "all") {
    drawMatrix();
    drawFilters();
  }
  drawTraffic();
};

const changed = (what = "all") => {
  writeHash();
  if (!waiting) {
    requestAnimationFrame(() => draw(waiting));
  }
  waiting = waiting === "all" ? waiting : what;
};

const toggle = (set, value, on) => (on ? set.add(value) : set.delete(value));

for (const name of ["changes", "records"]) {
  byId(name).addEventListener("input", (event) => {
    state[name] = 10 ** Number(event.target.value);
    changed("rates");
  });
}

document.addEventListener("change", (event) => {
  const { name, value, checked } = event.target;
  if (name === "mode") {
    state.mode = value;
    state.metric = value;
  } else if (name === "metric") {
    state.metric = value;
  } else if (name === "row") {
    toggle(state.rows, value, !checked);
  } else if (name === "workload") {
    toggle(state.workloads, value, !checked);
  } else if (name === "group") {
    toggle(state.open, value, checked);
  } else {
    return;
  }
  changed();
});

for (const name of ["times", "flip"]) {
  byId(name).addEventListener("click", () => {
    state[name] = !state[name];
    changed();
  });
}

byId("everything").addEventListener("click", () => {
  state.rows.clear();
  state.workloads.clear();
  data.rows.forEach((row) => row.fold && state.open.add(row.fold));
  changed();
});

byId("theme").addEventListener("click", () => {
  const dark = state.theme ? state.theme === "dark" : systemDark.matches;
  state.theme = dark ? "light" : "dark";
  changed();
});
systemDark.addEventListener("change", drawTheme);

const menus = [...document.querySelectorAll(".menu")];
document.addEventListener("pointerdown", (event) => {
  menus.filter((menu) => !menu.contains(event.target)).forEach((menu) => (menu.open = false));
});
for (const menu of menus) {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// The address keeps the view, so a link within the page scrolls and moves the keyboard, and leaves the address alone.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) {
    event.preventDefault();
    menus.forEach((menu) => (menu.open = false));
    const target = byId(link.hash.slice(1));
    target.setAttribute("tabindex", "-1");
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  }
});

addEventListener("hashchange", () => {
  readHash();
  draw();
});
addEventListener("resize", () => changed("rates"));

readHash();
bindTips();
bindProbes();
bindMatrix();
draw();
