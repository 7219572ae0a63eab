import { type Backend, backends, openEngine } from "../../../core/backend/mod.ts";
import { unlessPresent } from "../../support/backend_checks.ts";
import { assertOutputs, outputsOf, SLACK } from "../../support/kernel_checks.ts";
import { type Row, rows } from "../../support/kernel_rows.ts";

/** Relative to the largest entry of an output: float32 with sums of a few hundred terms. */
const TOLERANCE = 5e-6;

async function check(backend: Backend, row: Row): Promise<void> {
  const tolerance = (row.tolerance ?? TOLERANCE) * (SLACK[backend.name] ?? 1);
  for (const c of row.cases) {
    const { engine } = await openEngine(backend.name);
    const actual = await outputsOf(engine, c);
    const expected = c.expected?.() ?? await outputsOf((await openEngine("cpu")).engine, c);
    assertOutputs(actual, expected, tolerance, c.label);
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
