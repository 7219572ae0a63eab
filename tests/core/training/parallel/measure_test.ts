/** Members measure a part each, and find the same. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { runMembers } from "../../../../core/comm/mod.ts";
import {
  type CommData,
  examplesOf,
  imageClassification,
  initialStates,
  measure,
  type Measurement,
  type Meter,
  NonFiniteError,
  Random,
  regression,
  type Task,
} from "../../../../core/mod.ts";
import { perceptron } from "../../../../layers/mod.ts";
import { blobsOf, methodOf } from "../../../support/training.ts";

const method = await methodOf();
const dataset = await blobsOf(10, 40);
const [inputs, outputs] = [dataset.shape.reduce((a, b) => a * b), dataset.classes];
const network = perceptron({ sizes: [inputs, 8, outputs], activation: "tanh" });
const states = await initialStates(method, network, 3);

const random = new Random(5);
const column = (size: number) => random.fillNormal(new Float32Array(40 * size));
const pairs = examplesOf({
  x: { data: column(inputs), shape: [inputs] },
  y: { data: column(outputs), shape: [outputs] },
});
const classes = imageClassification(dataset);
const TASKS: readonly Task[] = [classes, regression({ train: pairs, test: pairs })];

/** What a member finds, or what it says of why it cannot; how many examples it looked at. */
interface Told {
  readonly found: Measurement | string;
  readonly looked: number;
}

/** Members measure until they wait for the others, one after another: they share an engine. */
async function measured(
  task: Task,
  members: number,
  change: (meter: Meter, rank: number) => Meter = (meter) => meter,
): Promise<Told[]> {
  const turns = Array.from({ length: members }, () => Promise.withResolvers<void>());
  return await runMembers(members, async (all) => {
    const { rank, size } = all;
    await turns[rank - 1]?.promise;
    const comm = {
      ...{ rank, size },
      allReduce<T extends CommData>(data: T): Promise<T> {
        turns[rank]!.resolve();
        return all.allReduce(data);
      },
    };
    let looked = 0;
    const meter = (): Meter => {
      const own = change(task.meter(), rank);
      return changed(own, (model, batch) => {
        looked += batch.x!.shape[0]!;
        return own.add(model, batch);
      });
    };
    try {
      return {
        found: await measure(method, network, states, { ...task, meter }, { comm }),
        looked,
      };
    } catch (error) {
      return { found: (error as Error).message, looked };
    } finally {
      turns[rank]!.resolve();
    }
  });
}

/** A meter that does something else with batches. */
function changed(meter: Meter, add: Meter["add"]): Meter {
  return { ...meter.sums ? { sums: meter.sums } : {}, add, result: () => meter.result() };
}

for (const task of TASKS) {
  Deno.test(`${task.name}: members look at a part of the examples each, and find what one finds`, async () => {
    const [{ found: one }] = await measured(task, 1) as [Told & { found: Measurement }];
    const several = await measured(task, 3);
    assertEquals(several.map(({ looked }) => looked), [14, 14, 12]);
    for (const { found } of several) {
      assertEquals(found, several[0]!.found);
      assert(typeof found !== "string");
      assertEquals(found.confusion, one.confusion);
      for (const name of Object.keys(one.values)) {
        assertAlmostEquals(found.values[name]!, one.values[name]!, 1e-6);
      }
      assertAlmostEquals(found.loss, one.loss, 1e-6);
    }
  });
}

Deno.test("a meter that does not say what adds up sees all examples in every member", async () => {
  const opaque = (meter: Meter): Meter => ({
    add: (model, batch) => meter.add(model, batch),
    result: () => meter.result(),
  });
  const [one, other] = await measured(classes, 2, opaque);
  assertEquals([one!.looked, other!.looked], [40, 40]);
  assertEquals(one!.found, other!.found);
});

Deno.test("where one member cannot measure its part, all hear of it", async () => {
  const failing = (meter: Meter, rank: number): Meter =>
    rank === 1
      ? changed(meter, () => Promise.reject(new NonFiniteError("Cannot classify: got NaN")))
      : meter;
  const found = await measured(classes, 2, failing);
  assertEquals(found.map((f) => f.found), [
    "Cannot measure the network: expected finite answers, got NaN or infinity in another process",
    "Cannot classify: got NaN",
  ]);
});
