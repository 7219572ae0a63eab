/**
 * A process of the bench `comm`, started by `mpiexec`; the first one prints a line of JSON.
 *
 * `comm_member.ts allreduce BYTES:CALLS …` tells the median seconds of sums over all processes,
 * `comm_member.ts steps FORMAT STEPS BACKEND` what a step of data-parallel training takes.
 *
 * @module
 */

import {
  classification,
  type Communicator,
  engineAlgebra,
  examplesOf,
  integrators,
  openEngine,
  openMpi,
  optimizerStepper,
  Random,
  relativeFrobenius,
  Run,
  type Task,
  tensorsIn,
  type TrainingMethod,
} from "../core/mod.ts";
import { perceptron } from "../layers/mod.ts";
import { adam } from "../optimizers/mod.ts";
import { middle, type StepCosts } from "./support/comm_model.ts";

/** The network of the tables: 784-500⁴-10. */
const SIZES = [784, 500, 500, 500, 500, 10];
const RANK = 32;
const BATCH = 256;

async function allReduces(
  comm: Communicator,
  plan: readonly string[],
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const item of plan) {
    const [bytes, calls] = item.split(":").map(Number) as [number, number];
    const data = new Float32Array(bytes / 4);
    const seconds = new Float64Array(calls);
    for (let i = 0; i < calls; i++) {
      await comm.barrier();
      const start = performance.now();
      await comm.allReduce(data);
      seconds[i] = (performance.now() - start) / 1000;
    }
    found[bytes] = middle([...seconds]);
  }
  return found;
}

/** Random images with their classes. */
function noise(steps: number): Task {
  const random = new Random(1);
  const count = BATCH * steps;
  const [inputs, classes] = [SIZES[0]!, SIZES.at(-1)!];
  const x = Float32Array.from({ length: count * inputs }, () => random.uniform());
  const y = Uint8Array.from({ length: count }, () => random.integer(classes));
  const train = examplesOf({ x: { data: x, shape: [inputs] }, y: { data: y, shape: [] } });
  return classification({ train, test: train, classes });
}

async function methodOn(backend: string): Promise<TrainingMethod> {
  const { engine } = await openEngine(backend, { threads: 1 });
  const rule = adam.create();
  return {
    engine,
    algebra: engineAlgebra(engine),
    rule,
    stepper: optimizerStepper(rule),
    integrator: integrators.get("augmented-bug"),
    truncation: { rule: relativeFrobenius, tolerance: 0, minRank: RANK, maxRank: RANK },
  };
}

async function steps(
  comm: Communicator,
  format: string,
  count: number,
  backend: string,
): Promise<StepCosts> {
  const method = await methodOn(backend);
  const network = perceptron({ sizes: SIZES, format, rank: RANK });
  const task = noise(count);
  using run = await Run.open({
    ...{ label: format, method, network, task, seed: 1, epochs: 1, batch: BATCH, comm },
    rate: () => 1e-3,
  });
  const seconds: number[] = [];
  const calls = comm.traffic.of("all-reduce").calls;
  for await (const batch of run.batches()) {
    const before = performance.now();
    await run.step(batch);
    seconds.push((performance.now() - before) / 1000);
  }
  const asked = comm.traffic.of("all-reduce").calls - calls;
  const { traffic, spent, state } = await run.finish();
  for (const t of tensorsIn(state.states)) t.dispose();
  return {
    seconds: middle(seconds),
    pass: spent.pass / count,
    calls: comm.size === 1 ? 0 : asked / count,
    bytes: traffic?.bytes ?? 0,
  };
}

if (import.meta.main) {
  const [what, ...args] = Deno.args;
  const { comm, close } = await openMpi();
  const found = what === "allreduce"
    ? await allReduces(comm, args)
    : await steps(comm, args[0]!, Number(args[1]), args[2]!);
  if (comm.rank === 0) console.log(JSON.stringify(found));
  await close();
  Deno.exit(0);
}
