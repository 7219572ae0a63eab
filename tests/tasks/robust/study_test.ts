import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { blobs, datasets, readRun } from "../../../core/mod.ts";
import { UsageError, writeReport } from "../../../tasks/mod.ts";
import { defaults } from "../../../tasks/recipes/robust.ts";
import { attacksOf, candidatesOf } from "../../../tasks/robust/options.ts";
import {
  attackGrid,
  robustGroups,
  type RobustResult,
  worstCondition,
} from "../../../tasks/robust/result.ts";
import { robustTables } from "../../../tasks/robust/table.ts";
import { inFolder } from "../../support/command_line.ts";
import { runRecipe } from "../../support/recipes.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const ARGS = argsWith("fgsm,pgd-l2");

function argsWith(attacks: string): string[] {
  return [
    ...["--dataset", "blobs", "--network", "perceptron", "--method", "low-rank"],
    ...["--backend", "wasm", "--width", "0.05", "--rank", "8"],
    ...["--max-rank", "10", "--epochs", "2", "--batch", "32", "--train-count", "128"],
    ...["--test-count", "60", "--attack-count", "40", "--attacks", attacks],
    ...["--attack-steps", "3", "--epsilons", "0.05,0.2", "--epsilons-l2", "0.5"],
  ];
}

async function run(args: readonly string[]): Promise<{ code: number; text: string }> {
  if (!datasets.has("blobs")) datasets.add(blobs);
  return await runRecipe("robust", args);
}

Deno.test({
  name: "the recipe robust trains and attacks networks, and goes on without training them again",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const args = [...ARGS, "--betas", "0,0.5", "--tolerances", "0.1,0.4"];
      args.push("--start", "dense", "--out", out);
      const first = await run(args);
      assertEquals(first.code, 0);
      assert(first.text.split("\n").every((line) => line.length <= 80));
      const { summary, config } = await readRun(out);
      assertEquals(config.report, "robust");
      const results = summary!.results as RobustResult[];
      assertEquals(results.map((r) => r.label), [
        "dense",
        ...["low rank, τ 0.1", "low rank, τ 0.1, β 0.5"],
        ...["low rank, τ 0.4", "low rank, τ 0.4, β 0.5"],
      ]);
      for (const r of results) {
        assertEquals(r.attacked.map((a) => [a.attack, a.epsilon]), [
          ["fgsm", 0.05],
          ["fgsm", 0.2],
          ["pgd-l2", 0.5],
        ]);
        assert(r.attacked.every((a) => a.accuracy <= r.cleanAccuracy));
        assert(r.examples.every((e) => e.before === e.label));
        assertEquals(Number.isFinite(worstCondition(r)), r.method !== "dense");
      }
      const page = await Deno.readTextFile(join(out, "report.html"));
      for (const text of ["Accuracy against compression", "Examples", "data:image/png", "pgd-l2"]) {
        assertStringIncludes(page, text);
      }
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
      const again = await run([...args, "--resume"]);
      assert(!again.text.includes("epoch"), again.text);
      const after = (await readRun(out)).summary!.results as RobustResult[];
      assertEquals(after.map((r) => r.attacked), results.map((r) => r.attacked));
    }),
});

Deno.test({
  name: "the recipe robust takes dense networks that there are",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const first = join(folder, "first");
      const seeds = ["--seeds", "3,4", "--start", "dense", "--betas", "0"];
      await run([...ARGS, ...seeds, "--out", first]);
      const out = join(folder, "second");
      const from = ["--dense-from", join(first, "dense-seed-{seed}")];
      const { text } = await run([...ARGS, ...seeds, ...from, "--out", out]);
      assert(!/^dense, seed \d: /m.test(text), text);
      const [before, after] = await Promise.all([first, out].map(async (path) =>
        ((await readRun(path)).summary!.results as RobustResult[]).map((r) => [
          r.label,
          r.seed,
          r.testAccuracy,
          r.attacked,
        ])
      ));
      assertEquals(after, before);
      assertEquals(after!.length, 4);
      const other = ["--dense-from", join(first, "low-rank-tolerance-0.3-beta-0-seed-{seed}")];
      const error = await assertRejects(
        () =>
          run([...ARGS, ...seeds, ...other, "--out", join(folder, "third")]),
        UsageError,
      );
      assertStringIncludes(error.message, "expected a finished run of method dense, got low-rank");
    }),
});

for (const training of ["attacked:attack=fgsm", "trades:weight=2"]) {
  Deno.test({
    name: `the recipe robust trains by ${training}, with the regularizer in the field`,
    ...shared,
    fn: () =>
      inFolder(async (folder) => {
        const out = join(folder, "run");
        const args = [
          ...argsWith("pgd:steps=1,restarts=2,fgsm"),
          "--training",
          training,
          "--no-dense",
        ];
        const more = ["--betas", "0.2", "--coupling", "field", "--train-steps", "2"];
        more.push("--regularizer", "orthogonality:target=0.5", "--strength", "rising:share=0.2");
        const { code } = await run([...args, ...more, "--out", out]);
        assertEquals(code, 0);
        const results = (await readRun(out)).summary!.results as RobustResult[];
        assertEquals(results.map((r) => r.label), ["low rank, β 0.2"]);
        const tried = results[0]!.attacked.map(({ attack }) => attack);
        assertEquals([...new Set(tried)], ["pgd:steps=1,restarts=2", "fgsm"]);
      }),
  });
}

Deno.test({
  name: "an interrupted study ends with 130, says how to go on, and goes on",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const args = [...ARGS, "--betas", "0.5", "--out", out];
      const { code, text } = await runRecipe("robust", args, AbortSignal.abort());
      assertEquals(code, 130);
      assertStringIncludes(text, `--out ${out} --resume`);
      assertEquals((await run([...args, "--resume"])).code, 0);
    }),
});

Deno.test("the recipe robust refuses attacks that it does not know before anything is written", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const error = await assertRejects(
      () => run([...ARGS.slice(0, -8), "--attacks", "fgsm,pdg", "--out", out]),
      UsageError,
    );
    assertStringIncludes(error.message, 'Cannot set --attacks to "pdg": did you mean');
    await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
    assertThrows(() => attacksOf(" , "), UsageError);
  }));

Deno.test("candidatesOf() lists every network once for each seed, the dense one first", () => {
  const options = {
    ...defaults,
    method: "low-rank",
    seeds: [1, 2],
    tolerances: [0.1],
    betas: [0, 1],
  };
  const labels = candidatesOf({ ...options, epsilons: [0.1], epsilonsL2: [1] })
    .map((c) => `${c.seed} ${c.label}`);
  assertEquals(labels, [
    ...["1 dense", "1 low rank", "1 low rank, β 1"],
    ...["2 dense", "2 low rank", "2 low rank, β 1"],
  ]);
});

Deno.test("robustTables() shows means and spreads over seeds", () => {
  const result = (seed: number, accuracy: number): RobustResult => ({
    ...{ label: "dense", folder: "", method: "dense", seed, tolerance: 0, beta: 0 },
    ...{ testAccuracy: accuracy, cleanAccuracy: accuracy, parameters: 1, compression: 0 },
    ...{ ranks: {}, secondsPerStep: 1, conditioning: {}, lipschitz: 12.3, examples: [] },
    attacked: [{ attack: "pgd", norm: "linf", epsilon: 0.1, accuracy: accuracy - 0.5 }],
  });
  const groups = robustGroups([result(1, 0.9), result(2, 0.94)]);
  assertEquals(attackGrid(groups[0]!.results), [{ attack: "pgd", norm: "linf", epsilons: [0.1] }]);
  assertEquals(
    robustTables(groups),
    [
      "network        test  saved  κ  Lipschitz",
      "───────  ──────────  ─────  ─  ─────────",
      "dense    92.0 ± 2.8  0.0 %  –       12.3",
      "",
      "pgd         ε 0.1",
      "─────  ──────────",
      "dense  42.0 ± 2.8",
    ].join("\n"),
  );
});
