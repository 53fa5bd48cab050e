/** The answers of all backends as a table: a row for each record, a column for each rule. */
import type { Answer } from "quintet-rules/run";
import type { Made } from "./engine.js";
import { WAYS } from "./ways.js";

export function answersView({ answers, names }: Pick<Made, "answers" | "names">): HTMLElement {
  if (typeof answers === "string") {
    const wrong = document.createElement("p");
    wrong.className = "wrong";
    wrong.textContent = answers;
    return wrong;
  }
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const title of ["record", ...names.map((name, rule) => name || `rule ${rule}`)]) {
    const th = head.appendChild(document.createElement("th"));
    th.scope = "col";
    th.textContent = title;
  }
  const body = table.createTBody();
  answers.interp.forEach((_, record) => {
    const row = body.insertRow();
    const th = row.appendChild(document.createElement("th"));
    th.scope = "row";
    th.textContent = String(record);
    names.forEach((_, rule) => {
      const cell = row.insertCell();
      const all = WAYS.map((way) => said(answers[way][record], rule));
      const [first] = all as [string];
      const same = all.every((one) => one === first);
      cell.textContent = same ? first : WAYS.map((way, number) => `${way}: ${all[number]}`).join(", ");
      cell.className = same ? first.split(" ")[0]! : "differs";
    });
  });
  const caption = table.createCaption();
  const [first, ...others] = WAYS.map((way) => JSON.stringify(answers[way]));
  caption.textContent = `The interpreter, closures and the WebAssembly of this page ${others.every((one) => one === first) ? "answer alike" : "differ"}.`;
  return table;
}

function said(answer: Answer | undefined, rule: number): string {
  const trap = answer?.traps.find((trap) => trap.rule === rule);
  if (trap) return `trap ${trap.trap}`;
  return answer?.matches.includes(rule) ? "yes" : "no";
}
