/**
 * The job behind the recipe `integrators-mnist`: one net, one trainer, every integrator.
 *
 * @module
 */

import { type Integrator, integrators } from "../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "./options.ts";
import type { Recipe, RecipeContext } from "./recipe.ts";
import { runPath } from "./run_path.ts";
import { classificationDefaults, classificationSchema } from "./settings.ts";
import type { Cell } from "./sweep/cells.ts";
import { runSweep } from "./sweep/run.ts";
import { UsageError } from "./usage_error.ts";

const usual = classificationDefaults;

/** Everything that decides a comparison. */
export const integratorTrainingDefaults = {
  integrator: "all", // or some, joined by commas
  seeds: 1, // 1 … n
  epochs: 20,
  batch: usual.batch,
  width: usual.width,
  depth: usual.depth,
  trainCount: 0, // 0: all
  testCount: 0,
  dense: true, // the dense twin first
  backend: "auto",
  threads: 0, // 0: all cores
  data: "",
  offline: false,
  out: "",
  resume: false,
};

/** Options of a comparison. */
export type IntegratorTrainingOptions = ParsedOptions<typeof integratorTrainingDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function integratorTrainingSchema(): OptionSchema<typeof integratorTrainingDefaults> {
  const schema = classificationSchema();
  return {
    integrator: {
      description: `which integrators, joined by commas: all, ${integrators.known().join(", ")}`,
    },
    seeds: { integer: true, min: 1, description: "runs of each, with seeds 1, 2, …" },
    epochs: schema.epochs!,
    batch: schema.batch!,
    width: schema.width!,
    depth: schema.depth!,
    trainCount: schema.trainCount!,
    testCount: schema.testCount!,
    dense: { description: "train the dense twin, too" },
    backend: schema.backend!,
    threads: schema.threads!,
    data: schema.data!,
    offline: schema.offline!,
    out: schema.out!,
    resume: schema.resume!,
  };
}

/**
 * Settings beside those that all share, found with five epochs on 10,000 images of MNIST. Where the
 * rank is fixed it is that with which adaptive ones end. Adam divides by the size of the gradient,
 * so the substeps of a splitting, one of them backward, do not add up to one gradient step: the
 * rate must be small.
 */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  "parallel-bug": ["--learning-rate=0.005"],
  "projector-splitting": ["--rank=48", "--learning-rate=0.001"],
  "bc-psi": ["--rank=48", "--learning-rate=0.003"],
  "projected-runge-kutta": ["--learning-rate=0.005"],
};

/** Settings of other integrators of fixed rank; other adaptive ones take those of the net. */
const FIXED_RANK = ["--rank=48", "--learning-rate=0.005"];

/** Keys of the recipe's own options that are no options of the net's recipe. */
const OWN = new Set(["integrator", "seeds", "dense", "out", "resume"]);

/**
 * Trains a net with every integrator, each with the settings that it needs, and prints accuracy and
 * time per step in one table.
 *
 * @param name Registry name of the recipe.
 * @param net Trains one net; its options include those of {@linkcode integratorTrainingDefaults}.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When an integrator is unknown or a folder to resume is missing.
 */
export async function compareIntegrators(
  name: string,
  net: Recipe,
  options: IntegratorTrainingOptions,
  context: RecipeContext,
): Promise<number> {
  if (options.resume && options.out === "") {
    throw new UsageError("Cannot resume: name the folder of the runs with --out DIR");
  }
  const { out: _out, resume, ...settings } = options;
  const out = runPath(options.out, name);
  const cells = cellsOf(options);
  for (const { args } of cells) net.read(args);
  const command = `deno task train ${name} --out ${out}`;
  return await runSweep({ name, settings, recipe: net, cells, out, resume, command }, context);
}

/** One run for each integrator and seed, after the dense ones; each is a method of its own. */
function cellsOf(options: IntegratorTrainingOptions): Cell[] {
  const shared = Object.entries(options).filter(([key]) => !OWN.has(key))
    .map(([key, value]) => argument(key, value));
  const dense = ["--method=dense", `--learning-rate=${usual.baselineLearningRate}`];
  const methods = [
    ...options.dense ? [{ method: "dense", own: dense }] : [],
    ...chosen(options.integrator).map((item) => (
      { method: item.name, own: [`--integrator=${item.name}`, ...settingsOf(item)] }
    )),
  ];
  const seeds = Array.from({ length: options.seeds }, (_, i) => `${i + 1}`);
  return methods.flatMap(({ method, own }) =>
    seeds.map((seed) => ({
      folder: `${method}-${seed}`,
      values: { method, seed },
      args: [...shared, ...own, `--seed=${seed}`],
    }))
  );
}

function settingsOf(item: Integrator): readonly string[] {
  return SETTINGS[item.name] ?? (item.adaptive ? [] : FIXED_RANK);
}

/** As typed: camel case becomes kebab case, false becomes `--no-…`. */
function argument(key: string, value: string | number | boolean): string {
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (value === false) return `--no-${flag}`;
  return value === true ? `--${flag}` : `--${flag}=${value}`;
}

function chosen(names: string): Integrator[] {
  if (names === "all") return integrators.list();
  const items = names.split(",").map((name) => {
    try {
      return integrators.get(name);
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  });
  // Two names may be those of one.
  return [...new Set(items)];
}
