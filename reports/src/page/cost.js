// What a row costs on a given traffic, and who is the cheapest. Costs are nanoseconds of CPU per second of operation.

const median = (samples) => {
  const sorted = Float64Array.from(samples).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

// The rounds `picked` of samples; all of them where nothing is picked.
const rounds = (samples, picked) => (picked ? picked.map((p) => samples[p % samples.length]) : samples);

const parts = (cost, traffic, picked) => ({
  ready: (traffic.changes / 3600) * median(rounds(cost.setup, picked)),
  run: traffic.records * median(rounds(cost.each, picked)),
});

const total = (cost, traffic, picked) => {
  const of = parts(cost, traffic, picked);
  return of.ready + of.run;
};

// Rows that ran every one of the workloads in this mode, cheapest first, and the ids of those that did not.
const ranked = (workloads, rows, mode, traffic) => {
  const places = [];
  const left = [];
  for (const row of rows) {
    const costs = workloads.map((w) => w.rows.find((r) => r.id === row.id)?.[mode]);
    if (costs.length === 0 || costs.some((c) => !c)) {
      left.push(row.id);
      continue;
    }
    const ready = costs.map((c) => {
      const of = parts(c, traffic);
      return of.ready / (of.ready + of.run);
    });
    places.push({ row, costs, ns: geometricMean(costs.map((c) => total(c, traffic))), ready: ready.reduce((a, b) => a + b) / ready.length });
  }
  places.sort((a, b) => a.ns - b.ns);
  return { places, left };
};

// SplitMix32: the same samples give the same interval each time.
const generator = (state) => () => {
  state = (state + 0x9e3779b9) | 0;
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
};

// How many times as much `b` costs as `a`, with its percentile bootstrap interval at 95 %: rounds are drawn in each workload by itself.
const ratio = (a, b, traffic) => {
  const next = generator(1);
  const draw = (cost) => Array.from(cost.each, () => next() % cost.each.length);
  const mean = (place, picked) => geometricMean(place.costs.map((c, i) => total(c, traffic, picked[i])));
  const of = Array.from({ length: 300 }, () => {
    const picked = a.costs.map(draw);
    return mean(b, picked) / mean(a, picked);
  }).sort((x, y) => x - y);
  return { value: b.ns / a.ns, low: of[7], high: of[292] };
};
