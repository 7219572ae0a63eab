import { assert, assertEquals } from "@std/assert";
import { type Backend, backends, type Engine, openEngine } from "../../../core/backend/mod.ts";
import { unlessPresent } from "../../support/backend_checks.ts";
import { type Case, type Row, rows, type Values } from "../../support/kernel_rows.ts";

/** Relative to the largest entry of an output: float32 with sums of a few hundred terms. */
const TOLERANCE = 5e-6;

/** GPU drivers may round each operation less strictly than IEEE asks. */
const SLACK: Readonly<Record<string, number>> = { webgpu: 20, tensorflow: 4 };

async function outputs(e: Engine, row: Case): Promise<Values[]> {
  return await e.scope(async () => {
    const tensors = row.compute(e);
    const values = await Promise.all(tensors.map((t) => e.read(t)));
    for (const t of new Set(tensors)) t.dispose();
    return values;
  });
}

function assertClose(actual: Values[], expected: Values[], tolerance: number, label: string): void {
  assertEquals(actual.map((v) => v.length), expected.map((v) => v.length), label);
  actual.forEach((values, k) => {
    const wanted = Array.from(expected[k]!);
    const scale = wanted.reduce((largest, w) => Math.max(largest, Math.abs(w)), 1e-30);
    wanted.forEach((w, i) => {
      const error = Math.abs(values[i]! - w) / scale;
      const where = `${label}: output ${k}, entry ${i}: ${values[i]}, expected ${w}`;
      assert(error <= tolerance, `${where} (${error} > ${tolerance})`);
    });
  });
}

async function check(backend: Backend, row: Row): Promise<void> {
  const tolerance = (row.tolerance ?? TOLERANCE) * (SLACK[backend.name] ?? 1);
  for (const c of row.cases) {
    const { engine } = await openEngine(backend.name);
    const before = engine.memory().numTensors;
    const actual = await outputs(engine, c);
    assertEquals(engine.memory().numTensors, before, `${c.label} keeps tensors`);
    const expected = c.expected?.() ?? await outputs((await openEngine("cpu")).engine, c);
    assertClose(actual, expected, tolerance, c.label);
  }
}

for (const backend of backends.list()) {
  for (const row of rows) {
    Deno.test({
      ...await unlessPresent(backend, row.name),
      // Engines, libraries and devices belong to the process.
      sanitizeResources: false,
      sanitizeOps: false,
      fn: () => check(backend, row),
    });
  }
}
