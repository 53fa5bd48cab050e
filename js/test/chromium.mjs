// A headless Chromium: that of CHROMIUM, or of the usual places.
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find(existsSync);
  if (!executablePath) throw new Error("there is no Chromium; CHROMIUM names one");
  return puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A page whose requests and complaints are kept. */
export async function open(browser, address, options = {}) {
  const page = await browser.newPage();
  const seen = { requests: [], complaints: [] };
  if (options.viewport) await page.setViewport(options.viewport);
  if (options.dark) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("requestfailed", (request) => seen.complaints.push(`${request.url()} failed`));
  await page.goto(address, { waitUntil: "networkidle0" });
  return { page, seen };
}
