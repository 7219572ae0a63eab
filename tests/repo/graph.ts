import { fromFileUrl, root, sourceFiles } from "./files.ts";

/** One import of a file of this repository. */
export interface Edge {
  /** Importing file, relative to the root of the repository. */
  readonly from: string;
  /** Imported file, relative to the root, or the resolved specifier of a package. */
  readonly to: string;
  /** Whether it is needed to run, only for its types, or loaded later on demand. */
  readonly kind: "value" | "type" | "dynamic";
}

/** The top-level folders in the order in which they may see each other. */
export const LAYERS = ["core", "layers", "optimizers", "tasks"] as const;

interface Dependency {
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly Dependency[];
}

/**
 * Reads the imports of every library file through `deno info`, which parses as Deno itself does.
 *
 * @param files Paths relative to the root; default every file of mod.ts, core … tasks.
 * @param base The folder that paths are relative to; default the root of the repository.
 * @returns All imports.
 */
export async function readGraph(files?: readonly string[], base: URL = root): Promise<Edge[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const paths = files ?? await librarySources();
    const lines = paths.map((p) => `import ${JSON.stringify(new URL(p, base).href)};`);
    await Deno.writeTextFile(entry, lines.join("\n"));
    const { modules } = JSON.parse(await denoInfo(entry)) as { modules: GraphModule[] };
    return modules.flatMap((m) => edgesOf(m, base.href)).filter((e) => !e.from.includes(":"));
  } finally {
    await Deno.remove(entry);
  }
}

async function librarySources(): Promise<string[]> {
  const files = await sourceFiles();
  return files.filter((f) => f === "mod.ts" || LAYERS.some((l) => f.startsWith(`${l}/`)));
}

async function denoInfo(entry: string): Promise<string> {
  const config = fromFileUrl(new URL("deno.json", root));
  const done = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", config, entry],
  }).output();
  if (!done.success) throw new Error(new TextDecoder().decode(done.stderr));
  return new TextDecoder().decode(done.stdout);
}

function edgesOf(module: GraphModule, base: string): Edge[] {
  const from = relative(module.specifier, base);
  return (module.dependencies ?? []).flatMap((d): Edge[] => {
    const to = d.code?.specifier ?? d.type?.specifier;
    if (to === undefined) return [];
    const kind = d.isDynamic ? "dynamic" : d.code ? "value" : "type";
    return [{ from, to: relative(to, base), kind }];
  });
}

/** Path relative to the base, or the specifier itself for what lies elsewhere. */
function relative(specifier: string, base: string): string {
  return specifier.startsWith(base) ? specifier.slice(base.length) : specifier;
}

function layerOf(path: string): number {
  if (path === "mod.ts") return LAYERS.length;
  return LAYERS.findIndex((layer) => path.startsWith(`${layer}/`));
}

/** Imports against the order core ← layers ← optimizers ← tasks ← mod.ts. */
export function orderViolations(edges: readonly Edge[]): string[] {
  return edges.filter((e) => layerOf(e.from) < layerOf(e.to)).map(say);
}

/** Imports that reach into another top-level folder past its mod.ts files. */
export function doorViolations(edges: readonly Edge[]): string[] {
  return edges.filter((e) =>
    layerOf(e.from) >= 0 && layerOf(e.to) >= 0 && layerOf(e.from) !== layerOf(e.to) &&
    !/(^|\/)mod\.ts$/.test(e.to)
  ).map(say);
}

/** Imports of a tensor engine outside core/backend/. */
export function engineViolations(edges: readonly Edge[]): string[] {
  return edges.filter((e) => isEngine(e.to) && !e.from.startsWith("core/backend/")).map(say);
}

/** Imports of a folder's files that lead out of it to other files or packages. */
export function leaving(folder: string, edges: readonly Edge[]): string[] {
  const inside = (path: string): boolean => path.startsWith(folder) || path.startsWith("node:");
  return edges.filter((e) => e.from.startsWith(folder) && !inside(e.to)).map(say);
}

/** Whether a resolved specifier is a TensorFlow.js package. */
export function isEngine(specifier: string): boolean {
  return /^(npm:)?\/?@tensorflow\//.test(specifier);
}

/** Everything that loading `start` loads, without what is imported on demand. */
export function loadedBy(start: string, edges: readonly Edge[]): Set<string> {
  return reached(start, edges.filter((e) => e.kind === "value"));
}

/**
 * The packages that Deno fetches before it runs a program that imports `start`: those of imports
 * on demand too, where their specifier is written out.
 */
export function fetchedFor(start: string, edges: readonly Edge[]): string[] {
  const found = reached(start, edges.filter((e) => e.kind !== "type"));
  return [...found].filter((path) => /^(npm|jsr|https?):/.test(path));
}

function reached(start: string, edges: readonly Edge[]): Set<string> {
  const seen = new Set([start]);
  for (const path of seen) {
    for (const e of edges) if (e.from === path) seen.add(e.to);
  }
  return seen;
}

/** The npm packages with a version that a source text names in its strings. */
export function namedPackages(source: string): string[] {
  return [...source.matchAll(/["`](npm:(?:@[\w-]+\/)?[\w.-]+@[\w.-]+)/g)].map((m) => m[1]!);
}

/**
 * Rings of files that import each other, for values or types; imports on demand are left out.
 *
 * @returns One text per ring found: `a.ts → b.ts → a.ts`.
 */
export function cycles(edges: readonly Edge[]): string[] {
  const next = new Map<string, string[]>();
  for (const e of edges) {
    if (e.kind !== "dynamic") next.set(e.from, [...next.get(e.from) ?? [], e.to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) return void found.push([...path.slice(at), file].join(" → "));
    if (done.has(file)) return;
    path.push(file);
    for (const to of next.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return found;
}

function say(e: Edge): string {
  return `${e.from} imports ${e.to}`;
}
