/** What the modules that run rules take alike. */
import type { SchemeText } from "./index.js";
import type { Options } from "./run.js";

/** A scheme: its text, an object, or a `Scheme`. */
export type AnyScheme = string | SchemeText | { text: string };

export function schemeText(scheme: AnyScheme): string {
  if (typeof scheme === "string") return scheme;
  return "text" in scheme && typeof scheme.text === "string" ? scheme.text : JSON.stringify(scheme);
}

/** Lists and limits, as the engine reads them. */
export function settings({ lists = {}, limits = {} }: Options): [lists: string, limits: string] {
  return [JSON.stringify(lists), JSON.stringify(limits)];
}
