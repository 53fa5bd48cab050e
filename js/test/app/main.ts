import { basicSetup, EditorView } from "codemirror";
import { type Finding, Scheme, init } from "quintet-rules";
import { spawn } from "quintet-rules/client";
import { format, quintet } from "quintet-rules/codemirror";
import { packets } from "quintet-rules/schemes";

declare global {
  interface Window {
    view: EditorView;
    findings: Finding[] | undefined;
    format(): Promise<boolean>;
    check(text: string): Promise<{ findings: Finding[]; milliseconds: number }>;
    evaluate(text: string): Promise<number[][]>;
  }
}

const client = spawn(packets);
window.view = new EditorView({
  parent: document.querySelector<HTMLDivElement>("#editor")!,
  extensions: [basicSetup, quintet(client, { delay: 50, onFindings: (findings) => (window.findings = findings) })],
});
window.format = () => format(client, window.view);

// The same in the page itself.
window.check = async (text) => {
  await init();
  const scheme = new Scheme(packets);
  scheme.check(text);
  const start = performance.now();
  const findings = scheme.check(text);
  const milliseconds = performance.now() - start;
  scheme.free();
  return { findings, milliseconds };
};

// The engine is loaded when it is asked for.
window.evaluate = async (text) => {
  const { Rules, init } = await import("quintet-rules/run");
  await init();
  const rules = new Rules({ fields: { "tcp.port": "Int" } }, text);
  return rules.evaluate([{ "tcp.port": 443 }, { "tcp.port": 22 }]).map((answer) => answer.matches);
};

document.body.dataset["ready"] = "yes";
