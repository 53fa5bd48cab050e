/**
 * Machine code of rules, as text. A page cannot run it; this is a fourth file, which is loaded when {@link init} of this module is called.
 */
import { bytes } from "#bytes";
import type { Listing } from "./explain.js";
import type { Source } from "./index.js";
import { once } from "./once.js";
import start, { emit as emitOf } from "./quintet_native.js";
import { type AnyScheme, schemeText } from "./settings.js";

/**
 * Loads the code generator; calls after the first wait for it. By default the file is the one beside this module.
 *
 * @throws where the file cannot be had; the next call tries again.
 */
export const init = once(async (source?: Source) => {
  await start({ module_or_path: source ?? (await bytes("native")) });
});

/** Cranelift's own form, and the code of the x86-64 that all have. */
export type Form = "clif" | "asm";

/**
 * What the Cranelift backend makes of a text, after all passes. `clif` is what `quintet explain --emit clif` shows; `asm` is shown there for the
 * processor at hand, which may have more instructions.
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
