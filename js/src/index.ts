/**
 * The rule language in JavaScript: what is wrong with a text, what can stand at a place, what a word means, how a text is formatted, and its
 * lossless syntax tree. All places are UTF-16 code units where they are asked about, and have `utf16` among others where they are answered.
 *
 * ```js
 * import { Scheme, init } from "quintet-rules";
 * await init();
 * const scheme = new Scheme({ fields: { "tcp.port": "Int" } });
 * scheme.check("tcp.prt == 80")[0].mend.text; // "tcp.port"
 * ```
 */
import { bytes } from "#bytes";
import { once } from "./once.js";
import start, { Language, parse as parseText, print as printTree, replace as replaceText } from "./quintet_lang.js";
import type { Colour, Completions, Finding, Hover, Tree } from "./syntax.js";

export type * from "./syntax.js";

/** The file of the language: its bytes, a compiled module, an answer to a request, or where it lies. */
export type Source = BufferSource | WebAssembly.Module | Response | URL | string;

/** A field of a scheme. */
export interface FieldInfo {
  name: string;
  type: string;
  /** Whether records may lack it. */
  optional: boolean;
  /** Whether it is an array that rules compare value by value. */
  multi: boolean;
  /** What it means; may be empty. */
  doc: string;
  /** The operators that may follow it, the usual ones first. */
  operators: string[];
  /** Values that it usually has, as rules write them. */
  values: { text: string; doc: string }[];
}

/** How a field is described: its type, or a table. */
export type FieldText =
  | string
  | { type: string; optional?: boolean; multi?: boolean; doc?: string; values?: (string | number | boolean | { value: string | number | boolean; doc?: string })[] };

/** A scheme as an object; the keys are those of its TOML. */
export interface SchemeText {
  fields: Record<string, FieldText>;
  /** The functions that rules may call; all of the standard ones where it is absent. */
  functions?: string[];
  /** The types that `in $name` works on; Int, Ip and Bytes where it is absent. */
  lists?: string[];
  /** Whether a missing value is `!=` everything; true where it is absent. */
  nil_not_equal?: boolean;
}

/** A text that cannot be parsed. */
export class SyntaxMistake extends Error {
  override name = "SyntaxMistake";
  constructor(readonly findings: Finding[]) {
    super(findings.map((finding) => finding.message).join("; "));
  }
}

/**
 * Loads the language; calls after the first wait for it. By default the file is the one beside this module.
 *
 * @throws where the file cannot be had; the next call tries again.
 */
export const init = once(async (source?: Source) => {
  await start({ module_or_path: source ?? (await bytes("lang")) });
});

/** A scheme, and answers about texts over it. Call {@link init} first. */
export class Scheme {
  /** The scheme's text: TOML or JSON. */
  readonly text: string;
  #language: Language;

  /**
   * @param scheme TOML, JSON, or an object; ready-made ones are in `quintet-rules/schemes`.
   * @throws where the scheme is wrong.
   */
  constructor(scheme: string | SchemeText) {
    this.text = typeof scheme === "string" ? scheme : JSON.stringify(scheme);
    this.#language = new Language(this.text);
  }

  /** The fields, in order. */
  fields(): FieldInfo[] {
    return JSON.parse(this.#language.fields());
  }

  /** What is wrong with a text; where nothing is, what is suspicious. */
  check(text: string): Finding[] {
    return JSON.parse(this.#language.check(text));
  }

  /** All tokens but blanks, for colours. */
  tokens(text: string): Colour[] {
    return JSON.parse(this.#language.tokens(text));
  }

  /** What can stand at a place, the likeliest first. */
  complete(text: string, offset: number): Completions {
    return JSON.parse(this.#language.complete(text, offset));
  }

  /** What stands at a place. */
  hover(text: string, offset: number): Hover | null {
    return JSON.parse(this.#language.hover(text, offset));
  }

  /**
   * The text in the one style.
   *
   * @throws {SyntaxMistake} where it cannot be parsed.
   */
  format(text: string): string {
    const answer: string | Finding[] = JSON.parse(this.#language.format(text));
    if (typeof answer !== "string") throw new SyntaxMistake(answer);
    return answer;
  }

  /** Gives the memory back; the scheme must not be used again. Without it, the garbage collector does that. */
  free(): void {
    this.#language.free();
  }
}

/** The lossless syntax tree of a text, whether it can be parsed or not. */
export function parse(text: string): Tree {
  return JSON.parse(parseText(text));
}

/**
 * The text of a tree: that of its tokens, one after the other.
 *
 * @throws where it is no tree.
 */
export function print(tree: Tree): string {
  return printTree(JSON.stringify(ordered(tree)));
}

/**
 * A text in which `text` stands in the place of one node or token; all other bytes are the same. The numbers of the path are those of children,
 * from the root on.
 *
 * @throws where the path leads to nothing, where the new text cannot stand there, or where it would change how the text around it is read.
 */
export function replace(whole: string, path: readonly number[], text: string): string {
  return replaceText(whole, Uint32Array.from(path), text);
}

/** The keys of a tree in the order in which they are read, whoever made the objects. */
function ordered(tree: Tree): Tree {
  const root: { kind: string; children: unknown[] } = { kind: tree.root.kind, children: [] };
  // Trees may be deeper than the stack.
  const open: [Tree["root"], unknown[]][] = [[tree.root, root.children]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, children] = next;
    for (const child of node.children) {
      if ("text" in child) {
        children.push({ kind: child.kind, text: child.text });
      } else {
        const below: unknown[] = [];
        children.push({ kind: child.kind, children: below });
        open.push([child, below]);
      }
    }
  }
  return { version: tree.version, root: root as Tree["root"] };
}
