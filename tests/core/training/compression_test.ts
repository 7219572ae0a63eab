/** Dense weights into factors, and back. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  compressStates,
  conditioningOf,
  denseNetwork,
  denseStates,
  initialStates,
  type Layer,
  NonFiniteError,
  ranksOf,
  relativeFrobenius,
  representationOf,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  weightFormats,
  type WeightState,
  type WeightStates,
  withRanks,
} from "../../../core/mod.ts";
import { batchNorm, conv2d, flatten, linear, sequential } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { imageBatch, wholeValues } from "../../support/kernels.ts";
import { methodOf, stepOn } from "../../support/training.ts";

const FORMATS = ["low-rank", "tucker", "factored-low-rank", "factored-tucker"];
const IMAGES = [4, 4, 4, 6] as const;

function net(format: string): Layer {
  const matrices = weightFormats.get(format).matrices ?? format;
  return sequential([
    conv2d({ name: "conv", inputs: 6, outputs: 8, size: 3, format }),
    batchNorm({ name: "norm", channels: 8, activation: "relu" }),
    flatten(),
    linear({ name: "dense", inputs: 128, outputs: 10, format: matrices, activation: "relu" }),
    linear({ name: "classifier", inputs: 10, outputs: 3 }),
  ]);
}

const FACTORISED = ["conv.kernel", "dense.weight"];

/** A dense network after some steps with Adam, so that there are moments and statistics. */
async function trained(method: TrainingMethod): Promise<{ network: Layer; states: WeightStates }> {
  const network = net("dense");
  let states = await initialStates(method, network, 4);
  const batch = imageBatch(method, IMAGES);
  for (let i = 0; i < 3; i++) {
    ({ states } = await stepOn(method, network, states, batch, { rate: 0.01 }));
  }
  return { network, states };
}

function distance(x: Float64Array, y: Float64Array): number {
  return Math.hypot(...x.map((value, i) => value - y[i]!)) / Math.hypot(...y);
}

/** Runs a check with a trained dense network; no tensor may be left over. */
async function onTrained(
  check: (method: TrainingMethod, network: Layer, states: WeightStates) => Promise<void>,
): Promise<void> {
  const truncation = { rule: relativeFrobenius, tolerance: 0.1 };
  const method = await methodOf({ rule: adam.create(), truncation });
  const before = method.engine.memory().numTensors;
  await method.engine.scope(async () => {
    const { network, states } = await trained(method);
    await check(method, network, states);
  });
  assertEquals(method.engine.memory().numTensors, before);
}

for (const format of FORMATS) {
  Deno.test({
    ...await onBackend("cpu", `a dense network to ${format} and back is the same network`),
    fn: () =>
      onTrained(async (method, network, states) => {
        const to = net(format);
        const { states: factors } = await compressStates(method, to, states, { tolerance: 0 });
        const back = await denseStates(method, to, factors);
        for (const name of FACTORISED) {
          assertEquals(back[name]!.format, "dense");
          const [x, y] = [
            await wholeValues(method, network, back, name),
            await wholeValues(method, network, states, name),
          ];
          assertLess(distance(x, y), 1e-5, name);
        }
        for (const { name } of network.weights.filter((w) => !FACTORISED.includes(w.name))) {
          const [x, y] = await Promise.all(
            [back, states].map((s) => method.engine.read(tensorsIn(s[name])[0]!)),
          );
          assertEquals(x, y, name);
        }
      }),
  });

  Deno.test({
    ...await onBackend("cpu", `compression to ${format} keeps to its tolerance and reports it`),
    fn: () =>
      onTrained(async (method, network, states) => {
        const to = net(format);
        const ranks: number[] = [];
        for (const tolerance of [0.05, 0.3, 0.6]) {
          const { states: factors, discarded } = await compressStates(method, to, states, {
            tolerance,
          });
          for (const name of FACTORISED) {
            const [x, y] = [
              await wholeValues(method, to, factors, name),
              await wholeValues(method, network, states, name),
            ];
            const error = distance(x, y);
            const modes = typeof representationOf(to.weights.find((w) => w.name === name)!)
                .rank(factors[name]!) === "number"
              ? 1
              : 2;
            assertLess(error, Math.sqrt(modes) * tolerance + 1e-6, name);
            assertLess(Math.abs(error - discarded[name]! / Math.hypot(...y)), 1e-5, name);
          }
          const total = Object.values(ranksOf(to, factors)).reduce((a, b) => a + b, 0);
          ranks.push(total);
        }
        assert(ranks[0]! > ranks[1]! && ranks[1]! > ranks[2]!, `${ranks}`);
      }),
  });

  Deno.test({
    ...await onBackend("cpu", `compression to ${format} of a rank has it, and trains on`),
    fn: () =>
      onTrained(async (method, _network, states) => {
        const to = net(format);
        const { states: factors } = await compressStates(method, to, states, { rank: 3 });
        assertEquals(new Set(Object.values(ranksOf(to, factors))), new Set([3]));
        const batch = imageBatch(method, IMAGES);
        let now = factors;
        const losses: number[] = [];
        for (let i = 0; i < 15; i++) {
          const next = await stepOn(method, to, now, batch, { rate: 0.01 });
          losses.push(next.loss);
          now = next.states;
        }
        assertLess(losses.at(-1)!, 0.8 * losses[0]!, `${losses}`);
      }),
  });
}

Deno.test({
  ...await onBackend("cpu", "a network starts with the ranks that another ended with"),
  fn: async () => {
    const method = await methodOf();
    await method.engine.scope(async () => {
      const ranks = { "conv.kernel/in": 4, "conv.kernel/out": 2, "dense.weight": 5 };
      for (const format of ["tucker", "factored-tucker"]) {
        const network = withRanks(net(format), ranks);
        const states = await initialStates(method, network, 1);
        assertEquals(ranksOf(network, states), ranks);
      }
    });
  },
});

Deno.test({
  ...await onBackend("cpu", "conversions say what they cannot do"),
  fn: () =>
    onTrained(async (method, network, states) => {
      const { "dense.bias": _, ...missing } = states;
      await assertRejects(
        () => compressStates(method, network, missing),
        Error,
        'Cannot convert the network: weight "dense.bias" is missing, there are conv.kernel,',
      );
      const odd: Layer = {
        ...network,
        weights: network.weights.map((w) =>
          w.name === "conv.kernel" ? { ...w, format: "statistic" } : w
        ),
      };
      await assertRejects(
        () => compressStates(method, odd, states),
        Error,
        'Cannot convert weight "conv.kernel" from format "dense" to "statistic"',
      );
    }),
});

Deno.test("denseNetwork() stores in full what can be, and leaves statistics", () => {
  const formats = denseNetwork(net("tucker")).weights.map((w) => [w.name, w.format]);
  assertEquals(
    new Set(formats.filter(([, f]) => f === "statistic").map(([n]) => n)),
    new Set([
      "norm.mean",
      "norm.variance",
    ]),
  );
  assertGreater(formats.filter(([, f]) => f === "dense").length, 5);
});

Deno.test({
  ...await onBackend(
    "cpu",
    "compression refuses weights that are not finite, and settings that are none",
  ),
  fn: () =>
    onTrained(async (method, network, states) => {
      const { engine } = method;
      const kernel = states["conv.kernel"]! as WeightState & { value: Tensor };
      const value = engine.scale(NaN, kernel.value);
      const broken = { ...states, "conv.kernel": { ...kernel, value } };
      for (const format of ["dense", ...FORMATS]) {
        await assertRejects(
          () => compressStates(method, net(format), broken),
          NonFiniteError,
          'Cannot convert weight "conv.kernel": expected finite entries, got a norm of NaN',
        );
      }
      const refused = [
        [{ rank: 1.5 }, "rank to be an integer ≥ 1, got 1.5"],
        [{ rank: NaN }, "rank to be an integer ≥ 1, got NaN"],
        [{ tolerance: NaN }, "tolerance to be a number ≥ 0, got NaN"],
      ] as const;
      for (const [options, message] of refused) {
        await assertRejects(
          () => compressStates(method, net("tucker"), states, options),
          RangeError,
          `Cannot convert the network: expected ${message}`,
        );
      }
      await assertRejects(
        () => conditioningOf(method, network, broken),
        NonFiniteError,
        'Cannot measure conditioning: expected finite numbers in the singular values of "conv.kernel"',
      );
    }),
});
