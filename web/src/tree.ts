/** The syntax tree as nested lists. */
import type { Element, Tree } from "quintet-rules";
import type { Line, Marks } from "./marks.js";

export function treeView(marks: Marks, tree: Tree): HTMLElement {
  const names: Line[] = [];
  let at = 0;
  // Trees of scripts nest as deep as the language allows, which is far from what the page's stack holds.
  const item = (element: Element): HTMLLIElement | undefined => {
    const from = at;
    const li = document.createElement("li");
    const name = li.appendChild(document.createElement("button"));
    name.type = "button";
    if ("text" in element) {
      at += element.text.length;
      if (element.kind === "blank") return undefined;
      const code = document.createElement("code");
      code.className = `cm-quintet-${element.kind}`;
      code.textContent = element.text;
      name.append(`${element.kind} `, code);
    } else {
      name.textContent = element.kind;
      const list = document.createElement("ul");
      for (const child of element.children) {
        const below = item(child);
        if (below) list.append(below);
      }
      li.append(list);
    }
    names.push({ element: name, spans: [[from, at]] });
    name.addEventListener("focus", () => name.click());
    return li;
  };
  const list = document.createElement("ul");
  list.className = "tree";
  const root = item(tree.root);
  if (root) list.append(root);
  marks.lines(names);
  return list;
}
