/**
 * One adapter at one step size.
 *
 * @module
 */

import { join } from "node:path";
import {
  adaptedNetwork,
  adapters,
  compressStates,
  denseNetwork,
  disposeStates,
  type Layer,
  matchesWeight,
  measure,
  parseChoice,
  representationOf,
  type Run,
  suggest,
  type TrainingMethod,
  type WeightSpec,
  type WeightStates,
  wholeGradients,
  writeAdapterFolder,
} from "../../core/mod.ts";
import { exportedAdapter } from "../../layers/mod.ts";
import { cosine, rateAt } from "../../optimizers/mod.ts";
import { compareRuns } from "../compare.ts";
import type { RecipeContext } from "../recipe.ts";
import { UsageError } from "../usage_error.ts";
import type { Subject } from "./subject.ts";

/** All weights train, or those of the head alone: what adapters lie between. */
export const TWINS = ["full", "head"] as const;

/** What decides a run. */
export interface RunChoice {
  /** Adapter with its settings, as it is typed, or one of {@linkcode TWINS}. */
  readonly adapter: string;
  /** Weights that get it, patterns joined by commas; empty for those of the subject. */
  readonly target: string;
  /** Step size. */
  readonly rate: number;
  /** Registry name of the optimizer, with settings. */
  readonly optimizer: string;
  /** Steps in all, 0 for `epochs`. */
  readonly steps: number;
}

/** The network as one run trains it. */
export function networkFor(
  { network, targets, full }: Subject,
  { adapter, target }: Pick<RunChoice, "adapter" | "target">,
): Layer {
  if (adapter === "full") return denseNetwork(network);
  if (adapter === "head") {
    if (full.length > 0) return adaptedNetwork(network, { groups: [], full });
    throw new UsageError("Cannot train the head alone: expected a classifier, got a model of none");
  }
  const { plugin, settings } = parseChoice(adapters, adapter);
  const matrices = network.weights.filter((spec) => spec.shape.length > 1);
  const patterns = (target === "" ? targets : target).split(",");
  for (const pattern of patterns) {
    if (matrices.some((spec) => matchesWeight(pattern, spec))) continue;
    const hint = suggest(pattern, matrices.map(({ name }) => name));
    throw new UsageError(`Cannot set --target to "${pattern}": no matrix is called so, ${hint}`);
  }
  const groups = patterns.map((pattern) => ({
    match: (spec: WeightSpec) => spec.shape.length > 1 && matchesWeight(pattern, spec),
    adapter: plugin.name,
    settings,
  }));
  return adaptedNetwork(network, { groups, full });
}

/** Numbers that train. */
export function trainedNumbers(network: Layer, states: WeightStates): number {
  return network.weights.reduce((sum, spec) => {
    const representation = representationOf(spec);
    if (spec.format === "frozen" || representation.anchor === undefined) return sum;
    const state = states[spec.name]!;
    return sum + (representation.trainable?.(state) ?? representation.size(state));
  }, 0);
}

/**
 * Trains it, measures the new data and the old, and writes what other libraries can read.
 *
 * @returns Exit code.
 */
export async function finetuneRun(
  o: RunChoice & { readonly seed: number } & Parameters<typeof compareRuns>[0]["settings"],
  method: TrainingMethod,
  backend: string,
  subject: Subject,
  context: RecipeContext,
): Promise<number> {
  const network = networkFor(subject, o);
  const facts: Record<string, number> = {};
  const old = async (of: Layer, at: WeightStates) =>
    subject.old ? (await measure(method, of, at, subject.old)).loss : NaN;
  return await compareRuns(
    {
      ...{ recipe: "finetune", settings: o, method, backend },
      ...{ task: subject.task, dataset: subject.dataset, clipNorm: 1 },
      ...(o.steps > 0 ? { steps: o.steps } : {}),
      rateAt: (rate, step, totalSteps) => rateAt(rate, cosine, step, { totalSteps }),
      async loop(run) {
        await untilOver(run, facts);
        if (run.reason) return;
        facts.trainedNumbers = trainedNumbers(network, run.state.states);
        if (subject.old) facts.oldLoss = await old(network, run.state.states);
        await exported(o, method, subject, network, run.state.states, context);
      },
    },
    [{
      label: o.adapter,
      ...{ network, rate: o.rate, facts },
      async start() {
        const dense = await subject.states();
        if (subject.old) facts.oldLossBefore = await old(subject.network, dense);
        const states = await method.engine.scope(() => adapted(o, method, subject, network, dense));
        disposeStates(dense, states);
        return states;
      },
    }],
    context,
  );
}

/** The trained weights with adapters, which may ask for gradients to begin. */
async function adapted(
  { seed }: { readonly seed: number },
  method: TrainingMethod,
  { network, task }: Subject,
  to: Layer,
  dense: WeightStates,
): Promise<WeightStates> {
  const names = to.weights
    .filter(({ format }) => adapters.has(format) && adapters.get(format).needsGradient)
    .map(({ name }) => name);
  const gradients = names.length > 0 &&
    await wholeGradients(method, network, dense, task, { names, seed });
  return (await compressStates(method, to, dense, gradients ? { gradients } : {})).states;
}

/** What `train` does, with the memory of the process beside. */
export async function untilOver(run: Run, facts: Record<string, number>): Promise<void> {
  facts.peakBytes = 0;
  while (!run.over) {
    for await (const batch of run.batches()) {
      const outcome = await run.step(batch);
      facts.peakBytes = Math.max(facts.peakBytes, Deno.memoryUsage().rss);
      if (outcome) run.log(outcome);
    }
    if (run.reason) return;
    await run.measure();
    await run.save();
  }
}

/** The adapter for other libraries, where files know the model. */
async function exported(
  { out }: { readonly out: string },
  method: TrainingMethod,
  { file }: Subject,
  network: Layer,
  states: WeightStates,
  { sink }: RecipeContext,
): Promise<void> {
  if (!file || !network.weights.some(({ format }) => adapters.has(format))) return;
  const path = join(out, "adapter");
  const { adapter, folded } = await exportedAdapter(
    ...[method, file.pretrained, file.base, { network, states }] as const,
  );
  await Deno.remove(path, { recursive: true }).catch(() => {});
  await writeAdapterFolder(path, adapter);
  const lost = Object.values(folded);
  const note = lost.length === 0
    ? ""
    : `, ${lost[0]!.adapter} folded into LoRA of ranks ${
      [...new Set(lost.map(({ rank }) => rank))].sort((a, b) => a - b).join(", ")
    }`;
  sink.write(`Adapter for PEFT: ${path}${note}\n`);
}
