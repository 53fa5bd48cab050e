/**
 * Rules that answer. This is a second file, which is loaded when {@link init} of this module is called.
 *
 * ```js
 * import { Rules, init } from "quintet-rules/run";
 * await init();
 * const rules = new Rules({ fields: { "tcp.port": "Int" } }, "rule web = tcp.port in {80 443}");
 * rules.evaluate([{ "tcp.port": 443 }, { "tcp.port": 22 }]); // [{ matches: [0], traps: [] }, { matches: [], traps: [] }]
 * ```
 */
import { bytes } from "#bytes";
import { once } from "./once.js";
import start, { Compiled } from "./quintet_run.js";
import type { Source } from "./index.js";
import { type AnyScheme, schemeText, settings } from "./settings.js";
import type { Stretch } from "./syntax.js";

/** A way to run rules. Both answer alike: `closures` is the faster one, `interp` the reference. */
export type Backend = "closures" | "interp";

/** A value of a record. Bytes are a text, or `{hex: "00ff"}`; addresses and floats that are no JSON numbers are texts. */
export type RecordValue = boolean | number | string | { [key: string]: RecordValue } | RecordValue[];

/** A record: values under the names of fields. Mandatory fields that are left out are zero or empty. */
export type RuleRecord = { [field: string]: RecordValue };

/** What rules answer on a record. */
export interface Answer {
  /** The numbers of the rules that match, from 0. */
  matches: number[];
  /** The rules that trapped, which do not match. */
  traps: { rule: number; trap: string; at: Stretch }[];
}

/** How rules are compiled. */
export interface Options {
  backend?: Backend;
  /** The lists that rules name: under `NAME` or `NAME:TYPE` the members, one a line. */
  lists?: Record<string, string>;
  /** Limits of one rule on one record: steps, and bytes of memory. */
  limits?: { steps?: number; memoryBytes?: number };
}

/**
 * Loads the engine; calls after the first wait for it. By default the file is the one beside this module.
 *
 * @throws where the file cannot be had; the next call tries again.
 */
export const init = once(async (source?: Source) => {
  await start({ module_or_path: source ?? (await bytes("run")) });
});

/** Rules that answer. Call {@link init} first. */
export class Rules {
  /** The names of the rules; a bare expression has the empty name. */
  readonly names: string[];
  #compiled: Compiled;

  /** @throws where the scheme, the lists or the text are wrong. */
  constructor(scheme: AnyScheme, text: string, options: Options = {}) {
    this.#compiled = new Compiled(schemeText(scheme), text, options.backend ?? "closures", ...settings(options));
    this.names = JSON.parse(this.#compiled.names());
  }

  /**
   * What the rules answer on records, in their order. JSON is taken as it is, so that numbers of 64 bits can be written in it.
   *
   * @throws where a record is none of the scheme.
   */
  evaluate(records: readonly RuleRecord[] | string): Answer[] {
    return JSON.parse(this.#compiled.evaluate(typeof records === "string" ? records : JSON.stringify(records)));
  }

  /** Gives the memory back; the rules must not be used again. Without it, the garbage collector does that. */
  free(): void {
    this.#compiled.free();
  }
}
