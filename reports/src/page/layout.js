// Charts after the filter: rows close ranks, and names at the ends of curves find their places anew.

// The space above the first row of a panel, and below its lines.
const [TOP, BELOW] = [50, 4];

const panels = [...document.querySelectorAll(".panels svg")].map((svg) => {
  const rows = [...svg.querySelectorAll(".row")].map((row) => ({ row, height: Number(row.dataset.height) }));
  const lines = [...svg.querySelectorAll(":scope > .grid, :scope > .base")];
  const all = rows.reduce((sum, { height }) => sum + height, 0);
  return { svg, rows, lines, width: svg.viewBox.baseVal.width, rest: svg.viewBox.baseVal.height - all };
});

const layPanels = () => {
  for (const { svg, rows, lines, width, rest } of panels) {
    let top = TOP;
    for (const { row, height } of rows.filter(({ row }) => !row.classList.contains("off"))) {
      row.setAttribute("transform", `translate(0,${top + height / 2})`);
      top += height;
    }
    const now = rest + top - TOP;
    svg.setAttribute("viewBox", `0 0 ${width} ${now}`);
    svg.setAttribute("height", now);
    lines.forEach((line) => line.setAttribute("y2", now - BELOW));
  }
};

const curves = [...document.querySelectorAll("svg[data-names]")].map((svg) => {
  const [floor, gap] = svg.dataset.names.split(" ").map(Number);
  const names = [...svg.querySelectorAll(".end-name")].map((name) => {
    const [x, y] = name.dataset.end.split(" ").map(Number);
    return { name, x, y, leader: name.querySelector(".leader"), text: name.querySelector("text") };
  });
  return { floor, gap, names: names.sort((a, b) => a.y - b.y) };
});

const layNames = () => {
  for (const { floor, gap, names } of curves) {
    const shown = names.filter(({ name }) => !name.classList.contains("off"));
    const places = [];
    for (const { y } of shown) {
      places.push(Math.max(y, (places.at(-1) ?? -Infinity) + gap));
    }
    let limit = floor;
    for (let i = places.length - 1; i >= 0; i -= 1) {
      places[i] = Math.min(places[i], limit);
      limit = places[i] - gap;
    }
    shown.forEach(({ x, y, leader, text }, i) => {
      leader.setAttribute("d", `M${x + 2} ${y}L${x + 12} ${places[i]}`);
      text.setAttribute("y", places[i] + 4);
    });
  }
};
