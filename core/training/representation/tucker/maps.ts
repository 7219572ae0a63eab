/**
 * What passes compute with kernels in Tucker format: points, forward maps, fields.
 *
 * @module
 */

import type { ConvGeometry, Engine, Tensor } from "../../../backend/mod.ts";
import { type LocalTuckerField, pairField, twoModeField } from "../../../geometry/mod.ts";
import type { TuckerTensor } from "../../../tensors/mod.ts";
import type { TrainingMethod } from "../../method.ts";
import type { ConvUse, ExecutionPlan, LinearUse } from "../../representation.ts";
import type { Evidence, WeightPoint, WeightSpec } from "../../weight.ts";
import { dense } from "../dense.ts";
import {
  channelsOf,
  factorisedLinear,
  pairSquare,
  refuseGroups,
  windowOf,
} from "../matrix_factors.ts";
import { matrixPairs } from "../pair_field.ts";
import { type ChainShape, planExecution } from "./execution.ts";
import { partsOf, tuckerOf, wholeWeight } from "./factors.ts";
import { formedTuckerField, kernelTuckerField, wholeTuckerField } from "./field.ts";

/** Says of a point that its pass leaves the gradient in the core to the field. */
const CORE_LEFT = "coreLeft";

/** How a kernel with these parts runs in training; undefined for a matrix. */
export function planOf(spec: WeightSpec, kernel: Tensor): ExecutionPlan | undefined {
  const window = windowOf(spec);
  if (!window) return undefined;
  const ranks = kernel.shape.slice(2) as [number, number];
  const shape: ChainShape = { window, channels: channelsOf(spec), ranks };
  return planExecution(spec.pixels ? { ...shape, pixels: spec.pixels } : shape);
}

/**
 * What a training pass computes with: the parts, or the whole kernel where that is cheaper. Of a
 * whole kernel the pass gives the whole gradient, and every projection is one of that. Of the parts
 * of a kernel it leaves all gradients to the field: the core's own is part of a larger one.
 */
export function tuckerPoint(
  method: TrainingMethod,
  spec: WeightSpec,
  y: TuckerTensor<Tensor>,
): WeightPoint {
  const parts = partsOf(method, spec, y);
  const plan = planOf(spec, parts.kernel);
  if (!plan) return { ...parts };
  if (plan.choice === "chain") return { ...parts, [CORE_LEFT]: parts.kernel };
  return { kernel: wholeWeight(method, spec, y) };
}

/** F at the point of a pass. */
export function tuckerFieldAt(
  method: TrainingMethod,
  spec: WeightSpec,
  point: WeightPoint,
  { gradient, pairs }: Evidence,
): LocalTuckerField<Tensor> {
  const { algebra: a, engine } = method;
  const window = windowOf(spec);
  if (point.in && point.out) {
    const at = { in: point.in, out: point.out };
    if (!window) {
      const own = { u: at.in, v: at.out, core: gradient };
      return twoModeField(a, pairField(a, matrixPairs(a, pairs), own));
    }
    return planOf(spec, point.kernel!)?.gradient === "formed"
      ? formedTuckerField(
        engine,
        a,
        pairs,
        tuckerOf(method, { ...at, kernel: point.kernel! }),
        window,
      )
      : kernelTuckerField(engine, a, pairs, at, window);
  }
  const [height, width, n, m] = spec.shape as [number, number, number, number];
  const data = a.reshape(gradient, height * width, n * m);
  return wholeTuckerField(engine, a, { shape: [height * width, n, m], data });
}

/** act(x U C Vᵀ + b), or the same with the transpose. */
export function tuckerLinear(
  engine: Engine,
  { in: u, kernel: s, out: v }: WeightPoint,
  x: Tensor,
  use: LinearUse,
): Tensor {
  return factorisedLinear(engine, { u: u!, s: s!, v: v! }, x, use);
}

/**
 * act(x ∗ W + b) by the chain (x U) ∗ core Vᵀ, or with the whole kernel where the point holds that
 * or, outside of training, where it is cheaper for these images.
 *
 * @throws {RangeError} When the kernel has groups.
 */
export function tuckerConv2d(
  engine: Engine,
  point: WeightPoint,
  x: Tensor,
  { bias, geometry, activation, capture }: ConvUse,
): Tensor {
  refuseGroups(geometry);
  const { kernel, in: u, out: v } = point;
  if (!u || !v) return engine.conv2d(x, kernel!, bias, geometry, activation);
  if (capture || chainIsCheaper(x, kernel!, u, v, geometry)) {
    const coreLeft = capture !== undefined && point[CORE_LEFT] !== undefined;
    const factors = { u, core: kernel!, v, coreLeft };
    return engine.chainConv2d(x, factors, bias, geometry, activation, capture);
  }
  return engine.conv2d(x, assembled(engine, kernel!, u, v), bias, geometry, activation);
}

function chainIsCheaper(
  x: Tensor,
  kernel: Tensor,
  u: Tensor,
  v: Tensor,
  { strides }: ConvGeometry,
): boolean {
  const [height, width, r, q] = kernel.shape as [number, number, number, number];
  const read = x.shape[1]! * x.shape[2]!;
  const plan = planExecution({
    window: [height, width],
    channels: [u.shape[0]!, v.shape[0]!],
    ranks: [r, q],
    pixels: [read, Math.max(1, Math.round(read / (strides[0] * strides[1])))],
    batch: x.shape[0]!,
    training: false,
  });
  return plan.choice === "chain";
}

/** U C Vᵀ for every entry of the window. */
function assembled(engine: Engine, kernel: Tensor, u: Tensor, v: Tensor): Tensor {
  const [height, width, r, q] = kernel.shape as [number, number, number, number];
  const [n, m] = [u.shape[0]!, v.shape[0]!];
  return engine.tidy(() => {
    const right = engine.matMul(engine.reshape(kernel, [height * width * r, q]), v, {
      transposeRight: true,
    });
    const entries = Array.from(
      { length: height * width },
      (_, k) => engine.matMul(u, engine.slice(right, [k * r, 0], [r, m])),
    );
    return engine.reshape(engine.concat(entries, 0), [height, width, n, m]);
  });
}

/** Squared Frobenius norm of the whole gradient. */
export async function tuckerGradientSquare(
  method: TrainingMethod,
  point: WeightPoint,
  evidence: Evidence,
  spec: WeightSpec,
): Promise<number> {
  const { kernel, in: u } = point;
  if (!u) return await dense.gradientSquare(method, point, evidence, spec);
  const [height, width] = kernel!.shape as [number, number];
  const extents = kernel!.shape.length === 4 ? [height, width] as const : undefined;
  return await pairSquare(method, evidence, extents);
}
