/**
 * Starting where a dense network ended, in another form.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Layer,
  measure,
  readRecord,
  restoreState,
  tensorsIn,
  weightFormats,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import { dense } from "../methods.ts";
import { formatPercent } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import type { Job } from "./job.ts";

/**
 * Compresses the end of a dense run: each weight by the truncation of the run, statistics as they
 * are, no moments. Tells how good the network is before it is trained on.
 *
 * @param network The network that starts, in its own formats.
 * @param origin Folder of the dense run.
 * @returns A start for {@linkcode train}.
 */
export function compressedStart(
  job: Job,
  network: Layer,
  origin: string,
): () => Promise<WeightStates> {
  return async () => {
    const whole = job.subject.network(job.dataset, dense.format);
    const before = await denseStates(job, whole, origin);
    const { engine } = job.method;
    const after = await engine.scope(async () => {
      const states: Record<string, WeightState> = {};
      for (const [i, spec] of network.weights.entries()) {
        states[spec.name] = await converted(job, spec, whole.weights[i]!, before[spec.name]!);
      }
      return states;
    });
    for (const t of tensorsIn(before)) if (!tensorsIn(after).includes(t)) t.dispose();
    await announce(job, network, after);
    return after;
  };
}

async function denseStates(job: Job, whole: Layer, origin: string): Promise<WeightStates> {
  const path = join(origin, "checkpoint.safetensors");
  try {
    return restoreState(job.method.engine, whole, await readRecord(path)).states;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot start from ${path}: ${reason.replace(/^Cannot [^:]*: /, "")}`, {
      cause: error,
    });
  }
}

/** A weight in the format of its spec. */
async function converted(
  { method }: Job,
  spec: WeightSpec,
  whole: WeightSpec,
  state: WeightState,
): Promise<WeightState> {
  const [from, to] = [weightFormats.get(whole.format), weightFormats.get(spec.format)];
  // Statistics have no other form.
  if (!from.toDense || !to.fromDense) return state;
  const value = from.toDense(method, whole, state);
  return (await to.fromDense(method, spec, value, {})).state;
}

async function announce(job: Job, network: Layer, states: WeightStates): Promise<void> {
  const { method, dataset } = job;
  const { accuracy } = await measure(method, network, states, dataset.test, {
    classes: dataset.classes,
  });
  const text = `compressed: test ${formatPercent(accuracy, 2)} before fine-tuning`;
  job.listener({ type: "message", level: "info", text });
}
