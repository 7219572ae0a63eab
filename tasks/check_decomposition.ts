/**
 * What a Tucker decomposition promises, measured: for the command `check`.
 *
 * @module
 */

import {
  type Algebra,
  type Choice,
  type Decomposed,
  type DenseTensor,
  denseTensor,
  type Finding,
  type Random,
  type TuckerDecomposition,
  tuckerToDense,
} from "../core/mod.ts";

/** Extents of the tensor that is decomposed, and the ranks that it has but for noise. */
const [SHAPE, RANKS] = [[6, 5, 4], [3, 2, 2]];
/** Entries of the noise, against entries of about 1. */
const NOISE = 1e-2;

/** Whether factors are orthonormal, ranks and the error as claimed, and that close to the least. */
export async function decompositionFindings<M>(
  a: Algebra<M>,
  { plugin, settings }: Choice<TuckerDecomposition>,
  random: Random,
): Promise<Finding[]> {
  const noisy = randomTensor(a, random.fork("noise"), SHAPE, NOISE);
  const core = randomTensor(a, random.fork("core"), RANKS, 1);
  const factors = SHAPE.map((n, mode) => {
    const entries = random.fork(mode).fillNormal(new Float64Array(n * RANKS[mode]!));
    return a.from(entries, n, RANKS[mode]!);
  });
  const low = tuckerToDense(a, { core, factors });
  const x = { shape: SHAPE, data: a.lincomb(1, low.data, 1, noisy.data) };
  const found = await plugin.decompose(a, x, { ...settings, maxRanks: RANKS });
  const { tucker, discarded } = checkedShapes(a, plugin, found);
  const rest = a.lincomb(1, x.data, -1, tuckerToDense(a, tucker).data);
  const error = await a.norm(rest);
  const norm = await a.norm(x.data);
  const defects = await Promise.all(tucker.factors.map(async (u) => {
    const gram = a.multiply(u, u, { transposeLeft: true });
    return await a.norm(a.lincomb(1, gram, -1, a.identity(a.cols(u))));
  }));
  // The noise is one of the tensors that may be left out; HOSVD may leave out √3 times the least.
  const most = Math.sqrt(SHAPE.length) * await a.norm(noisy.data);
  const roundOff = 100 * Math.sqrt(a.epsilon);
  return [
    atMost("factors are orthonormal", Math.hypot(...defects), 100 * a.epsilon),
    atMost("the claimed error is no less than the error", (error - discarded) / norm, roundOff),
    atMost("the error is near the least", error / norm, most / norm),
  ];
}

function checkedShapes<M>(
  a: Algebra<M>,
  plugin: TuckerDecomposition,
  found: Decomposed<M>,
): Decomposed<M> {
  const { core, factors } = found.tucker;
  const shapes = [core.shape.join("×"), ...factors.map((u) => `${a.rows(u)}×${a.cols(u)}`)];
  const wanted = [core.shape.join("×"), ...SHAPE.map((n, mode) => `${n}×${core.shape[mode]}`)];
  const within = core.shape.every((r, mode) => r >= 1 && r <= RANKS[mode]!);
  if (within && shapes.join() === wanted.join()) return found;
  throw new RangeError(
    `Cannot use Tucker decomposition "${plugin.name}": expected ranks up to ${RANKS.join("×")} ` +
      `and factors that fit ${SHAPE.join("×")}, got core and factors ${shapes.join(", ")}`,
  );
}

function atMost(property: string, measured: number, expected: number): Finding {
  return { property, expected, measured, unit: "error", ok: measured <= expected };
}

function randomTensor<M>(
  a: Algebra<M>,
  random: Random,
  shape: readonly number[],
  size: number,
): DenseTensor<M> {
  const entries = random.fillNormal(new Float64Array(shape.reduce((n, d) => n * d, 1)), 0, size);
  return denseTensor(a, entries, shape);
}
