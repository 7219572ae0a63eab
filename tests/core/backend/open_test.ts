import {
  assert,
  assertEquals,
  assertExists,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { backends, openEngine } from "../../../core/backend/mod.ts";

const MODULE = new URL("../../../core/backend/mod.ts", import.meta.url).href;

/** Runs code that imports the module in a process of its own and returns what it prints. */
async function run(code: string, env: Record<string, string>, flags = ["-A"]): Promise<string> {
  const script = `const m = await import(${JSON.stringify(MODULE)}); ${code}`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", ...(flags[0] === "-A" ? [] : flags), "--", script].filter((a) => a !== "--"),
    env,
  }).output();
  const text = new TextDecoder();
  const out = text.decode(stdout).trim();
  assert(out.length > 0, text.decode(stderr));
  return out;
}

Deno.test("backends stand in the order in which auto tries them", () => {
  assertEquals(backends.names(), ["tensorflow", "webgpu", "blas", "wasm", "cpu"]);
});

Deno.test("openEngine() refuses an unknown backend and suggests the near one", async () => {
  await assertRejects(() => openEngine("wasn"), RangeError, 'did you mean "wasm"');
});

Deno.test("importing the backends loads no engine package", async () => {
  const out = await run(
    `const t = performance.now(); console.log(Object.keys(m.backends.names()).length, ` +
      `"_tfengine" in globalThis)`,
    {},
  );
  assertEquals(out, "5 false");
});

Deno.test("blas without its library is passed over with a reason of one line", async () => {
  const out = await run(
    `const e = await m.openEngine("auto"); console.log(JSON.stringify({ chosen: e.chosen, passedOver: e.passedOver }))`,
    { RANKFLOW_BLAS: "/nonexistent/libblas.so" },
  );
  const { chosen, passedOver } = JSON.parse(out) as {
    chosen: string;
    passedOver: { name: string; reason: string }[];
  };
  const names = backends.names();
  assertEquals(passedOver.map((p) => p.name), names.slice(0, names.indexOf(chosen)));
  const reason = passedOver.find((p) => p.name === "blas")?.reason;
  if (names.indexOf(chosen) < names.indexOf("blas")) return;
  assertExists(reason);
  assertStringIncludes(reason, "/nonexistent/libblas.so cannot be loaded");
  assertEquals(reason.includes("\n"), false);
});

Deno.test("a named backend that does not work here says why and what to install", async () => {
  const out = await run(
    `await m.openEngine("blas").catch((e) => console.log(e.message))`,
    { RANKFLOW_BLAS: "/nonexistent/libblas.so" },
  );
  assertStringIncludes(out, 'Cannot open backend "blas": /nonexistent/libblas.so cannot be loaded');
  assertStringIncludes(out, "install OpenBLAS");
});

Deno.test("engines of several backends live side by side", async () => {
  const [a, b] = [(await openEngine("cpu")).engine, (await openEngine("wasm")).engine];
  const data = Float32Array.of(1, 2, 3, 4);
  const [x, y] = [a.tensor(data, [2, 2]), b.tensor(data, [2, 2])];
  const products = [a.matMul(x, x), b.matMul(y, y), a.matMul(x, x), b.add(y, y)];
  const [p, q, r, s] = await Promise.all(products.map((t, i) => [a, b][i % 2]!.read(t)));
  assertEquals(p, Float32Array.of(7, 10, 15, 22));
  assertEquals(q, p);
  assertEquals(r, p);
  assertEquals(s, Float32Array.of(2, 4, 6, 8));
  for (const t of [x, y, ...products]) t.dispose();
});

Deno.test("openEngine() tells which settings make no difference to the backend", async () => {
  assertEquals((await openEngine("cpu", { threads: 2 })).ignored, ["threads"]);
  assertEquals((await openEngine("cpu")).ignored, []);
  assertEquals((await openEngine("wasm", { threads: 1, memoryLimit: 2 ** 30 })).ignored, []);
});

Deno.test("openEngine() refuses options that make no sense before any backend is tried", async () => {
  for (const name of ["auto", "cpu", "wasm"]) {
    for (const threads of [0, 1.5, NaN]) {
      await assertRejects(
        () => openEngine(name, { threads }),
        RangeError,
        `Cannot open a backend: expected threads to be an integer ≥ 1, got ${threads}`,
      );
    }
    for (const memoryLimit of [0, -1, NaN]) {
      await assertRejects(
        () => openEngine(name, { memoryLimit }),
        RangeError,
        `Cannot open a backend: expected memoryLimit to be a number > 0, got ${memoryLimit}`,
      );
    }
  }
  await assertRejects(
    () => openEngine("cpu", { memoryLimit: 1e6 }),
    RangeError,
    'Cannot limit the memory of backend "cpu": expected no memoryLimit, got 1000000',
  );
});
