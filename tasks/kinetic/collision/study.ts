/**
 * Networks of every kind on one collision operator: taught, measured, and used in simulations.
 *
 * @module
 */

import { join } from "node:path";
import {
  choose,
  finishedPart,
  type Matrix,
  matrixOf,
  openHostAlgebra,
  Random,
  type RunFolder,
  type TrainingMethod,
  weightFormats,
  writeRecord,
} from "../../../core/mod.ts";
import { conservations, type DeepOnet } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { chosen } from "../../chosen.ts";
import { Interrupted, Ticker } from "../../flow/ticker.ts";
import { methods } from "../../methods.ts";
import { openBackend } from "../../open_backend.ts";
import type { RecipeContext } from "../../recipe.ts";
import { usualMethod } from "../../usual_method.ts";
import { collisionReport } from "../../reports/collision.ts";
import { finishStudy, interrupted, openStudy } from "../../run_folder.ts";
import { inPath } from "../../run_path.ts";
import { renderTable } from "../../terminal/mod.ts";
import { asked } from "../options.ts";
import { type Judge, judgeOf } from "./judge.ts";
import { scatteringKernels } from "./kernels.ts";
import { collisionNetwork, learntCollision } from "./learnt.ts";
import { slabNodes, sphereNodes, type VelocityNodes } from "./nodes.ts";
import { exactCollision, type LinearCollision } from "./operator.ts";
import type { CollisionOptions } from "./options.ts";
import {
  aJudgedCollision,
  aTrainedCollision,
  type CollisionRecord,
  type JudgedCollision,
  type TrainedCollision,
} from "./result.ts";
import { entropySamples, naiveSamples } from "./sampling.ts";
import { collisionTable, summaryOf } from "./table.ts";
import { taught } from "./training.ts";

/**
 * Trains and judges every network that options ask for.
 *
 * @returns Exit code.
 * @throws {UsageError} When an option is wrong; nothing has been written then.
 */
export async function collisionStudy(o: CollisionOptions, context: RecipeContext): Promise<number> {
  const subject = await subjectOf(o);
  const plan = planOf(o, subject);
  const { engine, backend } = await openBackend(o, context.sink);
  const truncation = { tolerance: o.tolerance, maxRank: o.rank };
  const method = await usualMethod(engine, adam.create(), truncation);
  const about = { recipe: "collision", seed: o.seed, backend, report: collisionReport.name };
  using folder = await openStudy(context.sink, { ...about, settings: o });
  const ticker = new Ticker(context.sink, context.signal);
  const line = (text: string): void => ticker.line(text);
  const [trained, judged]: [TrainedCollision[], JudgedCollision[]] = [[], []];
  try {
    for (const entry of plan) {
      const one = await trainedPart(entry, subject, method, o, folder, context);
      trained.push(one);
      await ticker.tick({ label: `${entry.label} in simulations`, done: 0 });
      judged.push(await judgedPart(entry, one, subject, folder));
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, line);
  }
  const record: CollisionRecord = { ...subject.judge.exact, trained, judged };
  await writeRecord(join(folder.path, "collision.safetensors"), { ...record });
  line(`\n${renderTable(...collisionTable(record))}\n`);
  const seconds = trained.reduce((sum, one) => sum + one.seconds, 0);
  return await finishStudy(folder, { seconds, networks: summaryOf(record) }, line);
}

/** What is learnt, from what, and how it is judged. */
interface Subject {
  readonly nodes: VelocityNodes;
  readonly exact: LinearCollision;
  readonly train: Readonly<Record<string, Matrix>>;
  readonly test: Matrix;
  readonly judge: Judge;
}

async function subjectOf(o: CollisionOptions): Promise<Subject> {
  const a = await openHostAlgebra();
  const nodes = asked(() =>
    o.space === "slab" ? slabNodes(o.order || 100) : sphereNodes(o.order || 8)
  );
  const exact = exactCollision(a, nodes, choose(scatteringKernels, o.kernel));
  const random = new Random(o.seed).fork("densities");
  const entropy = (name: string, count: number) =>
    entropySamples(a, nodes, count, random.fork(name));
  const test = await entropy("test", o.tests);
  const naive = naiveSamples(nodes, o.samples, random.fork("naive"));
  const naiveTest = naiveSamples(nodes, o.tests, random.fork("naive test"));
  return {
    nodes,
    exact,
    test,
    train: { entropy: await entropy("train", o.samples), naive },
    judge: judgeOf({ algebra: a, nodes, exact, test, naive: naiveTest, cells: o.cells }),
  };
}

/** A network of the plan. */
interface Entry {
  readonly label: string;
  readonly network: DeepOnet;
  /** Which densities it learns from. */
  readonly sampling: string;
  /** Largest step size. */
  readonly learningRate: number;
}

function planOf(o: CollisionOptions, { nodes }: Subject): Entry[] {
  const usual = o.space === "slab"
    ? { hidden: [16, 16], modes: 16 }
    : { hidden: [100, 100], modes: 40 };
  const hidden = o.hidden.every((n) => n === 0) ? usual.hidden : o.hidden;
  const modes = o.modes || usual.modes;
  const entries = chosen(conservations, o.conservation).flatMap(({ label, plugin }) =>
    chosen(weightFormats, o.formats).map(({ label: format }): Entry => ({
      label: format === "dense" ? label : `${label}, ${format}`,
      network: asked(() =>
        collisionNetwork(nodes, {
          conservation: plugin,
          hidden,
          modes,
          format: { format, ...(format === "dense" ? {} : { rank: o.rank, maxRank: o.rank }) },
        })
      ),
      sampling: o.sampling,
      learningRate: o.learningRate * rateFactor(format),
    }))
  );
  const last = entries.at(-1)!;
  const contrast = { ...last, label: `${last.label}, naive samples`, sampling: "naive" };
  return o.contrast && o.sampling !== "naive" ? [...entries, contrast] : entries;
}

/** Step size of a format beside that of full weights: cores have few entries. */
function rateFactor(format: string): number {
  return methods.list().some((method) => method.format === format && method.moves) ? 2 : 1;
}

function trainedPart(
  { label, network, sampling, learningRate }: Entry,
  { exact, train, test }: Subject,
  method: TrainingMethod,
  { steps, seed }: CollisionOptions,
  folder: RunFolder,
  context: RecipeContext,
): Promise<TrainedCollision> {
  const name = inPath(label);
  const densities = train[sampling]!;
  const lesson = { label, network, exact, densities, test, method, steps, learningRate, seed };
  return finishedPart(
    folder,
    `trained-${name}`,
    aTrainedCollision,
    () => taught(lesson, join(folder.path, "networks", name), context),
  );
}

function judgedPart(
  { label, network }: Entry,
  { weights, scale }: TrainedCollision,
  { nodes, judge }: Subject,
  folder: RunFolder,
): Promise<JudgedCollision> {
  const shapes = network.weights.map(({ name, shape }) => {
    const cols = shape.at(-1)!;
    const data = weights[name]!;
    return [name, matrixOf(data.length / cols, cols, (i, j) => data[i * cols + j]!)] as const;
  });
  const operator = learntCollision(nodes, network, new Map(shapes), scale);
  const compute = () => Promise.resolve(judge.of(label, operator));
  return finishedPart(folder, `judged-${inPath(label)}`, aJudgedCollision, compute);
}
