import { readFile } from "node:fs/promises";

/** The bytes of a file beside this one. */
export function bytes(file: "lang" | "run" | "explain" | "native"): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL(`./quintet_${file}_bg.wasm`, import.meta.url)) as Promise<Uint8Array<ArrayBuffer>>;
}
