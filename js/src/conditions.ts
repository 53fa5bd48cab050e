/** What of a syntax tree the builder can show as a condition: a field, an operator and a value. */
import type { FieldInfo } from "./index.js";
import type { Element, Node, Token } from "./syntax.js";

/** The operators between a field and a value, by what stands behind them. */
const SHAPES: Record<string, "literal" | "set" | "pattern"> = {
  "==": "literal",
  "!=": "literal",
  "<": "literal",
  "<=": "literal",
  ">": "literal",
  ">=": "literal",
  in: "set",
  "not in": "set",
  contains: "literal",
  matches: "pattern",
  wildcard: "pattern",
  "strict wildcard": "pattern",
};

/** Other spellings of operators. */
const SPELLINGS: Record<string, string> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=", "~": "matches" };

/** A condition, and where its parts are: the numbers of children. */
export interface Condition {
  field: Token;
  /** The operator in its usual spelling. */
  operator: string;
  /** The place of the operator where it is one token. */
  operatorAt: number | undefined;
  value: Element;
  fieldAt: number;
  valueAt: number;
}

/** The text of a node or token. */
export function textOf(element: Element): string {
  const parts: string[] = [];
  const open: Element[] = [element];
  for (let next = open.pop(); next; next = open.pop()) {
    if ("text" in next) parts.push(next.text);
    else open.push(...next.children.toReversed());
  }
  return parts.join("");
}

/** The parts of a node that are neither blank nor comment, with their places. */
export function parts(node: Node): [number, Element][] {
  return [...node.children.entries()].filter(([, child]) => child.kind !== "blank" && child.kind !== "comment");
}

/** The operators that may stand in a condition on a field. */
export function operatorsOf(field: FieldInfo): string[] {
  return field.operators.filter((operator) => operator in SHAPES);
}

/** The condition that a node is, if it is one of a known field and has nothing else in it. */
export function condition(node: Node, fields: Map<string, FieldInfo>): Condition | undefined {
  if (!["compare", "in", "contains", "matches", "wildcard"].includes(node.kind)) return undefined;
  if (node.children.some((child) => child.kind === "comment")) return undefined;
  const [first, ...rest] = parts(node);
  const last = rest.pop();
  if (!first || !last || !rest.every(([, part]) => part.kind === "operator" && "text" in part)) return undefined;
  const [fieldAt, field] = first;
  const [valueAt, value] = last;
  if (field.kind !== "name" || !("text" in field) || !fields.has(field.text)) return undefined;
  const written = rest.map(([, part]) => textOf(part)).join(" ");
  const operator = SPELLINGS[written] ?? written;
  const shape = SHAPES[operator];
  const fits = shape === "set" ? value.kind === "set" || value.kind === "list" : "text" in value && value.kind !== "name";
  if (shape === undefined || !fits) return undefined;
  return { field, operator, operatorAt: rest.length === 1 ? rest[0]![0] : undefined, value, fieldAt, valueAt };
}

/** A value of a type to begin with. */
export function beginning(field: FieldInfo): string {
  const usual = field.values[0]?.text;
  if (usual !== undefined) return usual;
  const type = field.multi ? field.type.replace(/^Array<(.*)>$/, "$1") : field.type;
  return { Int: "0", Float: "0.0", Bytes: '""', Ip: "0.0.0.0" }[type] ?? "true";
}

/** A condition on a field to begin with. */
export function conditionOn(field: FieldInfo): string {
  if (field.type === "Bool") return field.name;
  const operator = operatorsOf(field)[0];
  return operator === undefined ? field.name : `${field.name} ${operator} ${beginning(field)}`;
}

/** A condition with another operator; the value stays as far as it fits, else there is another one. */
export function withOperator(found: Condition, operator: string, other: string): string {
  const [before, after] = [SHAPES[found.operator], SHAPES[operator]];
  let value = textOf(found.value);
  if (before !== "set" && after === "set") value = `{${value}}`;
  if (before === "set" && after !== "set") {
    const members = "text" in found.value ? [] : parts(found.value).filter(([, part]) => part.kind !== "punctuation");
    // A range or a network is no value.
    const plain = members.find(([, part]) => ["number", "address", "string", "bytes"].includes(part.kind));
    value = plain ? textOf(plain[1]) : other;
  }
  return `${found.field.text} ${operator} ${value}`;
}

/** What of a value is typed: of plain strings what is in the quotes, of sets what is in the braces. */
export function typed(value: Element): { text: string; write: (typed: string) => string } {
  const source = textOf(value);
  if (value.kind === "string" && /^"[^"\\\n]*"$/.test(source)) {
    return { text: source.slice(1, -1), write: (typed) => `"${typed.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` };
  }
  if (value.kind === "set") return { text: source.slice(1, -1), write: (typed) => `{${typed}}` };
  return { text: source, write: (typed) => typed };
}
