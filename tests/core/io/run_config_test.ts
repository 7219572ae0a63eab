import { assertEquals } from "@std/assert";
import { differences, type RunConfig } from "../../../core/io/run_config.ts";

const BEFORE: RunConfig = {
  recipe: "mnist",
  settings: { rank: 16, widths: [500, 500], epochs: 3 },
  seed: 1,
  backend: "cpu",
};

Deno.test("differences() finds none where only backend and environment changed", () => {
  assertEquals(differences(BEFORE, { ...BEFORE, backend: "blas", environment: { v8: "1" } }), []);
});

Deno.test("differences() compares values, not identities, and names both sides", () => {
  const settings = { rank: 32, widths: [500, 500], epochs: 9, beta: 0.1 };
  const now = { ...BEFORE, recipe: "demo", seed: 2, settings };
  assertEquals(differences(BEFORE, now, ["epochs"]), [
    'recipe ("mnist", now "demo")',
    "seed (1, now 2)",
    "rank (16, now 32)",
    "beta (absent, now 0.1)",
  ]);
});

Deno.test("differences() names a seed once when it is a setting too", () => {
  const withSeed = (seed: number): RunConfig => ({ ...BEFORE, seed, settings: { seed } });
  assertEquals(differences(withSeed(1), withSeed(2)), ["seed (1, now 2)"]);
});
