// The matrix: each cell is a row's ratio to the best backend of the workload, or its time.

// From the best over twice to four times as much and beyond. The number says the same.
const shade = (ratio) => {
  const at = Math.min(1, Math.max(0, Math.log2(ratio) / 2));
  return at < 0.5
    ? `color-mix(in oklab, var(--near) ${Math.round(100 - 200 * at)}%, var(--card))`
    : `color-mix(in oklab, var(--far) ${Math.round(200 * at - 100)}%, var(--card))`;
};

// What has no value comes last either way.
const sorted = (items, by, value) => {
  const sign = by?.way === "down" ? -1 : 1;
  const rank = (item) => {
    const of = value(item);
    return of === undefined ? Infinity : sign * Math.log(of);
  };
  return by ? items.map((item) => [rank(item), item]).sort((a, b) => (a[0] === b[0] ? 0 : a[0] - b[0])).map(([, item]) => item) : items;
};

// A header that sorts: upwards, downwards, not at all.
const header = (scope, sort, name, ...shown) => {
  const by = state[sort]?.name === name ? state[sort].way : null;
  const cell = element("th", by ? "sorted" : "");
  cell.scope = scope;
  cell.setAttribute("aria-sort", by ? `${by === "up" ? "a" : "de"}scending` : "none");
  const button = element("button", "", ...shown);
  button.type = "button";
  button.dataset.sort = name;
  button.addEventListener("click", () => {
    state[sort] = by === "down" ? null : { name, way: by === "up" ? "down" : "up" };
    changed();
  });
  cell.append(button);
  return cell;
};

const matrixCell = (matrix, line, row) => {
  const cell = line.cells[row.id];
  const made = element("td", "");
  made.dataset.row = row.id;
  if (!cell) {
    made.append("–");
    made.dataset.tip = `${row.id} does not run ${line.name}, or was not measured in this way`;
    return made;
  }
  const best = row.id === line.best;
  const mark = cell.tied && !best ? "≈ " : "";
  made.append(state.times ? time(cell.ns) : `${mark}${digits(cell.ratio)}×`);
  made.classList.toggle("best", best);
  made.style.background = shade(cell.ratio);
  const against = best ? "the best backend" : `${cell.text} of ${line.best}'s${cell.tied ? ": no difference can be told" : ""}`;
  made.dataset.tip = `${row.id} on ${line.name}: ${against}\n${time(cell.ns)} per ${matrix.per}`;
  return made;
};

const workloadHeader = (scope, line) => {
  const best = line.best && line.cells[line.best];
  const said = best ? `${line.best} ${time(best.ns)}` : "no backend";
  return header(scope, "byWorkload", line.name, element("span", "name", line.name), element("small", "", said));
};

const rowHeader = (scope, row) => header(scope, "byRow", row.id, swatchOf(row.id), element("span", "name", row.id));

// Where the keyboard is in the matrix, in cells.
const place = { down: 0, across: 0 };

const drawMatrix = () => {
  const box = byId("matrix");
  const matrix = data.matrices[state.metric] ?? Object.values(data.matrices)[0];
  if (!matrix) {
    return;
  }
  const ratioOf = (line, id) => line?.cells[id]?.ratio;
  const named = (lines, by) => lines.find((l) => l.name === by?.name);
  const shown = matrix.lines.filter((l) => !state.workloads.has(l.name));
  const lines = sorted(shown, state.byRow, (l) => ratioOf(l, state.byRow?.name));
  const measured = shownRows().filter((r) => shown.some((l) => l.cells[r.id]));
  const rows = sorted(measured, state.byWorkload, (r) => ratioOf(named(shown, state.byWorkload), r.id));
  const table = element("table", "matrix");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", `Workload by backend, ${state.times ? "times" : "ratios to the best"} per ${matrix.per}`);
  const [head, body] = [element("thead", ""), element("tbody", "")];
  const corner = element("td", "corner", state.flip ? "backend" : "workload");
  head.append(element("tr", "", corner, ...(state.flip ? lines.map((l) => workloadHeader("col", l)) : rows.map((r) => rowHeader("col", r)))));
  const across = (line, row) => matrixCell(matrix, line, row);
  body.append(
    ...(state.flip
      ? rows.map((r) => element("tr", "", rowHeader("row", r), ...lines.map((l) => across(l, r))))
      : lines.map((l) => element("tr", "", workloadHeader("row", l), ...rows.map((r) => across(l, r))))),
  );
  table.append(head, body);
  const focused = box.contains(document.activeElement);
  box.replaceChildren(element("div", "scroll", table));
  moveTo(table, 0, 0, focused);
};

// The element of a cell that takes the keyboard: its button, or itself.
const stops = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.querySelector("button") ?? cell));

const moveTo = (table, down, across, focus) => {
  const grid = stops(table);
  place.down = Math.min(grid.length - 1, Math.max(0, place.down + down));
  place.across = Math.min(grid[0].length - 1, Math.max(0, place.across + across));
  if (place.down === 0 && place.across === 0) {
    // The corner does nothing.
    place.across = Math.min(1, grid[0].length - 1);
  }
  grid.flat().forEach((stop) => stop.setAttribute("tabindex", "-1"));
  const stop = grid[place.down][place.across];
  stop.setAttribute("tabindex", "0");
  if (focus) {
    stop.focus();
    const tip = stop.closest("[data-tip]")?.dataset.tip;
    const at = stop.getBoundingClientRect();
    if (tip) {
      showTip(tip, at.left + at.width / 2, at.bottom - 8);
    } else {
      hideTip();
    }
  }
};

const bindMatrix = () => {
  const box = byId("matrix");
  box.addEventListener("keydown", (event) => {
    const table = event.target.closest("table.matrix");
    const by = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], Home: [0, -1e9], End: [0, 1e9] }[event.key];
    if (table && by) {
      event.preventDefault();
      moveTo(table, ...by, true);
    } else if (event.key === "Escape") {
      hideTip();
    }
  });
  box.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td, th");
    if (cell) {
      [place.down, place.across] = [cell.parentElement.rowIndex, cell.cellIndex];
    }
  });
  box.addEventListener("focusout", hideTip);
};
