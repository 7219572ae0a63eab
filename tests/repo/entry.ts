import { fromFileUrl, root } from "./files.ts";

/** A symbol as `deno doc --json` tells it. */
export interface DocumentedSymbol {
  /** Its name. */
  readonly name: string;
  /** Its declarations: several for overloads, or for a value and a type of one name. */
  readonly declarations: readonly {
    readonly kind: string;
    readonly location: { readonly filename: string };
    readonly jsDoc?: {
      readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
    };
  }[];
}

/** The public symbols of an entry of the package, as Deno's documentation has them. */
export async function symbolsOf(entry: string): Promise<readonly DocumentedSymbol[]> {
  const { nodes } = JSON.parse(await denoDoc(["--json", entry])) as {
    nodes: Record<string, { symbols: readonly DocumentedSymbol[] }>;
  };
  return Object.values(nodes).flatMap((module) => module.symbols);
}

/** What `deno doc --lint` has against an entry alone: types that it uses but does not export. */
export async function hiddenTypesOf(entry: string): Promise<string[]> {
  const text = await denoDoc(["--lint", entry]);
  const found = text.matchAll(/public type '([^']+)' references private type '([^']+)'/g);
  return [...found].map(([, user, hidden]) => `${user} uses ${hidden}`);
}

async function denoDoc(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args],
    cwd: fromFileUrl(root),
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(args[0] === "--lint" ? stderr : stdout);
}

/** Whether a symbol is there when the program runs. */
export function isValue({ declarations }: DocumentedSymbol): boolean {
  return declarations.some(({ kind }) => kind !== "interface" && kind !== "typeAlias");
}

/** The examples of a symbol, as text. */
export function examplesOf({ declarations }: DocumentedSymbol): string[] {
  const tags = declarations.flatMap((d) => d.jsDoc?.tags ?? []);
  return tags.filter(({ kind }) => kind === "example").map(({ doc }) => doc ?? "");
}

/** The names that no example shows: none of its own, and none in its file that names it. */
export function unshown(symbols: readonly DocumentedSymbol[]): string[] {
  const texts = new Map<string, string>();
  for (const symbol of symbols) {
    for (const { location } of symbol.declarations) {
      const before = texts.get(location.filename) ?? "";
      texts.set(location.filename, before + examplesOf(symbol).join("\n"));
    }
  }
  const named = ({ name, declarations }: DocumentedSymbol) =>
    declarations.some((d) => new RegExp(`\\b${name}\\b`).test(texts.get(d.location.filename)!));
  return symbols.filter((s) => examplesOf(s).length === 0 && (isValue(s) || !named(s)))
    .map(({ name }) => name);
}
