// The explorer as a visitor has it: the built files, served as plain files, in a headless Chromium; and by `quintet serve`, which QUINTET names. SHOTS
// names a folder for pictures of it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open } from "../../js/test/chromium.mjs";
import { serve } from "../../js/test/serve.mjs";

const dist = new URL("../dist", import.meta.url).pathname;
let [browser, server] = [];

before(async () => {
  [browser, server] = await Promise.all([launch(), serve(dist)]);
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Waits for the answer to what was asked last. */
const made = (page, after = 0) =>
  page.waitForFunction((after) => Number(document.body.dataset.made) > after, {}, after).then(() => page.evaluate(() => Number(document.body.dataset.made)));

const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent.trim()));

/** Keeps a picture of the page, where pictures are kept. */
async function shot(page, name) {
  if (!process.env.SHOTS) return;
  mkdirSync(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
}

async function tab(page, name) {
  await page.click(`#tab-${name}`);
  await page.waitForFunction((name) => document.body.dataset.tab === name && document.querySelector("#panel").textContent, {}, name);
  return page.$eval("#panel", (panel) => panel.textContent);
}

async function write(page, text) {
  await page.click("#editor .cm-content");
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.press("Delete");
  await page.keyboard.type(text);
}

test("rules are shown in all forms and answered by all backends", { timeout: 120_000 }, async () => {
  const { page, seen } = await open(browser, server.address, { viewport: { width: 1280, height: 900 } });
  await made(page);
  assert.deepEqual(await texts(page, "#answers thead th"), ["record", "web", "from_inside", "odd_port"]);
  assert.deepEqual(await texts(page, "#answers tbody tr:nth-child(1) td"), ["yes", "yes", "yes"]);
  assert.deepEqual(await texts(page, "#answers tbody tr:nth-child(2) td"), ["yes", "no", "trap division by zero"]);
  assert.match(await page.$eval("#answers caption", (caption) => caption.textContent), /answer alike/);

  assert.match(await tab(page, "tree"), /file.*rule.*compare/s);
  assert.match(await tab(page, "passes"), /rule "web"/);
  const steps = await texts(page, "#steps button");
  assert.ok(steps.length > 1 && steps[0] === "checked", `${steps}`);
  await page.click("#steps button:first-child");
  const checked = await page.$eval("#panel", (panel) => panel.textContent);
  await page.click("#steps button:last-child");
  assert.notEqual(await page.$eval("#panel", (panel) => panel.textContent), checked);
  assert.ok((await texts(page, "#panel ins")).length > 0);
  assert.match(await tab(page, "wat"), /\(module/);
  assert.match(await tab(page, "lua"), /local /);
  for (const [name, shown] of [["clif", /rule 0: web.*function u0:0/s], ["asm", /rule 0: web.*(mov|push)/s]]) {
    await page.click(`#tab-${name}`);
    await page.waitForFunction((source) => new RegExp(source, "s").test(document.querySelector("#panel").textContent), {}, shown.source);
  }
  assert.ok((await tab(page, "plan")).length > 20);

  // A node of the tree is marked in the text.
  await tab(page, "tree");
  const number = await page.waitForSelector("xpath/.//button[starts-with(., 'number 443')]");
  await number.hover();
  assert.equal(await page.$eval("#editor .marked", (mark) => mark.textContent), "443");
  assert.deepEqual(seen.complaints, []);
});

test("what belongs to one node is marked in all forms", { timeout: 120_000 }, async () => {
  const { page, seen } = await open(browser, server.address, { viewport: { width: 1280, height: 900 } });
  const first = await made(page);
  await write(page, 'tcp.dstport == 4711 and http.host contains "needle"');
  await made(page, first);
  await tab(page, "clif");
  await page.waitForFunction(() => document.querySelector("#tab-clif").getAttribute("aria-selected") === "true" && document.querySelector("pre"));
  const marked = () => texts(page, "#panel pre .marked");
  const inText = () => texts(page, "#editor .marked").then((parts) => parts.join(""));
  const forms = { passes: /const 4711/, clif: /4711/, asm: /4711|0x1267/i, wat: /4711/, lua: /4711/ };

  // From the rules: the pointer is on the number's comparison.
  const at = await page.$$eval("#editor .cm-line span", (spans) => {
    const box = spans.find((span) => span.textContent === "==").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  });
  await page.mouse.move(...at);
  await page.waitForSelector("#editor .marked");
  assert.equal(await inText(), "tcp.dstport == 4711");
  const under = await texts(page, "#tabs .has");
  for (const title of ["AST", "CLIF", "x86-64", "WAT", "Lua"]) assert.ok(under.includes(title), `${title} among ${under}`);
  await page.mouse.move(5, 5);
  await page.waitForFunction(() => !document.querySelector("#editor .marked"));
  assert.deepEqual(await marked(), []);

  // A click keeps it, and it is marked in every form.
  await page.mouse.click(...at);
  for (const [form, pattern] of Object.entries(forms)) {
    await tab(page, form);
    await page.waitForSelector("#panel pre .marked");
    const [lines, all] = [await marked(), await texts(page, "#panel pre > *")];
    assert.ok(lines.some((line) => pattern.test(line)), `${form}: ${lines.join("\n")}`);
    assert.ok(lines.length < all.length / 2, `${form}: ${lines.length} of ${all.length}`);
    await shot(page, `marked-${form}`);
  }

  // From a line, by the pointer and by the keyboard, to the rules.
  for (const [form, pattern] of Object.entries(forms)) {
    await tab(page, form);
    const number = (await texts(page, "#panel pre > *")).findIndex((line) => pattern.test(line));
    await (await page.$(`#line-${number}`)).hover();
    assert.ok("tcp.dstport == 4711".includes(await inText()) && (await inText()).length > 3, `${form}: ${await inText()}`);
    await page.mouse.move(5, 5);
  }
  await tab(page, "passes");
  await page.focus("#panel pre");
  const needle = (await texts(page, "#panel pre > *")).findIndex((line) => line.startsWith("contains"));
  for (let down = 0; down <= needle; down += 1) await page.keyboard.press("ArrowDown");
  assert.equal(await inText(), 'http.host contains "needle"');
  assert.deepEqual(seen.complaints, []);
});

test("`quintet serve` adds machine code of its host and times", { timeout: 120_000 }, async (t) => {
  const quintet = process.env.QUINTET ?? new URL("../../target/release/quintet", import.meta.url).pathname;
  if (spawnSync(quintet, ["serve", "--help"]).status !== 0) {
    t.skip(`${quintet} has no \`serve\`; QUINTET names one that has`);
    return;
  }
  const child = spawn(quintet, ["serve", "--port", "0", "--web", dist], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const address = await new Promise((resolve) => child.stdout.once("data", (line) => resolve(String(line).trim())));
    const { page, seen } = await open(browser, address, { viewport: { width: 1280, height: 900 } });
    await made(page);
    await tab(page, "host");
    await page.waitForSelector("#panel pre");
    assert.deepEqual((await texts(page, "#steps button")).slice(0, 2), ["jit", "jit-fast"]);
    assert.match(await page.$eval("#panel", (panel) => panel.textContent), /; rule 0: web/);
    const buttons = await page.$$("#steps button");
    await buttons.at(-1).click();
    await page.waitForFunction(() => document.querySelector("#panel pre") && !document.querySelector("#panel").textContent.includes("; rule 0: web"));
    await tab(page, "times");
    await page.waitForSelector("#panel table");
    const rows = await texts(page, "#panel tbody th");
    for (const id of ["interp", "closures", "jit", "wasm", "lua"]) assert.ok(rows.includes(id), `${id} among ${rows}`);
    assert.match((await texts(page, "#panel tbody tr:first-child td")).join(" "), /^[\d.e+]+ .?s /);
    await shot(page, "times");
    assert.deepEqual(seen.complaints, []);
  } finally {
    child.kill();
  }
  // Pages that are served otherwise have neither.
  const { page } = await open(browser, server.address, {});
  await made(page);
  assert.equal(await page.$("#tab-host, #tab-times"), null);
});

test("a mistake is said, nothing leaves the page, and a link brings all back", { timeout: 120_000 }, async () => {
  const { page, seen } = await open(browser, server.address, { viewport: { width: 1280, height: 900 } });
  const first = await made(page);
  const served = server.requests.length;
  await write(page, "tcp.prt == 80");
  await page.waitForFunction(() => document.querySelector("#status").textContent.includes("tcp.prt"));
  await page.waitForSelector(".cm-lintRange-error");
  await write(page, "tcp.dstport == 80");
  await made(page, first);
  await page.waitForFunction(() => document.querySelectorAll("#answers thead th").length === 2);
  assert.deepEqual(await texts(page, "#answers tbody td"), ["no", "yes", "no"]);
  await tab(page, "lua");
  await page.waitForFunction(() => location.hash.length > 20);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(server.requests.length, served);
  assert.deepEqual(seen.requests.filter((url) => !url.startsWith(server.address) && !url.startsWith("data:")), []);

  const again = await open(browser, page.url(), { viewport: { width: 1280, height: 900 } });
  await made(again.page);
  assert.equal(await again.page.$eval("#editor .cm-content", (content) => content.textContent), "tcp.dstport == 80");
  assert.equal(await again.page.$eval("#tab-lua", (button) => button.getAttribute("aria-selected")), "true");
  const broken = await open(browser, `${server.address}#1notalink`, {});
  await made(broken.page);
  assert.deepEqual([seen.complaints, again.seen.complaints, broken.seen.complaints], [[], [], []]);
});

test("the builder changes what is edited and nothing else", { timeout: 120_000 }, async () => {
  const { page, seen } = await open(browser, server.address, { viewport: { width: 1280, height: 900 } });
  await made(page);
  const start = '# web\ntcp.dstport==80   and(udp or http.host contains "a\u00e9") and len(http.host)>3 # end';
  await tab(page, "builder");
  const set = (text) => page.evaluate((text) => {
    const builder = document.querySelector("quintet-builder");
    builder.value = text;
  }, text);
  const text = () => page.$eval("quintet-builder", (builder) => builder.value);
  const change = async (label, value) => {
    const before = await text();
    await page.waitForSelector(`quintet-builder [aria-label="${label}"]`);
    await page.$eval(`quintet-builder [aria-label="${label}"]`, (control, value) => {
      control.focus();
      control.value = value;
      control.dispatchEvent(new Event("change"));
    }, value);
    await page.waitForFunction((before) => document.querySelector("quintet-builder").value !== before, {}, before);
    // The same control has the focus when all is shown again.
    await page.waitForFunction(() => document.activeElement?.dataset?.key !== undefined);
  };

  await set(start);
  await page.waitForSelector('[aria-label="value of tcp.dstport"]');
  await change("value of tcp.dstport", "443");
  assert.equal(await text(), start.replace("80", "443"));
  await change("value of http.host", 'say "hi"');
  assert.equal(await text(), start.replace("80", "443").replace('"a\u00e9"', '"say \\"hi\\""'));
  await change("operator of tcp.dstport", "<=");
  assert.match(await text(), /tcp\.dstport<=443   and/);
  await change("operator of tcp.dstport", "in");
  assert.match(await text(), /tcp\.dstport in \{443\}   and/);
  await change("value of tcp.dstport", "80 443");
  assert.match(await text(), /in \{80 443\}   and/);
  await change("text of compare", "len(http.host)>4");
  assert.ok((await text()).endsWith("len(http.host)>4 # end"));
  // What the editor has is what the builder has.
  assert.equal((await texts(page, "#editor .cm-line")).at(-1), (await text()).split("\n").at(-1));

  // What cannot stand there is marked and not taken.
  const kept = await text();
  await page.$eval('[aria-label="value of tcp.dstport"]', (control) => {
    control.value = "80 }";
    control.dispatchEvent(new Event("change"));
  });
  await page.waitForSelector('[aria-label="value of tcp.dstport"][aria-invalid]');
  assert.equal(await text(), kept);

  // Conditions are added and removed.
  // They are written in the editor, for the page shows there and in the builder the same, and what was set in the builder alone may go again.
  const two = "tcp.dstport == 80 and udp";
  await write(page, two);
  await page.waitForFunction((two) => document.querySelector("quintet-builder").value === two, {}, two);
  await page.waitForSelector('[aria-label="remove udp"]');
  // A click of its own, for what is shown once more between the two halves of one by the mouse would lose it.
  const press = (label) => page.$eval(`[aria-label="${label}"]`, (button) => button.click());
  await press("add a condition to all of");
  await page.waitForFunction(() => document.querySelectorAll("quintet-builder li").length === 3);
  assert.match(await text(), /^tcp\.dstport == 80 and udp and /);
  await press("remove tcp.dstport == 80");
  await page.waitForFunction(() => document.querySelectorAll("quintet-builder li").length === 2);
  assert.match(await text(), /^udp and /);
  assert.deepEqual(seen.complaints, []);
});

test("the case files pass on all backends", { timeout: 500_000 }, async (t) => {
  const { page, seen } = await open(browser, `${server.address}cases.html`, {});
  await page.waitForFunction(() => document.body.dataset.counts, { timeout: 240_000 });
  const said = async () => {
    const { mistakes, skipped, ...counts } = JSON.parse(await page.evaluate(() => document.body.dataset.counts));
    console.log(await page.$eval("#result", (result) => result.textContent), skipped);
    assert.deepEqual(mistakes, []);
    assert.ok(counts.closures === counts.interp && counts.wasm === counts.interp);
    return counts;
  };
  const own = await said();
  assert.ok(own.interp > 240, `${own.interp}`);
  const corpora = ["wirefilter_cases", "wirefilter_random"].map((name) => new URL(`../../../shared/corpus/${name}.jsonl`, import.meta.url).pathname);
  if (corpora.every((file) => existsSync(file))) {
    await (await page.$("#open:not(:disabled)")).uploadFile(...corpora);
    await page.waitForFunction((files) => JSON.parse(document.body.dataset.counts).files === files, { timeout: 240_000 }, own.files + corpora.length);
    const all = await said();
    assert.ok(all.interp - own.interp > 1500, `${all.interp - own.interp}`);
  } else {
    t.diagnostic("there is no corpus beside the project: its own files alone");
  }
  assert.deepEqual(seen.complaints, []);
});

test("every example checks and is answered", { timeout: 120_000 }, async () => {
  const { page, seen } = await open(browser, server.address, {});
  let last = await made(page);
  const count = await page.$$eval("#example option", (options) => options.length - 1);
  for (let example = 0; example < count; example += 1) {
    await page.select("#example", String(example));
    last = await made(page, last);
    await page.waitForFunction(() => document.querySelector("#status").textContent === "No mistakes.");
    const cells = await texts(page, "#answers tbody td");
    assert.ok(cells.includes("yes") && cells.includes("no"), `example ${example}: ${cells}`);
  }
  assert.deepEqual(seen.complaints, []);
});

for (const [width, height] of [[1280, 900], [390, 844]]) {
  for (const dark of [false, true]) {
    test(`nothing sticks out at ${width} pixels, ${dark ? "dark" : "light"}`, { timeout: 60_000 }, async () => {
      const { page, seen } = await open(browser, server.address, { viewport: { width, height }, dark });
      await made(page);
      for (const name of ["builder", "tree", "passes", "wat", "asm"]) {
        await tab(page, name);
        if (name === "asm") await page.waitForSelector("#panel pre");
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), name);
        await shot(page, `${width}-${dark ? "dark" : "light"}-${name}`);
      }
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background, dark ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
      await page.click("#theme");
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), background);
      assert.deepEqual(seen.complaints, []);
    });
  }
}
