// The sliders, and who is the cheapest on that traffic.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
};

const swatchOf = (id) => {
  const box = [...document.querySelectorAll('#filters input[name="row"]')].find((input) => input.value === id);
  return box.parentElement.querySelector(".swatch").cloneNode(true);
};

const shownWorkloads = () => data.workloads.filter((w) => !state.workloads.has(w.name));
const shownRows = () => data.rows.filter((r) => !state.rows.has(r.id));

const cores = (ns) => {
  const used = ns / 1e9;
  return used < 1 ? `${share(used)} of a core` : `${digits(used)} cores`;
};

const verdict = (places) => {
  const [first, second] = places.filter((p) => p.row.candidate);
  const said = [];
  const strong = (text) => said.push(element("strong", "", text));
  if (!first) {
    said.push("The filter leaves no backend that runs all of the shown workloads.");
  } else {
    strong(first.row.id);
    said.push(` is the cheapest backend: ${time(first.ns)} of CPU per second, ${cores(first.ns)}. `);
  }
  if (second) {
    const by = ratio(first, second);
    said.push("Runner-up: ");
    strong(second.row.id);
    const times = `${digits(by.value)}× (${digits(by.low)} to ${digits(by.high)}) as much`;
    said.push(by.low > 1 ? `, ${times}.` : `; the two cannot be told apart: ${times}.`);
  }
  byId("verdict").replaceChildren(...said);
};

// Ticks that leave room for their labels: powers of ten, with steps between on a short axis.
const ticks = (at, low, high) => {
  const gap = innerWidth > 700 ? 11 : 18;
  for (const [steps, every] of [[[1, 2, 5], 1], [[1, 3], 1], [[1], 1], [[1], 2], [[1], 3], [[1], 6]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      if (power % every === 0) {
        found.push(...steps.map((step) => step * 10 ** power).filter((v) => v >= low && v <= high));
      }
    }
    if (found.length && found.every((v, i) => i === 0 || at(v) - at(found[i - 1]) >= gap)) {
      return found;
    }
  }
  return [];
};

const axis = (at, low, high) => {
  const row = element("div", "cost-axis");
  const track = element("div", "track");
  for (const value of ticks(at, low, high)) {
    const tick = element("span", "", timeTick(value));
    tick.style.left = `${at(value)}%`;
    track.append(tick);
  }
  row.append(element("div", "what", "CPU time per second of operation"), track, element("div", "right", "CPU / s"), element("div", "right", "ratio"), element("div", "right share", "getting ready"));
  return row;
};

const costRow = (place, best, at, isFirst) => {
  const row = element("div", `cost s${place.row.slot}${isFirst ? " first" : ""}`);
  row.dataset.cost = place.row.id;
  const name = element("div", "name");
  name.append(swatchOf(place.row.id), element("span", "", place.row.id));
  const track = element("div", "track");
  const bar = element("i", "");
  bar.style.width = `${at(place.ns)}%`;
  const mark = swatchOf(place.row.id);
  mark.style.left = `${at(place.ns)}%`;
  track.append(bar, mark);
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
  const { places, left } = ranked(shownWorkloads(), shownRows(), state.mode, state);
  verdict(places);
  const best = places.find((p) => p.row.candidate)?.ns ?? places[0]?.ns;
  const costs = places.map((p) => p.ns);
  const [low, high] = [Math.min(...costs) / 1.6, Math.max(...costs) * 1.3];
  const at = (ns) => (100 * Math.log(ns / low)) / Math.log(high / low);
  const groups = [...new Set(data.rows.map((r) => r.group))];
  const drawn = places.length ? [axis(at, low, high)] : [];
  for (const group of groups) {
    const members = places.filter((p) => p.row.group === group);
    if (members.length) {
      const box = element("div", "cost-group");
      box.append(element("h4", "", group), ...members.map((p, i) => costRow(p, best, at, i === 0 && p.row.candidate)));
      drawn.push(box);
    }
  }
  byId("costs").replaceChildren(...drawn);
  byId("left-out").textContent = left.length ? `Not on all of the shown workloads, so not ranked: ${left.join(", ")}.` : "";
};
