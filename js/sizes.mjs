// Says what takes the room in a WebAssembly file, by crate: `node sizes.mjs lang` (or run, explain, native), after `npm run build`. Looked at is what
// cargo made, which has names; wasm-opt takes about a fifth of it away.
import { readFileSync } from "node:fs";

const file = new URL(`target/wasm32-unknown-unknown/web/quintet_rules_${process.argv[2] ?? "lang"}.wasm`, import.meta.url);
const bytes = readFileSync(file);
let at = 8;

function number() {
  let [value, shift] = [0, 1];
  for (;;) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return value;
    shift *= 128;
  }
}

function text() {
  const length = number();
  at += length;
  return bytes.toString("utf8", at - length, at);
}

function limits() {
  const flags = number();
  number();
  if (flags & 1) number();
}

/** The crate that a mangled name begins with; of an implementation of a trait, that of the type. */
function crate(name) {
  const legacy = /^_ZN(\d+)/.exec(name);
  if (!legacy) return /^_R/.test(name) ? "core, alloc, std" : "exports";
  const first = name.slice(legacy[0].length).slice(0, Number(legacy[1]));
  const root = first.replace(/^_?(\$\w+?\$)+/, "").split("..")[0].split("$")[0];
  return ["core", "alloc", "std"].includes(root) || root.length < 3 ? "core, alloc, std" : root;
}

let imported = 0;
let data = 0;
const sizes = [];
const names = new Map();
while (at < bytes.length) {
  const section = bytes[at++];
  const end = number() + at;
  if (section === 2) {
    for (let count = number(); count > 0; count -= 1) {
      text();
      text();
      const kind = bytes[at++];
      if (kind === 0) imported += 1;
      if (kind === 0) number();
      else if (kind === 1) at++, limits();
      else if (kind === 2) limits();
      else at += 2;
    }
  } else if (section === 10) {
    for (let count = number(); count > 0; count -= 1) {
      const size = number();
      sizes.push(size);
      at += size;
    }
  } else if (section === 11) {
    data = end - at;
  } else if (section === 0 && text() === "name") {
    while (at < end) {
      const kind = bytes[at++];
      const until = number() + at;
      if (kind === 1) for (let count = number(); count > 0; count -= 1) names.set(number(), text());
      at = until;
    }
  }
  at = end;
}

const crates = new Map();
sizes.forEach((size, place) => {
  const of = crate(names.get(imported + place) ?? "");
  crates.set(of, (crates.get(of) ?? 0) + size);
});
const shown = [...crates].sort(([, a], [, b]) => b - a);
console.log(`${bytes.length} bytes with names: ${sizes.reduce((a, b) => a + b, 0)} of code, ${data} of data`);
for (const [of, size] of shown.slice(0, 15)) console.log(`${String(size).padStart(9)}  ${of}`);
