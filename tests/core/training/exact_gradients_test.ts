/**
 * What the formats' fields say of the gradient equals contractions of the dense gradient, through
 * real passes of a network, for random shapes.
 */

import { assertEquals, assertLess } from "@std/assert";
import {
  contractAlong,
  currentPoints,
  type Evidence,
  hostAlgebra,
  kernelPairs,
  kernelTuckerField,
  type Layer,
  type Matrix,
  matrix,
  matrixPairs,
  modeProducts,
  pairField,
  Random,
  representationOf,
  type Tensor,
  type TrainingMethod,
  type TuckerTensor,
  tuckerToDense,
  twoModeField,
  unfold,
  type WeightPoint,
  type WeightStates,
  wholeTuckerField,
} from "../../../core/mod.ts";
import type { LocalTuckerField } from "../../../core/geometry/mod.ts";
import { formedTuckerField } from "../../../core/training/representation/tucker/field.ts";
import { linear } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { imageBatch, KERNEL, kernelNet, wholeField, withStates } from "../../support/kernels.ts";
import { relativeError } from "../../support/matrices.ts";
import {
  evaluateAt,
  type LabelledBatch,
  methodOf,
  randomBatch,
  readMatrix,
} from "../../support/training.ts";

const TOLERANCE = 1e-5;
const host = hostAlgebra();

/** A random convolution: shapes, strides, dilations, ranks. */
interface Case {
  readonly image: readonly [number, number, number, number];
  readonly outputs: number;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly rank: number;
}

function cases(count: number): Case[] {
  const random = new Random(11);
  const between = (low: number, high: number): number => low + random.integer(high - low + 1);
  return Array.from({ length: count }, () => ({
    image: [between(1, 4), between(4, 9), between(4, 9), between(1, 9)],
    outputs: between(2, 9),
    size: [between(1, 4), between(1, 4)],
    strides: [between(1, 2), between(1, 2)],
    dilations: [between(1, 2), between(1, 2)],
    rank: between(1, 5),
  }));
}

/** What a check of one evaluation sees. */
interface Seen {
  readonly method: TrainingMethod;
  readonly network: Layer;
  readonly states: WeightStates;
  readonly evidence: Evidence;
  /** The whole gradient, row-major. */
  readonly whole: Float64Array;
}

async function evaluated(
  method: TrainingMethod,
  network: Layer,
  batch: LabelledBatch,
  states: WeightStates,
  check: (seen: Seen) => Promise<void>,
  name: string = KERNEL,
): Promise<void> {
  const { engine } = method;
  const whole = await wholeField(method, network, states, batch, name);
  const evaluation = await evaluateAt(engine, network, currentPoints(network, states), batch);
  const values = Float64Array.from(await engine.read(whole));
  const evidence = evaluation.evidence.get(name)!;
  await check({ method, network, states, evidence, whole: values });
  evaluation.dispose();
}

function gaussian(method: TrainingMethod, random: Random, rows: number, cols: number): Tensor {
  return method.algebra.from(random.fillNormal(new Float32Array(rows * cols)), rows, cols);
}

/** Contractions of the field of a kernel with random and own bases, and along each mode. */
async function checkTucker({ method, states, evidence, whole }: Seen, c: Case): Promise<void> {
  const { engine, algebra: a } = method;
  const point = representationOf({ format: "tucker" }).point(states[KERNEL]!);
  const at = { in: point.in!, out: point.out! };
  const y = weightTensor(a, point, c.size[0] * c.size[1]);
  const fields = [
    kernelTuckerField(engine, a, evidence.pairs, at, c.size),
    formedTuckerField(engine, a, evidence.pairs, y, c.size),
  ];
  for (const f of fields) await checkField(f, method, point, whole, c);
}

/** Core and bases as a tensor whose window is one mode. */
function weightTensor(
  a: TrainingMethod["algebra"],
  point: WeightPoint,
  pixels: number,
): TuckerTensor<Tensor> {
  const [u, v] = [point.in!, point.out!];
  const [r, q] = [u.shape[1]!, v.shape[1]!];
  const core = { shape: [pixels, r, q], data: a.reshape(point.kernel!, pixels, r * q) };
  return { core, factors: [a.identity(pixels), u, v] };
}

async function checkField(
  f: LocalTuckerField<Tensor>,
  method: TrainingMethod,
  point: WeightPoint,
  whole: Float64Array,
  c: Case,
): Promise<void> {
  const { engine, algebra: a } = method;
  const [u, v] = [point.in!, point.out!];
  const [pixels, n, m] = [c.size[0] * c.size[1], u.shape[0]!, v.shape[0]!];
  const wholeTensor = { shape: [pixels, n, m], data: matrix(whole, pixels, n * m) };
  const random = new Random(3);
  const w = gaussian(method, random, pixels, 2);
  const [x, y] = [gaussian(method, random, n, 3), gaussian(method, random, m, 4)];
  const choices = [
    [undefined, undefined, undefined],
    [undefined, u, v],
    [undefined, x, v],
    [undefined, u, y],
    [w, x, y],
    [w, undefined, v],
    [undefined, x, undefined],
  ];
  for (const bases of choices) {
    const onHost = await Promise.all(
      bases.map((b) => b === undefined ? undefined : readMatrix(engine, b)),
    );
    const wanted = modeProducts(host, wholeTensor, onHost, { transpose: true });
    const found = f.contract(bases);
    assertEquals([...found.shape], [...wanted.shape]);
    assertLess(relativeError(await readMatrix(engine, found.data), wanted.data), TOLERANCE);
  }
  // Bases that have grown, with the blocks told: images in the old one are known.
  const grown = [a.hstack([u, x]), a.hstack([v, y])];
  const split = [undefined, { old: u, added: x }, { old: v, added: y }];
  const all = await readMatrix(engine, f.contract([undefined, ...grown], split).data);
  const both = await Promise.all(grown.map((b) => readMatrix(engine, b)));
  const wanted = modeProducts(host, wholeTensor, [undefined, ...both], { transpose: true });
  assertLess(relativeError(all, wanted.data), TOLERANCE);
  // Gradients in the bases, as the chain's own backward pass has formed them.
  const data = a.reshape(point.kernel!, pixels, u.shape[1]! * v.shape[1]!);
  const own = { shape: [pixels, u.shape[1]!, v.shape[1]!], data };
  for (const mode of [1, 2]) {
    const factors = [undefined, u, v].map((b, k) => k === mode ? undefined : b);
    const dense = await onHostAlong(engine, wholeTensor, mode, { core: own, factors }, [
      pixels,
      n,
      m,
    ]);
    const found = await readMatrix(engine, f.factorGradient!(mode)!);
    assertLess(relativeError(found, dense), TOLERANCE);
  }
  assertEquals(f.factorGradient!(0), undefined);
  const known = { shape: [pixels, n, m], data: a.from(whole, pixels, n * m) };
  const full = wholeTuckerField(engine, a, known);
  for (const bases of choices) {
    const [one, two] = [f.contract(bases), full.contract(bases)];
    const reference = await readMatrix(engine, one.data);
    assertLess(relativeError(await readMatrix(engine, two.data), reference), TOLERANCE);
  }
  for (const [mode, extent] of [pixels, n, m].entries()) {
    // The unfolding along a mode: against an open tensor with 2 columns there.
    const shape = [pixels, u.shape[1]!, v.shape[1]!].map((r, k) => k === mode ? 2 : r);
    const data = gaussian(method, random, shape[0]!, shape[1]! * shape[2]!);
    const factors = [undefined, u, v].map((b, k) => k === mode ? undefined : b);
    const others = { core: { shape, data }, factors };
    const fast = await readMatrix(engine, f.along!(mode, others));
    const plain = await readMatrix(
      engine,
      contractAlong(a, { contract: f.contract }, mode, others),
    );
    const dense = await onHostAlong(engine, wholeTensor, mode, others, [pixels, n, m]);
    assertEquals([fast.rows, fast.cols], [extent, 2]);
    assertLess(relativeError(fast, dense), TOLERANCE);
    assertLess(relativeError(fast, plain), TOLERANCE);
    const ofWhole = await readMatrix(engine, full.along!(mode, others));
    assertLess(relativeError(ofWhole, dense), TOLERANCE);
  }
}

/** F₍ₖ₎ T₍ₖ₎ᵀ in float64. */
async function onHostAlong(
  engine: TrainingMethod["engine"],
  whole: { shape: number[]; data: Matrix },
  mode: number,
  others: { core: { shape: readonly number[]; data: Tensor }; factors: (Tensor | undefined)[] },
  extents: readonly number[],
): Promise<Matrix> {
  const factors = await Promise.all(
    others.factors.map(async (b, k) =>
      b === undefined
        ? host.identity(k === mode ? others.core.shape[k]! : extents[k]!)
        : await readMatrix(engine, b)
    ),
  );
  const core = { shape: others.core.shape, data: await readMatrix(engine, others.core.data) };
  const open = tuckerToDense(host, { core, factors });
  return host.multiply(unfold(host, whole, mode), unfold(host, open, mode), {
    transposeRight: true,
  });
}

/** Projections of the field of a kernel as a matrix. */
async function checkMatrix({ method, states, evidence, whole }: Seen, c: Case): Promise<void> {
  const { engine, algebra: a } = method;
  const { u: u4, s, v } = representationOf({ format: "low-rank" }).point(states[KERNEL]!);
  const [rows, cols] = [c.size[0] * c.size[1] * c.image[3], v!.shape[0]!];
  const u = a.reshape(u4!, rows, u4!.shape[3]!);
  const at = { u, s: s!, v: v! };
  const pairs = kernelPairs(engine, a, evidence.pairs, c.size);
  const f = pairField(a, pairs, { ...at, core: evidence.gradient });
  const g = matrix(whole, rows, cols);
  const random = new Random(3);
  const [x, y] = [gaussian(method, random, rows, 3), gaussian(method, random, cols, 2)];
  const near = async (found: Tensor, wanted: Matrix): Promise<void> =>
    assertLess(relativeError(await readMatrix(engine, found), wanted), TOLERANCE);
  for (const [p, q] of [[u, v!], [x, y]] as const) {
    const [left, right] = [await readMatrix(engine, p), await readMatrix(engine, q)];
    const gv = host.multiply(g, right);
    await near(f.times(q), gv);
    await near(f.adjointTimes(p), host.multiply(g, left, { transposeLeft: true }));
    await near(f.galerkin(p, q), host.multiply(left, gv, { transposeLeft: true }));
  }
}

const CHECKS = { "tucker": checkTucker, "low-rank": checkMatrix };

for (const backend of cpuBackends) {
  for (const [format, check] of Object.entries(CHECKS)) {
    Deno.test({
      ...await onBackend(backend, `projected gradients of ${format} kernels are exact`),
      fn: async () => {
        const method = await methodOf({ backend });
        for (const c of cases(backend === "cpu" ? 8 : 25)) {
          const { image, outputs, size, strides, dilations, rank } = c;
          const network = kernelNet(
            { inputs: image[3], outputs, size, strides, dilations, rank, format },
            [image[1], image[2]],
          );
          const left = await withStates(method, network, async (states) => {
            const batch = imageBatch(method, image);
            await evaluated(method, network, batch, states, (seen) => check(seen, c));
          });
          assertEquals(left, 0, JSON.stringify(c));
        }
      },
    });
  }

  Deno.test({
    ...await onBackend(backend, "projected gradients of Tucker matrices are exact"),
    fn: async () => {
      const method = await methodOf({ backend });
      const network = linear({ name: "a", inputs: 9, outputs: 7, format: "tucker", rank: 3 });
      const left = await withStates(method, network, async (states) => {
        const batch = randomBatch(method.engine, 12, 9, 7);
        const check = async ({ evidence, whole }: Seen): Promise<void> => {
          const point = representationOf({ format: "tucker" }).point(states["a.weight"]!);
          const at = { in: point.in!, out: point.out! };
          const { engine, algebra: a } = method;
          const own = { u: at.in, v: at.out, core: evidence.gradient };
          const f = twoModeField(a, pairField(a, matrixPairs(a, evidence.pairs), own));
          const g = matrix(whole, 9, 7);
          const [u, v] = [await readMatrix(engine, at.in), await readMatrix(engine, at.out)];
          const core = host.multiply(u, host.multiply(g, v), { transposeLeft: true });
          const found = await readMatrix(engine, f.contract([at.in, at.out]).data);
          assertLess(relativeError(found, core), TOLERANCE);
          const t = gaussian(method, new Random(1), 2, 3);
          const others = { core: { shape: [2, 3], data: t }, factors: [undefined, at.out] };
          const wanted = host.multiply(
            host.multiply(g, v),
            await readMatrix(engine, t),
            { transposeRight: true },
          );
          assertLess(
            relativeError(await readMatrix(engine, f.along!(0, others)), wanted),
            TOLERANCE,
          );
        };
        await evaluated(method, network, batch, states, check, "a.weight");
      });
      assertEquals(left, 0);
    },
  });
}
