/** Cases in files, one JSON object a line: those of the backends' tests, and those of corpora that say what wirefilter makes of expressions. */
import type { Options } from "quintet-rules/run";
import exceptionsText from "../../conformance/wirefilter_exceptions.toml?raw";

/** What rules must answer on a record; nothing where all backends must only answer alike. */
export interface Wanted {
  matches: number[] | "all";
  /** What traps, by the rule's number. */
  traps: Record<string, string>;
}

/** A case that can be run in a page. */
export interface Case {
  id: string;
  text: string;
  scheme: string;
  options: Omit<Options, "backend">;
  /** JSON, in which whole numbers of 64 bits keep their digits. */
  records: string;
  /** One for each record; nothing where the text must be refused. */
  wanted: (Wanted | undefined)[] | undefined;
}

/** A case that cannot be run in a page, with the reason. */
export interface Skipped {
  id: string;
  reason: string;
}

type Json = { [key: string]: any };

const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** JSON whose numbers are written out as they were written. */
function parse(line: string): Json {
  const keep = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && (!Number.isSafeInteger(value) || Object.is(value, -0)) && context?.source ? raw(context.source) : value;
  return JSON.parse(line, keep as (key: string, value: unknown) => unknown);
}

/** The fields of the backends' tests: mandatory ones, those with a `?` that records may lack, and those with a `*` that have several values. */
const FIELDS = {
  Bool: "flag notify oflag?",
  Int: "n m on? port* oport*?",
  Float: "f g of? level*",
  Bytes: "host path ohost? tag* otag*?",
  Ip: "src dst? addr*",
  "Array<Bool>": "flags oflags?",
  "Array<Int>": "ints oints?",
  "Array<Float>": "floats ofloats?",
  "Array<Bytes>": "names onames?",
  "Array<Ip>": "addrs oaddrs?",
  "Array<Array<Int>>": "rows",
  "Array<Array<Bytes>>": "grid",
  "Array<Array<Ip>>": "onets?",
  "Array<Map<Int>>": "recs",
  "Map<Bool>": "marks",
  "Map<Int>": "nums onums?",
  "Map<Float>": "ratios",
  "Map<Bytes>": "hdr ohdr?",
  "Map<Ip>": "ips",
  "Map<Array<Bytes>>": "multi",
  "Map<Array<Int>>": "olists?",
  "Map<Map<Int>>": "deep odeep?",
};

const ownFields = Object.fromEntries(
  Object.entries(FIELDS).flatMap(([type, names]) =>
    names.split(" ").map((name) => {
      const multi = name.includes("*");
      return [name.replace(/[*?]/g, ""), { type: multi ? `Array<${type}>` : type, multi, optional: name.endsWith("?") }];
    }),
  ),
);

const OWN_FUNCTIONS = /\b(half|invert|real|mean|address|octets|words|pairs|hops|codes|missing|trues|first|pick|echo)\s*\(/;

/** The cases of the backends' tests. */
export function ownCases(file: string, text: string): (Case | Skipped)[] {
  return lines(text).map(([number, line]) => {
    const id = `${file}:${number}`;
    const { source, record, hits, traps = {}, nil_not_equal = true, memory_bytes, steps, thresholds } = parse(line);
    if (OWN_FUNCTIONS.test(source)) return { id, reason: "calls functions of the tests' own" };
    if (/\$\w/.test(source)) return { id, reason: "asks lists of the tests' own" };
    if (thresholds) return { id, reason: "sets sizes inside backends, which a page cannot" };
    const limits = { ...(memory_bytes === undefined ? {} : { memoryBytes: memory_bytes }), ...(steps === undefined ? {} : { steps }) };
    const scheme = JSON.stringify({ nil_not_equal, fields: ownFields });
    return { id, text: source, scheme, options: { limits }, records: JSON.stringify([record]), wanted: [{ matches: hits, traps }] };
  });
}

const exceptions = new Set(Array.from(exceptionsText.matchAll(/^id = "(\w+)"$/gm), ([, id]) => id));

/** The cases of a corpus, whose first line may say what all have in common. */
export function corpusCases(file: string, text: string): (Case | Skipped)[] {
  let header: Json = {};
  return lines(text).flatMap(([number, line]) => {
    const json = parse(line);
    if (json["header"]) {
      header = json;
      return [];
    }
    const id = `${file}:${number} ${json["id"]}`;
    return [exceptions.has(json["id"]) ? { id, reason: "answered otherwise on purpose, see conformance/" } : corpusCase(id, json, header)];
  });
}

function corpusCase(id: string, json: Json, header: Json): Case | Skipped {
  const { expr, parse_ok, runs = [] } = json;
  const from = json["scheme"] ? json : header;
  const { max_nesting_depth, regex_compiled_size_limit, wildcard_star_limit, nil_not_equal = true } = json["settings"] ?? from["settings"] ?? {};
  const limits = [max_nesting_depth, regex_compiled_size_limit, wildcard_star_limit];
  if (limits.some((limit) => limit !== undefined)) return { id, reason: "sets limits that a page cannot" };
  if (/\b(echo|array|add)\s*\(/.test(expr)) return { id, reason: "calls functions of the corpus's own" };
  // There these take no literals.
  if (!parse_ok && /\b(lower|upper|len|starts_with|ends_with)\s*\(/.test(expr)) return { id, reason: "refused by functions of the corpus's own" };

  const fields: Record<string, { type: string; optional: boolean }> = {};
  for (const [name, declared] of Object.entries<Json>(from["scheme"])) {
    fields[name] = { type: typeOf(declared["type"] ?? declared), optional: declared["optional"] === true };
  }
  const records: unknown[] = [];
  const wanted: (Wanted | undefined)[] = [];
  const lacks = (record: Json) => Object.keys(fields).filter((name) => !fields[name]!.optional && !(name in record));
  const contexts: [Json, boolean | undefined][] = runs.map((run: Json) => [typeof run["ctx"] === "string" ? header["contexts"][run["ctx"]] : run["ctx"], run["result"]]);
  // What a context with a result lacks may be lacking.
  for (const [record, result] of contexts) if (result !== undefined) for (const name of lacks(record)) fields[name]!.optional = true;
  for (const [record, result] of contexts) {
    // Such a record is refused before any backend sees it.
    if (lacks(record).length > 0) continue;
    records.push(record);
    wanted.push(result === undefined ? undefined : { matches: result ? [0] : [], traps: {} });
  }

  const lists: Record<string, string> = {};
  for (const [, name] of (expr as string).matchAll(/\$([\w.]+)/g)) {
    const types = Object.entries<Json>(from["lists"] ?? {}).filter(([, named]) => name! in named);
    if (parse_ok && types.length === 0) return { id, reason: "asks a list that nobody filled" };
    for (const [type, named] of types) {
      if (named[name!].includes("")) return { id, reason: "asks a list whose members cannot be written one a line" };
      lists[`${name}:${type.toLowerCase()}`] = named[name!].join("\n");
    }
  }
  const functions = ["lower", "upper", "len", "starts_with", "ends_with", "concat"];
  const scheme = JSON.stringify({ nil_not_equal, functions, lists: Object.keys(from["lists"] ?? {}), fields });
  return { id, text: expr, scheme, options: { lists }, records: JSON.stringify(records), wanted: parse_ok ? wanted : undefined };
}

function typeOf(type: Json | string): string {
  if (typeof type === "string") return type;
  const [[outer, inner]] = Object.entries(type) as [[string, Json | string]];
  return `${outer}<${typeOf(inner)}>`;
}

function lines(text: string): [number, string][] {
  return text.split("\n").map((line, at): [number, string] => [at + 1, line.replace(/^\ufeff/, "")]).filter(([, line]) => line.trim());
}
