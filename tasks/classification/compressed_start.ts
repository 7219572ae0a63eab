/**
 * Starting where a dense network ended, in another form.
 *
 * @module
 */

import { join } from "node:path";
import {
  alongOutputs,
  type CompressedStates,
  compressStates,
  denseNetwork,
  disposeStates,
  imageClassification,
  imageExamples,
  type Layer,
  measure,
  readCheckpoint,
  readRun,
  restoreState,
  toleranceOfSize,
  type WeightStates,
  withBreakEvenRanks,
} from "../../core/mod.ts";
import { formatPercent } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { fitInto } from "./identity.ts";
import type { Job } from "./job.ts";
import type { CompressionChoice } from "./variant.ts";

/**
 * Compresses the end of a dense run: each weight by the truncation of the run, statistics as they
 * are, no moments. Tells how good the network is before it is trained on.
 *
 * @param network The network that starts, in its own formats.
 * @param origin Folder of the dense run.
 * @param choice Default: weights, by the truncation of the run.
 * @returns A start for {@linkcode train}.
 */
export function compressedStart(
  job: Job,
  network: Layer,
  origin: string,
  { calibration, breakEven, size }: CompressionChoice = { calibration: 0, breakEven: 0, size: 0 },
): () => Promise<WeightStates> {
  const { method, dataset, listener } = job;
  return async () => {
    const dense = denseNetwork(network);
    fitInto(job, dense, origin, (await readRun(origin)).config);
    const before = await statesOf(job, dense, origin);
    const target = breakEven > 0 ? withBreakEvenRanks(network, breakEven) : network;
    const { states } = calibration > 0
      ? await byOutputs(job, target, before, calibration)
      : await compressStates(method, target, before, await ofSize(job, target, before, size));
    disposeStates(before, states);
    const { values } = await measure(method, network, states, imageClassification(dataset));
    const text = `compressed: test ${formatPercent(values.accuracy!, 2)} before fine-tuning`;
    listener({ type: "message", level: "info", text });
    return states;
  };
}

/** The tolerance at which a network has a size; that of the run where none is asked for. */
async function ofSize(
  { method, listener }: Job,
  network: Layer,
  before: WeightStates,
  size: number,
): Promise<{ readonly tolerance?: number }> {
  if (size === 0) return {};
  const tolerance = await toleranceOfSize(method, network, before, size);
  listener({
    type: "message",
    level: "info",
    text: `${method.truncation.rule.name} ${tolerance.toPrecision(3)}: factors of ${
      formatPercent(size, 1)
    } of the matrices' numbers`,
  });
  return { tolerance };
}

/** Truncated to principal components of what layers hand on for the first training images. */
async function byOutputs(
  { method, dataset: { train, shape } }: Job,
  network: Layer,
  before: WeightStates,
  count: number,
): Promise<CompressedStates> {
  const examples = imageExamples({ ...train, count: Math.min(count, train.count) }, shape);
  return await method.engine.scope(async () => {
    const along = await alongOutputs(method, network, before, { examples });
    return await compressStates(method, along.network, along.states);
  });
}

/** Where a run ended. */
async function statesOf({ method }: Job, network: Layer, folder: string): Promise<WeightStates> {
  const path = join(folder, "checkpoint.safetensors");
  try {
    const { record, fixed } = await readCheckpoint(folder);
    return restoreState(method.engine, network, record, fixed).states;
  } catch (error) {
    const why = /^Cannot .*?: (.*)/s.exec((error as Error).message)?.[1];
    if (why === undefined) throw error;
    throw new UsageError(`Cannot start from ${path}: ${why}`, { cause: error });
  }
}
