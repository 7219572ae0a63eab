import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  cycles,
  doorViolations,
  type Edge,
  engineViolations,
  fetchedFor,
  isEngine,
  leaving,
  loadedBy,
  namedPackages,
  orderViolations,
  readGraph,
} from "./graph.ts";
import { readText, sourceFiles } from "./files.ts";

const edge = (from: string, to: string, kind: Edge["kind"] = "value"): Edge => ({ from, to, kind });

const graph = await readGraph();

Deno.test("folders depend one way: core ← layers ← optimizers ← tasks", () => {
  assertGreater(graph.length, 50);
  assertEquals(orderViolations(graph), []);
});

Deno.test("top-level folders are entered through a mod.ts", () => {
  assertEquals(doorViolations(graph), []);
});

Deno.test("no file imports itself over others", () => {
  assertEquals(cycles(graph), []);
});

Deno.test("only core/backend/ imports a tensor engine", () => {
  assert(graph.some((e) => isEngine(e.to)), "the graph must show the engine's imports");
  assertEquals(engineViolations(graph), []);
});

Deno.test("core/wasm/ stands on nothing", () => {
  assert(graph.some((e) => e.to === "core/wasm/mod.ts"), "the graph must show who uses it");
  assertEquals(leaving("core/wasm/", graph), []);
});

Deno.test("leaving() finds imports out of a folder, and leaves those of others alone", () => {
  assertEquals(
    leaving("core/a/", [
      edge("core/a/b.ts", "core/a/c.ts"),
      edge("core/a/b.ts", "node:worker_threads"),
      edge("core/a/b.ts", "core/d.ts", "type"),
      edge("core/d.ts", "core/e.ts"),
    ]),
    ["core/a/b.ts imports core/d.ts"],
  );
});

Deno.test("loading mod.ts, or any folder's mod.ts, loads no tensor engine", () => {
  for (const entry of ["mod.ts", "core/mod.ts", "core/backend/mod.ts", "tasks/mod.ts"]) {
    assertEquals([...loadedBy(entry, graph)].filter(isEngine), [], entry);
  }
});

Deno.test("whoever imports mod.ts fetches no package", () => {
  assertEquals(fetchedFor("mod.ts", graph), []);
});

const named = await namedInSources();

Deno.test("packages that load on demand have the versions of deno.json", async () => {
  const { imports } = JSON.parse(await readText("deno.json")) as {
    imports: Record<string, string>;
  };
  for (const name of ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "vega", "vega-lite"]) {
    assert(named.some((n) => n.specifier === imports[name]), `${name} is loaded nowhere`);
  }
  const pinned = new Set(Object.values(imports));
  const others = named.filter((n) => n.path.startsWith("core/") && !pinned.has(n.specifier));
  // Only the backend "tensorflow" may need what is not locked: see its packages.ts.
  assertEquals(others.filter((n) => !n.path.startsWith("core/backend/tensorflow/")), []);
});

Deno.test("only core/backend/ loads a tensor engine on demand", () => {
  const engines = named.filter((n) => isEngine(n.specifier) && !n.path.startsWith("tests/"));
  assert(engines.length > 0, "the sources must show the engine's packages");
  assertEquals(engines.filter((n) => !n.path.startsWith("core/backend/")), []);
});

/** Packages that sources name by a value, with the file. */
async function namedInSources(): Promise<{ path: string; specifier: string }[]> {
  const texts = (await sourceFiles()).map(async (path) => {
    const packages = namedPackages(await readText(path));
    return packages.map((specifier) => ({ path, specifier }));
  });
  return (await Promise.all(texts)).flat();
}

Deno.test("fetchedFor() follows imports on demand, but not types", () => {
  const edges = [
    edge("mod.ts", "a.ts", "dynamic"),
    edge("a.ts", "npm:x@1.0.0"),
    edge("a.ts", "npm:y@1.0.0", "type"),
  ];
  assertEquals(fetchedFor("mod.ts", edges), ["npm:x@1.0.0"]);
});

Deno.test("namedPackages() reads names with and without a scope, a path or a quote of their own", () => {
  const source = 'load("npm:vega@6.4.0"); load("npm:@a/b-c@4.22.0/x.js"); // npm:none@1.0.0\n' +
    "load(`npm:@a/b@1.0.0/${path}`); load(`npm:${name}@1.0.0`);";
  assertEquals(namedPackages(source), ["npm:vega@6.4.0", "npm:@a/b-c@4.22.0", "npm:@a/b@1.0.0"]);
});

Deno.test("orderViolations() finds imports against the order, types included", () => {
  assertEquals(
    orderViolations([
      edge("core/a.ts", "layers/mod.ts", "type"),
      edge("optimizers/a.ts", "tasks/mod.ts", "dynamic"),
      edge("core/a.ts", "mod.ts"),
      edge("tasks/a.ts", "core/mod.ts"),
      edge("core/a.ts", "npm:x@1"),
    ]),
    [
      "core/a.ts imports layers/mod.ts",
      "optimizers/a.ts imports tasks/mod.ts",
      "core/a.ts imports mod.ts",
    ],
  );
});

Deno.test("doorViolations() finds imports past a mod.ts, and only between top-level folders", () => {
  assertEquals(
    doorViolations([
      edge("tasks/a.ts", "core/io/atomic.ts"),
      edge("tasks/a.ts", "core/io/mod.ts"),
      edge("core/io/a.ts", "core/data/b.ts"),
      edge("tasks/a.ts", "core/not_mod.ts"),
    ]),
    ["tasks/a.ts imports core/io/atomic.ts", "tasks/a.ts imports core/not_mod.ts"],
  );
});

Deno.test("engineViolations() finds engines of every spelling", () => {
  assertEquals(
    engineViolations([
      edge("core/algebra/a.ts", "npm:@tensorflow/tfjs@4.22.0", "dynamic"),
      edge("layers/a.ts", "npm:/@tensorflow/tfjs-core@4.22.0", "type"),
      edge("core/backend/wasm/a.ts", "npm:@tensorflow/tfjs@4.22.0"),
    ]).length,
    2,
  );
});

Deno.test("cycles() finds a ring, through types too, but not through imports on demand", () => {
  const ring = [edge("a.ts", "b.ts"), edge("b.ts", "c.ts", "type")];
  assertEquals(cycles([...ring, edge("c.ts", "a.ts")]), ["a.ts → b.ts → c.ts → a.ts"]);
  assertEquals(cycles([...ring, edge("c.ts", "a.ts", "dynamic")]), []);
  assertEquals(cycles([edge("a.ts", "b.ts"), edge("a.ts", "c.ts"), edge("b.ts", "c.ts")]), []);
});

Deno.test("loadedBy() follows values only", () => {
  const edges = [
    edge("mod.ts", "a.ts"),
    edge("a.ts", "b.ts"),
    edge("b.ts", "npm:@tensorflow/tfjs@4", "dynamic"),
    edge("a.ts", "types.ts", "type"),
  ];
  assertEquals([...loadedBy("mod.ts", edges)], ["mod.ts", "a.ts", "b.ts"]);
});

Deno.test("readGraph() tells values, types and imports on demand apart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const at = (name: string): string => `file://${folder}/${name}`;
    await Deno.writeTextFile(`${folder}/b.ts`, "export interface T {}\nexport const x = 1;\n");
    const source = `import type { T } from "./b.ts";\n// import "./comment.ts"\n` +
      `export const t: T = "import './text.ts'";\nexport const f = () => import("./c.ts");\n`;
    await Deno.writeTextFile(`${folder}/a.ts`, source);
    await Deno.writeTextFile(`${folder}/c.ts`, `export * from "./b.ts";\n`);
    const edges = await readGraph([at("a.ts")], new URL(at("")));
    assertEquals(edges.sort((p, q) => (p.from + p.to).localeCompare(q.from + q.to)), [
      edge("a.ts", "b.ts", "type"),
      edge("a.ts", "c.ts", "dynamic"),
      edge("c.ts", "b.ts", "value"),
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
