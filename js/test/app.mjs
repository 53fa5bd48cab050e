// The package as it is published: packed, installed in a fresh Vite application, type-checked, built, and used in Node and in Chromium.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const here = new URL(".", import.meta.url).pathname;
let [app, browser, server] = [];

const run = (command, ...args) => execFileSync(command, args, { cwd: app, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

before(async () => {
  app = mkdtempSync(join(tmpdir(), "quintet-app-"));
  cpSync(join(here, "app"), app, { recursive: true });
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", app], { cwd: join(here, ".."), encoding: "utf8" });
  const { filename } = JSON.parse(packed)[0];
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  run("npm", "install", "--no-audit", "--no-fund", `./${filename}`, "codemirror@6", "typescript@7", "vite@8");
}, { timeout: 300_000 });

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(app, { recursive: true, force: true });
});

test("it type-checks and works in Node", () => {
  run("npx", "tsc");
  assert.equal(run("node", "node.mjs"), 'tcp.port\n[{"matches":[0],"traps":[]}]\n');
});

test("a mistake is underlined and mended in Chromium", { timeout: 120_000 }, async () => {
  run("npx", "vite", "build", "--logLevel", "warn");
  server = await serve(join(app, "dist"));
  browser = await launch();
  const { page, seen } = await open(browser, server.address);
  await page.waitForSelector("[data-ready]");
  // The worker has started when it answers.
  await page.waitForFunction(() => window.findings !== undefined);
  const [loaded, served] = [seen.requests.length, server.requests.length];
  assert.ok(server.requests.some((url) => url.includes("quintet_lang")) && !server.requests.some((url) => url.includes("quintet_run")));

  await page.click(".cm-content");
  await page.keyboard.type("tcp.prt == 80");
  await page.waitForSelector(".cm-lintRange-error");
  assert.equal(await page.$eval(".cm-lintRange-error", (element) => element.textContent), "tcp.prt");
  await page.waitForSelector(".cm-quintet-number");
  assert.equal(await page.$eval(".cm-quintet-number", (element) => element.textContent), "80");
  assert.equal(await page.$eval(".cm-quintet-operator", (element) => getComputedStyle(element).color), "rgb(179, 38, 30)");

  // The completion that is offered in the word mends it.
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.view.dispatch({ selection: { anchor: 7 } }));
  await page.keyboard.down("Control");
  await page.keyboard.press("Space");
  await page.keyboard.up("Control");
  await page.waitForSelector(".cm-tooltip-autocomplete [aria-selected]");
  assert.match(await page.$eval(".cm-tooltip-autocomplete [aria-selected]", (element) => element.textContent), /^tcp\.port/);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.view.state.doc.toString() === "tcp.port == 80");
  await page.waitForFunction(() => !document.querySelector(".cm-lintRange-error"));

  // So does the action of the finding.
  await page.evaluate(() => window.view.dispatch({ changes: { from: 0, to: 8, insert: "tcp.prt" } }));
  await page.waitForSelector(".cm-lintRange-error");
  await page.hover(".cm-lintRange-error");
  await page.waitForSelector(".cm-diagnosticAction");
  assert.match(await page.$eval(".cm-diagnosticAction", (element) => element.textContent), /Write `tcp\.port`/);
  await page.click(".cm-diagnosticAction");
  await page.waitForFunction(() => window.view.state.doc.toString() === "tcp.port == 80");
  await page.mouse.move(600, 500);

  // Hover says what a word means.
  await page.waitForSelector(".cm-quintet-name");
  await page.hover(".cm-quintet-name");
  await page.waitForSelector(".cm-quintet-hover");
  assert.match(await page.$eval(".cm-quintet-hover code", (element) => element.textContent), /^tcp\.port: /);

  assert.equal(await page.evaluate(async () => {
    window.view.dispatch({ changes: { from: 0, to: window.view.state.doc.length, insert: "tcp&&tcp.port==80" } });
    await window.format();
    return window.view.state.doc.toString().trim();
  }), "tcp and tcp.port == 80");

  // All that was loaded was loaded before anything was typed, by the page or by its worker; what stands in an address is no request.
  assert.deepEqual(seen.requests.slice(loaded).filter((url) => !url.startsWith("data:")), []);
  assert.equal(server.requests.length, served);
  assert.deepEqual(seen.complaints, []);
});

test("64 rules are checked in less than 20 ms in Chromium", { timeout: 60_000 }, async () => {
  const { page, seen } = await open(browser, server.address);
  const rules = Array.from({ length: 64 }, (_, i) => `rule r${i} = tcp.port in {${i} 443 8000..8100} and ip.src in {10.${i}.0.0/16} or not udp`);
  const times = [];
  for (let round = 0; round < 9; round += 1) {
    const { findings, milliseconds } = await page.evaluate((text) => window.check(text), rules.join("\n"));
    assert.deepEqual(findings, []);
    times.push(milliseconds);
  }
  times.sort((a, b) => a - b);
  console.log(`64 rules: ${times[4].toFixed(2)} ms (median of 9)`);
  assert.ok(times[4] < 20);
  assert.deepEqual(seen.complaints, []);
});

test("rules answer in Chromium", { timeout: 60_000 }, async () => {
  const { page, seen } = await open(browser, server.address);
  assert.deepEqual(await page.evaluate(() => window.evaluate("rule web = tcp.port == 443\nrule ssh = tcp.port == 22")), [[0], [1]]);
  assert.deepEqual(seen.complaints, []);
});
