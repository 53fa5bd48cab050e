// What to ship at the rates that are set: the crate `quintet-results` once more, word for word, for rates that it was not asked for.

// Whole numbers as Rust rounds them: a half goes to the even neighbour.
const rounded = (value) => {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
};
const three = (value) => (value >= 100 ? String(rounded(value)) : value.toFixed(value >= 10 ? 1 : 2));
const rate = (value) => (value < 1 ? three(value) : String(rounded(value)).replace(/\B(?=(\d{3})+$)/g, ","));
const perHour = (value) => (value === 1 ? "one change" : `${rate(value)} changes`);
const percent = (share) => {
  const of = 100 * share;
  for (const [least, places] of [[10, 0], [1, 1], [0.1, 2], [0.001, 3]]) {
    if (of >= least) {
      return `${places ? of.toFixed(places) : rounded(of)} %`;
    }
  }
  return "less than 0.001 %";
};
const times = ({ value, low, high }) => (low === high ? `${three(value)}x` : `${three(value)}x [${three(low)} ${three(high)}]`);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// The share below which no difference is claimed: how far from 1 the interval reaches of the rows that were measured twice.
const floorOf = (workloads) => {
  const again = workloads.map((w) => w.about.again).filter(Boolean);
  if (again.length === 0) {
    return 0;
  }
  const { low, high } = intervalOf(meanEstimate(again));
  return Math.max(high - 1, 1 / low - 1, 0);
};

// The share of one processor that reading records and preparing rules takes: the same for all rows.
const around = (workloads, traffic) => {
  const costs = workloads.map((w) => (traffic.changes / 3600) * w.about.once + traffic.records * w.about.read).filter((ns) => ns > 0);
  return costs.length ? Math.exp(meanOf(costs.map(Math.log))) / 1e9 : 0;
};

// The recommendation among rows that are ranked by what they cost, cheapest first; none without rows.
const recommend = (workloads, places, traffic, worth) => {
  const cheapest = places[0];
  if (!cheapest) {
    return null;
  }
  const floor = floorOf(workloads);
  const share = (p) => p.ns / 1e9;
  const saving = (p) => share(p) - share(cheapest);
  const ratios = new Map(places.map((p) => [p, ratio(cheapest, p)]));
  const differing = (p) => differs(ratios.get(p), floor);
  const simplest = (good) => places.filter(good).reduce((a, b) => (b.row.about.simplicity < a.row.about.simplicity ? b : a));
  const like = simplest((p) => p === cheapest || !differing(p));
  const enough = simplest((p) => saving(p) <= worth);
  let [chosen, because] = [cheapest, "cheapest"];
  if (places.length === 1) {
    because = "only one";
  } else if (enough.row.about.simplicity < like.row.about.simplicity) {
    [chosen, because] = [enough, "enough"];
  } else if (like !== cheapest) {
    [chosen, because] = [like, "no difference"];
  } else if (saving(places[1]) <= worth) {
    because = "enough";
  }
  const next = places.find((p) => p !== chosen && (chosen === cheapest || p === cheapest));
  const other = chosen === cheapest ? next : chosen;
  const pipeline = share(chosen) / (share(chosen) + around(workloads, traffic));
  return { chosen, cheapest, because, next, ratio: ratios.get(other), differs: next && differing(other), share: share(chosen), saving: saving(chosen), pipeline };
};

const sentences = (said, traffic, mode, worth) => {
  const [chosen, cheapest, next] = [said.chosen, said.cheapest, said.next].map((p) => p?.row.id);
  const calls = mode === "single" ? "one call per record" : "batches";
  const ship = `: at ${rate(traffic.records)} records a second in ${calls} and ${perHour(traffic.changes)} of the rules an hour it takes ${percent(said.share)} of a processor, ${percent(said.pipeline)} of the whole with reading and preparing.`;
  const asks = said.chosen.row.about.asks;
  let why = "Nothing else satisfies the constraints.";
  if (said.because === "cheapest") {
    why = said.differs
      ? `The runner-up, ${next}, costs ${times(said.ratio)} as much, outside the noise.`
      : `The runner-up, ${next}, costs ${times(said.ratio)} as much, which is inside the noise; of what it cannot tell apart ${chosen} is the simplest.`;
  } else if (said.because === "no difference") {
    why = `No difference to ${cheapest} outside the noise, and ${chosen} is simpler: ${asks}.`;
  } else if (said.because === "enough") {
    why =
      chosen !== cheapest
        ? `${capital(chosen)} is enough: the cheapest, ${cheapest}, saves ${percent(said.saving)} of a processor, and ${chosen} is simpler: ${asks}.`
        : `The choice hardly matters: ${chosen} is both the cheapest and the simplest, and ${next} costs ${times(said.ratio)} as much, less than ${percent(worth)} of a processor more.`;
  }
  return [`Ship ${chosen}`, ship, why];
};

const drawVerdict = (said) => {
  const box = byId("verdict");
  if (!said) {
    box.replaceChildren(element("p", "", "No backend that the filter leaves ran all of the shown workloads, so there is nothing to choose from."));
    return;
  }
  const [name, ship, why] = sentences(said, state, state.mode, data.defaults.worth);
  box.replaceChildren(element("p", "", element("strong", "", name), ship), element("p", "", why));
};
