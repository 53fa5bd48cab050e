/** What is shown, in the address: JSON, deflated, in letters that need no quoting. */
export interface Shown {
  scheme: string;
  text: string;
  records: string;
  tab: string;
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

export async function write(shown: Shown): Promise<string> {
  const packed = await through(new TextEncoder().encode(JSON.stringify(shown)), new CompressionStream("deflate-raw"));
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return `#1${letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** What an address shows; nothing where it was not made by {@link write}. */
export async function read(hash: string): Promise<Shown | undefined> {
  if (!hash.startsWith("#1")) return undefined;
  try {
    const letters = atob(hash.slice(2).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const shown: unknown = JSON.parse(new TextDecoder().decode(await through(packed, new DecompressionStream("deflate-raw"))));
    const texts = ["scheme", "text", "records", "tab"] as const;
    return texts.every((key) => typeof (shown as Shown)[key] === "string") ? (shown as Shown) : undefined;
  } catch {
    return undefined;
  }
}
