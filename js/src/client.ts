/**
 * The language in a worker: a page stays responsive whatever is typed. Answers are those of `Scheme`, as promises.
 *
 * ```js
 * import { spawn } from "quintet-rules/client";
 * import { packets } from "quintet-rules/schemes";
 * const client = spawn(packets);
 * await client.check("tcp.prt == 80");
 * ```
 */
import type { FieldInfo, SchemeText } from "./index.js";
import type { Colour, Completions, Finding, Hover, Tree } from "./syntax.js";

/** What a worker is asked. */
export interface Methods {
  scheme(scheme: string | SchemeText): void;
  fields(): FieldInfo[];
  check(text: string): Finding[];
  tokens(text: string): Colour[];
  complete(text: string, offset: number): Completions;
  hover(text: string, offset: number): Hover | null;
  format(text: string): string;
  parse(text: string): Tree;
  print(tree: Tree): string;
  replace(text: string, path: readonly number[], replacement: string): string;
}

/** What is sent to a worker. */
export interface Request {
  id: number;
  method: keyof Methods;
  args: unknown[];
}

/** What it sends back. */
export type Reply = { id: number; value: unknown } | { id: number; error: string };

/** The methods of `Scheme` and the functions on trees, as promises. */
export type Client = {
  [Method in keyof Methods]: (...args: Parameters<Methods[Method]>) => Promise<ReturnType<Methods[Method]>>;
} & {
  /** Ends the worker; what was asked and not answered fails. */
  close(): void;
};

/** Starts a worker over a scheme. */
export function spawn(scheme: string | SchemeText): Client {
  const client = connect(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  // What is wrong with the scheme is said by what is asked next.
  client.scheme(scheme).catch(() => undefined);
  return client;
}

/** A client of a worker that runs `quintet-rules/worker`. */
export function connect(worker: Worker): Client {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) asked?.reject(new Error(data.error));
    else asked?.resolve(data.value as never);
  });
  worker.addEventListener("error", (event) => fail(event.message || "the worker cannot be started"));
  const ask = <Method extends keyof Methods>(method: Method) =>
    ((...args: unknown[]) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        worker.postMessage({ id: last, method, args } satisfies Request);
      })) as Client[Method];
  return {
    scheme: ask("scheme"),
    fields: ask("fields"),
    check: ask("check"),
    tokens: ask("tokens"),
    complete: ask("complete"),
    hover: ask("hover"),
    format: ask("format"),
    parse: ask("parse"),
    print: ask("print"),
    replace: ask("replace"),
    close() {
      worker.terminate();
      fail("the worker was closed");
    },
  };
}
