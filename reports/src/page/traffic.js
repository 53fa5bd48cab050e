// The sliders, the verdict on that traffic, and what every row costs on it.

// How many times as much as the cheapest backend is still on the axis.
const NEAR = 4;

// Round ticks of a linear axis from 0 to `end` that leave room for their labels.
const ticks = (end) => {
  const most = innerWidth > 700 ? 8 : 4;
  const power = 10 ** Math.floor(Math.log10(end) - 1);
  const step = [1, 2, 5, 10, 20, 50].map((s) => s * power).find((s) => end / s <= most) ?? end;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
};

const axis = (end) => {
  const row = element("div", "cost-axis");
  const track = element("div", "track");
  for (const value of ticks(end)) {
    const tick = element("span", "", value ? timeTick(value) : "0");
    tick.style.left = `${(100 * value) / end}%`;
    track.append(tick);
  }
  row.append(element("div", "what", "CPU time per second of operation"), track, element("div", "right", "CPU / s"), element("div", "right", "ratio"), element("div", "right share", "getting ready"));
  return row;
};

const costRow = (place, best, end, isChosen) => {
  const row = element("div", `cost s${place.row.slot}${isChosen ? " chosen" : ""}`);
  row.dataset.cost = place.row.id;
  const name = element("div", "name", swatchOf(place.row.id), element("span", "", place.row.id));
  if (isChosen) {
    name.append(element("small", "", "to ship"));
  }
  name.title = place.row.id;
  const track = element("div", "track");
  const beyond = place.ns > end;
  const bar = element("i", beyond ? "open" : "");
  bar.style.width = `${Math.min(100, (100 * place.ns) / end)}%`;
  track.append(bar);
  if (!beyond) {
    const mark = swatchOf(place.row.id);
    mark.style.left = bar.style.width;
    track.append(mark);
  }
  row.append(name, track, element("div", "right", time(place.ns)), element("div", "right", `${digits(place.ns / best)}×`), element("div", "right share", share(place.ready)));
  return row;
};

const drawTraffic = () => {
  for (const [name, unit] of [["changes", "per hour"], ["records", "per second"]]) {
    const text = `${whole(state[name])} ${unit}`;
    byId(`${name}-value`).textContent = text;
    byId(name).setAttribute("aria-valuetext", text);
    const place = Math.log10(state[name]);
    if (Math.abs(Number(byId(name).value) - place) > 0.026) {
      byId(name).value = place;
    }
  }
  const workloads = shownWorkloads();
  const { places, left } = ranked(workloads, allowedRows(), state.mode, state);
  const said = recommend(workloads, places.filter((p) => p.row.about.ships), state, data.defaults.worth);
  drawVerdict(said);
  const shown = new Set(shownRows());
  const best = (said?.cheapest ?? places[0])?.ns;
  // What the verdict speaks of is shown though its group is folded.
  const visible = places.filter((p) => shown.has(p.row) || p === said?.cheapest || p === said?.chosen);
  const end = 1.08 * Math.max(...visible.map((p) => p.ns).filter((ns) => ns <= NEAR * best));
  const drawn = visible.length ? [axis(end)] : [];
  for (const group of new Set(data.rows.map((r) => r.group))) {
    const members = visible.filter((p) => p.row.group === group);
    if (members.length) {
      drawn.push(element("div", "cost-group", element("h4", "", group), ...members.map((p) => costRow(p, best, end, p === said?.chosen))));
    }
  }
  byId("costs").replaceChildren(...drawn);
  byId("left-out").textContent = left.length ? `Not on all of the shown workloads, so not ranked: ${left.join(", ")}.` : "";
};
