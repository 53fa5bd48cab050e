// The estimator of the crate `quintet-results`, once more: a sample's logarithm is the mean over the processes of the interquartile mean over
// the rounds; the interval is the widest of those within and between the processes and of what is known of processes.

const CUT = 4;
const APART = 0.06;
const LOOKED_AT = 200;
const meanOf = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const variance = (values) => {
  const middle = meanOf(values);
  return values.length < 2 ? 0 : values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1);
};

// One process's rounds: the middle half of the logarithms, and all of them with those that are cut off moved to the nearest that is not.
const processOf = (rounds) => {
  const logs = rounds.map(Math.log);
  const sorted = Float64Array.from(logs).sort();
  const cut = Math.floor(sorted.length / CUT);
  const kept = sorted.subarray(cut, sorted.length - cut);
  const [low, high] = [kept[0], kept[kept.length - 1]];
  return { centre: meanOf(kept), kept: kept.length, winsorised: logs.map((v) => Math.min(high, Math.max(low, v))) };
};

// A sample: one list of rounds per process.
const sampleOf = (processes) => processes.map(processOf);
const middleOf = (sample) => meanOf(sample.map((p) => p.centre));

const varianceWithin = (kept, winsorised) => (kept < 2 ? 0 : (variance(winsorised) * (winsorised.length - 1)) / (kept * (kept - 1)));

const widest = (mean, processes, apart) => {
  const count = processes.length;
  const sum = (of) => processes.reduce((all, p) => all + of(p), 0);
  const within = { mean, variance: sum((p) => p.variance) / (count * count), freedom: sum((p) => p.freedom) };
  if (count < 2) {
    return within;
  }
  const between = { mean, variance: variance(processes.map((p) => p.centre)) / count, freedom: count - 1 };
  const known = { mean, variance: apart ** 2 / count, freedom: LOOKED_AT };
  return [between, known].reduce((wide, other) => (half(other) > half(wide) ? other : wide), within);
};

const same = (a, b) => a.every((p, i) => p.centre === b[i].centre && p.winsorised.every((v, r) => v === b[i].winsorised[r]));

// The logarithm of the ratio of two samples that were taken in the same rounds; of one to itself exactly 0.
const ratioOf = (a, b) =>
  widest(
    middleOf(a) - middleOf(b),
    a.map((p, i) => ({
      centre: p.centre - b[i].centre,
      variance: varianceWithin(p.kept, p.winsorised.map((v, r) => v - b[i].winsorised[r])),
      freedom: Math.min(p.kept, b[i].kept) - 1,
    })),
    same(a, b) ? 0 : APART,
  );

// The mean of independent estimates.
const meanEstimate = (estimates) => {
  const sum = estimates.reduce((all, e) => all + e.variance, 0);
  const weights = estimates.filter((e) => e.variance > 0).reduce((all, e) => all + e.variance ** 2 / e.freedom, 0);
  return { mean: meanOf(estimates.map((e) => e.mean)), variance: sum / estimates.length ** 2, freedom: weights > 0 ? sum ** 2 / weights : 0 };
};

const half = (estimate) => (estimate.variance > 0 && estimate.freedom > 0 ? tQuantile(0.05, estimate.freedom) * Math.sqrt(estimate.variance) : 0);

const intervalOf = (estimate) => {
  const by = half(estimate);
  return { value: Math.exp(estimate.mean), low: Math.exp(estimate.mean - by), high: Math.exp(estimate.mean + by) };
};

// Whether two differ: the interval leaves out 1, and the ratio is further from 1 than the noise.
const differs = (interval, floor) => (interval.low > 1 || interval.high < 1) && Math.max(interval.value, 1 / interval.value) - 1 > floor;

// Student's t, as in the crate.
const lnGamma = (from) => {
  let x = from;
  let steps = 0;
  while (x < 12) {
    steps += Math.log(x);
    x += 1;
  }
  const square = 1 / (x * x);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - steps;
};

const incompleteBeta = (a, b, x) => {
  if (x <= 0) {
    return 0;
  }
  if (x >= 1) {
    return 1;
  }
  if (x > (a + 1) / (a + b + 2)) {
    return 1 - incompleteBeta(b, a, 1 - x);
  }
  const awayFromZero = (v) => (Math.abs(v) < 1e-300 ? 1e-300 : v);
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let last = 1;
    for (const term of [even, odd]) {
      d = 1 / awayFromZero(1 + term * d);
      c = awayFromZero(1 + term / c);
      last = c * d;
      fraction *= last;
    }
    if (Math.abs(last - 1) < 1e-14) {
      break;
    }
  }
  const logBeta = lnGamma(a) + lnGamma(b) - lnGamma(a + b);
  return (Math.exp(a * Math.log(x) + b * Math.log(1 - x) - logBeta) / a) * fraction;
};

const tBeyond = (t, freedom) => incompleteBeta(freedom / 2, 0.5, freedom / (freedom + t * t));

// Newton's steps from 0 stay below the point that is looked for, and come to it.
const tQuantile = (beyond, freedom) => {
  const peak = (2 * Math.exp(lnGamma((freedom + 1) / 2) - lnGamma(freedom / 2))) / Math.sqrt(freedom * Math.PI);
  let t = 0;
  for (let i = 0; i < 200; i += 1) {
    const step = (tBeyond(t, freedom) - beyond) / (peak * (1 + (t * t) / freedom) ** (-(freedom + 1) / 2));
    t += step;
    if (Math.abs(step) <= 1e-12 * t) {
      break;
    }
  }
  return t;
};
