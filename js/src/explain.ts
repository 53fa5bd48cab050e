/**
 * What the engine makes of rules: typed trees, the plan, WebAssembly and Lua as text, and WebAssembly that the page runs itself. This is a third
 * file, which is loaded when {@link init} of this module is called.
 */
import { bytes } from "#bytes";
import type { Source } from "./index.js";
import start, { ast as astOf, emit as emitOf, passes as passesOf } from "./quintet_explain.js";
import type { Options } from "./run.js";
import { once } from "./once.js";
import { Sandbox } from "./sandbox.js";
import { type AnyScheme, schemeText, settings } from "./settings.js";

export type { Sandbox };

let memory: WebAssembly.Memory | undefined;

/**
 * Loads the engine; calls after the first wait for it. By default the file is the one beside this module.
 *
 * @throws where the file cannot be had; the next call tries again.
 */
export const init = once(async (source?: Source) => {
  ({ memory } = await start({ module_or_path: source ?? (await bytes("explain")) }));
});

/** The names of the passes that rewrite rules before they are compiled, in their order. */
export function passes(): string[] {
  return JSON.parse(passesOf());
}

/** What is made of a text. */
export interface Listing {
  text: string;
  /** For each of its lines, the stretches of the rules' text that it was made for: the first UTF-16 code unit and one past the last. */
  lines: [from: number, to: number][][];
}

/**
 * The typed tree of a text after these passes; without them it is the checked text.
 *
 * @throws where the scheme or the text are wrong, or there is no such pass.
 */
export function astListing(scheme: AnyScheme, text: string, names: readonly string[] = []): Listing {
  return JSON.parse(astOf(schemeText(scheme), text, names.length > 0 ? names.join(",") : "off"));
}

/** The text of {@link astListing}. */
export function ast(scheme: AnyScheme, text: string, names: readonly string[] = []): string {
  return astListing(scheme, text, names).text;
}

/** What is made of rules: what all backends are told of them, WebAssembly as text, the source of Lua. */
export type Form = "plan" | "wat" | "lua";

/**
 * What the engine makes of a text, after all passes: what `quintet explain --emit` shows.
 *
 * @throws where the scheme, the lists or the text are wrong.
 */
export function listing(scheme: AnyScheme, text: string, form: Form, lists: Record<string, string> = {}): Listing {
  return JSON.parse(emitOf(schemeText(scheme), text, JSON.stringify(lists), form));
}

/** The text of {@link listing}. */
export function emit(scheme: AnyScheme, text: string, form: Form, lists: Record<string, string> = {}): string {
  return listing(scheme, text, form, lists).text;
}

/**
 * Rules as WebAssembly that the page's own engine runs. What functions make for one rule on one record may take 1 MiB.
 *
 * @throws where the scheme, the lists or the text are wrong.
 */
export function sandbox(scheme: AnyScheme, text: string, options: Omit<Options, "backend"> = {}): Sandbox {
  if (!memory) throw new Error("call `init` first");
  return new Sandbox(schemeText(scheme), text, ...settings(options), memory);
}
