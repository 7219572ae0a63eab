/** Kernels in Tucker format while they train: what theory says of a step, ranks, bounds, memory. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  augmentedTuckerBug,
  currentPoints,
  disposeStates,
  executionPlans,
  hostAlgebra,
  initialStates,
  type Layer,
  type Matrix,
  matrix,
  modeProducts,
  optimizerStepper,
  parallelTuckerBug,
  Pass,
  planExecution,
  Random,
  ranksOf,
  relativeFrobenius,
  representationOf,
  restoreState,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  tuckerIntegrators,
  unfold,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, type Conv2dOptions, linear } from "../../../layers/mod.ts";
import { adam, adamw, heavyBall, sgd } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  imageBatch,
  KERNEL,
  kernelNet,
  wholeField,
  wholeValues,
  withStates,
} from "../../support/kernels.ts";
import { minus, norm, projector, relativeError } from "../../support/matrices.ts";
import {
  denseWeight,
  methodOf,
  randomBatch,
  readMatrix,
  stepOn,
  storeState,
} from "../../support/training.ts";

const host = hostAlgebra();
const TOLERANCE = 1e-5;
const RATE = 0.3;
const IMAGES = [6, 5, 5, 8] as const;
const SHAPE = [9, 8, 10] as const;

function net(options: Partial<Conv2dOptions> = {}): Layer {
  const all = { inputs: 8, outputs: 10, size: 3, format: "tucker", rank: 3, ...options };
  return asChain(kernelNet(all, [5, 5]));
}

/** Of hardly any pixels only the chain is cheap, and projections of its images are. */
function asChain(network: Layer): Layer {
  return withPixels(network, [1e-3, 1e-3]);
}

/** Of many pixels the whole gradient is cheap where channels are few. */
function asFormed(network: Layer): Layer {
  return withPixels(network, [1e4, 1e4]);
}

/** Where many pixels are read and hardly any written, the whole kernel is cheap: it reads least. */
function asWhole(network: Layer): Layer {
  return withPixels(network, [1e4, 1e-3]);
}

function withPixels(network: Layer, pixels: readonly [number, number]): Layer {
  const weights = network.weights.map((w) => w.name === KERNEL ? { ...w, pixels } : w);
  return { ...network, weights };
}

/** A kernel as a tensor window×in×out in float64. */
function asTensor(values: Float64Array): { shape: number[]; data: Matrix } {
  return { shape: [...SHAPE], data: matrix(values, SHAPE[0], SHAPE[1] * SHAPE[2]) };
}

async function bases(method: TrainingMethod, states: WeightStates): Promise<[Matrix, Matrix]> {
  const { in: u, out: v } = states[KERNEL] as unknown as Record<string, Tensor>;
  return [await readMatrix(method.engine, u!), await readMatrix(method.engine, v!)];
}

/** Largest entry of |UᵀU − I|. */
function orthogonality(u: Matrix): number {
  const gram = host.multiply(u, u, { transposeLeft: true });
  return Math.max(...minus(gram, host.identity(u.cols)).data.map(Math.abs));
}

for (const backend of cpuBackends) {
  for (
    const [rank, run] of [
      [3, asChain],
      [7, asChain],
      [3, asFormed],
      [3, asWhole],
    ] as const
  ) {
    Deno.test({
      ...await onBackend(backend, `W₁ = W₀ + dt F ×ₖ Ûₖ Ûₖᵀ from ranks ${rank}, ${run.name}`),
      fn: async () => {
        const method = await methodOf({ backend });
        const network = run(net({ rank }));
        const left = await withStates(method, network, async (states) => {
          const batch = imageBatch(method, IMAGES);
          const field = await wholeField(method, network, states, batch);
          const f = asTensor(Float64Array.from(await method.engine.read(field)));
          const before = asTensor(await wholeValues(method, network, states));
          const next = await stepOn(method, network, states, batch, { rate: RATE });
          const after = asTensor(await wholeValues(method, network, next.states));
          assertEquals(next.evaluations, 1);
          const [u, v] = await bases(method, next.states);
          assertEquals([u.cols, v.cols], [Math.min(2 * rank, 8), Math.min(2 * rank, 10)]);
          const [p, q] = [projector(u), projector(v)];
          const step = modeProducts(host, f, [undefined, p, q]);
          const wanted = host.lincomb(1, before.data, RATE, step.data);
          assertLess(relativeError(after.data, wanted), TOLERANCE);
          // The step itself, not hidden by what stands still.
          const moved = minus(after.data, before.data);
          assertLess(relativeError(moved, host.scale(RATE, step.data)), 1e-4);
          // The new bases span the old ones and the gradient in them.
          const [u0, v0] = await bases(method, states);
          assertLess(norm(minus(host.multiply(p, u0), u0)), TOLERANCE);
          const inputs = unfold(
            host,
            modeProducts(host, f, [undefined, undefined, projector(v0)]),
            1,
          );
          const core = unfold(host, before, 1);
          const gradient = host.multiply(inputs, core, { transposeRight: true });
          assertLess(relativeError(host.multiply(p, gradient), gradient), 1e-4);
        });
        assertEquals(left, 0);
      },
    });
  }

  Deno.test({
    ...await onBackend(backend, "full ranks are a step of the dense network"),
    fn: async () => {
      for (const integrator of tuckerIntegrators.list()) {
        const method = await methodOf({ backend, tuckerIntegrator: integrator });
        const network = net({ rank: 10 });
        const left = await withStates(method, network, async (states) => {
          const batch = imageBatch(method, IMAGES);
          const f = await method.engine.read(await wholeField(method, network, states, batch));
          const before = await wholeValues(method, network, states);
          const next = await stepOn(method, network, states, batch, { rate: RATE });
          const after = await wholeValues(method, network, next.states);
          const wanted = before.map((w, i) => w + RATE * f[i]!);
          const error = relativeError(asTensor(after).data, asTensor(wanted).data);
          assertLess(error, TOLERANCE, integrator.name);
        });
        assertEquals(left, 0);
      }
    },
  });

  Deno.test({
    ...await onBackend(backend, "every way to run a kernel takes the same step"),
    fn: async () => {
      const method = await methodOf({ backend });
      const chain = net({ rank: 4 });
      const ways = [asWhole(chain), asFormed(chain), chain];
      const left = await withStates(method, chain, async (states) => {
        const plans = ways.map((n) => executionPlans(n, states)[KERNEL]!);
        assertEquals(plans.map((p) => p.choice), ["reconstructed", "chain", "chain"]);
        assertEquals(plans.slice(1).map((p) => p.gradient), ["formed", "projected"]);
        const batch = imageBatch(method, IMAGES);
        const settings = { rate: RATE, clipNorm: 0.1 };
        const results = [];
        for (const way of ways) {
          const { loss, states: next } = await stepOn(method, way, states, batch, settings);
          results.push({ loss, value: asTensor(await wholeValues(method, chain, next)).data });
        }
        const [wanted, ...others] = results;
        for (const { loss, value } of others) {
          assertLess(relativeError(wanted!.value, value), TOLERANCE);
          assertLess(Math.abs(wanted!.loss - loss), TOLERANCE);
        }
      });
      assertEquals(left, 0);
    },
  });
}

Deno.test({
  ...await onBackend("cpu", "two modes are a matrix: the same step as low rank"),
  fn: async () => {
    const method = await methodOf();
    const tucker = linear({ name: "a", inputs: 9, outputs: 7, format: "tucker", rank: 3 });
    const lowRank = linear({ name: "a", inputs: 9, outputs: 7, format: "low-rank", rank: 3 });
    const left = await withStates(method, tucker, async (states) => {
      const { kernel, in: u, out: v } = states["a.weight"] as unknown as Record<string, Tensor>;
      const same = { format: "low-rank", u: u!, s: kernel!, v: v! };
      const batch = randomBatch(method.engine, 12, 9, 7);
      const one = await stepOn(method, tucker, states, batch, { rate: RATE });
      const matrices = { ...states, "a.weight": same };
      const two = await stepOn(method, lowRank, matrices, batch, { rate: RATE });
      const x = matrix(await wholeValues(method, tucker, one.states, "a.weight"), 9, 7);
      const y = await denseWeight(method.engine, two.states, "a.weight");
      assertLess(relativeError(x, y), TOLERANCE);
      assertEquals(one.evaluations, two.evaluations);
    });
    assertEquals(left, 0);
  },
});

Deno.test({
  ...await onBackend("cpu", "ranks adapt mode by mode within their bounds, bases stay orthonormal"),
  fn: async () => {
    const truncation = { rule: relativeFrobenius, tolerance: 0.3, minRank: 2, maxRank: 6 };
    for (const integrator of [augmentedTuckerBug, parallelTuckerBug]) {
      const method = await methodOf({
        truncation,
        rule: adam.create(),
        tuckerIntegrator: integrator,
      });
      const { engine } = method;
      const network = net({ rank: 5 });
      const left = await withStates(method, network, async (start) => {
        const seen = new Set<string>();
        let states = start;
        const batch = imageBatch(method, IMAGES);
        for (let i = 0; i < 8; i++) {
          const next = await stepOn(method, network, states, batch, { rate: 0.05 });
          states = next.states;
          const ranks = ranksOf(network, states);
          const [r, q] = [ranks[`${KERNEL}/in`]!, ranks[`${KERNEL}/out`]!];
          assert(r >= 2 && r <= 6 && q >= 2 && q <= 6, `ranks ${r} and ${q}`);
          seen.add(`${r},${q}`);
          const point = representationOf({ format: "tucker" }).point(states[KERNEL]!);
          assertEquals([...point.kernel!.shape], [3, 3, r, q]);
          for (const u of [point.in!, point.out!]) {
            assertLess(orthogonality(await readMatrix(engine, u)), 1e-5);
          }
          assertGreater(next.discarded[KERNEL]!, 0);
        }
        assertGreater(seen.size, 1, "ranks never change");
      });
      assertEquals(left, 0, integrator.name);
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "what truncation discards is below √2 tolerance"),
  fn: async () => {
    const tolerance = 0.2;
    const loose = await methodOf();
    const tight = { ...loose, truncation: { rule: relativeFrobenius, tolerance } };
    const network = net({ rank: 4 });
    const left = await withStates(loose, network, async (states) => {
      const batch = imageBatch(loose, IMAGES);
      const whole = await stepOn(loose, network, states, batch, { rate: RATE });
      const cut = await stepOn(tight, network, states, batch, { rate: RATE });
      const [x, y] = [
        asTensor(await wholeValues(loose, network, whole.states)).data,
        asTensor(await wholeValues(loose, network, cut.states)).data,
      ];
      const discarded = cut.discarded[KERNEL]!;
      assertGreater(discarded, 0);
      assertLess(Math.abs(norm(minus(x, y)) - discarded) / norm(x), 1e-5);
      assertLess(discarded, Math.SQRT2 * tolerance * norm(x));
    });
    assertEquals(left, 0);
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "every integrator, optimizer and stepper lowers the loss and leaks nothing",
  ),
  fn: async () => {
    const truncation = { rule: relativeFrobenius, tolerance: 0.1, minRank: 2, maxRank: 6 };
    for (const tuckerIntegrator of tuckerIntegrators.list()) {
      for (
        const [optimizer, rate] of [[sgd, 0.1], [heavyBall, 0.05], [adam, 0.01], [
          adamw,
          0.01,
        ]] as const
      ) {
        const rule = optimizer.create();
        const base = await methodOf({ backend: "wasm", truncation, rule, tuckerIntegrator });
        for (const coreSteps of [1, 3]) {
          const method = { ...base, stepper: optimizerStepper(rule, { coreSteps }) };
          const { engine } = method;
          const network = net({ rank: 4 });
          const before = engine.memory().numTensors;
          let states = await initialStates(method, network, 2);
          const batch = imageBatch(method, IMAGES);
          const losses: number[] = [];
          const counts = new Set<number>();
          for (let i = 0; i < 12; i++) {
            const next = await stepOn(method, network, states, batch, { rate });
            disposeStates(states, next.states);
            states = next.states;
            losses.push(next.loss);
            if (i > 2) counts.add(engine.memory().numTensors - tensorsIn(states).length);
          }
          const what = `${tuckerIntegrator.name}, ${rule.name}, ${coreSteps}: ${losses}`;
          assertEquals([...counts], [before + 2], what);
          assertLess(losses.at(-1)!, 0.9 * losses[0]!, what);
          disposeStates(states, {});
          batch.x.dispose();
          batch.y.dispose();
          assertEquals(engine.memory().numTensors, before, what);
        }
      }
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "a Tucker state survives its checkpoint with every moment"),
  fn: async () => {
    const method = await methodOf({ rule: adam.create() });
    const network = net();
    const left = await withStates(method, network, async (states) => {
      const batch = imageBatch(method, IMAGES);
      const next = await stepOn(method, network, states, batch, { rate: 0.01 });
      const numbers = { step: 1, lossSum: 0, trainLoss: 0, firstLoss: 0 };
      const more = { best: 0, sinceBest: 0, seconds: 0, secondsPerStep: 0 };
      const state = { ...numbers, ...more, states: next.states };
      const record = await storeState(method.engine, state);
      const back = restoreState(method.engine, network, record);
      assertEquals(await storeState(method.engine, back), record);
      assert(tensorsIn(back.states[KERNEL]).length >= 3 + 2, "moments are stored");
    });
    assertEquals(left, 0);
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "a Tucker kernel starts with the norm of a dense one, in orthonormal bases",
  ),
  fn: async () => {
    const method = await methodOf();
    const network = net({ rank: 4 });
    const left = await withStates(method, network, async (states) => {
      const spec = network.weights[0]!;
      const size = spec.shape.reduce((n, d) => n * d, 1);
      const expected = Math.sqrt(size * spec.initialiser.variance(spec.shape));
      const found = Math.hypot(...await wholeValues(method, network, states));
      assertLess(Math.abs(found - expected) / expected, 1e-5);
      for (const u of await bases(method, states)) assertLess(orthogonality(u), 1e-6);
      // No unfolding of the core is near to losing rank.
      const sigma = await representationOf({ format: "tucker" }).singularValues(
        method,
        states[KERNEL]!,
      );
      const modes = sigma as Readonly<Record<string, Float64Array>>;
      for (const values of Object.values(modes)) assertGreater(values.at(-1)!, 0.1 * values[0]!);
    });
    assertEquals(left, 0);
  },
});

Deno.test({
  ...await onBackend("cpu", "inference takes the cheaper way, and both give the same images"),
  fn: async () => {
    const method = await methodOf();
    const { engine } = method;
    for (const [channels, rank, choice] of [[32, 2, "chain"], [8, 8, "reconstructed"]] as const) {
      const window = [3, 3] as const;
      const layer = conv2d({
        name: "a",
        inputs: channels,
        outputs: channels,
        size: window,
        format: "tucker",
        rank,
      });
      const shape = { window, channels: [channels, channels], ranks: [rank, rank] } as const;
      assertEquals(planExecution({ ...shape, training: false }).choice, choice);
      const left = await withStates(method, layer, async (states) => {
        const { x } = imageBatch(method, [6, 5, 5, channels]);
        const points = currentPoints(layer, states);
        const used = layer.forward(new Pass(engine, layer, points, { training: false }), x);
        const chain = layer.forward(new Pass(engine, layer, points, { training: true }), x);
        const [a, b] = [await engine.read(used), await engine.read(chain)];
        const scale = Math.hypot(...b);
        assertLess(Math.hypot(...a.map((value, i) => value - b[i]!)) / scale, TOLERANCE);
        // The same numbers to the last bit would mean that both ran the same way.
        assertEquals(a.every((value, i) => value === b[i]), choice === "chain");
      });
      assertEquals(left, 0);
    }
  },
});

Deno.test("planExecution() counts the chain and the whole kernel", () => {
  const shape = { window: [3, 3], channels: [64, 32], ranks: [16, 8], batch: 2 } as const;
  const forward = planExecution({ ...shape, pixels: [100, 25], training: false });
  assertEquals(forward.chain.flops, 2 * (200 * 64 * 16 + 50 * 9 * 16 * 8 + 50 * 8 * 32));
  const assembly = 9 * (16 * 8 * 32 + 16 * 64 * 32);
  assertEquals(forward.reconstructed.flops, 2 * (50 * 9 * 64 * 32 + assembly));
  // Images are read and written by each convolution; patches once, by those with a window.
  const images = 200 * 64 + 50 * 32;
  const patches = 50 * 9 * 16;
  assertEquals(forward.chain.bytes, 4 * (images + 2 * (200 * 16 + 50 * 8) + patches));
  const kernel = 9 * 64 * 32;
  assertEquals(forward.reconstructed.bytes, 4 * (images + 50 * 9 * 64 + kernel));
  assertEquals(forward.gradient, undefined);
  const training = planExecution({ ...shape, pixels: [100, 25] });
  const core = 50 * 9 * 16 * 8;
  // Forward, backward, two products of each side, and the core of twice the ranks.
  assertEquals(training.gradient, "projected");
  assertEquals(training.chain.flops, 2 * (4 * 200 * 64 * 16 + 4 * 50 * 8 * 32 + 6 * core));
});

Deno.test("planExecution() counts tiles, and no more of a window than small images fill", () => {
  const shape = { channels: [64, 32], ranks: [64, 32], batch: 1, training: false } as const;
  const flops = (window: [number, number], read: number, written: number): number => {
    const plan = planExecution({ ...shape, window, pixels: [read, written] });
    return plan.reconstructed.flops / 2 - window[0] * window[1] * 64 * (32 * 32 + 64 * 32);
  };
  assertEquals(flops([3, 3], 64, 64), 4 * 36 * 64 * 32);
  assertEquals(flops([3, 3], 64, 16), 16 * 9 * 64 * 32);
  assertEquals(flops([3, 3], 4, 4), 4 * 4 * 64 * 32);
  assertEquals(flops([5, 5], 64, 64), 64 * 25 * 64 * 32);
});

Deno.test("planExecution() forms the gradient where images are large and channels few", () => {
  const layer = (pixels: number, n: number, r: number): string | undefined =>
    planExecution({ window: [3, 3], channels: [n, n], ranks: [r, r], pixels: [pixels, pixels] })
      .gradient;
  assertEquals(layer(1024, 64, 19), "formed");
  assertEquals(layer(16, 512, 149), "projected");
});

Deno.test("planExecution() never prefers a chain of higher ranks to one of lower", () => {
  const random = new Random(1);
  for (let i = 0; i < 200; i++) {
    const channels = [1 + random.integer(512), 1 + random.integer(512)] as const;
    const window = [1 + random.integer(5), 1 + random.integer(5)] as const;
    const choices: string[] = [];
    for (let share = 0.1; share <= 1; share += 0.1) {
      const ranks = channels.map((n) => Math.ceil(share * n)) as [number, number];
      choices.push(planExecution({ window, channels, ranks }).choice);
    }
    const last = Math.max(0, choices.lastIndexOf("chain"));
    assert(
      choices.slice(0, last).every((c) => c === "chain"),
      `${channels}, ${window}: ${choices}`,
    );
  }
});

Deno.test({
  ...await onBackend("cpu", "a Tucker weight is a matrix or a kernel without groups"),
  fn: async () => {
    const method = await methodOf();
    const vector: Layer = {
      weights: [{ ...net().weights[0]!, name: "v", shape: [7] }],
      forward: (_, x) => x,
    };
    const error = await assertRejects(() => initialStates(method, vector, 1), RangeError);
    assertEquals(
      error.message,
      'Cannot factorise "v": a matrix has 2 dimensions, ' +
        "a map to heads 3, a kernel 4, got shape [7]",
    );
  },
});
