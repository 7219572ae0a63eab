import { assertEquals } from "@std/assert";
import {
  differences,
  identityDifferences,
  roundingChanges,
  type RunConfig,
} from "../../../core/io/run_config.ts";

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

Deno.test("identityDifferences() compares no data, steps or weights that were not recorded", () => {
  const dataset = { name: "mnist", sha256: "ab", train: 60, test: 10 };
  const now = { ...BEFORE, dataset, steps: 30, start: "cd", weights: { a: "dense 3×4" } };
  assertEquals(identityDifferences(BEFORE, now), []);
  assertEquals(
    identityDifferences({ ...BEFORE, dataset: { name: "mnist", sha256: "ab" } }, now),
    [],
  );
  assertEquals(identityDifferences(now, BEFORE), [
    "data (mnist of 60 and 10 examples, SHA-256 ab…, now absent)",
    "steps (30, now absent)",
    "weight a (dense 3×4, now absent)",
  ]);
});

Deno.test("identityDifferences() compares the start while there is one", () => {
  assertEquals(identityDifferences({ ...BEFORE, start: "ab" }, { ...BEFORE, start: "cd" }), [
    "start (ab, now cd)",
  ]);
});

Deno.test("identityDifferences() counts those that are too many to list", () => {
  const weights = (extent: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 9 }, (_, k) => [`w${k}`, `dense ${extent}`]));
  const found = identityDifferences({ ...BEFORE, weights: weights(1) }, {
    ...BEFORE,
    weights: weights(2),
  });
  assertEquals(found.length, 7);
  assertEquals(found.slice(5), ["weight w5 (dense 1, now dense 2)", "3 more"]);
});

Deno.test("roundingChanges() names backend, threads, machine and versions, the engine only without those", () => {
  const on = (threads: number, environment: Record<string, string>): RunConfig => ({
    ...BEFORE,
    settings: { threads },
    environment,
  });
  const before = on(1, { processor: "a", deno: "2", cores: "2", backend: "wasm, 1 thread" });
  const now = on(2, { processor: "b", deno: "3", cores: "4", backend: "wasm, 2 threads" });
  assertEquals(roundingChanges(before, before), []);
  assertEquals(roundingChanges(before, { ...now, backend: "wasm" }), [
    'backend ("cpu", now "wasm")',
    "threads (1, now 2)",
    "processor (a, now b)",
    "deno (2, now 3)",
  ]);
  const engine = { ...before, environment: { ...before.environment, backend: "wasm, 2 threads" } };
  assertEquals(roundingChanges(before, engine), ["backend (wasm, 1 thread, now wasm, 2 threads)"]);
});
