import { type Integrator, integrators } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { perceptronSchema } from "../networks.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { inPath, runPath } from "../run_path.ts";
import type { Cell } from "../sweep/cells.ts";
import { runSweep } from "../sweep/run.ts";
import { UsageError } from "../usage_error.ts";
import { defaults as usual, mnist } from "./mnist.ts";

/** What decides the comparison; everything else is as in `mnist`. */
export const defaults = {
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

/** Options of the comparison. */
export type Options = ParsedOptions<typeof defaults>;

/**
 * Settings beside those that all share, found with five epochs on 10,000 images of MNIST. Where the
 * rank is fixed it is that with which adaptive ones end. Adam divides by the size of the gradient,
 * so the substeps of a splitting, one of them backward, do not add up to one gradient step: the
 * rate must be small.
 */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  "projector-splitting": ["--rank=48", "--learning-rate=0.001"],
  "bc-psi": ["--rank=48", "--learning-rate=0.003"],
  "projected-runge-kutta": ["--learning-rate=0.005"],
};

/** Settings of other integrators of fixed rank; other adaptive ones take those of the net. */
const FIXED_RANK = ["--rank=48", "--learning-rate=0.005"];

function schema(): OptionSchema<typeof defaults> {
  const { epochs, batch, width, depth, trainCount, testCount, ...machine } = perceptronSchema();
  const { backend, threads, data, offline, out, resume } = machine;
  return {
    integrator: {
      oneOf: ["all"],
      choiceOf: integrators,
      several: true,
      description: "which integrators",
    },
    seeds: { integer: true, min: 1, description: "runs of each, with seeds 1, 2, …" },
    dense: { description: "train the dense twin, too" },
    ...{ epochs, batch, width, depth, trainCount, testCount },
    ...{ backend, threads, data, offline, out, resume },
  };
}

/** The net of `mnist` by every integrator through one trainer: accuracy and time in one table. */
export const integratorsMnist: Recipe = recipe({
  name: "integrators-mnist",
  description: "the net of mnist by every integrator: accuracy and time per step in one table",
  defaults,
  schema,
  job: (options, context) => compareIntegrators("integrators-mnist", mnist, options, context),
});

/** Keys of the recipe's own options that are no options of the net's recipe. */
const OWN = new Set(["integrator", "seeds", "dense", "out", "resume"]);

/**
 * Trains a net with every integrator, each with the settings that it needs, and prints accuracy and
 * time per step in one table.
 *
 * @param name Registry name of the recipe.
 * @param net Trains one net; its options include those of {@linkcode defaults}.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When an integrator is unknown or a folder to resume is missing.
 */
export async function compareIntegrators(
  name: string,
  net: Recipe,
  options: Options,
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
function cellsOf(options: Options): Cell[] {
  const shared = Object.entries(options).filter(([key]) => !OWN.has(key))
    .map(([key, value]) => argument(key, value));
  const dense = ["--method=dense", `--learning-rate=${usual.baselineLearningRate}`];
  const methods = [
    ...options.dense ? [{ method: "dense", own: dense }] : [],
    ...chosen(integrators, options.integrator).map(({ label, plugin }) => (
      { method: label, own: [`--integrator=${label}`, ...settingsOf(plugin)] }
    )),
  ];
  const seeds = Array.from({ length: options.seeds }, (_, i) => `${i + 1}`);
  return methods.flatMap(({ method, own }) =>
    seeds.map((seed) => ({
      folder: inPath(`${method}-${seed}`),
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
