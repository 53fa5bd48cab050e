/**
 * A rule as nested groups of conditions: the custom element `<quintet-builder>`. It is edited with the operators that a field's type allows; what
 * it cannot show stays as text. An edit changes the bytes of what was edited alone.
 *
 * ```js
 * import { spawn } from "quintet-rules/client";
 * import { define } from "quintet-rules/builder";
 * define();
 * const builder = document.createElement("quintet-builder");
 * builder.service = spawn(packets);
 * builder.value = "tcp.port == 80 and not udp";
 * builder.addEventListener("change", () => console.log(builder.value));
 * ```
 *
 * All controls are those of the page's own, with labels, so that the keyboard and screen readers reach them; after an edit the focus stays where
 * it was.
 */
import type { Client } from "./client.js";
import { beginning, condition, conditionOn, operatorsOf, parts, textOf, typed, withOperator } from "./conditions.js";
import type { FieldInfo } from "./index.js";
import type { Element, Node, Tree } from "./syntax.js";

/** What the builder asks. */
export type Service = Pick<Client, "fields" | "parse" | "replace">;

const JOINED: Record<string, string> = { and: "all of", or: "any of", xor: "one of" };

export class QuintetBuilder extends HTMLElement {
  #service: Service | undefined;
  #value = "";
  #fields = new Map<string, FieldInfo>();
  #shown = 0;

  /** Who reads and writes texts; a client of a worker. */
  set service(service: Service) {
    this.#service = service;
    void this.#show();
  }

  /** The rules. */
  get value(): string {
    return this.#value;
  }

  set value(text: string) {
    if (text === this.#value) return;
    this.#value = text;
    void this.#show();
  }

  async #show(focus?: string) {
    const service = this.#service;
    if (!service) return;
    const shown = ++this.#shown;
    const [fields, tree] = await Promise.all([service.fields(), service.parse(this.#value)]);
    // A later text is on its way.
    if (shown !== this.#shown) return;
    this.#fields = new Map(fields.map((field) => [field.name, field]));
    this.replaceChildren(...this.#items(tree));
    if (focus !== undefined) this.querySelector<HTMLElement>(`[data-key="${focus}"]`)?.focus();
  }

  /** Writes a text in the place of a node; in parentheses where it would be read otherwise. */
  async #write(path: number[], text: string, control: HTMLElement) {
    const service = this.#service;
    if (!service) return;
    const before = this.#value;
    const written = await service.replace(before, path, text).catch(() => service.replace(before, path, `(${text})`)).catch(() => undefined);
    if (before !== this.#value) return;
    if (written === undefined) {
      control.setAttribute("aria-invalid", "true");
      if (control instanceof HTMLInputElement) control.setCustomValidity("this cannot stand here");
      return;
    }
    this.#value = written;
    this.dispatchEvent(new Event("change", { bubbles: true }));
    await this.#show(control.dataset["key"]);
  }

  #items({ root }: Tree): HTMLElement[] {
    return root.children.flatMap((child, number) => {
      if (child.kind === "blank") return [];
      if (child.kind === "rule" && "children" in child) return [this.#rule(child, [number])];
      return [this.#expression(child, [number])];
    });
  }

  #rule(rule: Node, path: number[]): HTMLElement {
    const name = rule.children.find((child) => child.kind === "rule_name");
    const expression = parts(rule).at(-1);
    if (!expression || expression[1].kind === "block") return this.#text(rule, path);
    const group = grouped(`rule ${name ? textOf(name) : ""}`);
    group.append(this.#expression(expression[1], [...path, expression[0]]));
    return group;
  }

  #expression(element: Element, path: number[]): HTMLElement {
    if ("text" in element) {
      const field = element.kind === "name" ? this.#fields.get(element.text) : undefined;
      return field?.type === "Bool" ? this.#flag(element.text, path) : this.#text(element, path);
    }
    if (element.kind in JOINED) return this.#group(element, path);
    if (element.kind === "paren" || element.kind === "not") {
      const inner = parts(element).filter(([, part]) => part.kind !== "punctuation" && part.kind !== "operator");
      const only = inner[0];
      if (only && inner.length === 1 && !element.children.some((child) => child.kind === "comment")) {
        const shown = this.#expression(only[1], [...path, only[0]]);
        if (element.kind === "paren") return shown;
        const group = grouped("not");
        group.append(shown);
        return group;
      }
    }
    return this.#condition(element, path) ?? this.#text(element, path);
  }

  #group(node: Node, path: number[]): HTMLElement {
    const group = grouped();
    const word = node.kind;
    const joined = control(document.createElement("select"), "how conditions are joined", [...path, "joined"]);
    for (const [value, name] of Object.entries(JOINED)) joined.add(new Option(name, value, false, value === word));
    joined.addEventListener("change", () => {
      const text = node.children.map((child) => (child.kind === "operator" ? joined.value : textOf(child))).join("");
      void this.#write(path, text, joined);
    });
    group.append(joined);
    const operands = parts(node).filter(([, part]) => part.kind !== "operator");
    const list = group.appendChild(document.createElement("ul"));
    for (const [number, operand] of operands) {
      const item = list.appendChild(document.createElement("li"));
      item.append(this.#expression(operand, [...path, number]));
      const remove = button(`remove ${textOf(operand)}`, "×", [...path, number, "remove"]);
      remove.addEventListener("click", () => {
        // The first goes with the operator behind it, the others with the one before.
        const place = operands.findIndex(([other]) => other === number);
        const [from, to] = place === 0 ? [number, operands[1]![0]] : [operands[place - 1]![0] + 1, number + 1];
        void this.#write(path, node.children.toSpliced(from, to - from).map(textOf).join(""), remove);
      });
      item.append(remove);
    }
    group.append(this.#adder(node, path, word));
    return group;
  }

  /** What adds a condition behind a node. */
  #adder(node: Element, path: number[], word: string): HTMLElement {
    const add = button(`add a condition to ${JOINED[word] ?? word}`, "+ condition", [...path, "add"]);
    add.addEventListener("click", () => {
      const field = this.#fields.values().next().value;
      if (field) void this.#write(path, `${textOf(node)} ${word} ${conditionOn(field)}`, add);
    });
    return add;
  }

  #fieldSelect(name: string, path: number[]): HTMLSelectElement {
    const select = control(document.createElement("select"), "field", [...path, "field"]);
    for (const field of this.#fields.keys()) select.add(new Option(field, field, false, field === name));
    return select;
  }

  #flag(name: string, path: number[]): HTMLElement {
    const row = document.createElement("div");
    const field = this.#fieldSelect(name, path);
    field.addEventListener("change", () => {
      const chosen = this.#fields.get(field.value);
      if (chosen) void this.#write(path, conditionOn(chosen), field);
    });
    row.append(field, " is true ");
    return row;
  }

  #condition(node: Node, path: number[]): HTMLElement | undefined {
    const found = condition(node, this.#fields);
    const info = found && this.#fields.get(found.field.text);
    if (!found || !info) return undefined;
    const row = document.createElement("div");

    const field = this.#fieldSelect(found.field.text, path);
    field.addEventListener("change", () => {
      const chosen = this.#fields.get(field.value);
      if (!chosen) return;
      // The rest fits fields of the same type.
      if (chosen.type === info.type) void this.#write([...path, found.fieldAt], chosen.name, field);
      else void this.#write(path, conditionOn(chosen), field);
    });

    const operator = control(document.createElement("select"), `operator of ${info.name}`, [...path, "operator"]);
    const operators = new Set([...operatorsOf(info), found.operator]);
    for (const name of operators) operator.add(new Option(name, name, false, name === found.operator));
    operator.addEventListener("change", () => {
      const rewritten = withOperator(found, operator.value, beginning(info));
      const kept = found.operatorAt !== undefined && rewritten.endsWith(` ${textOf(found.value)}`) && !operator.value.includes(" ");
      if (kept) void this.#write([...path, found.operatorAt!], operator.value, operator);
      else void this.#write(path, rewritten, operator);
    });

    const value = control(document.createElement("input"), `value of ${info.name}`, [...path, "value"]);
    const { text, write } = typed(found.value);
    value.value = text;
    value.addEventListener("change", () => void this.#write([...path, found.valueAt], write(value.value), value));
    value.addEventListener("input", () => {
      value.removeAttribute("aria-invalid");
      value.setCustomValidity("");
    });
    row.append(field, " ", operator, " ", value);
    if (info.values.length > 0) {
      const offered = row.appendChild(document.createElement("datalist"));
      offered.id = `quintet-values-${path.join("-")}`;
      for (const { text, doc } of info.values) offered.append(new Option(doc, text.startsWith('"') ? text.slice(1, -1) : text));
      value.setAttribute("list", offered.id);
    }
    return row;
  }

  /** What cannot be shown otherwise. */
  #text(element: Element, path: number[]): HTMLElement {
    const source = textOf(element);
    const input = control(document.createElement(source.includes("\n") ? "textarea" : "input"), `text of ${element.kind}`, [...path, "text"]);
    input.value = source;
    input.className = "text";
    if (element.kind === "comment") input.readOnly = true;
    input.addEventListener("change", () => void this.#write(path, input.value, input));
    return input;
  }
}

function grouped(title?: string): HTMLFieldSetElement {
  const group = document.createElement("fieldset");
  if (title !== undefined) group.appendChild(document.createElement("legend")).textContent = title;
  return group;
}

function control<E extends HTMLElement>(element: E, label: string, key: (number | string)[]): E {
  element.setAttribute("aria-label", label);
  element.dataset["key"] = key.join("-");
  return element;
}

function button(label: string, text: string, key: (number | string)[]): HTMLButtonElement {
  const made = control(document.createElement("button"), label, key);
  made.type = "button";
  made.textContent = text;
  return made;
}

/** Makes `<quintet-builder>` known to the page. */
export function define(): void {
  if (!customElements.get("quintet-builder")) customElements.define("quintet-builder", QuintetBuilder);
}

declare global {
  interface HTMLElementTagNameMap {
    "quintet-builder": QuintetBuilder;
  }
}
