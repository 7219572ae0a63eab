/** Every Tucker decomposition through the properties that its theory claims. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import fc from "fast-check";
import type { Algebra } from "../../../core/algebra/mod.ts";
import { orthogonalityDefect } from "../../../core/geometry/mod.ts";
import { rankForTail } from "../../../core/tensors/mod.ts";
import { NonFiniteError } from "../../../core/checks.ts";
import { Random } from "../../../core/random.ts";
import {
  combineTensors,
  type DecompositionOptions,
  type DenseTensor,
  denseTensor,
  hooi,
  hosvd,
  randomizedHosvd,
  randomizedSequentialHosvd,
  roundTucker,
  sequentialHosvd,
  type TuckerDecomposition,
  tuckerDecompositions,
  tuckerToDense,
  unfold,
} from "../../../core/tensors/mod.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { host, norm } from "../../support/matrices.ts";
import {
  full,
  gaussianTensor,
  type HostTensor,
  indices,
  lift,
  lower,
  randomTucker,
  tensorError,
} from "../../support/tensors.ts";

interface Row {
  readonly item: TuckerDecomposition;
  /** What the reported error is: exact to round-off, a bound, or from norms (to √ε). */
  readonly reports: "exactly" | "a bound" | "from norms";
  /** Whether ranks may be left to the tolerance alone. */
  readonly byTolerance: boolean;
  /** Error at given ranks at most this times √d times the best. */
  readonly slack: number;
}

const DECOMPOSITIONS: readonly Row[] = [
  { item: hosvd, reports: "a bound", byTolerance: true, slack: 1 },
  { item: sequentialHosvd, reports: "exactly", byTolerance: true, slack: 1 },
  { item: hooi, reports: "from norms", byTolerance: true, slack: 1 },
  { item: randomizedHosvd, reports: "from norms", byTolerance: false, slack: 1.1 },
  { item: randomizedSequentialHosvd, reports: "from norms", byTolerance: false, slack: 1.1 },
];

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 });
const seeds = fc.integer({ min: 1, max: 1e6 });

/** ‖X − X̂‖ for the decomposition of a host tensor. */
async function trueError(
  item: TuckerDecomposition,
  x: HostTensor,
  options: DecompositionOptions,
): Promise<number> {
  const { tucker } = await item.decompose(host, x, options);
  return norm(combineTensors(host, 1, x, -1, full(tucker)).data);
}

/** A tensor whose multilinear singular values decay: a rank-(r) part and noise below it. */
async function decaying(random: Random, shape: readonly number[]): Promise<HostTensor> {
  const core = gaussianTensor(random, shape);
  const decay = indices(shape).map((index, i) =>
    core.data.data[i]! * 2 ** -index.reduce((s, j) => s + j, 0)
  );
  const { factors } = await randomTucker(random, shape, shape);
  return full({ core: denseTensor(host, decay, shape), factors });
}

async function approximation<M>(
  a: Algebra<M>,
  item: TuckerDecomposition,
  x: HostTensor,
  options: DecompositionOptions,
): Promise<{ dense: HostTensor; factors: readonly M[]; core: DenseTensor<M> }> {
  const { tucker } = await item.decompose(a, lift(a, x), options);
  return { dense: await lower(a, tuckerToDense(a, tucker)), ...tucker };
}

Deno.test("every registered Tucker decomposition has a row in the contract table", () => {
  assertEquals(DECOMPOSITIONS.map((r) => r.item.name), tuckerDecompositions.names());
});

for (const row of DECOMPOSITIONS) {
  const { item } = row;

  await testAlgebras(`${item.name} finds a tensor of known ranks`, async (a, tol) => {
    for (const [shape, ranks] of [[[9, 8, 7], [2, 3, 4]], [[6, 5, 4, 7], [2, 2, 2, 3]]]) {
      const x = full(await randomTucker(new Random(1), shape!, ranks!));
      const options = { maxRanks: ranks!, tolerance: 0, oversampling: 1 };
      const { dense, factors, core } = await approximation(a, item, x, options);
      assertEquals(core.shape, ranks);
      assertLess(tensorError(dense, x), 4 * tol.relative);
      for (const u of factors) assertLess(await orthogonalityDefect(a, u), tol.orthonormal);
    }
  });

  await testAlgebras(`${item.name} at full ranks gives the tensor back`, async (a, tol) => {
    for (const shape of [[4, 5, 6], [3, 2, 4, 2], [7, 5]]) {
      const x = gaussianTensor(new Random(2), shape);
      const { dense } = await approximation(a, item, x, { maxRanks: shape });
      assertLess(tensorError(dense, x), 4 * tol.relative);
    }
  });

  Deno.test(`${item.name} is within √d of the best, of any ranks`, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, seeds, async (shape, seed) => {
        const x = await decaying(new Random(seed), shape);
        const maxRanks = shape.map((n) => Math.max(1, Math.floor(n / 2)));
        const options = { maxRanks, oversampling: 2, powerIterations: 2 };
        // The best is not known but lies below the best of what there is.
        const best = Math.min(
          await trueError(hooi, x, { maxRanks }),
          await trueError(sequentialHosvd, x, { maxRanks }),
        );
        const error = await trueError(item, x, options);
        assert(error <= row.slack * Math.sqrt(shape.length) * best + 1e-13 * norm(x.data));
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`${item.name} finds the best approximation of a superdiagonal tensor`, async () => {
    // Of Σ sᵢ eᵢ∘eᵢ∘eᵢ the best of ranks (r, r, r) keeps the r largest terms.
    const s = [5, 4, 2, 0.5, 0.25, 0.125];
    const diagonal = indices([6, 6, 6]).map(([i, j, k]) => i === j && j === k ? s[i!]! : 0);
    const x = denseTensor(host, diagonal, [6, 6, 6]);
    const error = await trueError(item, x, { maxRanks: 3, oversampling: 2, powerIterations: 12 });
    assertAlmostEquals(error, Math.hypot(0.5, 0.25, 0.125), 1e-9);
  });

  Deno.test(`${item.name} reports its error: ${row.reports}`, async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const x = await decaying(new Random(seed), [7, 6, 5]);
      const { tucker, discarded } = await item.decompose(host, x, { maxRanks: [3, 2, 3] });
      const error = norm(combineTensors(host, 1, x, -1, full(tucker)).data);
      assertLess(error, discarded * (1 + 1e-7));
      if (row.reports === "exactly") assertAlmostEquals(error / discarded, 1, 1e-12);
      if (row.reports === "from norms") assertAlmostEquals(error / discarded, 1, 1e-6);
    }
  });

  Deno.test(`${item.name} keeps ranks between their bounds`, async () => {
    const x = await decaying(new Random(6), [6, 5, 4]);
    const loose = { tolerance: 0.9, minRanks: [2, 1, 2], maxRanks: [6, 2, 4] };
    const ranks = (await item.decompose(host, x, loose)).tucker.core.shape;
    assert(ranks[0]! >= 2 && ranks[1]! <= 2 && ranks[2]! >= 2, `${ranks}`);
    const tight = { tolerance: 0, maxRanks: [2, 5, 3] };
    assertEquals((await item.decompose(host, x, tight)).tucker.core.shape, [2, 5, 3]);
  });

  if (row.byTolerance) {
    Deno.test(`${item.name} keeps the error below the tolerance, relative or absolute`, async () => {
      await fc.assert(
        fc.asyncProperty(
          shapes,
          seeds,
          fc.double({ min: 0, max: 0.9, noNaN: true }),
          fc.boolean(),
          async (shape, seed, tolerance, relative) => {
            const x = await decaying(new Random(seed), shape);
            const allowed = relative ? tolerance * norm(x.data) : tolerance;
            const error = await trueError(item, x, { tolerance, relative });
            assert(error <= allowed * (1 + 1e-9) + 1e-13 * norm(x.data), `${error} > ${allowed}`);
          },
        ),
        { numRuns: 60 },
      );
    });
  } else {
    Deno.test(`${item.name} refuses to guess the size of its sketch`, async () => {
      await assertRejects(
        () => item.decompose(host, gaussianTensor(new Random(1), [3, 3]), { tolerance: 0.1 }),
        RangeError,
        "Cannot sketch a tensor: maxRanks must be given, they size the sketch",
      );
    });

    Deno.test(`${item.name} repeats with its seed and differs with another`, async () => {
      const x = gaussianTensor(new Random(7), [12, 11, 10]);
      const at = async (seed: number) => {
        const o = { maxRanks: 2, oversampling: 1, powerIterations: 0, seed };
        return (await item.decompose(host, x, o)).tucker.core;
      };
      assertEquals(await at(3), await at(3));
      assertNotEquals(await at(3), await at(4));
    });
  }
}

Deno.test("hosvd has the norm and the orthogonal slices of its theory", async () => {
  const x = gaussianTensor(new Random(8), [4, 5, 6]);
  const { core } = (await hosvd.decompose(host, x)).tucker;
  for (const mode of [0, 1, 2]) {
    const w = unfold(host, core, mode);
    const gram = host.multiply(w, w, { transposeRight: true });
    const { sigma } = await host.svd(unfold(host, x, mode));
    const wanted = host.diagonal(sigma.map((s) => s * s));
    assertLess(norm(host.lincomb(1, gram, -1, wanted)), 1e-12 * norm(wanted));
  }
});

Deno.test("hooi lowers the error of the sequential HOSVD, and more sweeps never raise it", async () => {
  let gained = 0;
  let gainedLater = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const x = gaussianTensor(new Random(seed), [7, 6, 5]);
    const o = { maxRanks: [3, 2, 2] };
    let previous = await trueError(sequentialHosvd, x, o);
    const start = previous;
    const once = await trueError(hooi, x, { ...o, sweeps: 1 });
    for (const sweeps of [1, 2, 4, 30]) {
      const error = await trueError(hooi, x, { ...o, sweeps });
      assert(error <= previous * (1 + 1e-13), `${error} after ${previous}`);
      previous = error;
    }
    gained = Math.max(gained, start / previous);
    gainedLater = Math.max(gainedLater, once / previous);
  }
  assert(gained > 1.001 && gainedLater > 1.0001, `best gains ${gained} and ${gainedLater}`);
});

Deno.test("hooi stops where every factor is the best one for the others", async () => {
  const x = gaussianTensor(new Random(9), [6, 5, 4]);
  const o = { maxRanks: [2, 2, 2], sweeps: 500, convergence: 1e-15 };
  const once = await hooi.decompose(host, x, o);
  const again = await hooi.decompose(host, x, { ...o, sweeps: 501 });
  assertLess(Math.abs(norm(once.tucker.core.data) - norm(again.tucker.core.data)), 1e-12);
});

Deno.test("hooi brings ranks down that no tensor can have", async () => {
  const x = gaussianTensor(new Random(10), [8, 2, 2]);
  const { tucker } = await hooi.decompose(host, x, { maxRanks: [8, 1, 2] });
  assertEquals(tucker.core.shape, [2, 1, 2]);
});

Deno.test("sequential-hosvd obeys the order of the modes and refuses what is none", async () => {
  const x = gaussianTensor(new Random(11), [5, 4, 3]);
  const o = { maxRanks: [2, 2, 2] };
  const error = await trueError(sequentialHosvd, x, o);
  const other = await trueError(sequentialHosvd, x, { ...o, modeOrder: [2, 0, 1] });
  assert(error !== other && Math.abs(error / other - 1) < 0.3, `${error} and ${other}`);
  await assertRejects(
    () => sequentialHosvd.decompose(host, x, { modeOrder: [0, 1, 1] }),
    RangeError,
    "Cannot order the modes: every mode from 0 to 2 is needed once, got [0, 1, 1]",
  );
});

Deno.test("the first mode may spend an equal share of the error budget", async () => {
  let cut = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const x = await decaying(new Random(seed), [6, 5, 5]);
    const { sigma } = await host.svd(unfold(host, x, 0));
    const whole = rankForTail(sigma, 0.1 * norm(x.data));
    const share = rankForTail(sigma, 0.1 * norm(x.data) / Math.sqrt(3));
    for (const item of [hosvd, sequentialHosvd]) {
      const { tucker } = await item.decompose(host, x, { tolerance: 0.1 });
      assertEquals(tucker.core.shape[0], share);
    }
    cut += share - whole;
  }
  assert(cut > 0, "an equal share must differ from the whole budget");
});

Deno.test("a mode hands on what it leaves of the error budget", async () => {
  // Mode 0 has to keep all, so the others may spend more than the equal share τ²/3 each.
  const x = await decaying(new Random(10), [2, 6, 6]);
  const options = { tolerance: 0.1, minRanks: [2, 1, 1] };
  const { tucker, discarded } = await sequentialHosvd.decompose(host, x, options);
  assert(discarded <= 0.1 * norm(x.data));
  for (const mode of [1, 2]) {
    const { sigma } = await host.svd(unfold(host, x, mode));
    assertLess(tucker.core.shape[mode]!, rankForTail(sigma, 0.1 * norm(x.data) / Math.sqrt(3)));
  }
});

Deno.test("decompositions refuse settings that make no sense", async () => {
  const x = gaussianTensor(new Random(1), [3, 3, 3]);
  const refused: [DecompositionOptions, string][] = [
    [{ tolerance: -1 }, "Cannot truncate: expected tolerance to be a number ≥ 0, got -1"],
    [{ tolerance: NaN }, "Cannot truncate: expected tolerance to be a number ≥ 0, got NaN"],
    [{ maxRanks: [2, 2] }, "maxRanks must be one number or 3, each an integer >= 1, got [2, 2]"],
    [{ maxRanks: 1.5 }, "maxRanks must be one number or 3, each an integer >= 1, got 1.5"],
    [{ minRanks: 0, maxRanks: 2 }, "minRanks must be one number or 3, each an integer >= 1, got 0"],
    [{ minRanks: 1.5, maxRanks: 2 }, "each an integer >= 1, got 1.5"],
    [{ minRanks: [1, 3, 1], maxRanks: 2 }, "expected minRanks to be at most maxRanks, got 3 and 2"],
  ];
  for (const item of tuckerDecompositions.list()) {
    for (const [options, message] of refused) {
      const all = { maxRanks: 2, ...options };
      await assertRejects(() => item.decompose(host, x, all), RangeError, message);
    }
  }
  const own: [TuckerDecomposition, DecompositionOptions, string][] = [
    [hooi, { sweeps: 2.5 }, "Cannot decompose: expected sweeps to be an integer ≥ 0, got 2.5"],
    [hooi, { convergence: NaN }, "expected convergence to be a number ≥ 0, got NaN"],
    [randomizedHosvd, { oversampling: -1 }, "expected oversampling to be an integer ≥ 0, got -1"],
    [randomizedHosvd, { powerIterations: 0.5 }, "expected powerIterations to be an integer ≥ 0"],
  ];
  for (const [item, options, message] of own) {
    await assertRejects(
      () => item.decompose(host, x, { maxRanks: 2, ...options }),
      RangeError,
      message,
    );
  }
});

Deno.test("decompositions and rounding refuse tensors that are not finite", async () => {
  for (const value of [NaN, Infinity]) {
    const x = denseTensor(host, new Float64Array(27).fill(1).fill(value, 5, 6), [3, 3, 3]);
    const factors = [1, 2, 3].map(() => host.diagonal(Float64Array.of(1, 1, 1)));
    for (
      const compute of [
        ...tuckerDecompositions.list().map((item) => () =>
          item.decompose(host, x, { maxRanks: 2 })
        ),
        () => roundTucker(host, { core: x, factors }, { tolerance: 0.1 }),
      ]
    ) {
      await assertRejects(compute, NonFiniteError, "Cannot truncate: expected a finite tensor");
    }
  }
});
