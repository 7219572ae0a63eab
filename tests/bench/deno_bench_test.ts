import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { type Entry, previousOf, readHistory } from "../../bench/support/history.ts";
import { thisMachine } from "../../bench/support/machine.ts";

const ROOT = new URL("../../", import.meta.url);

interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs Deno as if there were no OpenBLAS. */
async function deno(...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", RANKFLOW_BLAS: "no_such_library.so" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** Names and averages in nanoseconds of what `deno bench --json` printed. */
function figuresOf({ code, out, err }: Finished): Map<string, number> {
  assertEquals(code, 0, err);
  const { benches } = JSON.parse(out) as {
    benches: { name: string; results: { ok: { avg: number } }[] }[];
  };
  return new Map(benches.map(({ name, results }) => [name, results[0]!.ok.avg]));
}

/** What a file hands to `Deno.bench` when it is loaded. */
async function registeredBy(file: string): Promise<Deno.BenchDefinition[]> {
  const found: Deno.BenchDefinition[] = [];
  const original = Deno.bench;
  Object.assign(Deno, { bench: (definition: Deno.BenchDefinition) => found.push(definition) });
  try {
    await import(new URL(`bench/${file}`, ROOT).href);
  } finally {
    Object.assign(Deno, { bench: original });
  }
  return found;
}

const files = [...Deno.readDirSync(new URL("bench", ROOT))].map(({ name }) => name)
  .filter((name) => name.endsWith("_bench.ts"));

for (const file of files) {
  // Not within the test: what one file loads to look for backends stays loaded.
  const all = await registeredBy(file);
  Deno.test(`${file} registers work in groups with one baseline at most`, () => {
    const found = all.filter((definition) => !definition.ignore);
    assertGreater(found.length, 0);
    const name = file.replace("_bench.ts", "").replaceAll("_", "-");
    for (const definition of found) {
      assert(definition.name.startsWith(`${name} `), definition.name);
      assert(definition.group?.startsWith(`${name}: `), definition.group);
    }
    const baselines = found.filter(({ baseline }) => baseline).map(({ group }) => group);
    assertEquals(baselines.length, new Set(baselines).size);
  });
}

const FILTER = "/^(flow wasm-simd step|kernels \\w+ norm)/";
const FILTER_AND_REASONS = "/^(flow wasm-simd step|kernels \\w+ norm|\\w+ nothing to)/";

Deno.test("deno bench measures what the filter lets through, and names what is not here", async () => {
  // What a file hands over is held to account above, file by file.
  const some = ["flow", "kernels"].map((name) => `bench/${name}_bench.ts`);
  const done = await deno("bench", "-A", "--no-check", "--json", "--filter", FILTER, ...some);
  const figures = figuresOf(done);
  assert(figures.has("flow wasm-simd step, 1 thread"));
  assert(figures.has("kernels wasm norm"));
  assert(!figures.has("kernels blas norm"));
  for (const [name, nanoseconds] of figures) assertGreater(nanoseconds, 100, name);
  assertMatch(done.err, /kernels left out .*blas: no_such_library\.so cannot be loaded/);
});

Deno.test("deno bench needs no permission, and names what it would do with them", async () => {
  const some = ["conv", "flow", "kernels", "startup"].map((name) => `bench/${name}_bench.ts`);
  const done = await deno("bench", "--no-check", "--json", "--filter", FILTER_AND_REASONS, ...some);
  const denied = (of: string, flag: string) => `${of}: --allow-${flag} is not granted; use -A`;
  assertEquals(
    new Set(figuresOf(done).keys()),
    new Set([
      ...["flow wasm-simd step, 1 thread", "kernels cpu norm"],
      `conv nothing to measure: ${denied("tensorflow, webgpu, blas", "read")}`,
      `startup nothing to measure: ${denied("demo", "run")}`,
    ]),
  );
  assertStringIncludes(done.err, denied("blas, wasm", "read"));
});

Deno.test("deno task bench compares an entry with the one of another commit", async () => {
  const history = await Deno.makeTempFile();
  try {
    const name = "element-wise passes over 256×500: wasm norm";
    const entry: Entry = {
      ...{ date: "2026-01-01T00:00:00.000Z", commit: "0123456789ab", dirty: false },
      ...{ machine: thisMachine(), deno: Deno.version.deno, bench: "kernels", backend: "wasm" },
      ...{ quick: true, figures: { [name]: { median: 1e-5, unit: "s" } } },
    };
    await Deno.writeTextFile(history, `${JSON.stringify(entry)}\n`);
    const bench = ["run", "-A", "--no-check", "bench/main.ts", "kernels", "--backend", "wasm"];
    const done = await deno(...bench, "--quick", "--save", "--history", history);
    assertStringIncludes(done.out, "(0123456789ab", done.err);
    assertStringIncludes(done.out, name);
    const [before, saved, ...more] = await readHistory(history);
    assertEquals([before, more.length], [entry, 0]);
    // What was saved is what a later run is compared with.
    assertEquals(previousOf([saved!], { ...saved!, commit: "another" }), saved);
    assert(saved!.figures[name]!.median > 0);
  } finally {
    await Deno.remove(history);
  }
});
