// Numbers with their units, as the rest of the report prints them.

const digits = (value) => {
  const size = Math.abs(value);
  return size < 9.995 ? value.toFixed(2) : size < 99.95 ? value.toFixed(1) : value.toFixed(0);
};

const time = (ns) => {
  const [value, unit] = ns < 999.5 ? [ns, "ns"] : ns < 999.5e3 ? [ns / 1e3, "µs"] : ns < 999.5e6 ? [ns / 1e6, "ms"] : [ns / 1e9, "s"];
  return `${digits(value)}\u00a0${unit}`;
};

const timeTick = (ns) => time(ns).replace(/\.0+(?=\u00a0)/, "");

const count = (value) => {
  if (value < 9999.5) {
    return value < 10 ? String(Number(value.toPrecision(2))) : Math.round(value).toLocaleString("en");
  }
  const [scaled, unit] = value < 999.5e3 ? [value / 1e3, "k"] : value < 999.5e6 ? [value / 1e6, "M"] : value < 999.5e9 ? [value / 1e9, "G"] : [value / 1e12, "T"];
  return `${digits(scaled)}\u00a0${unit}`;
};

// Three significant digits, written out.
const whole = (value) => Number(value.toPrecision(3)).toLocaleString("en");

const share = (part) => (part > 0 && part < 0.001 ? "under 0.1 %" : `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`);
