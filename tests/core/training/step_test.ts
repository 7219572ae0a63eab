/** One training step, float32 on an engine, against dense formulas evaluated in float64. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  augmentedBug,
  bug,
  currentPoints,
  disposeStates,
  initialStates,
  type Integrator,
  integrators,
  type Layer,
  type LowRank,
  type Matrix,
  NonFiniteError,
  parallelBug,
  tensorsIn,
  type TrainingMethod,
  transposed,
  type WeightStates,
} from "../../../core/mod.ts";
import { linear, perceptron, sequential } from "../../../layers/mod.ts";
import { adam, heavyBall } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  host,
  minus,
  norm,
  projector,
  relativeError,
  tangentProjection,
  times,
} from "../../support/matrices.ts";
import {
  denseStates,
  denseTwin,
  denseWeight,
  evaluateAt,
  type LabelledBatch,
  type MethodChoice,
  methodOf,
  randomBatch,
  readMatrix,
  stepOn,
} from "../../support/training.ts";

/** The integrators of training: what holds below is a claim of each of them. */
const TRAINED: readonly Integrator[] = [bug, augmentedBug, parallelBug];

const RATE = 0.3;
const TOLERANCE = 1e-5;

/** Everything that a test of one step needs; nothing may be left behind on the engine. */
interface Bench {
  readonly method: TrainingMethod;
  readonly network: Layer;
  readonly states: WeightStates;
  readonly batch: LabelledBatch;
}

async function onBench(
  choice: MethodChoice,
  network: Layer,
  check: (bench: Bench) => Promise<void>,
): Promise<void> {
  const method = await methodOf(choice);
  const before = method.engine.memory().numTensors;
  await method.engine.scope(async () => {
    const states = await initialStates(method, network, 5);
    const inputs = network.weights[0]!.shape[0]!;
    const classes = network.weights.at(-1)!.shape[0]!;
    await check({
      method,
      network,
      states,
      batch: randomBatch(method.engine, 20, inputs, classes),
    });
  });
  assertEquals(method.engine.memory().numTensors, before);
}

/** Gradients of the loss in every weight of the dense twin. */
async function denseGradients(
  { method: { engine }, network, batch }: Bench,
  states: WeightStates,
): Promise<Record<string, Matrix>> {
  const twin = denseTwin(network);
  const points = currentPoints(twin, await denseStates(engine, network, states));
  const { evidence } = await evaluateAt(engine, twin, points, batch);
  const out: Record<string, Matrix> = {};
  for (const [name, { gradient }] of evidence) {
    out[name] = host.scale(-1, await readMatrix(engine, gradient));
  }
  return out;
}

async function pointOf(b: Bench, states: WeightStates, name: string): Promise<LowRank<Matrix>> {
  const { u, s, v } = states[name] as unknown as Record<"u" | "s" | "v", never>;
  const [hu, hs, hv] = await Promise.all([u, s, v].map((t) => readMatrix(b.method.engine, t)));
  return { u: hu!, s: hs!, v: hv! };
}

/** The difference that a step made to a weight, over −λ: the gradient that it used. */
async function usedGradient(
  b: Bench,
  after: WeightStates,
  name: string,
  rate = RATE,
): Promise<Matrix> {
  const { engine } = b.method;
  const change = minus(
    await denseWeight(engine, b.states, name),
    await denseWeight(engine, after, name),
  );
  return host.scale(1 / rate, change);
}

/** Float32 of weights of length 1 divided by λ: what the difference above can resolve. */
function assertClose(got: Matrix, wanted: Matrix, what: string, scale = 1): void {
  const error = norm(minus(got, wanted));
  assertLess(error, TOLERANCE * Math.max(norm(wanted), scale), what);
  assertGreater(norm(wanted), 1e-2, `${what} must be worth comparing`);
}

async function spanning(...parts: Matrix[]): Promise<Matrix> {
  return (await host.qr(host.hstack(parts))).q;
}

const twoFactorised = (rank: number) =>
  perceptron({ sizes: [9, 8, 7, 4], format: "low-rank", rank, activation: "tanh" });

/** P(F): the gradient that one SGD step uses, by integrator. */
const USED: readonly [Integrator, (y: LowRank<Matrix>, g: Matrix) => Promise<Matrix>][] = [
  [parallelBug, (y, g) => Promise.resolve(tangentProjection(y, g))],
  [augmentedBug, async (y, g) => {
    const u = await spanning(y.u, times(g, y.v));
    const v = await spanning(y.v, times(transposed(g), y.u));
    return times(projector(u), g, projector(v));
  }],
];

for (const backend of cpuBackends) {
  for (const [integrator, used] of USED) {
    const title = `trainStep() with ${integrator.name} obeys its one-step identity`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () =>
        onBench({ backend, integrator }, twoFactorised(2), async (b) => {
          const g = await denseGradients(b, b.states);
          const { states, evaluations } = await stepOn(b.method, b.network, b.states, b.batch, {
            rate: RATE,
          });
          assertEquals(evaluations, 1);
          for (const { name, format } of b.network.weights) {
            const wanted = format === "dense"
              ? g[name]!
              : await used(await pointOf(b, b.states, name), g[name]!);
            assertClose(await usedGradient(b, states, name), wanted, name);
          }
        }),
    });
  }

  Deno.test({
    ...await onBackend(backend, "trainStep() with bug takes the core's gradient in the new bases"),
    fn: () =>
      onBench({ backend, integrator: bug }, twoFactorised(3), async (b) => {
        const g = await denseGradients(b, b.states);
        const { states, evaluations } = await stepOn(b.method, b.network, b.states, b.batch, {
          rate: RATE,
        });
        assertEquals(evaluations, 2);
        // By its definition: K and L from the old point, then S where the old core is lifted to.
        const moved: Record<string, WeightStates[string]> = { ...b.states };
        const lifted: Record<string, LowRank<Matrix>> = {};
        const { engine } = b.method;
        for (const { name, format } of b.network.weights) {
          if (format === "dense") continue;
          const y = await pointOf(b, b.states, name);
          const k = minus(times(y.u, y.s), host.scale(RATE, times(g[name]!, y.v)));
          const l = minus(
            times(y.v, transposed(y.s)),
            host.scale(RATE, times(transposed(g[name]!), y.u)),
          );
          const [u, v] = [await spanning(k), await spanning(l)];
          const s = times(transposed(u), y.u, y.s, transposed(y.v), v);
          lifted[name] = { u, s, v };
          const up = (x: Matrix) => engine.tensor(Float32Array.from(x.data), [x.rows, x.cols]);
          moved[name] = { format: "low-rank", u: up(u), s: up(s), v: up(v) };
        }
        const second = await denseGradients(b, moved);
        for (const { name, format } of b.network.weights) {
          const got = await denseWeight(engine, states, name);
          if (format === "dense") {
            // Biases and the classifier move once, by the last pass, from where they were.
            assertClose(await usedGradient(b, states, name), second[name]!, name);
            assertGreater(relativeError(g[name]!, second[name]!), 1e-3, "the passes differ");
          } else {
            const { u, s, v } = lifted[name]!;
            const core = minus(s, host.scale(RATE, times(transposed(u), second[name]!, v)));
            assertLess(relativeError(got, times(u, core, transposed(v))), TOLERANCE, name);
          }
        }
      }),
  });

  for (const integrator of TRAINED) {
    const title = `trainStep() with ${integrator.name} at full rank is the dense twin's step`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () => {
        const network = perceptron({ sizes: [6, 6, 6, 4], format: "low-rank", activation: "tanh" });
        return onBench({ backend, integrator }, network, async (b) => {
          const { engine } = b.method;
          const twin = denseTwin(network);
          const own = await stepOn(b.method, network, b.states, b.batch, { rate: RATE });
          const whole = await stepOn(
            b.method,
            twin,
            await denseStates(engine, network, b.states),
            b.batch,
            { rate: RATE },
          );
          assertLess(Math.abs(own.loss - whole.loss), 1e-5);
          for (const { name } of network.weights) {
            const wanted = await denseWeight(engine, whole.states, name);
            assertLess(
              relativeError(await denseWeight(engine, own.states, name), wanted),
              2e-5,
              name,
            );
          }
        });
      },
    });
  }
}

const HEAVY = heavyBall.create({ momentum: 0.9 });

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "trainStep() carries the moments of dense weights along"),
    fn: () =>
      onBench({ backend, rule: HEAVY }, perceptron({ sizes: [9, 8, 4] }), async (b) => {
        let states = b.states;
        const velocity: Record<string, Matrix> = {};
        for (let i = 0; i < 4; i++) {
          const g = await denseGradients(b, states);
          const { states: after } = await stepOn(b.method, b.network, states, b.batch, {
            rate: RATE,
          });
          for (const { name } of b.network.weights) {
            velocity[name] = i === 0 ? g[name]! : host.lincomb(0.9, velocity[name]!, 1, g[name]!);
            const used = await usedGradient({ ...b, states }, after, name);
            assertClose(used, velocity[name]!, `${name}, step ${i + 1}`);
          }
          states = after;
        }
      }),
  });

  for (const integrator of [augmentedBug, parallelBug]) {
    const title =
      `trainStep() with ${integrator.name} at full rank is heavy ball on the dense twin`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () => {
        const network = perceptron({ sizes: [6, 6, 6, 4], format: "low-rank", activation: "tanh" });
        return onBench({ backend, integrator, rule: HEAVY }, network, async (b) => {
          const { engine } = b.method;
          const twin = denseTwin(network);
          let own = b.states;
          let whole = await denseStates(engine, network, b.states);
          for (let i = 0; i < 6; i++) {
            const settings = { rate: 0.1 };
            own = (await stepOn(b.method, network, own, b.batch, settings)).states;
            whole = (await stepOn(b.method, twin, whole, b.batch, settings)).states;
          }
          for (const { name } of network.weights) {
            const wanted = await denseWeight(engine, whole, name);
            assertLess(relativeError(await denseWeight(engine, own, name), wanted), 1e-4, name);
            const moved = minus(wanted, await denseWeight(engine, b.states, name));
            assertGreater(norm(moved), 0.05, "the run must move");
          }
        });
      },
    });
  }
}

/** x ↦ classifier(tanh(tanh(x W) W)): one weight, two uses. */
function tied(format: string): Layer {
  const size = 7;
  const inner = linear({ name: "tied", inputs: size, outputs: size, format, rank: 3 });
  const outer = linear({ name: "classifier", inputs: size, outputs: 4 });
  return {
    weights: [...inner.weights, ...outer.weights],
    forward(pass, x) {
      const once = pass.linear("tied.weight", x, "tied.bias", "tanh");
      const twice = pass.linear("tied.weight", once, "tied.bias", "tanh");
      return outer.forward(pass, twice);
    },
  };
}

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "trainStep() sums the pairs of a weight that is used twice"),
    fn: () =>
      onBench({ backend, integrator: parallelBug }, tied("low-rank"), async (b) => {
        const g = await denseGradients(b, b.states);
        const { states } = await stepOn(b.method, b.network, b.states, b.batch, { rate: RATE });
        const y = await pointOf(b, b.states, "tied.weight");
        const wanted = tangentProjection(y, g["tied.weight"]!);
        assertClose(await usedGradient(b, states, "tied.weight"), wanted, "tied.weight");
        assertClose(await usedGradient(b, states, "tied.bias"), g["tied.bias"]!, "tied.bias");
      }),
  });
}

Deno.test({
  ...await onBackend("cpu", "trainStep() takes as many passes as integrator and core steps need"),
  fn: async () => {
    for (const integrator of integrators.list()) {
      await onBench({ integrator }, twoFactorised(2), async (b) => {
        const outcome = await stepOn(b.method, b.network, b.states, b.batch, { rate: 0.01 });
        assertEquals(outcome.evaluations, integrator.evaluations, integrator.name);
      });
    }
    const wanted: Record<string, readonly number[]> = {
      "bug": [2, 4],
      "augmented-bug": [1, 3],
      "parallel-bug": [1, 3],
    };
    for (const integrator of TRAINED) {
      for (const [i, coreSteps] of [1, 3].entries()) {
        await onBench({ integrator, coreSteps }, twoFactorised(2), async (b) => {
          const outcome = await stepOn(b.method, b.network, b.states, b.batch, { rate: 0.1 });
          assertEquals(outcome.evaluations, wanted[integrator.name]![i], integrator.name);
        });
      }
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "trainStep() reports the loss before the step and lowers it"),
  fn: async () => {
    for (const integrator of TRAINED) {
      await onBench({ integrator, coreSteps: 2 }, twoFactorised(3), async (b) => {
        const { engine } = b.method;
        const at = async (states: WeightStates): Promise<number> => {
          const points = currentPoints(b.network, states);
          const { loss, dispose } = await evaluateAt(engine, b.network, points, b.batch);
          dispose();
          return loss;
        };
        const outcome = await stepOn(b.method, b.network, b.states, b.batch, { rate: 0.05 });
        assertEquals(outcome.loss, await at(b.states));
        assertLess(await at(outcome.states), outcome.loss, integrator.name);
      });
    }
  },
});

for (const backend of cpuBackends) {
  for (const integrator of TRAINED) {
    const title = `trainStep() with ${integrator.name} holds the new states and nothing more`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: () =>
        onBench({ backend, integrator, rule: adam.create() }, twoFactorised(3), async (b) => {
          const { engine } = b.method;
          let states = b.states;
          for (let i = 0; i < 3; i++) {
            const held = engine.memory().numTensors;
            const settings = { rate: 0.01, ...(i === 1 ? { clipNorm: 0.01 } : {}) };
            const outcome = await stepOn(b.method, b.network, states, b.batch, settings);
            const old = new Set(tensorsIn(states));
            const fresh = tensorsIn(outcome.states).filter((t) => !old.has(t));
            assertEquals(engine.memory().numTensors, held + fresh.length);
            disposeStates(states, outcome.states);
            states = outcome.states;
          }
        }),
    });
  }

  Deno.test({
    ...await onBackend(backend, "a step that leaves the finite numbers is refused without a trace"),
    fn: async () => {
      for (const integrator of [augmentedBug, parallelBug]) {
        await onBench({ backend, integrator }, twoFactorised(3), async (b) => {
          const { engine } = b.method;
          const held = engine.memory().numTensors;
          const before = await Promise.all(tensorsIn(b.states).map((t) => engine.read(t)));
          const attempt = (rate: number, batch: LabelledBatch) =>
            assertRejects(
              () => stepOn(b.method, b.network, b.states, batch, { rate }),
              NonFiniteError,
            );
          // The core overflows, so truncation finds it.
          await attempt(Infinity, b.batch);
          await new Promise((resolve) => setTimeout(resolve, 20));
          assertEquals(engine.memory().numTensors, held, "after an infinite core");
          // The loss itself is not a number.
          const bad = { ...b.batch, x: engine.fill(b.batch.x.shape, NaN) };
          const { message } = await attempt(0.1, bad) as Error;
          assertEquals(message, "Cannot take a step: the loss is NaN");
          bad.x.dispose();
          assertEquals(engine.memory().numTensors, held, "after NaN in the data");
          const after = await Promise.all(tensorsIn(b.states).map((t) => engine.read(t)));
          assertEquals(after, before);
        });
      }
    },
  });
}

/** Length of the whole step over λ. */
async function stepLength(b: Bench, clipNorm: number | undefined): Promise<number> {
  const { states } = await stepOn(b.method, b.network, b.states, b.batch, {
    rate: RATE,
    ...(clipNorm === undefined ? {} : { clipNorm }),
  });
  const lengths = await Promise.all(
    b.network.weights.map(async ({ name }) => norm(await usedGradient(b, states, name))),
  );
  return Math.hypot(...lengths);
}

for (const integrator of TRAINED) {
  Deno.test({
    ...await onBackend("cpu", `clipping bounds the whole step of ${integrator.name}`),
    fn: () =>
      onBench({ integrator }, twoFactorised(2), async (b) => {
        const free = await stepLength(b, undefined);
        const whole = Object.values(await denseGradients(b, b.states)).map(norm);
        for (const clip of [0.1, 0.5 * free]) {
          const length = await stepLength(b, clip);
          // bug also turns its bases, and its second gradient is clipped on its own.
          if (integrator !== bug) {
            assertLess(length, clip * (1 + 1e-3));
            assertLess(Math.abs(length / free - clip / Math.hypot(...whole)), 0.05);
          }
          assertLess(length, 0.99 * free);
          assertGreater(length, 0.1 * clip, "clipping must not stop the step");
        }
        assertLess(Math.abs(await stepLength(b, 100 * free) - free), 1e-4 * free);
      }),
  });
}

Deno.test({
  ...await onBackend("cpu", "clipping of a dense network makes steps of exactly the norm"),
  fn: () =>
    onBench({}, perceptron({ sizes: [9, 8, 4] }), async (b) => {
      const length = await stepLength(b, 0.1);
      assertLess(Math.abs(length - 0.1), 1e-4);
    }),
});

Deno.test({
  ...await onBackend("cpu", "a low-rank network is clipped as its dense twin is"),
  fn: () => {
    // At 20 examples a batch the two layers take either way to the norm.
    const network = perceptron({ sizes: [6, 6, 90, 4], format: "low-rank", activation: "tanh" });
    return onBench({}, network, async (b) => {
      const { engine } = b.method;
      const settings = { rate: RATE, clipNorm: 0.2 };
      const own = await stepOn(b.method, network, b.states, b.batch, settings);
      const start = await denseStates(engine, network, b.states);
      const twin = await stepOn(b.method, denseTwin(network), start, b.batch, settings);
      for (const { name } of network.weights) {
        const wanted = await denseWeight(engine, twin.states, name);
        assertLess(relativeError(await denseWeight(engine, own.states, name), wanted), 2e-5, name);
      }
    });
  },
});

Deno.test({
  ...await onBackend("cpu", "an unused weight is refused by name of what happened"),
  fn: () => {
    const used = linear({ name: "used", inputs: 5, outputs: 4 });
    const idle = linear({ name: "idle", inputs: 5, outputs: 4, format: "low-rank", rank: 2 });
    const network: Layer = { ...used, weights: [...used.weights, ...idle.weights] };
    return onBench({}, network, async (b) => {
      const error = await assertRejects(
        () => stepOn(b.method, network, b.states, b.batch, { rate: 0.1 }),
        Error,
      );
      assert(error.message.startsWith("Cannot form the field: the weight took no part"));
    });
  },
});

Deno.test({
  ...await onBackend("cpu", "a layer that asks for an undeclared weight is refused by name"),
  fn: () => {
    const network = sequential([linear({ name: "a", inputs: 5, outputs: 4 })]);
    const broken: Layer = { ...network, forward: (p, x) => p.linear("b", x, null, "identity") };
    return onBench({}, broken, async (b) => {
      await assertRejects(
        () => stepOn(b.method, broken, b.states, b.batch, { rate: 0.1 }),
        Error,
        'Cannot find weight "b": the network declares a.weight,a.bias',
      );
    });
  },
});
