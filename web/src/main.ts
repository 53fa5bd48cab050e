import { Compartment, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";
import type { Finding } from "quintet-rules";
import { define } from "quintet-rules/builder";
import { spawn } from "quintet-rules/client";
import { format, quintet } from "quintet-rules/codemirror";
import type { Listing } from "quintet-rules/explain";
import * as schemes from "quintet-rules/schemes";
import { answersView } from "./answers.js";
import type { Made, Question, Reply, Step } from "./engine.js";
import { EXAMPLES } from "./examples.js";
import { code, host, times, timesView } from "./host.js";
import { read, write } from "./link.js";
import { listingView } from "./listing.js";
import { Marks } from "./marks.js";
import { treeView } from "./tree.js";

const SCHEMES: Record<string, string> = schemes;
const TITLES = {
  builder: "Builder",
  tree: "Syntax",
  passes: "AST",
  plan: "Plan",
  clif: "CLIF",
  asm: "x86-64",
  wat: "WAT",
  lua: "Lua",
  host: "Host",
  times: "Times",
};
type Tab = keyof typeof TITLES;
const TABS = (Object.keys(TITLES) as Tab[]).filter((tab) => host || !isHost(tab));

function isNative(tab: Tab) {
  return tab === "clif" || tab === "asm";
}

/** Whether only the page's server can say it. */
function isHost(tab: Tab) {
  return tab === "host" || tab === "times";
}

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const schemeSelect = element<HTMLSelectElement>("scheme");
const exampleSelect = element<HTMLSelectElement>("example");
const status = element("status");
const panel = element("panel");
const steps = element("steps");

define();
const builder = document.createElement("quintet-builder");
builder.addEventListener("change", () => {
  const [before, after] = [editor.state.doc.toString(), builder.value];
  // What is the same at both ends stays, so that the editor keeps its place and its history.
  let from = 0;
  while (from < before.length && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < Math.min(before.length, after.length) - from && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  editor.dispatch({ changes: { from, to: before.length - same, insert: after.slice(from, after.length - same) } });
});

let tab: Tab = "tree";
/** The backend whose code is asked of the server. */
let backend = host?.code[0] ?? "";
let step = Number.POSITIVE_INFINITY;
let made: Made | undefined;
let question = 0;

// The scheme, the text and the records.

const client = spawn(SCHEMES["packets"]!);
builder.service = client;

const marked = StateEffect.define<{ from: number; to: number } | undefined>();
const markField = StateField.define({
  create: () => Decoration.none,
  update(decorations, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(marked)) continue;
      const range = effect.value;
      const shown = range && range.from < range.to && range.to <= transaction.newDoc.length;
      return shown ? Decoration.set(Decoration.mark({ class: "marked" }).range(range.from, range.to)) : Decoration.none;
    }
    return decorations.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset["theme"] ?? (dark.matches ? "dark" : "light")) === "dark";

const marks = new Marks(
  (node) => editor.dispatch({ effects: marked.of(node) }),
  (form, has) => element(`tab-${form}`).classList.toggle("has", has),
);

const changed = EditorView.updateListener.of((update) => {
  if (update.docChanged) later();
});
/** What is made of what the pointer or the caret is on is marked everywhere. */
const pointed = [
  EditorView.updateListener.of((update) => {
    if (update.docChanged) marks.forget();
    else if (update.selectionSet && update.view.hasFocus) marks.keep(marks.at(update.state.selection.main.head));
  }),
  EditorView.domEventHandlers({
    mousemove(event, view) {
      const place = view.posAtCoords({ x: event.clientX, y: event.clientY });
      marks.on(place === null ? undefined : marks.at(place));
    },
    mouseleave: () => marks.on(undefined),
  }),
];
const themed = new Compartment();
const label = (id: string) => EditorView.contentAttributes.of({ "aria-labelledby": id });
// Tab leaves the editors, as it leaves any other part of the page.
const editor = new EditorView({
  parent: element("editor"),
  extensions: [basicSetup, EditorView.lineWrapping, quintet(client, { onFindings: findings }), markField, changed, pointed, label("rules-title"), themed.of([])],
});
const records = new EditorView({
  parent: element("records-editor"),
  extensions: [basicSetup, EditorView.lineWrapping, changed, label("records-title"), themed.of([])],
});

function setText(view: EditorView, text: string) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
}

function findings(found: Finding[]) {
  const errors = found.filter((finding) => finding.severity === "error").length;
  const first = found[0];
  status.className = errors > 0 ? "wrong" : "";
  if (!first) status.textContent = "No mistakes.";
  else status.textContent = `Line ${first.at.start.line + 1}: ${first.message}${found.length > 1 ? `, and ${found.length - 1} more` : ""}`;
}

// The engine, which is started anew where a text was too much for it.

let engine: Worker | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;

function started(): Worker {
  engine ??= (() => {
    const worker = new Worker(new URL("./engine.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if (data.id !== question) return;
      made = "made" in data ? data.made : undefined;
      document.body.dataset["made"] = made ? String(data.id) : "none";
      if (made) marks.made(formsOf(made));
      if ("error" in data && data.error.includes("unreachable")) engine = (worker.terminate(), undefined);
      show();
    });
    return worker;
  })();
  return engine;
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 200);
}

function ask() {
  question += 1;
  const scheme = SCHEMES[schemeSelect.value]!;
  started().postMessage({ id: question, scheme, text: editor.state.doc.toString(), records: records.state.doc.toString(), native: isNative(tab) } satisfies Question);
  void address();
}

async function address() {
  const shown = { scheme: schemeSelect.value, text: editor.state.doc.toString(), records: records.state.doc.toString(), tab };
  history.replaceState(null, "", await write(shown));
}

/** What each line of each form stands for. */
function formsOf(made: Made): [Tab, Listing["lines"]][] {
  const { steps, plan, clif, asm, wat, lua } = made;
  const forms = { passes: steps.at(-1)?.listing, plan, clif, asm, wat, lua };
  return (Object.keys(forms) as (keyof typeof forms)[]).flatMap((tab) => (forms[tab] ? [[tab, forms[tab].lines]] : []));
}

// What is shown of it.

function show() {
  document.body.dataset["tab"] = tab;
  element("answers").replaceChildren(...(made ? [answersView(made)] : []));
  steps.hidden = (tab !== "passes" && tab !== "host") || !made;
  marks.lines([]);
  if (tab === "tree") {
    const text = editor.state.doc.toString();
    void client.parse(text).then((tree) => {
      if (tab === "tree" && text === editor.state.doc.toString()) {
        panel.replaceChildren(treeView(marks, tree));
      }
    });
  } else if (tab === "builder") {
    builder.value = editor.state.doc.toString();
    if (builder.parentElement !== panel) panel.replaceChildren(builder);
  } else if (!made) {
    panel.replaceChildren("Nothing: the rules have mistakes.");
  } else if (tab === "passes") {
    showPasses(made.steps);
  } else if (tab === "host") {
    showHost();
  } else if (tab === "times") {
    const shown = records.state.doc.toString();
    if (typeof made.answers === "string") panel.replaceChildren("There are no records to measure on.");
    else asked(times(SCHEMES[schemeSelect.value]!, editor.state.doc.toString(), shown), "Measuring …", timesView);
  } else {
    const form = made[tab];
    panel.replaceChildren(form === undefined ? "Loading the code generator …" : listingView(marks, form));
  }
}

/** Shows what the server answers, unless something else is to be shown by then. */
function asked<T>(answer: Promise<T>, meanwhile: string, view: (answer: T) => HTMLElement) {
  const [id, on, by] = [question, tab, backend];
  const current = () => id === question && on === tab && by === backend;
  panel.replaceChildren(meanwhile);
  answer.then(
    (answer) => current() && panel.replaceChildren(view(answer)),
    (error: unknown) => current() && panel.replaceChildren(error instanceof Error ? error.message : String(error)),
  );
}

function showHost() {
  choices(host?.code ?? [], backend, (chosen) => {
    backend = chosen;
    showHost();
  });
  const answer = code(SCHEMES[schemeSelect.value]!, editor.state.doc.toString(), backend);
  asked(answer, "Compiling …", (listing) => listingView(marks, listing));
}

/** Buttons, of which one is pressed. */
function choices(names: string[], pressed: string, choose: (name: string, number: number) => void) {
  steps.replaceChildren(
    ...names.map((name, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-pressed", String(name === pressed));
      button.addEventListener("click", () => choose(name, number));
      return button;
    }),
  );
}

function showPasses(all: Step[]) {
  const at = Math.min(step, all.length - 1);
  const names = all.map(({ name }) => name);
  choices(names, names[at]!, (_, number) => {
    step = number === all.length - 1 ? Number.POSITIVE_INFINITY : number;
    showPasses(all);
  });
  const before = new Set(all[at - 1]?.listing.text.split("\n"));
  panel.replaceChildren(listingView(marks, all[at]!.listing, at > 0 ? (line) => !before.has(line) : () => false));
}

function choose(chosen: Tab) {
  tab = chosen;
  for (const button of element("tabs").querySelectorAll("button")) {
    const here = button.dataset["tab"] === tab;
    button.setAttribute("aria-selected", String(here));
    button.tabIndex = here ? 0 : -1;
    if (here) panel.setAttribute("aria-labelledby", button.id);
  }
  show();
  if (isNative(tab) && made && made[tab] === undefined) ask();
  else void address();
}

for (const name of TABS) {
  const button = element("tabs").appendChild(document.createElement("button"));
  button.type = "button";
  button.role = "tab";
  button.id = `tab-${name}`;
  button.dataset["tab"] = name;
  button.textContent = TITLES[name];
  button.setAttribute("aria-controls", "panel");
  button.addEventListener("click", () => choose(name));
}
element("tabs").addEventListener("keydown", (event) => {
  const turn = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
  if (!turn) return;
  const next = TABS[(TABS.indexOf(tab) + turn) % TABS.length]!;
  choose(next);
  element(`tab-${next}`).focus();
});

// The header.

for (const name of Object.keys(SCHEMES).sort()) schemeSelect.add(new Option(name, name));
exampleSelect.add(new Option("…", ""));
EXAMPLES.forEach(({ name }, number) => exampleSelect.add(new Option(name, String(number))));

function open(shown: { scheme: string; text: string; records: string }) {
  schemeSelect.value = shown.scheme in SCHEMES ? shown.scheme : "packets";
  void client.scheme(SCHEMES[schemeSelect.value]!);
  builder.service = client;
  setText(editor, shown.text);
  setText(records, shown.records);
  ask();
}

schemeSelect.addEventListener("change", () => {
  open({ scheme: schemeSelect.value, text: editor.state.doc.toString(), records: records.state.doc.toString() });
});
exampleSelect.addEventListener("change", () => {
  const example = EXAMPLES[Number.parseInt(exampleSelect.value, 10)];
  if (example) open(example);
  exampleSelect.value = "";
});
element("format").addEventListener("click", () => void format(client, editor));
element("share").addEventListener("click", async () => {
  await address();
  await navigator.clipboard.writeText(location.href).then(
    () => (status.textContent = "The link is in the clipboard."),
    () => (status.textContent = "The link is in the address of this page."),
  );
});

function theme() {
  document.documentElement.classList.toggle("dark", isDark());
  for (const view of [editor, records]) view.dispatch({ effects: themed.reconfigure(EditorView.darkTheme.of(isDark())) });
}
element("theme").addEventListener("click", () => {
  document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
  theme();
});
dark.addEventListener("change", theme);

const linked = await read(location.hash);
open(linked ?? EXAMPLES[0]!);
theme();
choose(TABS.find((name) => name === linked?.tab) ?? "tree");
addEventListener("hashchange", async () => {
  const shown = await read(location.hash);
  if (shown) open(shown);
});
