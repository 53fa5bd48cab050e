/** The worker's side of `quintet-rules/client`. */
import type { Methods, Reply, Request } from "./client.js";
import { Scheme, init, parse, print, replace } from "./index.js";

let current: Scheme | undefined;
let wrong = "no scheme was given";

function scheme(): Scheme {
  if (!current) throw new Error(wrong);
  return current;
}

const methods: Methods = {
  scheme(text) {
    current?.free();
    current = undefined;
    try {
      current = new Scheme(text);
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
      throw error;
    }
  },
  fields: () => scheme().fields(),
  check: (text) => scheme().check(text),
  tokens: (text) => scheme().tokens(text),
  complete: (text, offset) => scheme().complete(text, offset),
  hover: (text, offset) => scheme().hover(text, offset),
  format: (text) => scheme().format(text),
  parse,
  print,
  replace,
};

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  let reply: Reply;
  try {
    await init();
    const method = methods[data.method] as (...args: unknown[]) => unknown;
    reply = { id: data.id, value: method(...data.args) };
  } catch (error) {
    reply = { id: data.id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(reply);
});
