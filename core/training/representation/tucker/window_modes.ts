/**
 * Windows of kernels as modes of their own: core × four factors, read as core × channel bases.
 *
 * @module
 */

import type { Algebra } from "../../../algebra/mod.ts";
import type { Engine, Tensor } from "../../../backend/mod.ts";
import { contractAlong, type LocalTuckerField } from "../../../geometry/mod.ts";
import type { Truncation } from "../../../integrators/mod.ts";
import { type DenseTensor, modeProducts, type TuckerTensor } from "../../../tensors/mod.ts";
import type { Compression } from "../../representation.ts";
import type { WeightSpec } from "../../weight.ts";
import { modeTruncations } from "./factors.ts";

/** Modes of a kernel: height, width, inputs, outputs. */
const MODES = 4;
/** The channel modes, counted from here, are those behind the window where it is one mode. */
const CHANNELS = 2;

/** Bases of height and width. */
interface WindowBases {
  /** Basis of the height, h×ρ. */
  readonly height: Tensor;
  /** Basis of the width, w×ρ. */
  readonly width: Tensor;
}

/** A core h×w×r×q between the bases of a window, ρ×σ×r×q before. */
export function openedKernel(
  engine: Engine,
  kernel: Tensor,
  { height, width }: WindowBases,
): Tensor {
  const [rows, columns, r, q] = kernel.shape as [number, number, number, number];
  const [h, w] = [height.shape[0]!, width.shape[0]!];
  return engine.tidy(() => {
    const tall = engine.matMul(height, engine.reshape(kernel, [rows, columns * r * q]));
    const byRow = engine.reshape(tall, [h * columns, r * q]);
    const wide = Array.from(
      { length: h },
      (_, i) => engine.matMul(width, engine.slice(byRow, [i * columns, 0], [columns, r * q])),
    );
    return engine.reshape(engine.concat(wide, 0), [h, w, r, q]);
  });
}

/** The same tensor as core × channel bases, its window one mode without a basis. */
export function withOpenWindow(
  a: Algebra<Tensor>,
  { core, factors }: TuckerTensor<Tensor>,
): TuckerTensor<Tensor> {
  const [height, width, u, v] = factors as [Tensor, Tensor, Tensor, Tensor];
  const joined = joinWindow(a, modeProducts(a, core, [height, width, undefined, undefined]));
  return { core: joined, factors: [a.identity(joined.shape[0]!), u, v] };
}

/**
 * F with modes for height and width, from F whose window is one mode without a basis.
 *
 * @param f F of the tensor that {@linkcode withOpenWindow} gives.
 * @param extents Height and width.
 */
export function fieldWithWindow(
  a: Algebra<Tensor>,
  f: LocalTuckerField<Tensor>,
  extents: readonly [number, number],
): LocalTuckerField<Tensor> {
  const contract: LocalTuckerField<Tensor>["contract"] = ([height, width, b, c], split = []) => {
    const open = f.contract([undefined, b, c], [undefined, split[2], split[3]]);
    const kernel = splitWindow(a, open, extents);
    return modeProducts(a, kernel, [height, width, undefined, undefined], { transpose: true });
  };
  return {
    contract,
    along(mode, others) {
      if (mode < CHANNELS) return contractAlong(a, { contract }, mode, others);
      const [height, width, b, c] = others.factors;
      const core = modeProducts(a, others.core, [height, width, undefined, undefined]);
      const joined = { core: joinWindow(a, core), factors: [undefined, b, c] };
      return contractAlong(a, f, mode - 1, joined);
    },
    factorGradient: (mode) => mode < CHANNELS ? undefined : f.factorGradient?.(mode - 1),
  };
}

/** The run's truncation for all four modes; {@linkcode modeTruncations} has those of channels. */
export function fourTruncations(
  spec: WeightSpec,
  t: Truncation,
  compression?: Compression,
): Truncation[] {
  const [, ...channels] = modeTruncations(spec, t, compression);
  // Bounds of a run are bounds of channels.
  const windows = spec.shape.slice(0, MODES - CHANNELS).map((maxRank): Truncation => ({
    ...t,
    tolerance: compression?.tolerance ?? t.tolerance,
    maxRank,
    minRank: compression?.rank === undefined ? 1 : maxRank,
  }));
  return [...windows, ...channels];
}

function joinWindow(a: Algebra<Tensor>, { shape, data }: DenseTensor<Tensor>): DenseTensor<Tensor> {
  const [h, w, r, q] = shape as [number, number, number, number];
  return { shape: [h * w, r, q], data: a.reshape(data, h * w, r * q) };
}

function splitWindow(
  a: Algebra<Tensor>,
  { shape, data }: DenseTensor<Tensor>,
  [h, w]: readonly [number, number],
): DenseTensor<Tensor> {
  const [, r, q] = shape as [number, number, number];
  return { shape: [h, w, r, q], data: a.reshape(data, h, w * r * q) };
}
