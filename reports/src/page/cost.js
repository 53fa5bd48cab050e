// What a row costs on a given traffic, and who is the cheapest. Costs are nanoseconds of CPU per second of operation.

// The samples of a cost on a traffic, process by process and round by round.
const costOn = (cost, traffic) =>
  sampleOf(cost.each.map((rounds, p) => rounds.map((each, r) => (traffic.changes / 3600) * cost.setup[p][r] + traffic.records * each)));

const centreOf = (processes) => Math.exp(middleOf(sampleOf(processes)));

// Rows that ran every one of the workloads in this mode, cheapest first, and the ids of those that did not.
const ranked = (workloads, rows, mode, traffic) => {
  const places = [];
  const left = [];
  for (const row of rows.filter((row) => row.costed)) {
    const costs = workloads.map((w) => w.rows.find((r) => r.id === row.id)?.[mode]);
    if (costs.length === 0 || costs.some((c) => !c)) {
      left.push(row.id);
      continue;
    }
    const samples = costs.map((c) => costOn(c, traffic));
    const ns = Math.exp(meanOf(samples.map(middleOf)));
    const ready = meanOf(costs.map((c, i) => ((traffic.changes / 3600) * centreOf(c.setup)) / Math.exp(middleOf(samples[i]))));
    places.push({ row, samples, ns, ready: Math.min(1, ready) });
  }
  places.sort((a, b) => a.ns - b.ns);
  return { places, left };
};

// How many times as much `b` costs as `a`: the geometric mean over the workloads, with its interval at 95 %.
const ratio = (a, b) => intervalOf(meanEstimate(a.samples.map((of, i) => ratioOf(b.samples[i], of))));
