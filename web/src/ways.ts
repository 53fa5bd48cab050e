/** The ways in which rules are run here; WebAssembly is run by the browser itself. */
export const WAYS = ["interp", "closures", "wasm"] as const;

export type Way = (typeof WAYS)[number];
