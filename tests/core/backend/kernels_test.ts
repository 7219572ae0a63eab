import { type Backend, backends, openEngine } from "../../../core/backend/mod.ts";
import { unlessPresent } from "../../support/backend_checks.ts";
import {
  assertOutputs,
  type Case,
  outputsOf,
  SLACK,
  type Values,
} from "../../support/kernel_checks.ts";
import { type Row, rows } from "../../support/kernel_rows.ts";

/** Relative to the largest entry of an output: float32 with sums of a few hundred terms. */
const TOLERANCE = 5e-6;

/** What each case must give: of all backends the same, so it is computed for the first one only. */
const wanted = new WeakMap<Case, Values[]>();

async function wantedOf(c: Case): Promise<Values[]> {
  const found = wanted.get(c) ?? c.expected?.() ??
    await outputsOf((await openEngine("cpu")).engine, c);
  wanted.set(c, found);
  return found;
}

async function check(backend: Backend, row: Row): Promise<void> {
  const tolerance = (row.tolerance ?? TOLERANCE) * (SLACK[backend.name] ?? 1);
  for (const c of row.cases) {
    const { engine } = await openEngine(backend.name);
    const actual = await outputsOf(engine, c);
    assertOutputs(actual, await wantedOf(c), tolerance, c.label);
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
