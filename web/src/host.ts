/** What `quintet serve` adds to the page: machine code of its host, and times of all backends. A page that is served otherwise asks nobody. */
import type { Listing } from "quintet-rules/explain";

/** What the server says of itself, in the page that it hands out. */
interface Host {
  machine: string;
  /** The backends that make machine code. */
  code: string[];
}

interface Spread {
  median: number;
  low: number;
  high: number;
}

/** What a backend takes, in nanoseconds; or why it does not run the rules. */
type Row =
  | { id: string; compile: Spread; first: number; single: Spread; batch: Spread; code_bytes: number }
  | { id: string; refused: string };

export interface Times {
  records: number;
  backends: Row[];
}

const told = document.getElementById("host")?.textContent;

export const host: Host | undefined = told ? JSON.parse(told) : undefined;

async function ask<T>(path: string, body: string): Promise<T> {
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

export function code(scheme: string, text: string, backend: string): Promise<Listing> {
  return ask("api/code", JSON.stringify({ rules: { scheme, text }, backend }));
}

/** `records` is JSON, whose numbers keep their digits. */
export function times(scheme: string, text: string, records: string): Promise<Times> {
  return ask("api/times", `{"rules":${JSON.stringify({ scheme, text })},"records":${records}}`);
}

/** A time in the unit that suits it. */
function shown(ns: number): string {
  const [unit, name] = ([[1e9, "s"], [1e6, "ms"], [1e3, "µs"]] as const).find(([unit]) => ns >= unit) ?? ([1, "ns"] as const);
  return `${Number((ns / unit).toPrecision(3))} ${name}`;
}

export function timesView({ records, backends }: Times): HTMLElement {
  const view = document.createElement("div");
  view.className = "times";
  const table = view.appendChild(document.createElement("table"));
  const head = table.createTHead().insertRow();
  for (const title of ["backend", "compile", "first answer", "a record alone", `one of ${records}`, "code"]) {
    const th = head.appendChild(document.createElement("th"));
    th.scope = "col";
    th.textContent = title;
  }
  const body = table.createTBody();
  for (const row of backends) {
    const tr = body.insertRow();
    const th = tr.appendChild(document.createElement("th"));
    th.scope = "row";
    th.textContent = row.id;
    if ("refused" in row) {
      const cell = tr.insertCell();
      cell.colSpan = 5;
      cell.textContent = row.refused;
      continue;
    }
    const spread = ({ median, low, high }: Spread) => {
      const cell = tr.insertCell();
      cell.textContent = shown(median);
      cell.title = `${shown(low)} to ${shown(high)}`;
    };
    spread(row.compile);
    tr.insertCell().textContent = shown(row.first);
    spread(row.single);
    spread(row.batch);
    tr.insertCell().textContent = row.code_bytes > 0 ? `${row.code_bytes} B` : "data";
  }
  table.createCaption().textContent = `All rules on a record: medians on ${host?.machine}. The records are repeated to a batch of ${records}.`;
  return view;
}
