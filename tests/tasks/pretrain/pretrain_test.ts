/** The comparison at equal numbers of state: what its entrants hold, and a small one from end to end. */

import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import {
  choose,
  disposeStates,
  initialStates,
  integrators,
  parseChoice,
  readRun,
  representationOf,
  tensorsIn,
  truncationRules,
} from "../../../core/mod.ts";
import { networks } from "../../../layers/mod.ts";
import { optimizers } from "../../../optimizers/mod.ts";
import { methods } from "../../../tasks/methods.ts";
import { bestRates, entrants, numbersOf, shapesOf, within } from "../../../tasks/pretrain/plan.ts";
import { pretrainTable, TRYING } from "../../../tasks/pretrain/results.ts";
import { recipes } from "../../../tasks/recipe.ts";
import "../../../tasks/recipes/mod.ts";
import { ways } from "../../../tasks/pretrain/ways.ts";
import type { CellResult } from "../../../tasks/sweep/results.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import { runRecipe } from "../../support/recipes.ts";
import { UsageError } from "../../../tasks/usage_error.ts";
import { methodOf, randomBatch, stepOn } from "../../support/training.ts";

const OPTIONS = { shape: [4, 5, 1], classes: 3, width: 0.03 } as const;

for (const way of ways.list()) {
  Deno.test({
    ...await onBackend("wasm", `${way.name} holds as many numbers as it says`),
    fn: async () => {
      const rank = 3;
      const args = way.args(rank);
      const { plugin, settings } = parseChoice(optimizers, String(args.optimizer));
      const method = await methodOf({
        backend: "wasm",
        rule: plugin.create(settings),
        integrator: choose(integrators, String(args.integrator ?? "augmented-bug")),
        truncation: {
          rule: choose(truncationRules, String(args.truncation ?? "relative-frobenius")),
          tolerance: Number(args.tolerance ?? 0),
          ...(way.ranked ? { minRank: rank, maxRank: rank } : {}),
        },
      });
      const { format } = methods.get(String(args.method));
      const make = (name: string) =>
        networks.get("perceptron").create({ ...OPTIONS, format: name, rank });
      const network = make(format);
      const shapes = shapesOf(make("relora"));
      const { engine } = method;
      let states = await initialStates(method, network, 1);
      const batch = randomBatch(engine, 30, 20, 3);
      for (let k = 0; k < 3; k++) {
        const outcome = await stepOn(method, network, states, batch, { rate: 0.01 });
        disposeStates(states, outcome.states);
        states = outcome.states;
      }
      let held = 0;
      for (const spec of network.weights) {
        const isClassifier = spec.name.startsWith("classifier");
        if (spec.shape.length < 2 || isClassifier) continue;
        const state = states[spec.name]!;
        held += representationOf(spec).size(state);
        held += tensorsIn(state.moments).reduce((sum, t) => sum + t.size, 0);
      }
      assertEquals(held, numbersOf(way, shapes, rank));
      disposeStates(states, {});
      batch.x.dispose();
      batch.y.dispose();
    },
  });
}

const SHAPES = [[30, 20], [20, 8]] as const;

Deno.test("a way enters with the largest rank that its budget allows", () => {
  const full = 30 * 20 + 20 * 8;
  for (const way of ways.list().filter((w) => w.ranked)) {
    for (const budget of [1.2, 2.5]) {
      const entrant = within(way, SHAPES, budget);
      if (!entrant) {
        assert(numbersOf(way, SHAPES, 1) > budget * full, way.name);
        continue;
      }
      assert(numbersOf(way, SHAPES, entrant.rank) <= budget * full, way.name);
      if (entrant.rank < 20) {
        assert(numbersOf(way, SHAPES, entrant.rank + 1) > budget * full, way.name);
      }
    }
  }
  const named = entrants([ways.get("adam"), ways.get("galore")], SHAPES, [1.2, 2.5]);
  assertEquals(named.map(({ way, budget }) => [way.name, budget]), [
    ["adam", undefined],
    ["galore", 1.2],
    ["galore", 2.5],
  ]);
});

Deno.test("every way of every rank can be typed, and its bounds do not cross", () => {
  for (const way of ways.list()) {
    for (const rank of [1, 2, 400]) {
      const args = Object.entries(way.args(rank)).map(([key, value]) => `--${key}=${value}`);
      const { minRank, maxRank } = recipes.get("lenet-mnist").read(args);
      assert(Number(minRank) <= Number(maxRank), `${way.name} of rank ${rank}`);
    }
  }
});

Deno.test("a way has the settings of its mover, and hands on those that were set", () => {
  assertEquals(choose(ways, "relora").args(3).mover, undefined);
  assertEquals(choose(ways, "relora:period=7").args(3).mover, "merging:period=7");
  assertEquals(choose(ways, "rank-pruned:period=7").args(3).mover, "rank-pruning:period=7");
  assertThrows(() => choose(ways, "low-rank:period=7"), RangeError, "period");
  assertEquals(ways.get("galore").args(3).optimizer, "galore:rank=3,every=50,scale=1");
  assertEquals(
    choose(ways, "galore:choice=power,scale=0.25").args(3).optimizer,
    "galore:rank=3,every=50,choice=power",
  );
  assertEquals(ways.get("adam").args(1).optimizer, "adam");
  // Both sides have other numbers of state.
  assertThrows(() => choose(ways, "galore:side=full"), RangeError, "side");
});

Deno.test("the best step size is that of the best measure, and none of a run that diverged", () => {
  const cell = (rate: string, testAccuracy?: number) => ({
    ...{ folder: rate, values: { way: "adam", rate } },
    ...(testAccuracy === undefined ? { failure: "Training diverged" } : {
      summary: { testAccuracy, measures: [{ name: "accuracy", better: "more" }] },
    }),
  } as unknown as CellResult);
  const results = [cell("0.1"), cell("0.01", 0.8), cell("0.03", 0.9), cell("0.001", 0.7)];
  assertEquals(bestRates(results).map(({ values }) => values.rate), ["0.03"]);
  assertEquals(bestRates(results.slice(0, 1)).map(({ values }) => values.rate), ["0.1"]);
});

Deno.test({
  ...await onBackend(
    "wasm",
    "pretrain chooses step sizes, judges every seed, and goes on where it was",
  ),
  fn: () =>
    inFolder(async (folder) => {
      const args = (out: string) => [
        ...["--ways", "adam,low-rank", "--budgets", "1.5", "--rates", "0.001,0.03"],
        ...["--seeds", "1,2", "--dataset", "blobs", "--train-count", "120", "--test-count", "40"],
        ...["--held-out", "20", "--epochs", "1", "--batch", "20", "--width", "0.05"],
        ...["--backend", "wasm", "--out", join(folder, out)],
      ];
      const { code, text } = await runRecipe("pretrain", args("whole"));
      assertEquals(code, 0);
      assertMatch(text, /\nadam +\d+\.\d\d ± \d+\.\d\d % .* 2 of 2\n/);
      assertMatch(text, /\nlow-rank, 1\.5 +\d+\.\d\d ± \d+\.\d\d % .* 2 of 2\n/);
      const cells = (await readRun(join(folder, "whole"))).summary!.cells as CellResult[];
      assertEquals(cells.map(({ values }) => values.stage ?? "final"), [
        ...Array(4).fill("rate"),
        ...Array(4).fill("final"),
      ]);
      const [adam, lowRank] = [cells[4]!, cells[6]!].map(({ summary }) =>
        summary!.trainingNumbers!
      );
      assertLess(lowRank!, adam!);
      const page = await Deno.readTextFile(join(folder, "whole", "report.html"));
      assertStringIncludes(page, "against numbers of state");

      // Told to end before it begins, it ends within its first run.
      const ended = await runRecipe("pretrain", args("parts"), AbortSignal.abort());
      assertEquals(ended.code, 130);
      const second = await runRecipe("pretrain", [...args("parts"), "--resume"]);
      assertEquals(second.code, 0);
      const resumed = (await readRun(join(folder, "parts"))).summary!.cells as CellResult[];
      const timeless = (results: readonly CellResult[]) =>
        results.map(({ values, summary }) => [values, summary!.testLoss, summary!.trainingNumbers]);
      assertEquals(timeless(resumed), timeless(cells));
    }),
});

Deno.test({
  ...await onBackend("wasm", "pretrain compares on a small GPT, and chooses by text kept back"),
  sanitizeResources: false,
  sanitizeOps: false,
  fn: () =>
    inFolder(async (folder) => {
      const [text, out] = [join(folder, "text.txt"), join(folder, "out")];
      await Deno.writeTextFile(text, "the quick brown fox jumps over the lazy dog. ".repeat(200));
      const { code, text: printed } = await runRecipe("pretrain", [
        ...["--network=gpt", "--dataset=text", `--data=${text}`, "--width=0.06", "--context=8"],
        ...[
          "--ways=adam,low-rank,rank-pruned,rank-pruned:period=1",
          "--budgets=1.6",
          "--rates=0.01",
          "--seeds=1",
        ],
        ...["--steps=4", "--batch=4", "--held-out=9", "--test-count=7"],
        ...["--backend=wasm", "--threads=1", `--out=${out}`],
      ]);
      assertEquals(code, 0);
      assertMatch(printed, /\nlow-rank, 1\.6 +\d+\.\d+ .* ms .* 1 of 1\n/);
      const cells = (await readRun(out)).summary!.cells as CellResult[];
      const numbers = cells.map(({ summary }) => summary!.trainingNumbers!);
      assertLess(numbers[5]!, numbers[4]!);
      assertEquals(numbers.slice(0, 4), numbers.slice(4));
      const losses = cells.map(({ summary }) => summary!.testLoss);
      // Truncated at every step, not only at the end.
      assertNotEquals(losses[6], losses[7]);
      // On the text kept back, then on that to measure on.
      assert(losses.slice(0, 4).every((loss, i) => loss !== losses[i + 4]), `${losses}`);
    }),
});

Deno.test("pretrain says from which budget on a way can be compared, where there is none", async () => {
  await assertRejects(
    () =>
      runRecipe("pretrain", [
        ...["--ways=galore,relora", "--budgets=0.5", "--dataset=blobs", "--width=0.05"],
        ...["--train-count=40", "--test-count=40"],
      ]),
    UsageError,
    "Cannot compare: expected --budgets that allow rank 1 of galore (from 1.12 on), relora (from ",
  );
});

Deno.test("the table of pretrain fits a terminal of 80 columns", () => {
  const cell = (seed: string, stage?: string) => ({
    folder: seed,
    values: {
      ...{ way: "ordered-low-rank", budget: "1.2", rank: "38", rate: "0.001", seed },
      ...(stage ? { stage } : {}),
    },
    summary: {
      ...{ testAccuracy: 0.8 + Number(seed) / 100, trainingNumbers: 1161030 },
      ...{ secondsPerStep: 0.5883, seconds: 343 },
      measures: [{ name: "accuracy", better: "more", percent: true }],
    },
  } as unknown as CellResult);
  const text = pretrainTable([cell("1", TRYING), cell("7"), cell("8"), cell("9")]);
  assertMatch(text, /ordered-low-rank, 1\.2 .*1,161,030 .*3 of 3/);
  for (const line of text.split("\n")) assert(line.length <= 80, line);
});

Deno.test("pretrain refuses networks that cannot learn from such data", async () => {
  const run = (...args: string[]) => runRecipe("pretrain", args);
  await assertRejects(
    () => run("--network=gpt", "--dataset=mnist"),
    UsageError,
    "Cannot train gpt on mnist: expected a --dataset of sequences, one of text, ",
  );
  await assertRejects(
    () => run("--network=perceptron", "--dataset=copy"),
    UsageError,
    "Cannot train perceptron on copy: expected --network gpt",
  );
});
