/** Ranks and entries that weights start with, and the bounds between which ranks move. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Initialiser,
  initialStates,
  noTruncation,
  ranksOf,
  steadyStrength,
  type Truncation,
  type WeightSpec,
} from "../../../core/mod.ts";
import { spectral } from "../../../core/regularizers/mod.ts";
import { bounds, startRank } from "../../../core/training/representation/matrix_factors.ts";
import { regularizationAt } from "../../../core/training/regularize.ts";
import { kaimingNormal, linear } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf } from "../../support/training.ts";

const plain: Truncation = { rule: noTruncation, tolerance: 0 };

function spec(options: Partial<WeightSpec> = {}): WeightSpec {
  return { name: "w", shape: [9, 6], format: "low-rank", initialiser: kaimingNormal, ...options };
}

Deno.test("bounds of a weight go before those of the run, and neither may cross", () => {
  const found = (s: Partial<WeightSpec>, t: Partial<Truncation>) => {
    const { minRank, maxRank } = bounds(spec(s), { ...plain, ...t });
    return [minRank, maxRank];
  };
  assertEquals(found({}, {}), [1, 6]);
  assertEquals(found({}, { minRank: 12 }), [6, 6]);
  assertEquals(found({ maxRank: 2 }, { minRank: 4, maxRank: 5 }), [2, 2]);
  assertEquals(found({ minRank: 4 }, { maxRank: 3 }), [4, 4]);
  assertThrows(
    () => bounds(spec({ minRank: 4, maxRank: 3 }), plain),
    RangeError,
    'Cannot bound the rank of "w": expected minRank to be at most maxRank, got 4 and 3',
  );
  assertThrows(
    () => bounds(spec(), { ...plain, minRank: 12, maxRank: 3 }),
    RangeError,
    "expected minRank to be at most maxRank, got 12 and 3",
  );
  assertThrows(() => bounds(spec({ maxRank: 2.5 }), plain), RangeError, "an integer ≥ 1, got 2.5");
});

Deno.test("the rank at the start lies within the bounds and is a whole number", () => {
  const t = { ...plain, minRank: 2, maxRank: 4 };
  assertEquals([1, 3, 100, undefined].map((wanted) => startRank(spec(), t, 6, wanted)), [
    ...[2, 3, 4, 4],
  ]);
  for (const rank of [0, 2.5, NaN]) {
    assertThrows(
      () => startRank(spec({ rank }), t),
      RangeError,
      `Cannot start weight "w": expected rank to be an integer ≥ 1, got ${rank}`,
    );
  }
});

Deno.test({
  ...await onBackend("cpu", "what initialisers draw is checked, in every format"),
  fn: async () => {
    const method = await methodOf();
    const own = (change: Partial<Initialiser>): Initialiser => ({
      ...kaimingNormal,
      name: "own",
      ...change,
    });
    const start = (format: string, initialiser: Initialiser) =>
      method.engine.scope(async () => {
        const layer = linear({ name: "a", inputs: 9, outputs: 6, format, initialiser });
        return ranksOf(layer, await initialStates(method, layer, 1));
      });
    await assertRejects(
      () => start("dense", own({ draw: () => new Float32Array(54).fill(NaN) })),
      RangeError,
      'Cannot start weight "a.weight" by "own": expected finite numbers in its entries, got NaN',
    );
    await assertRejects(
      () => start("dense", own({ draw: () => new Float32Array(3) })),
      RangeError,
      'Cannot start weight "a.weight" by "own": expected 54 entries, got 3',
    );
    for (const format of ["low-rank", "tucker", "factored-low-rank", "factored-tucker"]) {
      for (const value of [NaN, -1, Infinity]) {
        await assertRejects(
          () => start(format, own({ variance: () => value })),
          RangeError,
          `expected its variance to be a number ≥ 0, got ${value}`,
        );
      }
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "strengths of regularizers and what their schedules give are checked"),
  fn: async () => {
    const at = async (strength: number, factor: number) => {
      const schedule = { ...steadyStrength, name: "own", at: () => factor };
      const regularization = [{ regularizer: spectral, strength, schedule }];
      return regularizationAt({ ...await methodOf(), regularization }, 0.5)[0]!.strength;
    };
    assertEquals(await at(3, 0.5), 1.5);
    await assertRejects(() => at(NaN, 1), RangeError, "expected strength to be a number ≥ 0");
    await assertRejects(
      () => at(1, NaN),
      RangeError,
      'Cannot regularise by "spectral": expected the factor of schedule "own" to be a number ≥ 0',
    );
  },
});
