/** Rules as WebAssembly that the page runs itself, with the host's functions lent to it: no memory is shared between the two. */
import type { Answer, RuleRecord } from "./run.js";
import { Sandbox as Host, imports } from "./quintet_explain.js";

const bits = new DataView(new ArrayBuffer(8));

/** From and to the words in which the host takes and answers values, by letter. */
const CODES = {
  i: { to: (value: number) => BigInt(value >>> 0), from: (word: bigint) => Number(BigInt.asIntN(32, word)) },
  l: { to: (value: bigint) => BigInt.asUintN(64, value), from: (word: bigint) => BigInt.asIntN(64, word) },
  d: {
    to(value: number) {
      bits.setFloat64(0, value);
      return bits.getBigUint64(0);
    },
    from(word: bigint) {
      bits.setBigUint64(0, word);
      return bits.getFloat64(0);
    },
  },
} as const;

type Letter = keyof typeof CODES;
type Call = (...args: number[]) => bigint;
type Exports = { memory: WebAssembly.Memory; run: Call; test: Call };

/** Rules as WebAssembly. */
export class Sandbox {
  /** The names of the rules; a bare expression has the empty name. */
  readonly names: string[];
  /** The module. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  #host: Host;
  #own: WebAssembly.Memory;
  #module: Promise<WebAssembly.Module> | undefined;

  /** See `sandbox` of `quintet-rules/explain`. */
  constructor(scheme: string, text: string, lists: string, limits: string, own: WebAssembly.Memory) {
    this.#own = own;
    this.#host = new Host(scheme, text, lists, limits);
    this.names = JSON.parse(this.#host.names());
    this.wasm = new Uint8Array(this.#host.wasm());
  }

  /**
   * What the rules answer on records, in their order, run by this page's own WebAssembly engine.
   *
   * @throws where a record is none of the scheme, or the engine has not the room.
   */
  async evaluate(records: readonly RuleRecord[] | string): Promise<Answer[]> {
    const host = this.#host;
    this.#module ??= WebAssembly.compile(this.wasm);
    const module = await this.#module;
    let memory: WebAssembly.Memory | undefined;
    const copy = () => new Uint8Array(this.#own.buffer, host.memory_at(), host.memory_bytes());
    const take = () => {
      const to = copy();
      if (memory) to.set(new Uint8Array(memory.buffer, 0, to.length));
    };
    const give = () => {
      if (memory) new Uint8Array(memory.buffer).set(copy());
    };
    const quintet: Record<string, (...args: never[]) => number | bigint | undefined> = {};
    for (const [name, [params, results]] of Object.entries(JSON.parse(imports()) as Record<string, [string, string]>)) {
      const letters = [...params] as Letter[];
      const result = results[0] as Letter | undefined;
      quintet[name] = (...args) => {
        const words = BigUint64Array.from(args, (value, place) => CODES[letters[place]!].to(value));
        take();
        const word = host.answer(name, words);
        give();
        return result && CODES[result].from(word);
      };
    }
    const instance = await WebAssembly.instantiate(module, { quintet });
    const { memory: its, run, test } = instance.exports as Exports;
    const count = host.load(new Uint8Array(its.buffer), typeof records === "string" ? records : JSON.stringify(records));
    const missing = host.memory_bytes() - its.buffer.byteLength;
    if (missing > 0) its.grow(Math.ceil(missing / 65536));
    memory = its;
    const answers: Answer[] = [];
    for (let record = 0; record < count; record += 1) {
      host.begin(record);
      for (let [alone, ...args] = host.next(); alone !== undefined; [alone, ...args] = host.next()) {
        give();
        const answer = (alone ? test : run)(...args);
        take();
        host.end(answer);
      }
      answers.push(JSON.parse(host.finish()));
    }
    return answers;
  }

  /** Gives the memory back; the rules must not be used again. Without it, the garbage collector does that. */
  free(): void {
    this.#host.free();
  }
}
