import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type BoundedProblem, minimise, type SearchPoint } from "../../../tasks/flow/mod.ts";

/** A problem of a function with its gradient. */
function problem(
  f: (x: Float64Array) => number,
  df: (x: Float64Array) => number[],
  options: Partial<BoundedProblem>,
): BoundedProblem {
  return {
    start: Float64Array.of(0, 0),
    bound: 10,
    stepLimit: 0.5,
    steps: 60,
    trials: 12,
    value: (x) => Promise.resolve(f(x)),
    derivative: (x) => Promise.resolve({ value: f(x), gradient: Float64Array.from(df(x)) }),
    ...options,
  };
}

const points = (p: BoundedProblem): Promise<SearchPoint[]> => Array.fromAsync(minimise(p));

const bowl = (x: Float64Array): number => (x[0]! - 2) ** 2 + 10 * (x[1]! + 1) ** 2;
const bowlSlopes = (x: Float64Array): number[] => [2 * (x[0]! - 2), 20 * (x[1]! + 1)];

Deno.test("minimise() finds the bottom of a bowl", async () => {
  const found = await points(problem(bowl, bowlSlopes, { steps: 20 }));
  assertEquals(found.length, 21);
  assertAlmostEquals(found.at(-1)!.x[0]!, 2, 1e-6);
  assertAlmostEquals(found.at(-1)!.x[1]!, -1, 1e-6);
});

Deno.test("minimise() ends on the bound when the bottom lies outside", async () => {
  const found = await points(problem(bowl, bowlSlopes, { bound: 0.5, steps: 20 }));
  assertEquals([...found.at(-1)!.x], [0.5, -0.5]);
});

Deno.test("minimise() follows the valley of Rosenbrock's function", async () => {
  const f = ([x, y]: Float64Array): number => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2;
  const df = ([x, y]: Float64Array): number[] => [
    -2 * (1 - x!) - 400 * x! * (y! - x! ** 2),
    200 * (y! - x! ** 2),
  ];
  const found = await points(problem(f, df, { start: Float64Array.of(-1.2, 1), steps: 100 }));
  assertAlmostEquals(found.at(-1)!.value, 0, 1e-8);
});

Deno.test("minimise() takes no step longer than the limit, nor one that climbs", async () => {
  const found = await points(problem(bowl, bowlSlopes, { stepLimit: 0.1, steps: 10 }));
  found.slice(1).forEach(({ x, value }, k) => {
    const before = found[k]!;
    x.forEach((v, i) => assert(Math.abs(v - before.x[i]!) <= 0.1 + 1e-12));
    assert(value <= before.value);
  });
});

Deno.test("minimise() stays where no trial is lower, and says so", async () => {
  const wrong = (x: Float64Array): number[] => bowlSlopes(x).map((v) => -v);
  const found = await points(problem(bowl, wrong, { steps: 2, trials: 3 }));
  assertEquals(found.map((p) => p.moved), [true, false, false]);
  assertEquals(found.map((p) => p.trials), [1, 3, 3]);
  assertEquals([...found.at(-1)!.x], [0, 0]);
});
