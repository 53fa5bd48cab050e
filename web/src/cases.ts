/**
 * The project's case files, run by this browser on all backends that it has. What a rule must answer stands in its name: `yes_...` matches every
 * record, `no_...` none, `trap_KIND_...` traps on all; whatever else it is called, all must answer alike.
 */
import { init as initExplain, sandbox } from "quintet-rules/explain";
import { type Answer, Rules, init } from "quintet-rules/run";
import { WAYS, type Way } from "./ways.js";

const files = import.meta.glob<string>("../../crates/engine/tests/scripts/*.rules", { query: "?raw", import: "default", eager: true });

const SCHEME = {
  fields: {
    s: "Bytes",
    n: { type: "Int", optional: true },
    f: "Float",
    o: { type: "Bytes", optional: true },
    ints: "Array<Int>",
    map: "Map<Int>",
    ip: { type: "Ip", optional: true },
    flag: "Bool",
  },
};

const LIMITS = { memoryBytes: 1 << 18, steps: 100_000 };

const TRAPS: Record<string, string> = {
  division: "division by zero",
  memory: "memory limit",
  budget: "budget of steps",
  index: "index outside of an array",
  nil: "nil where a value is needed",
  calls: "too many calls inside one another",
};

/** Records that differ in all fields. */
const RECORDS = ["", "a", "/aaa9", "(())()", "MZ", "GET /index.html", "\u00ff".repeat(40), "0123456789".repeat(300)].map((text, number) => ({
  s: text,
  f: number / 3 - 1.5,
  ints: Array.from({ length: number % 5 }, (_, place) => place * 3 - 4),
  map: Object.fromEntries([["a", number], ["k", -1]].slice(0, number % 3)) as Record<string, number>,
  flag: number % 2 === 0,
  ...(number % 3 === 0 ? {} : { n: number - 4 }),
  ...(number % 4 === 1 ? { o: text.slice(0, text.length / 2) } : {}),
  ...(number % 5 === 2 ? {} : { ip: number % 2 === 0 ? "10.0.0.1" : "2001:db8::7" }),
}));

async function evaluate(way: Way, text: string): Promise<{ names: string[]; answers: Answer[] }> {
  const rules = way === "wasm" ? sandbox(SCHEME, text, { limits: LIMITS }) : new Rules(SCHEME, text, { backend: way, limits: LIMITS });
  const answers = await rules.evaluate(RECORDS);
  const { names } = rules;
  rules.free();
  return { names, answers };
}

/** What is wrong with an answer of a rule, if anything. */
function wrong(name: string, rule: number, answer: Answer, first: Answer): boolean {
  const [hit, trap] = [answer.matches.includes(rule), answer.traps.find((trap) => trap.rule === rule)];
  const [kind, of] = name.split("_");
  if (kind === "yes" && (!hit || trap)) return true;
  if (kind === "no" && (hit || trap)) return true;
  if (kind === "trap" && trap?.trap !== TRAPS[of!]) return true;
  return hit !== first.matches.includes(rule) || JSON.stringify(trap) !== JSON.stringify(first.traps.find((trap) => trap.rule === rule));
}

await Promise.all([init(), initExplain()]);
const counts: Record<Way, number> = { interp: 0, closures: 0, wasm: 0 };
const mistakes: string[] = [];
const rows: string[][] = [];
for (const [path, text] of Object.entries(files)) {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const row = [file];
  let first: Answer[] | undefined;
  for (const way of WAYS) {
    try {
      const { names, answers } = await evaluate(way, text);
      first ??= answers;
      let right = 0;
      names.forEach((name, rule) => {
        const bad = answers.findIndex((answer, record) => wrong(name, rule, answer, first![record]!));
        if (bad < 0) right += 1;
        else mistakes.push(`${file}, ${way}: rule ${name} on record ${bad}: ${JSON.stringify(answers[bad]!.traps.filter((trap) => trap.rule === rule))}`);
      });
      counts[way] += right;
      row.push(`${right} of ${names.length}`);
    } catch (error) {
      mistakes.push(`${file}, ${way}: ${error instanceof Error ? error.message : String(error)}`);
      row.push("failed");
    }
  }
  rows.push(row);
}

const table = document.createElement("table");
for (const cells of [["file", ...WAYS], ...rows]) {
  const row = table.insertRow();
  for (const cell of cells) row.insertCell().textContent = cell;
}
document.querySelector("#files")!.replaceChildren(table, ...mistakes.map((mistake) => Object.assign(document.createElement("p"), { className: "wrong", textContent: mistake })));
document.querySelector("#result")!.textContent =
  `${WAYS.map((way) => `${way}: ${counts[way]} rules right`).join(", ")}; ${mistakes.length} wrong, on ${RECORDS.length} records.`;
document.body.dataset["counts"] = JSON.stringify({ ...counts, mistakes });
