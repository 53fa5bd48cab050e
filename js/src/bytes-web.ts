/** A file beside this one. The addresses are written out, so that bundlers see the files. */
export async function bytes(file: "lang" | "run" | "explain" | "native"): Promise<Response> {
  const urls = {
    lang: () => new URL("./quintet_lang_bg.wasm", import.meta.url),
    run: () => new URL("./quintet_run_bg.wasm", import.meta.url),
    explain: () => new URL("./quintet_explain_bg.wasm", import.meta.url),
    native: () => new URL("./quintet_native_bg.wasm", import.meta.url),
  };
  return fetch(urls[file]());
}
