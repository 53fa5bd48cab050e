// Expressions that people published: all that check are printed again byte for byte, and one value can be changed without any other byte.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { Scheme, init, parse, print, replace } from "quintet-rules";
import { cloudflare } from "quintet-rules/schemes";

const corpus = new URL("../../../shared/corpus/real_expressions.jsonl", import.meta.url);

before(() => init());

/** The path of the first value of a kind. */
function find(node, kinds, path = []) {
  for (const [number, child] of node.children.entries()) {
    if (kinds.includes(child.kind)) return [[...path, number], child];
    const below = "children" in child ? find(child, kinds, [...path, number]) : undefined;
    if (below) return below;
  }
  return undefined;
}

test("published expressions", (t) => {
  if (!existsSync(corpus)) {
    t.skip(`there is no ${corpus.pathname}`);
    return;
  }
  const scheme = new Scheme(cloudflare);
  const texts = readFileSync(corpus, "utf8").trim().split("\n").map((line) => JSON.parse(line).expr);
  let [checked, edited] = [0, 0];
  for (const text of texts) {
    const tree = parse(text);
    assert.equal(print(tree), text);
    if (scheme.check(text).some((finding) => finding.severity === "error")) continue;
    checked += 1;
    const value = find(tree.root, ["string", "number"]);
    if (value === undefined) continue;
    const [path, token] = value;
    const at = text.indexOf(token.text);
    const written = token.kind === "number" ? "4711" : '"é # \u{1F600}"';
    const changed = replace(text, path, written);
    const before = changed.indexOf(written);
    assert.equal(changed.slice(0, before) + token.text + changed.slice(before + written.length), text);
    assert.ok(before >= at);
    edited += 1;
  }
  console.log(`${texts.length} expressions, ${checked} of them check, ${edited} edited`);
  assert.ok(checked > 900 && edited > 650);
});
