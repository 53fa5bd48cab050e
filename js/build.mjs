// Makes `dist`: the WebAssembly files by `cargo run --bin xtask`, made smaller by wasm-opt; the modules by the TypeScript compiler.
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";

const here = new URL(".", import.meta.url);
const at = (path) => new URL(path, here).pathname;
const run = (command, ...args) => execFileSync(command, args, { cwd: at("."), stdio: "inherit" });
const bin = (name) => at(`node_modules/.bin/${name}`);

run("cargo", "run", "--quiet", "--locked", "--bin", "xtask");
rmSync(at("dist"), { recursive: true, force: true });
rmSync(at("build"), { recursive: true, force: true });
// The compiler sees what is written by hand and what is made side by side.
cpSync(at("src"), at("build"), { recursive: true });
for (const file of readdirSync(at("generated"))) {
  if (!file.endsWith(".wasm")) copyFileSync(at(`generated/${file}`), at(`build/${file}`));
}
run(bin("tsc"));
// Each takes half a minute or more of one processor.
const parts = ["lang", "run", "explain", "native"].map(async (part) => {
  const name = `quintet_${part}`;
  copyFileSync(at(`generated/${name}.js`), at(`dist/${name}.js`));
  copyFileSync(at(`generated/${name}.d.ts`), at(`dist/${name}.d.ts`));
  const wasm = at(`dist/${name}_bg.wasm`);
  const features = ["--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext", "--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue"];
  // A function that takes another one in has the frames of both: the deepest rules must fit the stack that browsers give.
  const options = ["-Oz", "--one-caller-inline-max-function-size=0", "--strip-debug", "--strip-producers", ...features];
  await promisify(execFile)(bin("wasm-opt"), [...options, at(`generated/${name}_bg.wasm`), "-o", wasm], { cwd: at(".") });
  const small = brotliCompressSync(readFileSync(wasm), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  console.log(`${name}_bg.wasm: ${statSync(wasm).size} bytes, ${small.length} with brotli`);
});
await Promise.all(parts);
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(at(`../${licence}`), at(licence));
