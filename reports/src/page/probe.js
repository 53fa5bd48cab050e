// In a break-even chart: what every row costs at the number of records under the pointer, or where the arrow keys have gone.

const probe = (svg, at, x, y) => {
  const [left, right, top, bottom] = svg.dataset.plot.split(" ").map(Number);
  const [low, high] = svg.dataset.domain.split(" ").map(Number);
  const place = Math.min(1, Math.max(0, at));
  const records = low * (high / low) ** place;
  let line = svg.querySelector(".probe");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    line.setAttribute("class", "probe");
    svg.append(line);
  }
  const from = left + (right - left) * place;
  for (const [name, value] of Object.entries({ x1: from, x2: from, y1: top, y2: bottom })) {
    line.setAttribute(name, value);
  }
  const curves = [...svg.querySelectorAll(".curve")].filter((curve) => !curve.classList.contains("off"));
  const shown = new Set(curves.map((curve) => curve.dataset.row));
  const rows = data.workloads.find((w) => w.name === svg.dataset.workload).rows;
  const costs = rows
    .filter((r) => r[svg.dataset.mode] && shown.has(r.id))
    .map((r) => [r.id, Math.exp(middleOf(costOn(r[svg.dataset.mode], { changes: 3600, records })))])
    .sort((a, b) => a[1] - b[1]);
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.viewBox.baseVal.width;
  const text = [`after ${count(Math.max(1, Math.round(records)))} records`, ...costs.map(([id, ns]) => `${time(ns)}  ${id}`)].join("\n");
  showTip(text, x ?? box.left + from * scale, y ?? box.top + top * scale);
};

const bindProbes = () => {
  for (const svg of document.querySelectorAll("svg[data-plot]")) {
    let at = 0.5;
    const end = () => {
      svg.querySelector(".probe")?.remove();
      hideTip();
    };
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("pointermove", (event) => {
      if (event.target.closest("[data-tip]")) {
        return;
      }
      const [left, right] = svg.dataset.plot.split(" ").map(Number);
      const box = svg.getBoundingClientRect();
      at = (((event.clientX - box.left) * svg.viewBox.baseVal.width) / box.width - left) / (right - left);
      probe(svg, at, event.clientX, event.clientY);
    });
    svg.addEventListener("pointerleave", end);
    svg.addEventListener("blur", end);
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 0.02, ArrowLeft: -0.02, ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (by) {
        event.preventDefault();
        at = Math.min(1, Math.max(0, at + by));
        probe(svg, at);
      } else if (event.key === "Escape") {
        end();
      }
    });
  }
};
