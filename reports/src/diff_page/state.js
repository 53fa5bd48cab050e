// What the reader has set. It is kept in the address, so that a view can be shared.

const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll(".comparisons tbody tr")];
const LISTS = ["workload", "row", "phase"];
const SORTS = ["workload", "row", "phase", "size", "old", "new"];
const fresh = () => ({
  significant: rows.some((row) => row.dataset.verdict !== "same"),
  least: 0,
  direction: "",
  sort: "",
  descending: false,
  theme: "",
  workload: new Set(),
  row: new Set(),
  phase: new Set(),
});
let state = fresh();

const readHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  state = fresh();
  if (["0", "1"].includes(given.get("significant"))) {
    state.significant = given.get("significant") === "1";
  }
  const least = Number(given.get("least"));
  state.least = least >= 0 && least <= 10000 ? least : 0;
  state.direction = ["slower", "faster"].includes(given.get("direction")) ? given.get("direction") : "";
  const [sort, order] = (given.get("sort") ?? "").split(" ");
  if (SORTS.includes(sort)) {
    [state.sort, state.descending] = [sort, order === "down"];
  }
  state.theme = ["light", "dark"].includes(given.get("theme")) ? given.get("theme") : "";
  LISTS.forEach((list) => (state[list] = new Set(given.getAll(`no-${list}`))));
};

const writeHash = () => {
  const hash = new URLSearchParams({ significant: state.significant ? 1 : 0 });
  const say = (name, value) => value && hash.set(name, value);
  say("least", state.least);
  say("direction", state.direction);
  say("sort", state.sort && `${state.sort} ${state.descending ? "down" : "up"}`);
  say("theme", state.theme);
  LISTS.forEach((list) => state[list].forEach((name) => hash.append(`no-${list}`, name)));
  history.replaceState(null, "", `#${hash}`);
};

// Whether a row is among what the reader wants to see.
const wanted = ({ dataset }) =>
  (!state.significant || dataset.verdict !== "same") &&
  (!state.direction || dataset.verdict === state.direction || (dataset.verdict === "same" && Number(dataset.ratio) > 1 === (state.direction === "slower"))) &&
  100 * (Math.exp(Number(dataset.size)) - 1) >= state.least &&
  LISTS.every((list) => !state[list].has(dataset[list]));
