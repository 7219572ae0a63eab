/** Every option of a classification recipe must reach the run that it is an option of. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { parseOptions } from "../../tasks/options.ts";
import { perceptronSchema } from "../../tasks/networks.ts";
import { defaults } from "../../tasks/recipes/mnist.ts";
import { inFolder } from "../support/command_line.ts";
import { runRecipe } from "../support/recipes.ts";
import "../support/blobs_plugin.ts";

type Options = Readonly<Record<string, string | number>>;

const BASE: Options = { "train-count": 160, "test-count": 60, "tolerance": 0.1 };

/** Runs in this process; returns summary.json without times, as text. */
async function run(options: Options): Promise<string> {
  let text = "";
  await inFolder(async (folder) => {
    const out = join(folder, "run");
    const args = Object.entries({ ...BASE, ...options, out }).map(([k, v]) => `--${k}=${v}`);
    const { code, text: printed } = await runRecipe("trial", args);
    assertEquals(code, 0, printed);
    text = await Deno.readTextFile(join(out, "summary.json"));
  });
  return text.replaceAll(/"(seconds(PerStep)?|pass|update|data|measuring)": [^,\n]+/g, "");
}

const results = new Map<string, Promise<string>>();

/** The same, once for equal options. */
function runOnce(options: Options): Promise<string> {
  const key = JSON.stringify(options);
  const result = results.get(key) ?? run(options);
  results.set(key, result);
  return result;
}

interface Change {
  /** Default of the option, or what it is compared with. */
  readonly from?: Options;
  readonly to: Options;
}

/** A value for each option that must change the result. */
const CHANGES: Readonly<Record<string, Change>> = {
  seed: { to: { "seed": 2 } },
  epochs: { to: { "epochs": 3 } },
  batch: { to: { "batch": 16 } },
  width: { to: { "width": 13 } },
  depth: { to: { "depth": 2 } },
  method: { to: { "method": "dense" } },
  mover: {
    from: { "method": "relora", "mover": "merging:period=1000" },
    to: { "method": "relora", "mover": "merging:period=2" },
  },
  integrator: { to: { "integrator": "geolora" } },
  refresh: { to: { "refresh": "every" } },
  rank: { to: { "rank": 5 } },
  minRank: { to: { "min-rank": 6 } },
  maxRank: { to: { "max-rank": 3 } },
  tolerance: { to: { "tolerance": 0.7 } },
  truncation: { to: { "truncation": "none" } },
  optimizer: {
    from: { "method": "dense", "optimizer": "galore" },
    to: { "method": "dense", "optimizer": "galore:rank=3,every=2" },
  },
  learningRate: { to: { "learning-rate": 0.02 } },
  momentum: { to: { "momentum": 0.5 } },
  beta2: { to: { "beta2": 0.9 } },
  weightDecay: {
    from: { "optimizer": "adamw" },
    to: { "optimizer": "adamw", "weight-decay": 0.5 },
  },
  coreSteps: { to: { "core-steps": 2 } },
  schedule: { to: { "schedule": "constant" } },
  warmup: { to: { "warmup": 4 } },
  clip: {
    from: { "optimizer": "heavy-ball" },
    to: { "optimizer": "heavy-ball", "clip": 0.01 },
  },
  patience: { to: { "patience": 9 } },
  augmentation: { to: { "augmentation": "pad-crop:1" } },
  decay: { to: { "decay": 1 } },
  initialiser: { to: { "initialiser": "glorot-uniform" } },
  trainCount: { to: { "train-count": 80 } },
  testCount: { to: { "test-count": 30 } },
  heldOut: { to: { "held-out": 30 } },
};

/** The same for settings of the plugins that options choose. */
const SETTINGS: readonly [from: string, to: string][] = [
  ["truncation=energy", "truncation=energy:tolerance=0.5"],
  ["truncation=conservative", "truncation=conservative:rest=spectral,rest.tolerance=0.6"],
  ["refresh=every", "refresh=every:steps=3"],
  ["schedule=cosine", "schedule=cosine:finalFactor=0.9"],
  ["schedule=step", "schedule=step:dropEvery=2,dropFactor=0.01"],
  ["augmentation=pad-crop", "augmentation=pad-crop:border=1"],
];

for (const [from, to] of SETTINGS) {
  Deno.test({
    name: `--${to} reaches the run`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const options = (text: string) => {
        const equals = text.indexOf("=");
        return { [text.slice(0, equals)]: text.slice(equals + 1) };
      };
      assert(await run(options(from)) !== await run(options(to)));
    },
  });
}

/** Options whose effect lies outside of the summary: other tests look at them. */
const ELSEWHERE = [
  ...["backend", "threads", "data", "offline", "out", "resume"],
  ...["baseline", "baselineLearningRate", "prefetch", "fineTune"],
  ...["tuckerIntegrator", "ranksFrom", "tensorboard"],
];

Deno.test("every option of a classification recipe has a test", () => {
  const tested = [...Object.keys(CHANGES), ...ELSEWHERE].sort();
  assertEquals(tested, Object.keys(defaults).sort());
});

Deno.test("every option of a classification recipe has a rule with an explanation", () => {
  const schema = perceptronSchema() as Record<string, { description?: string }>;
  assertEquals(Object.keys(schema).sort(), Object.keys(defaults).sort());
  for (const [key, rule] of Object.entries(schema)) assert(rule.description, key);
});

Deno.test("the defaults of a classification recipe keep its rules", () => {
  const args = Object.entries(defaults).map(([key, value]) => `--${key}=${value}`);
  const read = parseOptions(args, defaults, perceptronSchema());
  assertEquals(read, defaults);
});

for (const [option, { from = {}, to }] of Object.entries(CHANGES)) {
  Deno.test({
    name: `the option ${option} reaches the run`,
    // Engines belong to the process.
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const [before, after] = [await runOnce(from), await run(to)];
      assert(after !== before, after);
    },
  });
}

Deno.test({
  name: "equal options give equal results",
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => assertEquals(await run({}), await runOnce({})),
});
