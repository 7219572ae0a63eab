/** Optimizers with their settings on the command line. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { optimizers } from "../../optimizers/mod.ts";
import { gridOf, parseOptions } from "../../tasks/options.ts";
import { trainingDefaults, trainingSchema } from "../../tasks/settings.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { blobsPlugin, inFolder, runMain } from "../support/command_line.ts";

function optimizerOf(text: string): string {
  const args = ["--optimizer", text];
  return parseOptions(args, trainingDefaults, trainingSchema()).optimizer;
}

Deno.test("--optimizer takes a name with settings", () => {
  for (const name of optimizers.names()) assertEquals(optimizerOf(name), name);
  for (const text of ["galore:rank=8,every=200", "muon:nesterov=false,base.beta2=0.95"]) {
    assertEquals(optimizerOf(text), text);
  }
});

for (
  const [text, message] of [
    ["adm", 'Cannot set --optimizer to "adm": did you mean "adam" or "adamw"'],
    ["galore:rnk=8", 'Cannot set "rnk" of optimizer "galore": did you mean "rank"'],
    [
      "galore:rank=0",
      'Cannot set "rank" of optimizer "galore": expected a whole number ≥ 1, got 0',
    ],
    ["muon:steps=many", 'Cannot set "steps" of optimizer "muon": expected a number, got "many"'],
  ] as const
) {
  Deno.test(`--optimizer refuses ${text}`, () => {
    assertEquals(assertThrows(() => optimizerOf(text), UsageError).message, message);
  });
}

Deno.test("a sweep takes several optimizers, each with its settings", () => {
  const grid = (text: string) =>
    gridOf(["--optimizer", text, "--seed", "1,2"], trainingDefaults, trainingSchema());
  const settled = "galore:rank=8,every=200";
  assertEquals(grid(`sgd,${settled},muon:steps=3`).axes, {
    optimizer: ["sgd", settled, "muon:steps=3"],
    seed: ["1", "2"],
  });
  assertEquals(grid(settled), { axes: { seed: ["1", "2"] }, fixed: [`--optimizer=${settled}`] });
});

Deno.test("list prints the settings of an optimizer with their defaults", async () => {
  const { out } = await runMain("list", "galore");
  const text = out.replaceAll(/\s+/g, " ");
  assertStringIncludes(text, "rank rank of the projection (a whole number ≥ 1; default 128)");
  assertStringIncludes(text, "base optimizer of the projected gradients, and of vectors");
});

/** A short run in a folder of its own. */
async function trial(folder: string, ...args: string[]) {
  const run = join(folder, "run");
  const short = ["--train-count", "60", "--test-count", "20", "--epochs", "1", "--out", run];
  const finished = await runMain("train", "trial", "--plugin", blobsPlugin, ...short, ...args);
  const files = await Array.fromAsync(Deno.readDir(folder));
  return { ...finished, written: files.length > 0, run };
}

for (
  const [args, message] of [
    [
      ["--optimizer", "galore"],
      'Cannot move the factors of "dense1.weight" by optimizer "galore": expected one that ' +
      "carries its state into other bases, got one that cannot; choose another optimizer or " +
      "dense weights",
    ],
    [
      ["--optimizer", "adam", "--weight-decay", "0.1"],
      'Cannot set "weightDecay" of optimizer "adam": known are beta2, epsilon, momentum',
    ],
  ] as const
) {
  Deno.test(`a run with ${args.join(" ")} ends in one line before it writes anything`, () =>
    inFolder(async (folder) => {
      const { code, err, written } = await trial(folder, ...args);
      assertEquals([code, err, written], [1, `${message}\n`, false]);
    }));
}

Deno.test("flags of optimizer settings stand behind those of --optimizer", () =>
  inFolder(async (folder) => {
    const losses: string[] = [];
    for (
      const [i, args] of [
        ["--optimizer", "heavy-ball:momentum=0.5"],
        ["--optimizer", "heavy-ball", "--momentum", "0.5"],
        ["--optimizer", "heavy-ball:momentum=0.5", "--momentum", "0.8"],
        ["--optimizer", "heavy-ball"],
      ].entries()
    ) {
      const { code, err, run } = await trial(join(folder, `${i}`), "--method", "dense", ...args);
      assertEquals([code, err], [0, ""]);
      const summary = JSON.parse(await Deno.readTextFile(join(run, "summary.json")));
      losses.push(String(summary.trainLoss));
    }
    assertEquals([losses[1], losses[2]], [losses[0], losses[0]]);
    assertEquals(losses[3] === losses[0], false);
  }));
