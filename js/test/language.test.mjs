// The language as an application sees it: what is imported is the package by its name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { Scheme, SyntaxMistake, init, parse, print, replace } from "quintet-rules";
import * as schemes from "quintet-rules/schemes";

const fields = {
  "tcp.port": { type: "Int", doc: "Destination port." },
  "http.host": { type: "Bytes", optional: true },
  "http.request.method": { type: "Bytes", values: ["GET", "POST"] },
  "ip.src": "Ip",
  ssl: "Bool",
  ports: { type: "Array<Int>", multi: true },
};
let scheme;

before(async () => {
  assert.throws(() => new Scheme({ fields }));
  await Promise.all([init(), init()]);
  scheme = new Scheme({ fields });
});

const slice = (text, at) => text.slice(at.start.utf16, at.end.utf16);

test("schemes are read from TOML, JSON and objects", () => {
  const toml = '[fields]\n"tcp.port" = "Int"\n';
  for (const text of [toml, '{"fields": {"tcp.port": "Int"}}', { fields: { "tcp.port": "Int" } }]) {
    assert.deepEqual(new Scheme(text).fields().map((field) => [field.name, field.type]), [["tcp.port", "Int"]]);
  }
  assert.throws(() => new Scheme('[fields]\n"a" = "Itn"\n'), /fields\."a"/);
  assert.throws(() => new Scheme({ fields: { a: "Itn" } }), /fields\."a"/);
  assert.throws(() => new Scheme("{"), /line 1/);
  assert.deepEqual(Object.keys(schemes).sort(), ["cloudflare", "http", "packets"]);
  for (const text of Object.values(schemes)) assert.ok(new Scheme(text).fields().length > 20);
});

test("fields say what editors need", () => {
  const [port, host, method, , , ports] = scheme.fields();
  assert.deepEqual([port.doc, port.optional, port.multi], ["Destination port.", false, false]);
  assert.ok(port.operators.includes("in") && !port.operators.includes("contains"));
  assert.ok(host.optional && host.operators.includes("contains") && host.operators.includes("??"));
  assert.deepEqual(method.values, [{ text: '"GET"', doc: "" }, { text: '"POST"', doc: "" }]);
  assert.ok(ports.multi && ports.operators.includes("<="));
});

test("check underlines in UTF-16 and mends", () => {
  assert.deepEqual(scheme.check("tcp.port == 80"), []);
  const text = '# \u{1F600} é\nhttp.host == "\u{1F600}" and tcp.prt == 80';
  const [finding, ...others] = scheme.check(text);
  assert.deepEqual(others, []);
  assert.deepEqual([finding.severity, finding.code, slice(text, finding.at)], ["error", "unknown-name", "tcp.prt"]);
  assert.deepEqual([finding.at.start.line, finding.at.start.character], [1, 22]);
  const { at, text: mended } = finding.mend;
  assert.deepEqual(scheme.check(text.slice(0, at.start.utf16) + mended + text.slice(at.end.utf16)), []);
  assert.equal(scheme.check("fn f(a: Int) -> Int { let b = 1; return a }")[0].severity, "warning");
});

test("regular expressions are judged as by the engine, Unicode classes too", () => {
  for (const pattern of ["^a+$", "(?i)admin", String.raw`(?u)\p{Greek}`, String.raw`(?u)\w\d`, String.raw`(?u)(?i)straße`]) {
    assert.deepEqual(scheme.check(`http.host matches r"${pattern}"`), [], pattern);
  }
  assert.equal(scheme.check('http.host matches "a("')[0].severity, "error");
  assert.equal(scheme.check(String.raw`http.host matches r"\p{Greek}"`)[0].severity, "error");
});

test("tokens, completion, hover", () => {
  const text = 'ssl and http.host == "é" # x';
  assert.deepEqual(
    scheme.tokens(text).map((token) => [token.kind, slice(text, token.at)]),
    [["name", "ssl"], ["operator", "and"], ["name", "http.host"], ["operator", "=="], ["string", '"é"'], ["comment", "# x"]],
  );
  const found = scheme.complete('http.host == "\u{1F600}" and tcp.po', 28);
  assert.deepEqual([found.items[0].label, found.items[0].kind, found.at.start.utf16], ["tcp.port", "field", 22]);
  const values = scheme.complete("http.request.method == ", 23).items.map((item) => item.label);
  assert.deepEqual(values.slice(0, 2), ['"GET"', '"POST"']);
  const hover = scheme.hover("ssl and tcp.port == 80", 10);
  assert.match(hover.signature, /tcp\.port: Int/);
  assert.match(hover.doc, /Destination port/);
  assert.equal(scheme.hover("ssl   ", 5), null);
});

test("format", () => {
  assert.equal(scheme.format("ssl&&tcp.port==80").trim(), "ssl and tcp.port == 80");
  assert.throws(
    () => scheme.format("ssl and"),
    (error) => error instanceof SyntaxMistake && error.findings[0].severity === "error",
  );
});

test("trees print the same text, and edits keep the rest", () => {
  const text = "# web\r\nrule a = (tcp.port==80)  &&ssl # é\nrule b = x ==";
  const tree = parse(text);
  assert.equal(print(tree), text);
  // The order of keys does not matter.
  const turned = (element) =>
    "text" in element ? { text: element.text, kind: element.kind } : { children: element.children.map(turned), kind: element.kind };
  assert.equal(print({ root: turned(tree.root), version: tree.version }), text);
  const path = (node, kind) => {
    for (const [number, child] of node.children.entries()) {
      if (child.kind === kind) return [number];
      const below = "children" in child ? path(child, kind) : undefined;
      if (below) return [number, ...below];
    }
    return undefined;
  };
  assert.equal(replace(text, path(tree.root, "number"), "443"), text.replace("80", "443"));
  assert.throws(() => replace(text, path(tree.root, "number"), "80 or ssl"), /parentheses/);
  assert.throws(() => replace(text, [99], "1"), /nothing/);
  assert.throws(() => print({ version: 9, root: tree.root }), /version 9/);
});

test("the deepest texts and the longest ones come back", () => {
  for (const [open, close] of [["(", ")"], ["not ", ""], ["(ssl or ", ")"]]) {
    for (const depth of [50, 120, 2_000, 100_000]) {
      const text = open.repeat(depth) + "ssl" + close.repeat(depth);
      assert.equal(scheme.check(text).length === 0, depth < 128, `${depth} times ${open}`);
      assert.equal(print(parse(text)), text);
    }
  }
  const long = Array.from({ length: 20_000 }, (_, i) => `rule r${i} = tcp.port == ${i}`).join("\n");
  assert.ok(scheme.check(long).length <= 1);
});

test("what a page loads is no more than it was", () => {
  const file = readFileSync(new URL("../dist/quintet_lang_bg.wasm", import.meta.url));
  const size = brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
  console.log(`the language: ${size} bytes with brotli`);
  assert.ok(size < 350_000);
});

test("a pack of 64 rules is checked in less than 20 ms", () => {
  const text = Array.from(
    { length: 64 },
    (_, i) => `rule r${i} = tcp.port in {${i} 443 8000..8100} and http.host contains "host${i}" and ip.src in {10.${i}.0.0/16} or not ssl`,
  ).join("\n");
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    assert.deepEqual(scheme.check(text), []);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  console.log(`64 rules: ${times[7].toFixed(2)} ms (median of 15)`);
  assert.ok(times[7] < 20);
});
