// Rules that answer: both backends, traps, lists, and what the engine shows of a text.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { ast, astListing, emit, init as initExplain, listing, passes, sandbox } from "quintet-rules/explain";
import { emit as emitNative, init as initNative, listing as nativeListing } from "quintet-rules/native";
import { Rules, init } from "quintet-rules/run";
import { packets } from "quintet-rules/schemes";

const scheme = { fields: { port: "Int", host: { type: "Bytes", optional: true }, ip: "Ip", names: "Array<Bytes>", f: "Float" } };

before(() => Promise.all([init(), initExplain(), initNative()]));

test("all backends answer alike", async () => {
  const text = [
    "rule web = port in {80 443}",
    'rule odd = 1000 / (port - 80) > 1 # é',
    'rule host = lower(host) contains "example"',
    "rule list = ip in $evil",
    'rule name = any(names[*] == "b") and f < 1.5',
    "rule script { let n = 0; for name in names { n += len(name) } return n > 3 }",
  ].join("\n");
  const records = [
    { port: 443, host: "WWW.Example.org", ip: "10.1.2.3", names: ["a", "b"], f: 1 },
    { port: 80, ip: "::1", names: ["long", ""], f: "inf" },
    {},
  ];
  for (const backend of ["interp", "closures"]) {
    const rules = new Rules(scheme, text, { backend, lists: { evil: "10.0.0.0/8\n" } });
    assert.deepEqual(rules.names, ["web", "odd", "host", "list", "name", "script"]);
    const answers = rules.evaluate(records);
    assert.deepEqual(answers.map((answer) => answer.matches), [[0, 1, 2, 3, 4], [0, 5], []], backend);
    assert.deepEqual(answers[0].traps, []);
    const [trap] = answers[1].traps;
    assert.deepEqual([trap.rule, trap.trap], [1, "division by zero"]);
    assert.match(text.slice(trap.at.start.utf16, trap.at.end.utf16), /^1000 \/ \(port - 80\) > 1$/);
    assert.deepEqual(rules.evaluate('[{"port": 9223372036854775807}]')[0].matches, []);
    rules.free();
  }
  const rules = sandbox(scheme, text, { lists: { evil: "10.0.0.0/8\n" } });
  assert.ok(WebAssembly.validate(rules.wasm));
  const [expected, found] = [new Rules(scheme, text, { lists: { evil: "10.0.0.0/8\n" } }).evaluate(records), await rules.evaluate(records)];
  assert.deepEqual(found, expected);
  // An instance is made anew each time.
  assert.deepEqual(await rules.evaluate(records), expected);
  await assert.rejects(rules.evaluate([{ port: "x" }]), /record 0: port/);
  rules.free();
});

test("what is wrong is said", () => {
  assert.throws(() => new Rules(scheme, "prot == 1"), /there is no field `prot`/);
  assert.throws(() => new Rules(scheme, "ip in $evil"), /evil/);
  assert.throws(() => new Rules("[fields]\na = 1", "a"), /fields/);
  assert.throws(() => new Rules(scheme, "port == 1", { backend: "jit" }), /jit/);
  const rules = new Rules(scheme, "port == 1");
  assert.throws(() => rules.evaluate([{}, { port: "x" }]), /record 1: port/);
  assert.throws(() => rules.evaluate("{"), /line 1/);
  assert.deepEqual(rules.evaluate([]), []);
});

test("endless loops end", async () => {
  const text = "rule a { while port == 0 { } return true }";
  assert.equal(new Rules(scheme, text).evaluate([{}])[0].traps[0].trap, "budget of steps");
  const steps = { limits: { steps: 10_000 } };
  const rules = [new Rules(scheme, text, steps), new Rules(scheme, text, { ...steps, backend: "interp" }), sandbox(scheme, text, steps)];
  for (const each of rules) assert.equal((await each.evaluate([{}]))[0].traps[0].trap, "budget of steps");
});

test("rules that only look at values have a budget each", async () => {
  const records = [{ host: "x".repeat(100_000) + "needle" }, { host: "needle" }];
  const text = 'rule a = host contains "needle"\nrule b = host matches "x+y"\nrule c = port == 0\n';
  for (const steps of [100, 1_000, 100_000_000]) {
    const limits = { limits: { steps } };
    const wanted = new Rules(scheme, text, { ...limits, backend: "interp" }).evaluate(records);
    assert.equal(wanted[0].traps.length, { 100: 2, 1_000: 1, 100_000_000: 0 }[steps], `${steps}: ${JSON.stringify(wanted[0])}`);
    assert.deepEqual(await sandbox(scheme, text, limits).evaluate(records), wanted, `${steps} steps`);
  }
});

test("the deepest rules answer", () => {
  for (const backend of ["interp", "closures"]) {
    for (const [open, close] of [["(", ")"], ["not ", ""], ["(port == 1 or ", ")"]]) {
      const text = open.repeat(120) + "port == 0" + close.repeat(120);
      assert.deepEqual(new Rules(scheme, text, { backend }).evaluate([{}])[0].matches, [0], `${backend}: ${open}`);
    }
  }
});

test("trees and plans", () => {
  const text = "port == 1 + 1 or port == 3";
  assert.deepEqual(passes().slice(0, 2), ["fold", "flatten"]);
  assert.match(ast(scheme, text), /const 1/);
  assert.doesNotMatch(ast(scheme, text, ["fold"]), /const 1 /);
  assert.notEqual(ast(scheme, text, passes()), ast(scheme, text, ["fold"]));
  assert.throws(() => ast(scheme, text, ["fast"]), /fast/);
  assert.throws(() => emit(scheme, text, "clif"), /no form `clif`/);
});

test("machine code is shown", () => {
  const shown = emitNative(packets, "rule web = tcp.dstport == 443", "asm");
  assert.match(shown, /; rule 0: web/);
  assert.match(shown, /443|0x1bb/);
  assert.throws(() => emitNative(packets, "tcp.dstport ==", "asm"));
  assert.throws(() => emitNative(packets, "tcp", "wat"), /no form `wat`/);
});

test("lines say what they were made for, in UTF-16", () => {
  const text = '# \u{1f980}\nrule a = dns.qry.name == "\u{1f980}" or tcp.dstport == 4711';
  const part = "tcp.dstport == 4711";
  const listings = [astListing(packets, text), listing(packets, text, "wat"), listing(packets, text, "lua"), nativeListing(packets, text, "clif"), nativeListing(packets, text, "asm")];
  for (const { text: shown, lines } of listings) {
    const texts = shown.replace(/\n$/, "").split("\n");
    assert.equal(lines.length, texts.length, shown);
    const at = texts.findIndex((line) => /4711|0x1267/.test(line));
    const parts = lines[at].map(([from, to]) => text.slice(from, to));
    assert.ok(parts.some((made) => part.includes(made) && made.length >= 4), `${texts[at]}: ${parts}`);
  }
});

test("plan, CLIF, WAT and Lua are those of the command line", (t) => {
  const quintet = process.env.QUINTET ?? new URL("../../target/release/quintet", import.meta.url).pathname;
  if (!existsSync(quintet)) {
    t.skip(`there is no ${quintet}; QUINTET names one`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "quintet-"));
  const texts = [
    "rule a = tcp.port in {80 443 8000..8100} and ip.src in {10.0.0.0/8}",
    'rule a = dns.qry.name contains "example" or lower(dns.qry.name) matches "a+b"\nrule b = frame.len / (tcp.dstport - 80) > 2 or not tcp',
    "rule a { let n = 0; for p in tcp.port { n += p * 3 } return n % 7 == 1 }",
    'fn f(a: Int, b: Bytes) -> Int { return a + len(b) }\nrule a = f(frame.len, tcp.payload) > 9 and tcp.payload matches r"^w+\\."',
  ];
  for (const text of texts) {
    const file = join(folder, "text.rules");
    writeFileSync(file, text);
    for (const form of ["plan", "clif", "wat", "lua"]) {
      const backend = { clif: ["--backend", "jit"], wat: ["--backend", "wasm"] }[form] ?? [];
      const args = ["explain", file, "--scheme", "packets", "--emit", form, ...backend];
      const shown = execFileSync(quintet, args, { encoding: "utf8" });
      const here = form === "clif" ? emitNative(packets, text, form) : emit(packets, text, form);
      assert.equal(here.trimEnd(), shown.trimEnd(), `${form} of ${text}`);
    }
    for (const names of [[], passes()]) {
      const shown = execFileSync(quintet, ["explain", file, "--scheme", "packets", "--emit", "ast", "--passes", names.length ? "on" : "off"], { encoding: "utf8" });
      assert.equal(ast(packets, text, names).trimEnd(), shown.trimEnd());
    }
  }
  rmSync(folder, { recursive: true });
});
