/**
 * The project's case files, run by this browser on all backends that it has: scripts, the cases of the backends' tests, and corpora that are
 * opened here. What a rule of a script must answer stands in its name: `yes_...` matches every record, `no_...` none, `trap_KIND_...` traps on
 * all; whatever else it is called, all must answer alike.
 */
import { init as initExplain, sandbox } from "quintet-rules/explain";
import { type Answer, Rules, init } from "quintet-rules/run";
import { type Case, type Skipped, corpusCases, ownCases } from "./casefiles.js";
import { WAYS, type Way } from "./ways.js";

const files = import.meta.glob<string>("../../crates/engine/tests/scripts/*.rules", { query: "?raw", import: "default", eager: true });

const ownFiles = import.meta.glob<string>("../../crates/testing/cases/*.jsonl", { query: "?raw", import: "default", eager: true });

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

/** What is wrong with what a case is answered in one way, if anything. `first` has what the ways before answered. */
async function wrongCase(way: Way, { text, scheme, options, records, wanted }: Case, first: { answers?: string }): Promise<string | undefined> {
  let rules: Rules | ReturnType<typeof sandbox>;
  try {
    rules = way === "wasm" ? sandbox(scheme, text, options) : new Rules(scheme, text, { ...options, backend: way });
  } catch (error) {
    return wanted ? `refused: ${error instanceof Error ? error.message : String(error)}` : undefined;
  }
  if (!wanted) return (rules.free(), "accepted");
  const answers = await rules.evaluate(records);
  const all = rules.names.map((_, rule) => rule);
  rules.free();
  const shown = JSON.stringify(answers);
  first.answers ??= shown;
  if (first.answers !== shown) return `${shown}, and ${first.answers} in another way`;
  const at = answers.findIndex((answer, record) => {
    const want = wanted[record];
    if (!want) return false;
    const traps = Object.fromEntries(answer.traps.map(({ rule, trap }) => [rule, trap]));
    const matches = want.matches === "all" ? all : want.matches;
    return `${answer.matches}` !== `${matches}` || JSON.stringify(traps) !== JSON.stringify(want.traps);
  });
  if (at >= 0) return `record ${at}: ${JSON.stringify(answers[at])} where ${JSON.stringify(wanted[at])} is right`;
  return answers.length === wanted.length ? undefined : `${answers.length} answers on ${wanted.length} records`;
}

const counts: Record<Way, number> = { interp: 0, closures: 0, wasm: 0 };
const mistakes: string[] = [];
const skipped: Record<string, number> = {};
const rows: string[][] = [];

async function script(file: string, text: string) {
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
  rows.push([...row, "0"]);
}

async function caseFile(file: string, all: (Case | Skipped)[]) {
  const right: Record<Way, number> = { interp: 0, closures: 0, wasm: 0 };
  let run = 0;
  for (const [number, one] of all.entries()) {
    if ("reason" in one) {
      skipped[one.reason] = (skipped[one.reason] ?? 0) + 1;
      continue;
    }
    run += 1;
    const first = {};
    for (const way of WAYS) {
      const bad = await wrongCase(way, one, first).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
      if (bad === undefined) right[way] += 1;
      else mistakes.push(`${one.id}, ${way}: ${bad}`);
    }
    if (number % 5 === 0) await said(`Running ${file}: ${number} of ${all.length} …`);
  }
  for (const way of WAYS) counts[way] += right[way];
  rows.push([file, ...WAYS.map((way) => `${right[way]} of ${run}`), String(all.length - run)]);
}

const result = document.querySelector("#result")!;

/** Says how far it is, and lets the page show it. */
function said(text: string): Promise<void> {
  result.textContent = text;
  return new Promise((resolve) => setTimeout(resolve));
}

function show() {
  const table = document.createElement("table");
  for (const cells of [["file", ...WAYS, "skipped"], ...rows]) {
    const row = table.insertRow();
    for (const cell of cells) row.insertCell().textContent = cell;
  }
  const paragraph = (className: string) => (textContent: string) => Object.assign(document.createElement("p"), { className, textContent });
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} skipped: ${reason}.`);
  document.querySelector("#files")!.replaceChildren(table, ...mistakes.map(paragraph("wrong")), ...reasons.map(paragraph("")));
  result.textContent = `${WAYS.map((way) => `${way}: ${counts[way]} right`).join(", ")}; ${mistakes.length} wrong. A rule of a script and a case of a file count as one.`;
  document.body.dataset["counts"] = JSON.stringify({ ...counts, files: rows.length, mistakes, skipped });
}

const named = (path: string) => path.slice(path.lastIndexOf("/") + 1);

await Promise.all([init(), initExplain()]);
for (const [path, text] of Object.entries(files)) {
  await said(`Running ${named(path)} …`);
  await script(named(path), text);
}
for (const [path, text] of Object.entries(ownFiles)) await caseFile(named(path), ownCases(named(path), text));
show();
const opened = document.querySelector<HTMLInputElement>("#open")!;
opened.disabled = false;
opened.addEventListener("change", async () => {
  opened.disabled = true;
  for (const file of opened.files ?? []) {
    try {
      await caseFile(file.name, corpusCases(file.name, await file.text()));
    } catch (error) {
      mistakes.push(`${file.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  show();
  opened.disabled = false;
});
