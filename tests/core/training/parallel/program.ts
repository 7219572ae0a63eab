/**
 * A small network with weights of several kinds, trained by the processes of a job: the first one
 * prints what came of it as JSON.
 */

import {
  type Communicator,
  imageClassification,
  type Layer,
  type MpiJob,
  openMpi,
  relativeFrobenius,
  representationOf,
  RunFolder,
  tensorsIn,
  train,
  type TrainOptions,
} from "../../../../core/mod.ts";
import {
  batchNorm,
  conv2d,
  dropout,
  flatten,
  linear,
  sequential,
  toImages,
} from "../../../../layers/mod.ts";
import { heavyBall } from "../../../../optimizers/mod.ts";
import { blobsOf, methodOf } from "../../../support/training.ts";

/** What a job is asked to do. */
export interface Wish {
  /** Folder of the run; default none. */
  readonly out?: string;
  /** Whether to go on with what is there. */
  readonly resume?: boolean;
  /** Format of the large weights; default "low-rank". */
  readonly format?: string;
  /** Into how many parts batches are divided. */
  readonly parts?: number;
  /** What the last process does after a step. */
  readonly then?: { readonly step: number; readonly what: "die" | "hang" | "stop"; rank: number };
  /** Largest norm of the gradient. */
  readonly clipNorm?: number;
}

/** What came of it. */
export interface Told {
  /** How it ended. */
  readonly reason: string;
  /** Loss of every step. */
  readonly losses: readonly number[];
  /** Accuracy on the test examples. */
  readonly accuracy: number | undefined;
  /** Entries of all weights, as whole matrices. */
  readonly weights: readonly number[];
  /** Every number of the states. */
  readonly numbers: readonly number[];
  /** Bytes of a step, and of one with whole matrices. */
  readonly bytes: readonly [number, number] | undefined;
  /** Steps taken. */
  readonly steps: number;
}

const STEPS = 6;
const BATCH = 16;
const TRUNCATION = { rule: relativeFrobenius, tolerance: 0.1, minRank: 3, maxRank: 3 };

/** Convolution, batch norm, dropout and a wide map; two of the weights in the format. */
function network(format: string, classes: number): Layer {
  const kernels = format === "dense" ? format : "tucker";
  return sequential([
    toImages([6, 6, 1]),
    conv2d({ name: "conv", inputs: 1, outputs: 6, size: 3, format: "dense" }),
    conv2d({ name: "inner", inputs: 6, outputs: 6, size: 3, format: kernels, rank: 2 }),
    batchNorm({ name: "norm", channels: 6, activation: "relu" }),
    flatten(),
    dropout({ name: "drop", rate: 0.2 }),
    linear({ name: "wide", inputs: 6 * 36, outputs: 64, activation: "tanh", format, rank: 3 }),
    linear({ name: "out", inputs: 64, outputs: classes }),
  ]);
}

async function optionsOf(comm: Communicator, wish: Wish): Promise<TrainOptions> {
  const dataset = await blobsOf(BATCH * STEPS);
  const method = await methodOf({ rule: heavyBall.create(), truncation: TRUNCATION });
  const { format = "low-rank", parts, clipNorm } = wish;
  return {
    label: "test",
    method,
    network: network(format, dataset.classes),
    task: imageClassification(dataset),
    ...{ seed: 2, epochs: 1, measureEvery: 2, batch: BATCH, rate: () => 0.05, comm },
    ...(parts === undefined ? {} : { parts }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  };
}

async function told({ comm, setLimit }: MpiJob, wish: Wish): Promise<Told> {
  const losses: number[] = [];
  const stop = new AbortController();
  const o = await optionsOf(comm, wish);
  const config = { recipe: "test", settings: {}, seed: 2, backend: "cpu" };
  using folder = wish.out !== undefined && comm.rank === 0
    ? await RunFolder.open(wish.out, config, { resume: wish.resume ?? false })
    : undefined;
  const { reason, state, test, traffic } = await train({
    ...o,
    ...(folder ? { folder } : {}),
    signal: stop.signal,
    listener(event) {
      if (event.type !== "step") return;
      losses.push(event.loss!);
      if (wish.then?.step !== event.step) return;
      if (wish.then.rank === comm.rank) act(wish.then.what, stop);
      else if (wish.then.what === "hang") setLimit(0.3);
    },
  });
  folder?.keep();
  const numbers: number[] = [];
  for (const t of tensorsIn(state.states)) numbers.push(...await o.method.engine.read(t));
  const weights: number[] = [];
  for (const spec of o.network.weights) {
    const whole = representationOf(spec).toDense!(o.method, spec, state.states[spec.name]!);
    weights.push(...await o.method.engine.read(whole));
  }
  return {
    ...{ reason, losses, weights, numbers, steps: state.step },
    accuracy: test?.values.accuracy,
    bytes: traffic ? [traffic.bytes, traffic.denseBytes] : undefined,
  };
}

function act(what: "die" | "hang" | "stop", controller: AbortController): void {
  if (what === "stop") controller.abort();
  if (what === "die") Deno.kill(Deno.pid, "SIGKILL");
  if (what !== "hang") return;
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

if (import.meta.main) {
  const wish = JSON.parse(Deno.args[0]!) as Wish;
  const job = await openMpi();
  const { comm, close } = job;
  try {
    const text = JSON.stringify(await told(job, wish));
    if (comm.rank === 0) await Deno.stdout.write(new TextEncoder().encode(text));
  } catch (error) {
    await Deno.stderr.write(new TextEncoder().encode(`${(error as Error).message}\n`));
    comm.abort("");
  }
  await close();
}
