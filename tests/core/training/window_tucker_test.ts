/** Kernels as core × four factors: windows that are modes with ranks of their own. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  compressStates,
  currentPoints,
  denseNetwork,
  denseTensorField,
  type Engine,
  hostAlgebra,
  initialStates,
  type Layer,
  type Matrix,
  matrix,
  modeProducts,
  Random,
  relativeFrobenius,
  representationOf,
  type Tensor,
  type TrainingMethod,
  type WeightState,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  fieldWithWindow,
  openedKernel,
} from "../../../core/training/representation/tucker/window_modes.ts";
import { wholeTuckerField } from "../../../core/training/representation/tucker/field.ts";
import { contractAlong } from "../../../core/geometry/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import {
  imageBatch,
  KERNEL,
  kernelNet,
  wholeField,
  wholeValues,
  withStates,
} from "../../support/kernels.ts";
import {
  gaussian,
  minus,
  norm,
  orthonormal,
  projector,
  relativeError,
} from "../../support/matrices.ts";
import { evaluateAt, methodOf, readMatrix, stepOn } from "../../support/training.ts";

const FORMAT = "window-tucker";
const FACTORS = ["height", "width", "in", "out"] as const;
const SHAPE = [3, 4, 5, 6] as const;
const IMAGES = [6, 5, 5, 5] as const;
const RATE = 0.3;
const TOLERANCE = 1e-5;
const host = hostAlgebra();
const format = representationOf({ format: FORMAT });

function net(pixels: readonly [number, number] = [1e-3, 1e-3]): Layer {
  const network = kernelNet(
    { inputs: 5, outputs: 6, size: [3, 4], format: FORMAT, rank: 3 },
    [5, 5],
  );
  return {
    ...network,
    weights: network.weights.map((w) => w.name === KERNEL ? { ...w, pixels } : w),
  };
}

function upload(engine: Engine, x: Matrix): Tensor {
  return engine.tensor(Float32Array.from(x.data), [x.rows, x.cols]);
}

function tensor(values: Float64Array): { shape: number[]; data: Matrix } {
  return { shape: [...SHAPE], data: matrix(values, SHAPE[0], 4 * 5 * 6) };
}

/** The state with a random kernel of these ranks in it. */
async function withRanks(
  { engine }: TrainingMethod,
  states: WeightStates,
  ranks: readonly [number, number, number, number],
): Promise<WeightStates> {
  const random = new Random(11);
  const bases: Record<string, Tensor> = {};
  for (const [k, name] of FACTORS.entries()) {
    bases[name] = upload(engine, await orthonormal(random, SHAPE[k]!, ranks[k]!));
  }
  const size = ranks.reduce((n, r) => n * r, 1);
  const kernel = engine.tensor(random.fillNormal(new Float32Array(size)), ranks);
  const state: WeightState = { format: FORMAT, kernel, ...bases };
  return { ...states, [KERNEL]: state };
}

async function basesOf({ engine }: TrainingMethod, states: WeightStates): Promise<Matrix[]> {
  const state = states[KERNEL] as unknown as Record<string, Tensor>;
  return await Promise.all(FACTORS.map((name) => readMatrix(engine, state[name]!)));
}

for (const backend of cpuBackends) {
  for (const pixels of [[1e-3, 1e-3], [1e4, 1e4]] as const) {
    const how = pixels[0] < 1 ? "as a chain" : "as a whole kernel";
    Deno.test({
      ...await onBackend(backend, `four bases grow, W₁ = W₀ + dt F ×ₖ Ûₖ Ûₖᵀ, ${how}`),
      fn: async () => {
        const method = await methodOf({ backend });
        const network = net(pixels);
        const left = await withStates(method, network, async (start) => {
          const states = await withRanks(method, start, [2, 1, 3, 2]);
          const batch = imageBatch(method, IMAGES);
          const field = await wholeField(method, network, states, batch);
          const f = tensor(Float64Array.from(await method.engine.read(field)));
          const before = tensor(await wholeValues(method, network, states));
          const next = await stepOn(method, network, states, batch, { rate: RATE });
          const after = tensor(await wholeValues(method, network, next.states));
          const bases = await basesOf(method, next.states);
          assertEquals(bases.map((u) => u.cols), [3, 2, 5, 4]);
          const projectors = bases.map(projector);
          const step = modeProducts(host, f, projectors);
          const moved = minus(after.data, before.data);
          assertLess(relativeError(moved, host.scale(RATE, step.data)), 1e-4);
          const old = await basesOf(method, states);
          for (const [k, p] of projectors.entries()) {
            assertLess(norm(minus(host.multiply(p, old[k]!), old[k]!)), TOLERANCE);
            // The gradient in the basis lies in the new one.
            const others = old.map((u, j) => j === k ? undefined : projector(u));
            const open = { core: before, factors: others };
            const gradient = contractAlong(host, denseTensorField(host, f), k, open);
            assertLess(relativeError(host.multiply(p, gradient), gradient), 1e-4);
          }
        });
        assertEquals(left, 0);
      },
    });
  }

  Deno.test({
    ...await onBackend(backend, "a field with modes for the window contracts as a dense one"),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine, algebra } = method;
      const left = await withStates(method, net(), async () => {
        const random = new Random(3);
        const values = gaussian(random, 3, 4 * 5 * 6);
        const whole = denseTensorField(host, { shape: [...SHAPE], data: values });
        const data = engine.tensor(Float32Array.from(values.data), [12, 30]);
        const three = wholeTuckerField(engine, algebra, { shape: [12, 5, 6], data });
        const four = fieldWithWindow(algebra, three, [3, 4]);
        const bases = SHAPE.map((n, k) => gaussian(random, n, 1 + (k % 3)));
        for (let open = 0; open < 16; open++) {
          const chosen = bases.map((u, k) => (open >> k) % 2 === 1 ? u : undefined);
          const wanted = whole.contract(chosen);
          const found = four.contract(chosen.map((u) => u && upload(engine, u)));
          assertEquals(found.shape, wanted.shape);
          const read = await readMatrix(engine, found.data);
          assertLess(relativeError(read, wanted.data), TOLERANCE);
        }
        for (const mode of SHAPE.keys()) {
          const shape = bases.map((u, k) => k === mode ? 2 : u.cols);
          const [rows, rest] = [shape[0]!, shape.slice(1).reduce((n, d) => n * d, 1)];
          const core = gaussian(random, rows, rest);
          const others = bases.map((u, k) => k === mode ? undefined : u);
          const wanted = contractAlong(host, whole, mode, {
            core: { shape, data: core },
            factors: others,
          });
          const found = four.along!(mode, {
            core: { shape, data: upload(engine, core) },
            factors: others.map((u) => u && upload(engine, u)),
          });
          assertLess(relativeError(await readMatrix(engine, found), wanted), TOLERANCE);
        }
      });
      assertEquals(left, 0);
    },
  });

  Deno.test({
    ...await onBackend(backend, "a kernel with small windows computes what the whole one does"),
    fn: async () => {
      const method = await methodOf({ backend });
      const network = net();
      const left = await withStates(method, network, async (start) => {
        const states = await withRanks(method, start, [2, 3, 3, 2]);
        const batch = imageBatch(method, IMAGES);
        const own = await evaluateAt(method.engine, network, currentPoints(network, states), batch);
        const twin = denseNetwork(network);
        const { states: whole } = await compressStates(method, twin, states);
        const other = await evaluateAt(method.engine, twin, currentPoints(twin, whole), batch);
        assertAlmostEquals(own.loss, other.loss, 1e-5);
        own.dispose();
        other.dispose();
        const spec = network.weights.find((w) => w.name === KERNEL)!;
        const state = states[KERNEL]!;
        assertEquals(format.rank(state), { height: 2, width: 3, in: 3, out: 2 });
        assertEquals(format.size(state), 2 * 3 * 3 * 2 + 3 * 2 + 4 * 3 + 5 * 3 + 6 * 2);
        const sigma = await format.singularValues(method, state) as Record<string, Float64Array>;
        assertEquals(FACTORS.map((name) => sigma[name]!.length), [2, 3, 3, 2]);
        const dense = await wholeValues(method, network, states);
        const size = Math.sqrt(dense.reduce((sum, x) => sum + x * x, 0));
        for (const values of Object.values(sigma)) {
          assertAlmostEquals(Math.hypot(...values) / size, 1, 1e-5);
        }
        assert(format.plan!(spec, state));
      });
      assertEquals(left, 0);
    },
  });

  Deno.test({
    ...await onBackend(backend, "compression finds the ranks of windows"),
    fn: async () => {
      const method = await methodOf({
        backend,
        truncation: { rule: relativeFrobenius, tolerance: 1e-3, minRank: 2 },
      });
      const network = net();
      const left = await withStates(method, network, async (start) => {
        const states = await withRanks(method, start, [1, 2, 3, 2]);
        const spec = network.weights.find((w) => w.name === KERNEL)!;
        const whole = format.toDense!(method, spec, states[KERNEL]!);
        const found = await format.fromDense!(method, spec, whole, {});
        // Bounds of the run are for channels.
        assertEquals(format.rank(found.state), { height: 1, width: 2, in: 3, out: 2 });
        const back = format.toDense!(method, spec, found.state);
        const error = method.engine.norm(method.engine.lincomb(1, whole, -1, back));
        assertLess((await method.engine.read(error))[0]!, 1e-4);
        assertLess(found.discarded!, 1e-4);
        const exact = await format.fromDense!(method, spec, whole, { rank: 2 });
        assertEquals(format.rank(exact.state), { height: 3, width: 4, in: 2, out: 2 });
        const opened = openedKernel(
          method.engine,
          (found.state as unknown as { kernel: Tensor }).kernel,
          found.state as unknown as { height: Tensor; width: Tensor },
        );
        assertEquals(opened.shape, [3, 4, 3, 2]);
      });
      assertEquals(left, 0);
    },
  });
}

Deno.test({
  ...await onBackend("wasm", "ranks of windows fall and loss does, with moments and with none"),
  fn: async () => {
    for (const rule of [undefined, adam.create()]) {
      const method = await methodOf({
        backend: "wasm",
        ...(rule ? { rule } : {}),
        truncation: { rule: relativeFrobenius, tolerance: 0.5 },
      });
      const network = net();
      const before = method.engine.memory().numTensors;
      await method.engine.scope(async () => {
        let states = await initialStates(method, network, 1);
        assertEquals(format.rank(states[KERNEL]!), { height: 3, width: 4, in: 3, out: 3 });
        const batch = imageBatch(method, IMAGES);
        const losses: number[] = [];
        for (let i = 0; i < 40; i++) {
          const next = await stepOn(method, network, states, batch, { rate: rule ? 0.02 : 0.1 });
          states = next.states;
          losses.push(next.loss);
        }
        assertLess(losses.at(-1)!, 0.5 * losses[0]!);
        const { height, width } = format.rank(states[KERNEL]!) as Record<string, number>;
        assertLess(height! + width!, 7);
      });
      assertEquals(method.engine.memory().numTensors, before);
    }
  },
});
