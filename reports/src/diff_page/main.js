// What the reader does changes the state, and the state is drawn.

const order = new Map(rows.map((row, i) => [row, i]));
const numbers = ["size", "old", "new"];
const compare = (a, b) => {
  const name = state.sort;
  const [x, y] = [a.dataset[name], b.dataset[name]];
  const by = numbers.includes(name) ? Number(x) - Number(y) : (x ?? "").localeCompare(y ?? "");
  return (state.descending ? -by : by) || order.get(a) - order.get(b);
};
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (state.theme ? state.theme === "dark" : systemDark.matches);

const digits = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));
const mean = (shown) => Math.exp(shown.reduce((sum, row) => sum + Math.log(Number(row.dataset.ratio)), 0) / shown.length);

const drawShown = (shown) => {
  const of = (verdict) => shown.filter((row) => row.dataset.verdict === verdict).length;
  const hidden = rows.length - shown.length;
  const rest = hidden ? `; ${hidden} hidden by the filters` : "";
  const text = shown.length
    ? `${shown.length} of ${rows.length} comparisons: ${of("slower")} slower, ${of("faster")} faster, ${of("same")} without a difference${rest}. Geometric mean ${digits(mean(shown))}×.`
    : `Nothing to show: all ${rows.length} comparisons are hidden by the filters.`;
  byId("shown").textContent = text;
  const off = LISTS.reduce((sum, list) => sum + state[list].size, 0);
  byId("hidden-count").textContent = off ? ` (${off} switched off)` : "";
};

const draw = () => {
  byId("significant").checked = state.significant;
  if (Number(byId("least").value) !== state.least) {
    byId("least").value = state.least;
  }
  byId("direction").value = state.direction;
  for (const input of document.querySelectorAll(".filters fieldset input")) {
    input.checked = !state[input.name].has(input.value);
  }
  const body = document.querySelector(".comparisons tbody");
  body.append(...[...rows].sort(state.sort ? compare : (a, b) => order.get(a) - order.get(b)));
  for (const button of document.querySelectorAll("[data-sort]")) {
    const th = button.closest("th");
    if (button.dataset.sort === state.sort) {
      th.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
    } else {
      th.removeAttribute("aria-sort");
    }
  }
  rows.forEach((row) => row.classList.toggle("off", !wanted(row)));
  const shown = rows.filter(wanted);
  drawShown(shown);
  drawCommands(shown);
  if (state.theme) {
    document.documentElement.dataset.theme = state.theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
  byId("theme").setAttribute("aria-pressed", String(isDark()));
};

const set = (changes) => {
  Object.assign(state, changes);
  writeHash();
  draw();
};

byId("significant").addEventListener("change", (event) => set({ significant: event.target.checked }));
byId("least").addEventListener("input", (event) => set({ least: Math.min(10000, Math.max(0, Number(event.target.value) || 0)) }));
byId("direction").addEventListener("change", (event) => set({ direction: event.target.value }));
byId("everything").addEventListener("click", () => set({ ...fresh(), significant: false, theme: state.theme }));
byId("theme").addEventListener("click", () => set({ theme: isDark() ? "light" : "dark" }));
systemDark.addEventListener("change", draw);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
document.querySelector(".filters").addEventListener("change", ({ target }) => {
  if (LISTS.includes(target.name)) {
    target.checked ? state[target.name].delete(target.value) : state[target.name].add(target.value);
    set({});
  }
});
for (const button of document.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => {
    const { sort } = button.dataset;
    // Numbers begin with the largest, names with the first; the same button once more turns the order round, then back to significance.
    const first = numbers.includes(sort);
    if (state.sort !== sort) {
      set({ sort, descending: first });
    } else {
      set(state.descending === first ? { descending: !first } : { sort: "", descending: false });
    }
  });
}
// Links within the page lead to a section and leave the view in the address.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) {
    event.preventDefault();
    const section = byId(link.hash.slice(1));
    section.setAttribute("tabindex", "-1");
    section.scrollIntoView();
    section.focus({ preventScroll: true });
  }
});
addEventListener("hashchange", () => {
  readHash();
  draw();
});

readHash();
draw();
