/**
 * Closures from samples to solvers: data sets, trainings, and runs beside Newton, P_N and S_N.
 *
 * @module
 */

import { join } from "node:path";
import {
  aNumber,
  aRecord,
  aText,
  type Engine,
  type Expectation,
  finishedPart,
  listOf,
  openHostAlgebra,
  type RunFolder,
} from "../../../core/mod.ts";
import type { TransportOptions } from "../options.ts";
import type { KineticProblem, Setup } from "../problem.ts";
import type { Simulation } from "../simulate.ts";
import { basisOf, openMoments, openOrdinates } from "../transport_run.ts";
import {
  described,
  floored,
  newtonOf,
  openEntropy,
  ordinatesOf,
  threadsOf,
} from "./entropy_run.ts";
import {
  sampleClosure,
  type SamplingLaw,
  type SamplingOptions,
  someClosureData,
} from "./sampling.ts";
import {
  type ClosureErrors,
  loadClosure,
  type LoadedClosure,
  saveClosure,
  someErrors,
} from "./saved_closure.ts";
import { type MomentFunctions, type MomentSystem, momentSystem } from "./system.ts";
import { closureOfModel, errorsOf, fallingPairs, trainClosure } from "./training.ts";

/** What decides a study of closures, beside what decides a run. */
export interface ClosureStudyOptions
  extends Pick<TransportOptions, "cells" | "quadrature" | "order" | "degree" | "functions"> {
  /** Registry names of kinds of networks. */
  readonly kinds: readonly string[];
  /** γ of each. */
  readonly gammas: readonly number[];
  /** Neurons of a hidden layer. */
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
  /** Format of the weights between them; empty for what suits the network. */
  readonly format: string;
  /** Rank at the start; 0 where there is none. */
  readonly rank: number;
  /** Whether the closure turns with its moments. */
  readonly rotate: boolean;
  /** One of {@linkcode SAMPLING_LAWS}. */
  readonly law: string;
  /** R of the samples. */
  readonly range: number;
  /** τ of the samples. */
  readonly threshold: number;
  /** Samples to train on. */
  readonly samples: number;
  /** Steps of a training. */
  readonly steps: number;
  /** Samples of a step. */
  readonly batch: number;
  /** Base step size. */
  readonly learningRate: number;
  /** Of samples, weights and order. */
  readonly seed: number;
}

/** A trained closure, for tables. */
export interface TrainedPart {
  /** M_N, its kind and γ. */
  readonly label: string;
  /** Its folder in the run's. */
  readonly folder: string;
  /** Mean squared errors on samples. */
  readonly errors: ClosureErrors;
  /** Share of pairs of samples on which it is not monotone. */
  readonly falling: number;
  /** Numbers that it stores. */
  readonly parameters: number;
  /** Losses after each pass. */
  readonly losses: readonly number[];
  /** Seconds that training took. */
  readonly seconds: number;
}

/** What files hold of {@linkcode TrainedPart}. */
export const aTrainedPart: Expectation<TrainedPart> = aRecord<TrainedPart>({
  label: aText,
  folder: aText,
  errors: someErrors,
  falling: aNumber,
  parameters: aNumber,
  losses: listOf(aNumber),
  seconds: aNumber,
});

/** Samples that closures are tested on, as a share of those that they are trained on. */
const TESTED = 0.25;

/** Samples and trains every kind for every γ, or takes what is there. */
export async function trainClosures(
  folder: RunFolder,
  system: MomentSystem,
  o: ClosureStudyOptions,
  engine: Engine,
  told: { readonly line: (text: string) => void; readonly signal: AbortSignal },
): Promise<TrainedPart[]> {
  const parts: TrainedPart[] = [];
  for (const gamma of o.gammas) {
    for (const kind of o.kinds) {
      const name = `${kind}-${gamma}`;
      const about = {
        ...{ kind, gamma, rotated: o.rotate },
        ...{ dimension: system.dimension, degree: system.degree, functions: system.functions },
        ...{ width: o.width, depth: o.depth, format: o.format, rank: o.rank },
      };
      const compute = async (): Promise<TrainedPart> => {
        const begin = performance.now();
        const [data, test] = [
          await samplesOf(folder, system, o, gamma, "train"),
          await samplesOf(folder, system, o, gamma, "test"),
        ];
        using model = await trainClosure(system, about, data, test, {
          ...{ steps: o.steps, batch: o.batch, learningRate: o.learningRate, seed: o.seed },
          backend: engine,
          folder: join(folder.path, "trainings", name),
          signal: told.signal,
        });
        const errors = errorsOf(model);
        const closure = closureOfModel(system, about, model);
        await saveClosure(join(folder.path, "networks", name), { ...about, errors }, model);
        return {
          label: described(closure).label,
          folder: join("networks", name),
          errors,
          falling: await fallingPairs(closure, test),
          parameters: model.parameters.stored,
          losses: model.history.lines.map(({ testLoss }) => testLoss ?? NaN),
          seconds: (performance.now() - begin) / 1000,
        };
      };
      parts.push(await finishedPart(folder, `network-${name}`, aTrainedPart, compute));
      told.line(`trained ${parts.at(-1)!.label}`);
    }
  }
  return parts;
}

async function samplesOf(
  folder: RunFolder,
  system: MomentSystem,
  o: ClosureStudyOptions,
  gamma: number,
  purpose: "train" | "test",
) {
  const count = Math.ceil(o.samples * (purpose === "train" ? 1 : TESTED));
  const options: SamplingOptions = {
    ...{ count, gamma, range: o.range, threshold: o.threshold, aligned: o.rotate },
    law: o.law as SamplingLaw,
    seed: o.seed + (purpose === "train" ? 0 : 1000),
  };
  return await finishedPart(
    folder,
    `samples-${purpose}-${gamma}`,
    someClosureData,
    () => Promise.resolve(sampleClosure(system, options)),
  );
}

/** The system that options choose. */
export function systemOf(dimension: 1 | 2, o: ClosureStudyOptions): MomentSystem {
  const functions = o.functions as MomentFunctions;
  return momentSystem({ dimension, degree: o.degree, functions }, ordinatesOf(o));
}

/** S_N, P_N, Newton for every γ and every trained closure, on one problem. */
export async function closureSimulations(
  folder: RunFolder,
  problem: KineticProblem,
  bare: Setup,
  o: TransportOptions,
  parts: readonly TrainedPart[],
  engine: Engine,
): Promise<{ simulations: Simulation[]; loaded: LoadedClosure[] }> {
  const setup = floored(bare, o.floor);
  const algebra = await openHostAlgebra();
  const basis = await basisOf(algebra, { ...o, solver: "pn" }, problem.dimension);
  const common = { setup, legacy: false };
  const simulations: Simulation[] = [
    {
      ...{ ...common, label: "S_N", name: "sn" },
      open: () => openOrdinates(setup, { ...o, time: "euler", clip: false }, 1),
    },
    {
      ...{ ...common, label: `P_${o.degree}`, name: "pn" },
      open: () => openMoments(algebra, setup, basis, { ...o, time: "euler" }),
    },
  ];
  const loaded: LoadedClosure[] = [];
  for (const part of parts) {
    const path = join(folder.path, part.folder);
    loaded.push(await loadClosure(path, ordinatesOf(o), engine, threadsOf(o.threads)));
  }
  const gammas = [...new Set(loaded.map(({ about }) => about.gamma))];
  for (const gamma of gammas) {
    const own = loaded.filter(({ about }) => about.gamma === gamma).map(({ closure }) => closure);
    const { system } = own[0]!;
    // A run of its own that is opened again starts from no multipliers.
    const newton = () => newtonOf(system, gamma, o);
    simulations.push({
      ...{ ...common, label: described(newton()).label, name: `newton-${gamma}` },
      open: () => openEntropy(setup, newton(), o),
    });
    own.forEach((closure, k) =>
      simulations.push({
        ...{ ...common, label: described(closure).label, name: `network-${k}-${gamma}` },
        open: () => openEntropy(setup, closure, o),
      })
    );
  }
  return { simulations, loaded };
}
