import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { Random } from "../../core/random.ts";

const draw = (random: Random, n: number): number[] =>
  Array.from({ length: n }, () => random.bits());

Deno.test("Random gives the published xoshiro128** numbers from the state 1, 2, 3, 4", () => {
  const random = Random.from({
    algorithm: "xoshiro128**",
    key: [1, 2, 3, 4],
    state: [1, 2, 3, 4],
  });
  // Output of the authors' C program.
  assertEquals(draw(random, 10), [
    11520,
    0,
    5927040,
    70819200,
    2031721883,
    1637235492,
    1287239034,
    3734860849,
    3729100597,
    4258142804,
  ]);
});

Deno.test("Random opens the same stream from the same seed and another from another", () => {
  assertEquals(draw(new Random(3), 20), draw(new Random(3), 20));
  assertNotEquals(draw(new Random(3), 20), draw(new Random(4), 20));
  assertNotEquals(draw(new Random(2 ** 32 + 3), 20), draw(new Random(3), 20));
  assertNotEquals(draw(new Random(-3), 20), draw(new Random(3), 20));
});

Deno.test("Random refuses a seed that is not a safe integer", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(
      () => new Random(seed),
      RangeError,
      `Cannot open a random stream: the seed must be an integer below 2^53 in size, got ${seed}`,
    );
  }
});

Deno.test("Random.from() continues every method where the stream stood, through JSON", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), fc.nat(50), (seed, skipped) => {
    const random = new Random(seed);
    for (let i = 0; i < skipped; i++) random.normal();
    const resumed = Random.from(JSON.parse(JSON.stringify(random.state())));
    const use = (r: Random) => [
      r.uniform(),
      r.normal(),
      r.integer(10),
      [...r.permutation(9)],
      r.fork("child").bits(),
    ];
    assertEquals(use(resumed), use(random));
  }));
});

Deno.test("Random.from() refuses a record of another generator or of the wrong form", () => {
  const record = new Random(1).state();
  assertThrows(
    () => Random.from({ ...record, algorithm: "pcg" as "xoshiro128**" }),
    TypeError,
    'Cannot reopen a random stream: expected a record of xoshiro128**, got "pcg"',
  );
  assertThrows(
    () => Random.from({ ...record, state: [0, 0, 0, 0] }),
    TypeError,
    "Cannot reopen a random stream: state must be four unsigned 32-bit words, not all zero",
  );
  assertThrows(
    () => Random.from({ ...record, key: [1, 2, 3] as unknown as typeof record.key }),
    TypeError,
    "Cannot reopen a random stream: key must be four unsigned 32-bit words, not all zero",
  );
});

Deno.test("fork() depends on the labels and not on the numbers drawn before", () => {
  const random = new Random(5);
  const before = draw(random.fork("a"), 8);
  random.normal();
  assertEquals(draw(random.fork("a"), 8), before);
  assertNotEquals(draw(random.fork("b"), 8), before);
  assertNotEquals(draw(random.fork("1"), 8), draw(random.fork(1), 8));
  assertNotEquals(draw(random.fork("ab"), 8), draw(random.fork("a").fork("b"), 8));
});

Deno.test("fork() gives children without correlation, for neighbouring numbers too", () => {
  const n = 20000;
  const root = new Random(9);
  const first = Array.from({ length: n }, (_, i) => root.fork(i).uniform() - 0.5);
  const variance = first.reduce((s, x) => s + x * x, 0) / n;
  const lagged = first.slice(1).reduce((s, x, i) => s + x * first[i]!, 0) / n;
  assertAlmostEquals(variance, 1 / 12, 0.003);
  assertAlmostEquals(lagged / variance, 0, 0.03);
});

Deno.test("uniform() stays in [0, 1) with the moments of the uniform distribution", () => {
  const x = new Random(1).fillUniform(new Float64Array(200000));
  assertEquals(x.every((v) => v >= 0 && v < 1), true);
  assertAlmostEquals(mean(x), 0.5, 0.004);
  assertAlmostEquals(mean(x.map((v) => v * v)), 1 / 3, 0.004);
});

Deno.test("normal() has the moments and the distribution of a standard normal", () => {
  const n = 400000;
  const x = new Random(2).fillNormal(new Float64Array(n));
  assertAlmostEquals(mean(x), 0, 0.008);
  assertAlmostEquals(mean(x.map((v) => v ** 2)), 1, 0.012);
  assertAlmostEquals(mean(x.map((v) => v ** 3)), 0, 0.03);
  assertAlmostEquals(mean(x.map((v) => v ** 4)), 3, 0.08);
  assertLess(kolmogorovSmirnov(x), 1.95 / Math.sqrt(n));
});

Deno.test("normal() reaches into its tail as often as a standard normal does", () => {
  const x = new Random(3).fillNormal(new Float64Array(2_000_000));
  const beyond = x.filter((v) => Math.abs(v) > 3.442619855899).length;
  // P(|x| > 3.4426) = 5.761e-4: 1152 expected, standard deviation 34.
  assertAlmostEquals(beyond, 1152, 4 * 34);
  const far = x.filter((v) => Math.abs(v) > 4).length;
  // P(|x| > 4) = 6.334e-5: 127 expected, standard deviation 11.
  assertAlmostEquals(far, 127, 4 * 11);
});

Deno.test("integer() is unbiased over a small range", () => {
  const random = new Random(4);
  const counts = new Float64Array(7);
  for (let i = 0; i < 70000; i++) counts[random.integer(7)]!++;
  const chiSquare = counts.reduce((s, c) => s + (c - 10000) ** 2 / 10000, 0);
  assertLess(chiSquare, 22.5, "the 99.9 % quantile of chi-square with 6 degrees of freedom");
});

Deno.test("integer() rejects the remainder: a bound of 3·2³⁰ does not favour small numbers", () => {
  const random = new Random(6);
  const n = 30000;
  let low = 0;
  for (let i = 0; i < n; i++) if (random.integer(3 * 2 ** 30) < 2 ** 30) low++;
  assertAlmostEquals(low / n, 1 / 3, 0.011);
});

Deno.test("integer() refuses a bound outside 1 to 2^32", () => {
  for (const n of [0, -1, 1.5, NaN, 2 ** 32 + 1]) {
    assertThrows(
      () => new Random(1).integer(n),
      RangeError,
      `Cannot draw an integer below ${n}: the bound must be an integer from 1 to 2^32`,
    );
  }
});

Deno.test("permutation() holds every integer once", () => {
  fc.assert(fc.property(fc.nat(200), fc.nat(), (n, seed) => {
    const order = new Random(seed).permutation(n);
    assertEquals([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  }));
});

Deno.test("permutation() gives each of the six orders of three equally often", () => {
  const random = new Random(8);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12000; i++) {
    const key = random.permutation(3).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  const chiSquare = [...counts.values()].reduce((s, c) => s + (c - 2000) ** 2 / 2000, 0);
  assertLess(chiSquare, 20.5, "the 99.9 % quantile of chi-square with 5 degrees of freedom");
});

Deno.test("shuffle() keeps the elements of any array and returns it", () => {
  const items = ["a", "b", "c", "d"];
  const result = new Random(1).shuffle(items);
  assertEquals(result === items, true);
  assertEquals([...items].sort(), ["a", "b", "c", "d"]);
});

function mean(x: Float64Array): number {
  return x.reduce((s, v) => s + v, 0) / x.length;
}

/** Largest gap between the empirical and the normal distribution function. */
function kolmogorovSmirnov(x: Float64Array): number {
  const sorted = x.slice().sort();
  let gap = 0;
  sorted.forEach((v, i) => {
    const p = normalDistribution(v);
    gap = Math.max(gap, Math.abs(p - i / x.length), Math.abs(p - (i + 1) / x.length));
  });
  return gap;
}

/** Φ(x) by the series φ(x) (x + x³/3 + x⁵/15 + …), exact to rounding for the values used here. */
function normalDistribution(x: number): number {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

Deno.test("Random puts no fraction of an integer in order", () => {
  assertEquals([...new Random(1).permutation(0)], []);
  for (const n of [2.5, -1, NaN]) {
    assertThrows(() => new Random(1).permutation(n), RangeError, "Cannot put integers in order");
  }
});
