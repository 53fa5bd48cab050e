/** The engine's worker: what is made of a text, and what its rules answer. */
import { type Listing, astListing, init as initExplain, listing, passes, sandbox } from "quintet-rules/explain";
import { init as initNative, listing as nativeListing } from "quintet-rules/native";
import { type Answer, Rules, init } from "quintet-rules/run";
import { WAYS, type Way } from "./ways.js";

/** What is asked. */
export interface Question {
  id: number;
  scheme: string;
  text: string;
  records: string;
  /** Whether machine code is shown, whose maker is loaded when it first is. */
  native: boolean;
}

/** The typed tree after a pass that changed it. */
export interface Step {
  name: string;
  listing: Listing;
}

/** What is answered; a text with mistakes has nothing but the reason. */
export interface Made {
  steps: Step[];
  plan: Listing;
  wat: Listing;
  lua: Listing;
  /** Not there unless it was asked for. */
  clif?: Listing;
  asm?: Listing;
  names: string[];
  answers: Record<Way, Answer[]> | string;
}

export type Reply = { id: number; made: Made } | { id: number; error: string };

const said = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function make({ scheme, text, records, native }: Question): Promise<Made> {
  const steps: Step[] = [{ name: "checked", listing: astListing(scheme, text) }];
  const names = passes();
  for (let count = 1; count <= names.length; count += 1) {
    const after = astListing(scheme, text, names.slice(0, count));
    if (after.text !== steps.at(-1)!.listing.text) steps.push({ name: names[count - 1]!, listing: after });
  }
  const rules = {
    interp: new Rules(scheme, text, { backend: "interp" }),
    closures: new Rules(scheme, text, { backend: "closures" }),
    wasm: sandbox(scheme, text),
  };
  let answers: Made["answers"];
  try {
    answers = { interp: rules.interp.evaluate(records), closures: rules.closures.evaluate(records), wasm: await rules.wasm.evaluate(records) };
  } catch (error) {
    answers = said(error);
  }
  const forms = { plan: listing(scheme, text, "plan"), wat: listing(scheme, text, "wat"), lua: listing(scheme, text, "lua") };
  const made = { steps, ...forms, names: rules.interp.names, answers };
  for (const way of WAYS) rules[way].free();
  if (!native) return made;
  await initNative();
  return { ...made, clif: nativeListing(scheme, text, "clif"), asm: nativeListing(scheme, text, "asm") };
}

self.addEventListener("message", async ({ data }: MessageEvent<Question>) => {
  let reply: Reply;
  try {
    await Promise.all([init(), initExplain()]);
    reply = { id: data.id, made: await make(data) };
  } catch (error) {
    reply = { id: data.id, error: said(error) };
  }
  self.postMessage(reply);
});
