/** A listing, line by line; the arrow keys go from line to line. */
import type { Listing } from "quintet-rules/explain";
import type { Line, Marks } from "./marks.js";

/** Lines that are new are set apart. */
export function listingView(marks: Marks, { text, lines: spans }: Listing, isNew: (line: string) => boolean = () => false): HTMLElement {
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.setAttribute("role", "listbox");
  pre.setAttribute("aria-label", "Lines");
  const lines = text.replace(/\n$/, "").split("\n").map((line, number): Line => {
    const element = pre.appendChild(document.createElement(isNew(line) ? "ins" : "span"));
    element.textContent = `${line}\n`;
    element.id = `line-${number}`;
    element.setAttribute("role", "option");
    return { element, spans: spans[number] ?? [] };
  });
  let at = -1;
  const go = (to: number) => {
    lines[at]?.element.removeAttribute("aria-selected");
    at = Math.max(0, Math.min(lines.length - 1, to));
    const { element } = lines[at]!;
    element.setAttribute("aria-selected", "true");
    pre.setAttribute("aria-activedescendant", element.id);
    element.click();
    element.scrollIntoView({ block: "nearest" });
  };
  lines.forEach(({ element }, number) => element.addEventListener("mousedown", () => (at = number)));
  pre.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });
  marks.lines(lines);
  return pre;
}
