/**
 * The forward maps of adapted weights, on the engine.
 *
 * @module
 */

import { type Algebra, engineAlgebra } from "../algebra/mod.ts";
import type { Engine, GradientPair, Tensor } from "../backend/mod.ts";
import {
  type ConvUse,
  dense,
  type LinearUse,
  type LookupUse,
  type WeightPoint,
} from "../training/mod.ts";
import {
  factorisedConv2d,
  factorisedLinear,
  leftFactor,
} from "../training/representation/matrix_factors.ts";
import type { Adapter, Tensors } from "./adapter.ts";
import { asMatrix } from "./record.ts";

/** act(x W + b), or act(x Wᵀ + b), of an adapted weight. */
export function adaptedLinear(
  engine: Engine,
  adapter: Adapter,
  point: WeightPoint,
  x: Tensor,
  use: LinearUse,
): Tensor {
  const { a, t } = hooked(engine, point);
  const scales = adapter.outputs?.(a, t);
  const input = scales && use.transpose ? engine.mul(x, scales) : x;
  const after = use.transpose ? undefined : scales;
  const value = baseOf(engine, adapter, a, t, point);
  const y = dense.linear(engine, { value }, input, alone(use, after ? null : use.bias));
  if (!adapter.factors) return finished(engine, y, use, after);
  const z = factorisedLinear(engine, { ...adapter.factors(a, t) }, input, inner(use));
  return finished(engine, engine.add(y, z), use, after);
}

/** act(x ∗ W + b) of an adapted kernel. */
export function adaptedConv2d(
  engine: Engine,
  adapter: Adapter,
  point: WeightPoint,
  x: Tensor,
  use: ConvUse,
): Tensor {
  const { a, t } = hooked(engine, point);
  const scales = adapter.outputs?.(a, t);
  const value = baseOf(engine, adapter, a, t, point);
  const y = dense.conv2d!(engine, { value }, x, alone(use, scales ? null : use.bias));
  if (!adapter.factors) return finished(engine, y, use, scales);
  const { u, s, v } = adapter.factors(a, t);
  const kernel = { u: leftFactor(engine, use.spec, u), s, v };
  const z = factorisedConv2d(engine, kernel, x, inner(use));
  return finished(engine, engine.add(y, z), use, scales);
}

/**
 * Rows of W by their number.
 *
 * @param ids int32 of any shape.
 */
export function adaptedLookup(
  engine: Engine,
  adapter: Adapter,
  point: WeightPoint,
  ids: Tensor,
  { capture }: LookupUse,
): Tensor {
  const { a, t } = hooked(engine, point);
  const y = engine.gather(baseOf(engine, adapter, a, t, point), ids);
  const scales = adapter.outputs?.(a, t);
  const scaled = (sum: Tensor): Tensor => scales ? engine.mul(sum, scales) : sum;
  if (!adapter.factors) return scaled(y);
  const { u, s, v } = adapter.factors(a, t);
  const flat = engine.reshape(ids, [ids.size]);
  const receive = capture && ((p: GradientPair) => {
    for (const held of [p.x, p.dxu, p.z]) held?.dispose();
    capture({ x: engine.keep(engine.clone(flat)), d: p.d, xu: p.xu, dv: p.dv, rows: a.rows(u) });
  });
  const inner = { u: a.identity(a.cols(u)), s, v };
  const z = engine.lowRankLinear(engine.gather(u, flat), inner, null, "identity", receive);
  return scaled(engine.add(y, engine.reshape(z, y.shape)));
}

/** What hooks of an adapter are called with in a pass. */
export function hooked(
  engine: Engine,
  point: WeightPoint,
): { readonly a: Algebra<Tensor>; readonly t: Tensors<Tensor> } {
  const a = engineAlgebra(engine);
  return { a, t: { ...point, base: asMatrix(a, point.base!, point.base!.shape) } };
}

/** W₀, with the increment of an adapter without factors. */
function baseOf(
  engine: Engine,
  { increment }: Adapter,
  a: Algebra<Tensor>,
  t: Tensors<Tensor>,
  { base }: WeightPoint,
): Tensor {
  if (!increment) return base!;
  return engine.add(base!, engine.reshape(increment(a, t), base!.shape));
}

/** The map of the base, whose gradient nobody wants. */
function alone<U extends LinearUse | ConvUse>(use: U, bias: Tensor | null): U {
  const { capture: _, ...still } = use;
  return { ...still, bias, activation: "identity" } as U;
}

/** The map of the increment. */
function inner<U extends LinearUse | ConvUse>(use: U): U {
  return { ...use, bias: null, activation: "identity" };
}

/** The activation of what both maps add up to, scaled where outputs are, which adds the bias. */
function finished(
  engine: Engine,
  y: Tensor,
  { bias, activation }: Pick<LinearUse, "bias" | "activation">,
  scales: Tensor | undefined,
): Tensor {
  const scaled = scales ? engine.mul(y, scales) : y;
  const sum = scales && bias ? engine.add(scaled, bias) : scaled;
  return activation === "identity" ? sum : engine.activate(sum, activation);
}
