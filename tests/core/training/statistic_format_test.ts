/** Running statistics: moved by what passes observe, by nothing else. */

import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  bug,
  currentPoints,
  disposeStates,
  initialStates,
  type Layer,
  Pass,
  relativeFrobenius,
  representationOf,
  RunFolder,
  type Tensor,
  tensorsIn,
  train,
  type TrainingMethod,
  type TrainOptions,
  tuckerBug,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  batchNorm,
  conv2d,
  dropout,
  flatten,
  linear,
  sequential,
  toImages,
  zeros,
} from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  blobsOf,
  methodOf,
  randomBatch,
  shortRun,
  stepOn,
  storeState,
} from "../../support/training.ts";

const STATISTIC = { name: "seen", shape: [2], format: "statistic", initialiser: zeros };

/** A classifier that observes a value of the test's choice. */
function observing(value: (pass: Pass) => Tensor | undefined, momentum?: number): Layer {
  const classifier = linear({ name: "c", inputs: 3, outputs: 2 });
  const own = momentum === undefined ? STATISTIC : { ...STATISTIC, momentum };
  return {
    weights: [...classifier.weights, own],
    forward(pass, x) {
      const seen = value(pass);
      if (seen) pass.observe("seen", seen);
      return classifier.forward(pass, x);
    },
  };
}

/** A small convolutional network with everything that has state or chance in it. */
function chancy(format: string): Layer {
  return sequential([
    toImages([6, 6, 1]),
    conv2d({ name: "conv", inputs: 1, outputs: 5, size: 3, format, rank: 3, bias: false }),
    batchNorm({ name: "norm", channels: 5, activation: "relu" }),
    dropout({ name: "drop", rate: 0.2 }),
    conv2d({ name: "conv2", inputs: 5, outputs: 6, size: 3, strides: 2, format, rank: 2 }),
    flatten(),
    linear({ name: "classifier", inputs: 54, outputs: 4 }),
  ]);
}

async function valueOf(method: TrainingMethod, states: WeightStates): Promise<number[]> {
  return [...await method.engine.read(states.seen!.value as Tensor)];
}

Deno.test({
  ...await onBackend("cpu", "a statistic moves by its share of what was observed"),
  fn: async () => {
    const method = await methodOf();
    const { engine } = method;
    const before = engine.memory().numTensors;
    await engine.scope(async () => {
      const batch = randomBatch(engine, 4, 3, 2);
      for (const momentum of [undefined, 0.5]) {
        const network = observing(
          (pass) => pass.engine.tensor(Float32Array.of(1, -2), [2]),
          momentum,
        );
        const share = momentum ?? 0.1;
        let states = await initialStates(method, network, 1);
        for (const kept of [1 - share, (1 - share) ** 2]) {
          ({ states } = await stepOn(method, network, states, batch, { rate: 0.1 }));
          const [x, y] = await valueOf(method, states);
          assertLess(Math.abs(x! - (1 - kept)) + Math.abs(y! + 2 * (1 - kept)), 1e-6);
        }
      }
    });
    assertEquals(engine.memory().numTensors, before);
  },
});

Deno.test({
  ...await onBackend("cpu", "a statistic that a pass does not see stays, of two the last counts"),
  fn: async () => {
    const method = await methodOf();
    const { engine } = method;
    const before = engine.memory().numTensors;
    await engine.scope(async () => {
      const batch = randomBatch(engine, 4, 3, 2);
      const blind = observing(() => undefined);
      const states = await initialStates(method, blind, 1);
      const after = await stepOn(method, blind, states, batch, { rate: 0.1 });
      assertEquals(await valueOf(method, after.states), [0, 0]);
      const twice = observing((pass) => {
        pass.observe("seen", pass.engine.tensor(Float32Array.of(7, 7), [2]));
        return pass.engine.tensor(Float32Array.of(1, 0), [2]);
      }, 1);
      const last = await stepOn(method, twice, states, batch, { rate: 0.1 });
      assertEquals(await valueOf(method, last.states), [1, 0]);
    });
    assertEquals(engine.memory().numTensors, before);
  },
});

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "clipping shrinks gradients and leaves statistics alone"),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const network = chancy("tucker");
        const states = await initialStates(method, network, 1);
        const batch = randomBatch(engine, 8, 36, 4);
        const free = await stepOn(method, network, states, batch, { rate: 1 });
        const tight = await stepOn(method, network, states, batch, { rate: 1, clipNorm: 1e-3 });
        for (const name of ["norm.mean", "norm.variance"]) {
          const [x, y, start] = await Promise.all(
            [free, tight, { states }].map((o) => engine.read(o.states[name]!.value as Tensor)),
          );
          assertEquals(x, y);
          assert(x!.some((value, i) => value !== start![i]), `${name} never moved`);
        }
        const moved = async (o: { states: WeightStates }): Promise<number> => {
          const [x, y] = [o.states, states].map((s) => s["classifier.weight"]!.value as Tensor);
          return (await engine.read(engine.norm(engine.sub(x!, y!))))[0]!;
        };
        assertLess(await moved(tight), 1.01e-3);
        assert(await moved(free) > 0.01);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });

  Deno.test({
    ...await onBackend(backend, "clipping bounds the gradients of all formats as the dense one's"),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const before = engine.memory().numTensors;
      for (const format of ["low-rank", "tucker", "factored-low-rank", "factored-tucker"]) {
        await engine.scope(async () => {
          const network = chancy(format);
          const states = await initialStates(method, network, 1);
          const batch = randomBatch(engine, 8, 36, 4);
          const rate = 1e-2;
          const { states: after } = await stepOn(method, network, states, batch, {
            rate,
            clipNorm: 0.05,
          });
          let square = 0;
          for (const spec of network.weights) {
            const { anchor, toDense } = representationOf(spec);
            if (!toDense || anchor === undefined || format.startsWith("factored")) continue;
            const [x, y] = [after, states].map((s) => toDense(method, spec, s[spec.name]!));
            square += (await engine.read(engine.norm(engine.sub(x!, y!))))[0]! ** 2;
          }
          assertLess(Math.sqrt(square), 1.001 * rate * 0.05, format);
        });
      }
      assertEquals(engine.memory().numTensors, before);
    },
  });

  for (const optimizer of [sgd, adam]) {
    for (const format of ["dense", "low-rank", "tucker", "factored-low-rank", "factored-tucker"]) {
      Deno.test({
        ...await onBackend(
          backend,
          `30 steps gain no tensor: convolutions, ${format}, ${optimizer.name}`,
        ),
        fn: async () => {
          // Two evaluations a step: everything that waits is answered once.
          const truncation = { rule: relativeFrobenius, tolerance: 0.1, minRank: 2, maxRank: 6 };
          const rule = optimizer.create();
          const method = await methodOf({
            backend,
            rule,
            truncation,
            integrator: bug,
            tuckerIntegrator: tuckerBug,
          });
          const { engine } = method;
          const before = engine.memory().numTensors;
          const network = chancy(format);
          let states = await initialStates(method, network, 2);
          const counts = new Set<number>();
          for (let step = 0; step < 33; step++) {
            const batch = randomBatch(engine, 6, 36, 4, step);
            const outcome = await stepOn(method, network, states, batch, { rate: 0.01 });
            tensorsIn(batch).forEach((t) => t.dispose());
            disposeStates(states, outcome.states);
            states = outcome.states;
            if (step >= 3) counts.add(engine.memory().numTensors);
          }
          assertEquals([...counts], [before + tensorsIn(states).length]);
          disposeStates(states, {});
          assertEquals(engine.memory().numTensors, before);
        },
      });
    }
  }

  for (const format of ["dense", "tucker", "low-rank", "factored-tucker"]) {
    Deno.test({
      ...await onBackend(
        backend,
        `a resumed run equals an uninterrupted one with norms and dropout, ${format}`,
      ),
      fn: async () => {
        const path = await Deno.makeTempDir();
        try {
          const [whole, parts] = [
            await runWithStops(backend, format, join(path, "whole"), []),
            await runWithStops(backend, format, join(path, "parts"), [0, 5, 8, 13]),
          ];
          assertEquals(parts, whole);
        } finally {
          await Deno.remove(path, { recursive: true });
        }
      },
    });
  }
}

/** States at the end of a run that was stopped after these steps and resumed. */
async function runWithStops(
  backend: string,
  format: string,
  path: string,
  stops: readonly number[],
): Promise<unknown> {
  const truncation = { rule: relativeFrobenius, tolerance: 0.15, minRank: 2, maxRank: 5 };
  const options = async (resume: boolean): Promise<TrainOptions> => ({
    ...await shortRun({
      backend,
      rule: adam.create(),
      truncation,
      network: chancy(format),
      dataset: await blobsOf(80, 20),
      rate: () => 0.01,
    }),
    folder: await RunFolder.open(
      path,
      { recipe: "test", settings: {}, seed: 3, backend: "cpu" },
      { resume },
    ),
  });
  for (const [i, stop] of stops.entries()) {
    const controller = new AbortController();
    if (stop === 0) controller.abort();
    const o = await options(i > 0);
    using _ = o.folder;
    const { state, reason } = await train({
      ...o,
      signal: controller.signal,
      listener: (e) => {
        if (e.type === "step" && e.step === stop) controller.abort();
      },
    });
    assertEquals([reason, state.step], ["interrupted", stop]);
    tensorsIn(state.states).forEach((t) => t.dispose());
  }
  const o = await options(stops.length > 0);
  using _ = o.folder;
  const { state, test } = await train(o);
  const { states } = await storeState(o.method.engine, state);
  tensorsIn(state.states).forEach((t) => t.dispose());
  return { states, test };
}

Deno.test({
  ...await onBackend("cpu", "all evaluations of a step draw the same mask, other steps another"),
  fn: async () => {
    const drawn: number[] = [];
    const inner = linear({ name: "c", inputs: 36, outputs: 4, format: "low-rank", rank: 2 });
    const network: Layer = {
      weights: inner.weights,
      forward(pass, x) {
        drawn.push(pass.random("mask").bits());
        return inner.forward(pass, x);
      },
    };
    const o = await shortRun({
      integrator: bug,
      network,
      dataset: await blobsOf(20, 8),
      epochs: 1,
    });
    const { state } = await train({ ...o, batch: 10 });
    tensorsIn(state.states).forEach((t) => t.dispose());
    // Two evaluations in each of two steps, then the measurements, which draw from a fixed source.
    assertEquals([drawn[0] === drawn[1], drawn[2] === drawn[3]], [true, true]);
    assert(drawn[0] !== drawn[2], "two steps drew the same");
  },
});

Deno.test({
  ...await onBackend("cpu", "a statistic is no linear map, kernel or unknown name"),
  fn: async () => {
    const method = await methodOf();
    const { engine } = method;
    const network = observing(() => undefined);
    const states = await initialStates(method, network, 1);
    await engine.scope(() => {
      const pass = new Pass(engine, network, currentPoints(network, states), { training: false });
      const x = engine.tensor(new Float32Array(6), [2, 3]);
      assertThrows(
        () => pass.linear("seen", x, null, "identity"),
        Error,
        "Cannot apply a statistic as a linear map: expected a weight",
      );
      const geometry = {
        strides: [1, 1],
        dilations: [1, 1],
        groups: 1,
        padding: { top: 0, bottom: 0, left: 0, right: 0 },
      } as const;
      assertThrows(
        () => pass.conv2d("seen", x, null, geometry, "identity"),
        Error,
        'Cannot convolve with "seen": weights of format "statistic" are no kernels',
      );
      assertThrows(
        () => pass.observe("sean", x),
        Error,
        'Cannot find weight "sean": the network declares c.weight,c.bias,seen',
      );
      assertEquals(pass.observed("seen"), undefined);
    });
    const format = representationOf({ format: "statistic" });
    assertEquals([format.size(states.seen!), format.rank(states.seen!)], [0, undefined]);
    disposeStates(states, {});
    const strange = observing((pass) => pass.engine.tensor(new Float32Array(3), [3]));
    const fresh = await initialStates(method, strange, 1);
    const before = engine.memory().numTensors;
    const batch = randomBatch(engine, 4, 3, 2);
    await assertRejects(() => stepOn(method, strange, fresh, batch, { rate: 0.1 }));
    tensorsIn(batch).forEach((t) => t.dispose());
    assertEquals(engine.memory().numTensors, before);
    disposeStates(fresh, {});
  },
});
