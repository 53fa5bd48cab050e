/**
 * Rules in CodeMirror 6: mistakes underlined with the edit that mends them, completion, hover, colours, and formatting by Shift-Alt-F.
 *
 * ```js
 * import { EditorView, basicSetup } from "codemirror";
 * import { spawn } from "quintet-rules/client";
 * import { quintet } from "quintet-rules/codemirror";
 * import { packets } from "quintet-rules/schemes";
 * new EditorView({ parent: document.body, extensions: [basicSetup, quintet(spawn(packets))] });
 * ```
 */
import { type Completion, type CompletionContext, type CompletionResult, autocompletion } from "@codemirror/autocomplete";
import { type Diagnostic, linter } from "@codemirror/lint";
import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, type PluginValue, ViewPlugin, type ViewUpdate, hoverTooltip, keymap } from "@codemirror/view";
import type { Client } from "./client.js";
import type { Colour, Finding } from "./syntax.js";

/** What the editor asks: a client of a worker, or whatever answers as one. */
export type Service = Pick<Client, "check" | "tokens" | "complete" | "hover" | "format">;

/** How the editor behaves. */
export interface Options {
  /** Milliseconds without a key after which mistakes are looked for; 150 where it is absent. */
  delay?: number;
  /** Is told what is wrong whenever that was looked for. */
  onFindings?: (findings: Finding[]) => void;
}

/** All that an editor of rules has. */
export function quintet(service: Service, options: Options = {}): Extension {
  return [
    colours(service),
    linter((view) => diagnostics(service, view, options), { delay: options.delay ?? 150 }),
    autocompletion({ override: [(context) => completions(service, context)] }),
    hoverTooltip((view, place) => tooltip(service, view, place)),
    keymap.of([{ key: "Shift-Alt-f", run: (view) => (void format(service, view), true) }]),
    theme,
  ];
}

/** Writes an editor's text in the one style; a text that cannot be parsed, or was changed meanwhile, stays as it is. Says whether it was done. */
export async function format(service: Service, view: EditorView): Promise<boolean> {
  const before = view.state.doc;
  const formatted = await service.format(before.toString()).catch(() => undefined);
  if (formatted === undefined || view.state.doc !== before) return false;
  const head = Math.min(view.state.selection.main.head, formatted.length);
  view.dispatch({ changes: { from: 0, to: before.length, insert: formatted }, selection: { anchor: head } });
  return true;
}

async function diagnostics(service: Service, view: EditorView, options: Options): Promise<Diagnostic[]> {
  const findings = await service.check(view.state.doc.toString());
  options.onFindings?.(findings);
  return findings.map((finding) => {
    const { mend } = finding;
    const label = finding.label ? ` (${finding.label})` : "";
    const help = finding.help ? `\n${finding.help}` : "";
    const action = mend && {
      name: `Write \`${mend.text.trim()}\``,
      apply(view: EditorView, from: number) {
        // What stands before the finding may have grown or shrunk since; the edit goes with the finding.
        const moved = from - finding.at.start.utf16;
        view.dispatch({ changes: { from: mend.at.start.utf16 + moved, to: mend.at.end.utf16 + moved, insert: mend.text } });
      },
    };
    return {
      from: finding.at.start.utf16,
      to: finding.at.end.utf16,
      severity: finding.severity,
      source: finding.code,
      message: `${finding.message}${label}${help}`,
      actions: action ? [action] : [],
    };
  });
}

const KINDS = {
  value: "enum",
  local: "variable",
  table: "variable",
  rule: "constant",
  field: "property",
  operator: "keyword",
  constant: "constant",
  function: "function",
  keyword: "keyword",
  type: "type",
} as const;

async function completions(service: Service, context: CompletionContext): Promise<CompletionResult | null> {
  const { pos, state, explicit } = context;
  const before = state.sliceDoc(Math.max(0, pos - 1), pos);
  if (!explicit && !/[\w.$"{]/.test(before)) return null;
  const found = await service.complete(state.doc.toString(), pos);
  if (context.aborted || found.items.length === 0) return null;
  const count = found.items.length;
  const options = found.items.map((item, number): Completion => {
    const completion: Completion = { label: item.label, apply: item.insert, type: KINDS[item.kind], boost: 99 - (198 * number) / count };
    if (item.detail) completion.detail = item.detail;
    if (item.doc) completion.info = item.doc;
    return completion;
  });
  // They are filtered and in order already, and asked for again at each letter.
  return { from: found.at.start.utf16, to: found.at.end.utf16, options, filter: false };
}

async function tooltip(service: Service, view: EditorView, place: number) {
  const hover = await service.hover(view.state.doc.toString(), place);
  if (!hover) return null;
  return {
    pos: hover.at.start.utf16,
    end: hover.at.end.utf16,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "cm-quintet-hover";
      const signature = dom.appendChild(document.createElement("code"));
      signature.textContent = hover.signature;
      if (hover.doc) dom.appendChild(document.createElement("p")).textContent = hover.doc;
      return { dom };
    },
  };
}

const painted = StateEffect.define<DecorationSet>();

/** Colours, which go with the text until the new ones are there. */
const paint = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(decorations, transaction) {
    for (const effect of transaction.effects) if (effect.is(painted)) return effect.value;
    return decorations.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function colours(service: Service): Extension {
  class Painter implements PluginValue {
    #open = true;

    constructor(readonly view: EditorView) {
      void this.ask();
    }

    update(update: ViewUpdate) {
      if (update.docChanged) void this.ask();
    }

    destroy() {
      this.#open = false;
    }

    async ask() {
      const asked = this.view.state.doc;
      const tokens = await service.tokens(asked.toString()).catch(() => undefined);
      // A later text has its own.
      if (tokens && this.#open && this.view.state.doc === asked) this.view.dispatch({ effects: painted.of(decorations(tokens)) });
    }
  }
  return [paint, ViewPlugin.fromClass(Painter)];
}

function decorations(tokens: Colour[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { kind, at } of tokens) builder.add(at.start.utf16, at.end.utf16, mark(kind));
  return builder.finish();
}

const marks = new Map<string, Decoration>();

function mark(kind: string): Decoration {
  const known = marks.get(kind) ?? Decoration.mark({ class: `cm-quintet-${kind}` });
  marks.set(kind, known);
  return known;
}

const colour = (light: string, dark: string, ...kinds: string[]) => ({
  [kinds.map((kind) => `&light .cm-quintet-${kind}`).join(", ")]: { color: light },
  [kinds.map((kind) => `&dark .cm-quintet-${kind}`).join(", ")]: { color: dark },
});

const theme = EditorView.baseTheme({
  ...colour("#57606a", "#8b949e", "comment"),
  ...colour("#8250df", "#d2a8ff", "keyword", "boolean"),
  ...colour("#b3261e", "#ff7b72", "operator"),
  ...colour("#0b5cad", "#79c0ff", "number", "address", "range", "network", "bytes", "list"),
  ...colour("#0a6640", "#7ee787", "string", "regex"),
  ...colour("#7a4a00", "#ffb86b", "function", "rule_name", "type_name"),
  ".cm-quintet-hover": { padding: "4px 8px", maxWidth: "36em" },
  ".cm-quintet-hover p": { margin: "4px 0 0", whiteSpace: "pre-wrap" },
});
