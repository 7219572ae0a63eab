/**
 * What tells a training run from others beside its settings: data, weights, number of steps, start.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  batchCount,
  dataDifferences,
  type Dataset,
  type DatasetIdentity,
  type Layer,
  readBytes,
  type RunConfig,
  unlessMissing,
  weightDifferences,
  type WeightSpec,
} from "../../core/mod.ts";
import { UsageError } from "../usage_error.ts";
import type { Job } from "./job.ts";
import type { Variant } from "./variant.ts";

/** The part of {@linkcode RunConfig} that a run may not be resumed with other values of. */
export type Identity = Pick<RunConfig, "dataset" | "weights" | "steps" | "start">;

/**
 * Identity of a run.
 *
 * @param dataset What it trains on, without what is held out.
 */
export async function identityOf(
  job: Job,
  variant: Variant,
  network: Layer,
  dataset: Dataset,
): Promise<Identity> {
  const start = variant.origin === undefined ? undefined : await hashOfStart(variant.origin);
  return {
    dataset: datasetIdentity(job.dataset),
    weights: weightTexts(network),
    steps: variant.epochs * batchCount(dataset.train.count, job.options.batch, true),
    ...(start === undefined ? {} : { start }),
  };
}

/** What tells a data set from others. */
export function datasetIdentity({ name, sha256, train, test }: Dataset): DatasetIdentity {
  return { name, sha256, train: train.count, test: test.count };
}

/**
 * Makes sure that the weights of another run fit into a network, and says where the data that it
 * saw are not those of the job.
 *
 * @param from Folder of the other run.
 * @param config What it was started with.
 * @throws {UsageError} When it has other weights.
 */
export function fitInto(job: Job, network: Layer, from: string, config: RunConfig): void {
  const odd = weightDifferences(config.weights, weightTexts(network));
  if (odd.length > 0) {
    throw new UsageError(
      `Cannot start from ${from}: expected a run of the same network, got other values of ` +
        odd.join(", "),
    );
  }
  const [data] = dataDifferences(config.dataset, datasetIdentity(job.dataset));
  if (data === undefined) return;
  const text = `The network in ${from} was trained on other data: ${data}`;
  job.listener({ type: "message", level: "warning", text });
}

/** Form and shape of each weight by name. */
export function weightTexts({ weights }: Layer): Record<string, string> {
  return Object.fromEntries(weights.map((spec) => [spec.name, weightText(spec)]));
}

/** Such as `low-rank 784×500` or, where ranks are its own, `low-rank 784×500, rank 7`. */
function weightText({ format, shape, rank, ranks, minRank, scale }: WeightSpec): string {
  const own = ranks ? Object.entries(ranks).map(([mode, r]) => `${mode} ${r}`).join(", ") : "";
  const fixed = minRank === undefined ? "" : `rank ${rank}`;
  const scaled = scale === undefined ? "" : `scale ${scale}`;
  return [`${format} ${shape.join("×")}`, own, fixed, scaled].filter((s) => s !== "").join(", ");
}

/** What a weight is, as {@linkcode weightTexts} says it; undefined for another text. */
export function weightOf(
  name: string,
  text: string,
): Pick<WeightSpec, "name" | "format" | "shape" | "scale"> | undefined {
  const [head, ...parts] = text.split(", ");
  const found = /^(\S+) (\d+(?:×\d+)*)$/.exec(head!);
  if (!found) return undefined;
  const scale = parts.find((part) => part.startsWith("scale "))?.slice("scale ".length);
  return {
    ...{ name, format: found[1]!, shape: found[2]!.split("×").map(Number) },
    ...(scale === undefined ? {} : { scale: Number(scale) }),
  };
}

/** SHA-256 of the checkpoint in a folder, in hex; undefined where there is none. */
async function hashOfStart(folder: string): Promise<string | undefined> {
  const bytes = await unlessMissing(() => readBytes(join(folder, "checkpoint.safetensors")));
  // A start that is missing is told of later, when it is read, if it is needed at all.
  return bytes && createHash("sha256").update(bytes).digest("hex");
}
