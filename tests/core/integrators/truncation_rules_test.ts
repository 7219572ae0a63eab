import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { type Matrix, matrixOf } from "../../../core/algebra/mod.ts";
import {
  absoluteFrobenius,
  absoluteSpectral,
  clampedRank,
  conservative,
  conservativeRule,
  energyFraction,
  euler,
  type Integrator,
  integrators,
  keepRank,
  normalisedSpectrum,
  noTruncation,
  relativeFrobenius,
  relativeNuclear,
  spectralThreshold,
  stepOde,
  truncate,
  type Truncation,
  type TruncationRule,
  truncationRules,
} from "../../../core/integrators/mod.ts";
import { denseField, type LowRank, orthogonalityDefect } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  norm,
  randomLowRank,
  relativeError,
  times,
} from "../../support/matrices.ts";

const sum = (xs: Float64Array, f: (x: number) => number): number =>
  xs.reduce((total, x) => total + f(x), 0);

/** What a rule promises of the discarded values, against all values. */
const PROMISES: readonly [
  TruncationRule,
  (tail: Float64Array, all: Float64Array, tolerance: number) => boolean,
][] = [
  [relativeFrobenius, (tail, all, t) => Math.hypot(...tail) <= t * Math.hypot(...all)],
  [absoluteFrobenius, (tail, _all, t) => Math.hypot(...tail) <= t],
  [relativeNuclear, (tail, all, t) => sum(tail, (x) => x) <= t * sum(all, (x) => x)],
  [spectralThreshold, (tail, all, t) => (tail[0] ?? 0) <= t * all[0]!],
  [absoluteSpectral, (tail, _all, t) => tail.length === 0 || tail[0]! < t],
  [
    normalisedSpectrum,
    (tail, all, t) => tail.length === 0 || tail[0]! - all.at(-1)! < t * (all[0]! - all.at(-1)!),
  ],
  [energyFraction, (tail, all, t) => sum(tail, (x) => x * x) <= t * sum(all, (x) => x * x)],
];

const spectrum = fc.array(fc.double({ min: 1e-6, max: 10, noNaN: true }), {
  minLength: 1,
  maxLength: 12,
}).map((xs) => Float64Array.from(xs).sort().reverse());
const threshold = fc.double({ min: 0, max: 1, noNaN: true });

for (const [rule, promise] of PROMISES) {
  Deno.test(`${rule.name} keeps the fewest values that its promise allows`, () => {
    fc.assert(fc.property(spectrum, threshold, (sigma, tolerance) => {
      const rank = rule.rank(sigma, tolerance);
      // Sums in another order differ by round-off.
      const loose = tolerance * (1 + 1e-12) + 1e-300;
      assert(promise(sigma.subarray(rank), sigma, loose), `rank ${rank} of ${sigma}`);
      const tight = tolerance * (1 - 1e-12) - 1e-15;
      if (rank > 0) assert(!promise(sigma.subarray(rank - 1), sigma, tight), `rank ${rank}`);
    }));
  });

  Deno.test(`${rule.name} with tolerance 0 keeps what is not zero`, () => {
    assertEquals(rule.rank(Float64Array.of(3, 1, 1e-9, 0, 0), 0), 3);
    assertEquals(rule.rank(Float64Array.of(3, 1, 1e-9), 0), 3);
  });

  Deno.test(`${rule.name} never keeps more with a larger tolerance`, () => {
    fc.assert(fc.property(spectrum, threshold, threshold, (sigma, s, t) => {
      const [less, more] = [Math.min(s, t), Math.max(s, t)];
      assert(rule.rank(sigma, more) <= rule.rank(sigma, less));
    }));
  });
}

Deno.test("normalised-spectrum keeps the largest value, drops the smallest, sees no scale", () => {
  // Products with smaller thresholds vanish in one unit and not in another.
  const visible = threshold.map((t) => t < 1e-9 ? 0 : t);
  fc.assert(fc.property(spectrum, visible, (sigma, tolerance) => {
    const rank = normalisedSpectrum.rank(sigma, tolerance);
    assertGreater(rank, 0);
    const isFlat = sigma[0] === sigma.at(-1);
    if (tolerance > 0 && !isFlat) assertLess(rank, sigma.length);
    if (tolerance === 0 || isFlat) assertEquals(rank, sigma.length);
    assertEquals(normalisedSpectrum.rank(sigma.map((x) => 4 * x), tolerance), rank);
  }));
});

Deno.test("normalised-spectrum by one threshold beats equal ranks where spectra differ", () => {
  const flat = new Float64Array(40).fill(1).map((x, i) => x - 1e-3 * i);
  const steep = flat.map((_, i) => 2 ** -i);
  const error = (sigma: Float64Array, rank: number) => sum(sigma.subarray(rank), (x) => x * x);
  // The flat one's smallest value would be 0 on its own scale: what it drops is a tenth of it.
  const ranks = [flat, steep].map((sigma) => normalisedSpectrum.rank(sigma, 0.1));
  const equal = Math.ceil((ranks[0]! + ranks[1]!) / 2);
  const own = error(flat, ranks[0]!) + error(steep, ranks[1]!);
  assertLess(own, 0.3 * (error(flat, equal) + error(steep, equal)));
});

Deno.test("every registered truncation rule is tested here", () => {
  const tested = [...PROMISES.map(([r]) => r), noTruncation, keepRank, conservative];
  assertEquals(tested.map((r) => r.name).sort(), truncationRules.names().sort());
});

Deno.test("fixed-rank keeps the rank that an integrator starts its step with", async () => {
  const random = new Random(1);
  const y = await randomLowRank(random, 16, 13, [3, 2, 1]);
  const rhs = () => denseField(host, gaussian(random, 16, 13));
  for (const item of integrators.list()) {
    const truncation = { rule: keepRank, tolerance: 0.9 };
    const after = await stepOde(host, item, rhs, y, 0, 0.1, { stepper: euler, truncation });
    assertEquals(after.y.u.cols, 3, item.name);
  }
  assertEquals(clampedRank(Float64Array.of(2, 1), { rule: keepRank, tolerance: 0 }), 2);
});

/** Fixed vectors of several kinds for an m×n matrix. */
function vectors(random: Random, m: number, n: number): Record<string, TruncationRule> {
  const make = (name: string, fixed: { left?: Matrix; right?: Matrix }) =>
    conservativeRule(name, "", () => fixed);
  return {
    constants: conservative,
    "two on the left": make("a", { left: gaussian(random, m, 2) }),
    "one on the right": make("b", { right: gaussian(random, n, 1) }),
    "two and three": make("c", { left: gaussian(random, m, 2), right: gaussian(random, n, 3) }),
    "parallel ones": make("d", { left: matrixOf(m, 2, (_i, j) => j + 1) }),
  };
}

function fixedOf(rule: TruncationRule): { left: Matrix | undefined; right: Matrix | undefined } {
  const { left, right } = rule.fixed!(18, 15);
  return { left, right };
}

for (const name of Object.keys(vectors(new Random(2), 18, 15))) {
  Deno.test(`truncate() leaves products with fixed vectors as they are: ${name}`, async () => {
    const random = new Random(2);
    const rule = vectors(random, 18, 15)[name]!;
    const { left, right } = fixedOf(rule);
    const y = await randomLowRank(random, 18, 15, [5, 2, 1, 0.3, 0.1, 0.05]);
    const t = await truncate(host, y, { rule, tolerance: 0.2 });
    const [before, after] = [dense(y), dense(t.y)];
    if (left) {
      const product = (w: Matrix) => host.multiply(left, w, { transposeLeft: true });
      assertLess(relativeError(product(after), product(before)), 1e-13);
    }
    if (right) assertLess(relativeError(times(after, right), times(before, right)), 1e-13);
    // The error is the part that was cut, and something was cut.
    assertLess(Math.abs(norm(minus(after, before)) - t.discarded), 1e-13 * norm(before));
    assertGreater(t.discarded, 0);
    // The vectors are in the bases, which are orthonormal, and the core is diagonal.
    for (const [basis, fixed] of [[t.y.u, left], [t.y.v, right]] as const) {
      assertLess(await orthogonalityDefect(host, basis), 1e-13);
      if (!fixed) continue;
      const inside = times(basis, host.multiply(basis, fixed, { transposeLeft: true }));
      assertLess(relativeError(inside, fixed), 1e-13);
    }
    assertEquals(t.y.s, host.diagonal(t.singularValues));
  });
}

Deno.test("a conservative truncation at tolerance 0 leaves the matrix as it is", async () => {
  const y = await randomLowRank(new Random(4), 18, 15, [5, 2, 1, 0.3]);
  const t = await truncate(host, y, { rule: conservative, tolerance: 0 });
  assertLess(relativeError(dense(t.y), dense(y)), 1e-13);
  assertLess(t.discarded, 1e-14);
});

Deno.test("a conservative truncation keeps to maxRank and refuses one without room", async () => {
  const y = await randomLowRank(new Random(4), 18, 15, [5, 2, 1, 0.9, 0.8, 0.7]);
  const t = await truncate(host, y, { rule: conservative, tolerance: 0, maxRank: 4 });
  assertEquals(t.y.u.cols, 4);
  await assertRejects(
    () => truncate(host, y, { rule: conservative, tolerance: 0, maxRank: 2 }),
    RangeError,
    "Cannot truncate: maxRank must be above the 2 fixed vectors, got 2",
  );
});

Deno.test("a conservative truncation of a matrix that the vectors span keeps all of it", async () => {
  const y = await randomLowRank(new Random(5), 4, 3, [2, 1]);
  const rule = conservativeRule("all", "", () => ({ left: host.identity(4) }));
  const t = await truncate(host, y, { rule, tolerance: 0.9 });
  assertLess(relativeError(dense(t.y), dense(y)), 1e-14);
  assertEquals(t.discarded, 0);
});

Deno.test("mass is conserved where the flow conserves it, and lost by plain truncation", async () => {
  // F has zero row and column sums; integrators see them only in their bases.
  const n = 20;
  const mass = (y: LowRank<Matrix>) => dense(y).data.reduce((a, b) => a + b, 0);
  const run = async (item: Integrator, rule: TruncationRule): Promise<number> => {
    const random = new Random(6);
    const constant = matrixOf(n, 1, () => 1 / Math.sqrt(n));
    // Nothing but the truncation may lose mass: the constant is in both bases, mixed with others.
    const others = (await host.complement(constant, gaussian(new Random(7), n, 2)))!;
    const basis = host.hstack([constant, others]);
    const s = matrixOf(3, 3, (i, j) => 1 / (1 + i + j));
    let y: LowRank<Matrix> = { u: basis, s, v: basis };
    const start = mass(y);
    for (let i = 0; i < 10; i++) {
      const noise = gaussian(random, n, n);
      const mean = times(constant, host.multiply(constant, noise, { transposeLeft: true }));
      const columns = minus(noise, mean);
      const rows = times(columns, constant, host.transpose(constant));
      const rhs = () => denseField(host, minus(columns, rows));
      const truncation = { rule, tolerance: 0.5, maxRank: 8 };
      y = (await stepOde(host, item, rhs, y, 0, 0.2, { stepper: euler, truncation })).y;
    }
    return Math.abs(mass(y) - start) / start;
  };
  for (const item of integrators.list().filter((i) => i.adaptive)) {
    assertLess(await run(item, conservative), 1e-13, item.name);
    assertGreater(await run(item, relativeFrobenius), 1e-4, item.name);
  }
});

Deno.test("clampedRank() refuses clamps that cross", () => {
  assertThrows(
    () => clampedRank(Float64Array.of(1), { rule: keepRank, tolerance: 0, minRank: 3, maxRank: 2 }),
    RangeError,
    "Cannot truncate: expected minRank to be at most maxRank, got 3 and 2",
  );
});

Deno.test("clampedRank() refuses ranks and tolerances that are none, also from a rule", () => {
  const sigma = Float64Array.of(2, 1);
  const refuse = (t: Partial<Truncation>, message: string) =>
    assertThrows(
      () => clampedRank(sigma, { rule: keepRank, tolerance: 0, ...t }),
      RangeError,
      message,
    );
  refuse({ minRank: 1.5 }, "Cannot truncate: expected minRank to be an integer ≥ 1, got 1.5");
  refuse({ maxRank: 0.5 }, "Cannot truncate: expected maxRank to be an integer ≥ 1, got 0.5");
  refuse({ tolerance: NaN }, "Cannot truncate: expected tolerance to be a number ≥ 0, got NaN");
  for (const rank of [1.5, NaN, -1, Infinity]) {
    const rule = { name: "own", description: "", rank: () => rank };
    refuse(
      { rule },
      `Cannot use truncation rule "own": expected it to return a rank as an integer ≥ 0, got ${rank}`,
    );
  }
});

/** Rules whose thresholds have the unit of the matrix. */
const ABSOLUTE = [absoluteFrobenius, absoluteSpectral];

for (const rule of truncationRules.list().filter((rule) => !ABSOLUTE.includes(rule))) {
  Deno.test(`${rule.name} chooses the same rank of a matrix in any unit`, () => {
    const sigma = Float64Array.from({ length: 9 }, (_, i) => 10 ** (-i / 2));
    for (const tolerance of [0, 1e-3, 0.1, 0.5]) {
      const ranks = [-900, 0, 900].map((exponent) =>
        rule.rank(sigma.map((x) => x * 2 ** exponent), tolerance, 5)
      );
      assertEquals(ranks, Array(3).fill(ranks[1]), `tolerance ${tolerance}`);
    }
  });
}
