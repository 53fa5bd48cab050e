/** The file beside this one. The addresses are written out, so that bundlers see the files. */
export async function bytes(file: "lang" | "run"): Promise<Response> {
  const url = file === "lang" ? new URL("./quintet_lang_bg.wasm", import.meta.url) : new URL("./quintet_run_bg.wasm", import.meta.url);
  return fetch(url);
}
