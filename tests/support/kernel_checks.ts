/** Runs operations on an engine and holds them to what they must give. */

import { assertEquals, fail } from "@std/assert";
import type { Engine, Tensor } from "../../core/backend/mod.ts";

/** Numbers of one output. */
export type Values = ArrayLike<number>;

/** An operation on one shape. */
export interface Case {
  /** Shapes in words, for messages. */
  readonly label: string;
  /** Outputs on an engine. */
  compute(e: Engine): Tensor[];
  /** Outputs in float64. */
  readonly expected?: () => Values[];
}

/** GPU drivers may round each operation less strictly than IEEE asks. */
export const SLACK: Readonly<Record<string, number>> = { webgpu: 20, tensorflow: 4 };

/** What an engine gives, read back; no tensor may be left over. */
export async function outputsOf(e: Engine, row: Case): Promise<Values[]> {
  const before = e.memory().numTensors;
  const outputs = await e.scope(async () => {
    const tensors = row.compute(e);
    const values = await Promise.all(tensors.map((t) => e.read(t)));
    for (const t of new Set(tensors)) t.dispose();
    return values;
  });
  assertEquals(e.memory().numTensors, before, `${row.label} keeps tensors`);
  return outputs;
}

/**
 * Holds outputs to what is expected, relative to the largest entry of each, or to `least` where all
 * are smaller: sums that cancel are as exact as their terms.
 */
export function assertOutputs(
  actual: readonly Values[],
  expected: readonly Values[],
  tolerance: number,
  label: string,
  least = 1e-30,
): void {
  assertEquals(actual.map((v) => v.length), expected.map((v) => v.length), label);
  actual.forEach((values, k) => {
    const wanted = expected[k]!;
    let scale = least;
    for (let i = 0; i < wanted.length; i++) scale = Math.max(scale, Math.abs(wanted[i]!));
    for (let i = 0; i < wanted.length; i++) {
      const error = Math.abs(values[i]! - wanted[i]!) / scale;
      // The words cost more than the numbers: only where they are read.
      if (error <= tolerance) continue;
      const where = `${label}: output ${k}, entry ${i}: ${values[i]}, expected ${wanted[i]}`;
      fail(`${where} (${error} > ${tolerance})`);
    }
  });
}
