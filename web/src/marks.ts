/**
 * What the pointer, the caret or the keyboard is on, and all that was made of the same part of the text: marked in the editor, in what is shown,
 * and on the tabs of what is not.
 */
export interface Range {
  from: number;
  to: number;
}

export type Stretch = [from: number, to: number];

/** A line that is shown, or a name, and the parts of the text that it stands for. */
export interface Line {
  element: HTMLElement;
  spans: readonly Stretch[];
}

const within = (spans: readonly Stretch[], node: Range) => spans.some(([from, to]) => node.from <= from && to <= node.to);

/** The part of the text that a line stands for. */
function cover(spans: readonly Stretch[]): Range | undefined {
  if (spans.length === 0) return undefined;
  return { from: Math.min(...spans.map(([from]) => from)), to: Math.max(...spans.map(([, to]) => to)) };
}

export class Marks {
  #lines: Line[] = [];
  #forms = new Map<string, Stretch[][]>();
  /** What stays marked while the pointer is on nothing. */
  #kept: Range | undefined;
  #on: Range | undefined;

  /** `show` marks a part of the text, `tab` is told whether a form has lines for it. */
  constructor(
    readonly show: (node: Range | undefined) => void,
    readonly tab: (form: string, has: boolean) => void,
  ) {}

  /** What stands for what in all forms that there are; the text is another one. */
  made(forms: Iterable<[string, Stretch[][]]>): void {
    this.#forms = new Map(forms);
    this.#apply();
  }

  /** The text has changed, so that no place is where it was. */
  forget(): void {
    this.#kept = this.#on = undefined;
    this.#forms.clear();
    this.#apply();
  }

  /** These lines are shown now. They are marked, and mark, while the pointer is on them; a click keeps the marks. */
  lines(lines: Line[]): void {
    this.#lines = lines;
    for (const { element, spans } of lines) {
      const node = cover(spans);
      element.addEventListener("mouseenter", () => this.on(node));
      element.addEventListener("mouseleave", () => this.on(undefined));
      element.addEventListener("click", () => this.keep(node));
    }
    this.#apply();
    if (this.#kept) lines.find(({ element }) => element.classList.contains("marked"))?.element.scrollIntoView({ block: "nearest" });
  }

  /** The pointer is on a part of the text, or on nothing. */
  on(node: Range | undefined): void {
    if (node?.from === this.#on?.from && node?.to === this.#on?.to) return;
    this.#on = node;
    this.#apply();
  }

  /** The caret is there, or the keyboard. */
  keep(node: Range | undefined): void {
    this.#kept = node;
    this.#apply();
  }

  /** The smallest part of the text around a place that something was made for. */
  at(place: number): Range | undefined {
    let found: Stretch | undefined;
    for (const lines of this.#forms.values()) {
      for (const span of lines.flat()) {
        if (span[0] <= place && place < span[1] && (!found || span[1] - span[0] < found[1] - found[0])) found = span;
      }
    }
    return found && { from: found[0], to: found[1] };
  }

  #apply(): void {
    const node = this.#on ?? this.#kept;
    this.show(node);
    for (const { element, spans } of this.#lines) element.classList.toggle("marked", node !== undefined && within(spans, node));
    for (const [form, lines] of this.#forms) this.tab(form, node !== undefined && lines.some((spans) => within(spans, node)));
  }
}
