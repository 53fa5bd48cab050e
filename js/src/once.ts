import type { Source } from "./index.js";

/** What loads a file: the first call begins, those after it wait for the same, and after one that failed the next tries again. */
export function once(begin: (source?: Source) => Promise<void>): (source?: Source) => Promise<void> {
  let started: Promise<void> | undefined;
  return (source) => {
    started ??= begin(source).catch((error: unknown) => {
      started = undefined;
      throw error;
    });
    return started;
  };
}
