// Rules that answer: both backends, traps, lists, and what the engine shows of a text.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Rules, ast, init, passes, plan } from "quintet-rules/run";

const scheme = { fields: { port: "Int", host: { type: "Bytes", optional: true }, ip: "Ip", names: "Array<Bytes>", f: "Float" } };

before(() => init());

test("both backends answer alike", () => {
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

test("endless loops end", () => {
  const rules = new Rules(scheme, "rule a { while port == 0 { } return true }");
  assert.equal(rules.evaluate([{}])[0].traps[0].trap, "budget of steps");
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
  assert.ok(plan(scheme, text).length > 20);
});
