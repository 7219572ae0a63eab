/**
 * The field operator of training for kernels and matrices in Tucker format.
 *
 * @module
 */

import type { Algebra } from "../../../algebra/mod.ts";
import type { Engine, Tensor } from "../../../backend/mod.ts";
import {
  contractAlong,
  type LocalTuckerField,
  type SplitBasis,
  sumOf,
} from "../../../geometry/mod.ts";
import {
  type DenseTensor,
  modeProduct,
  modeProducts,
  type TuckerTensor,
} from "../../../tensors/mod.ts";
import type { CapturedPair } from "../../weight.ts";
import { rowsOf } from "../images.ts";
import { geometryOf, requireUse } from "../pair_field.ts";
import { isWindowBasis } from "./factors.ts";

/** Bases of the channels at the point of a pass: products with them are in its pairs. */
export interface ChannelBases {
  /** Basis of the inputs, n×r. */
  readonly in: Tensor;
  /** Basis of the outputs, n×r. */
  readonly out: Tensor;
}

/** Modes of a kernel: the window (height and width in one), inputs, outputs. */
const [WINDOW, IN, OUT] = [0, 1, 2] as const;

/**
 * F of a kernel from the images of its pairs, x and d. A contraction with channel bases is the
 * filter gradient of the small images x B and d C, for any bases, also those that were augmented
 * after the pass; nothing is formed that has all channels of both sides.
 *
 * @param at Bases of the pass.
 * @param extents Height and width of the kernel.
 */
export function kernelTuckerField(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
  at: ChannelBases,
  extents: readonly [number, number],
): LocalTuckerField<Tensor> {
  const pixels = extents[0] * extents[1];
  /** Images in a basis; of those in the pass's own, or in one that has grown from it, less is new. */
  const within = (
    images: Tensor,
    own: Tensor,
    known: Tensor,
    basis: Tensor | undefined,
    split?: SplitBasis<Tensor>,
  ): Tensor => {
    if (basis === undefined) return images;
    if (basis === own) return known;
    return split?.old === own
      ? engine.pixelProduct(images, split.added, known)
      : engine.pixelProduct(images, basis);
  };
  const inputs = (p: CapturedPair, basis: Tensor | undefined, split?: SplitBasis<Tensor>) =>
    within(p.x, at.in, p.xu, basis, split);
  const outputs = (p: CapturedPair, basis: Tensor | undefined, split?: SplitBasis<Tensor>) =>
    within(p.d, at.out, p.dv, basis, split);
  const contract: LocalTuckerField<Tensor>["contract"] = (bases, split = []) =>
    engine.tidy(() => {
      const g = sumOf(a, requireUse(pairs), (p) => {
        const x = inputs(p, bases[IN], split[IN]);
        const d = outputs(p, bases[OUT], split[OUT]);
        return engine.conv2dFilterGradient(x, d, extents, geometryOf(p));
      });
      const [r, q] = g.shape.slice(2) as [number, number];
      const data = a.reshape(g, pixels, r * q);
      return withWindow(a, { shape: [pixels, r, q], data }, bases[WINDOW]);
    });
  return {
    contract,
    ...factorGradients(engine, a, pairs),
    along(mode, others) {
      if (mode === WINDOW) return contractAlong(a, { contract }, mode, others);
      return engine.tidy(() =>
        sumOf(a, requireUse(pairs), (p) => {
          const [r, q] = others.core.shape.slice(1) as [number, number];
          const core = withWindow(a, others.core, others.factors[WINDOW], false);
          const small = engine.reshape(core.data, [...extents, r, q]);
          return mode === IN
            ? alongInputs(engine, p, small, outputs(p, others.factors[OUT]))
            : alongOutputs(engine, p, small, inputs(p, others.factors[IN]));
        })
      );
    },
  };
}

/**
 * The same from the whole gradient, formed when it is first needed: where images are large beside
 * the channels that costs less than their products with bases. For the gradient in the core alone,
 * between the bases of the pass, the small images that it kept will do.
 *
 * @param y Core and bases of the pass.
 * @param extents Height and width of the kernel.
 */
export function formedTuckerField(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
  y: TuckerTensor<Tensor>,
  extents: readonly [number, number],
): LocalTuckerField<Tensor> {
  const [, u, v] = y.factors as [Tensor, Tensor, Tensor];
  const small = kernelTuckerField(engine, a, pairs, { in: u, out: v }, extents);
  let formed: LocalTuckerField<Tensor> | undefined;
  const whole = () => formed ??= wholeTuckerField(engine, a, gradientOf(engine, a, pairs, extents));
  return {
    contract(bases, split) {
      const own = !formed && bases[IN] === u && bases[OUT] === v;
      return own ? small.contract(bases) : whole().contract(bases, split);
    },
    along: (mode, others) => whole().along!(mode, others),
    factorGradient(mode) {
      if (mode === WINDOW) return undefined;
      const factors = mode === IN ? [undefined, undefined, v] : [undefined, u, undefined];
      return contractAlong(a, whole(), mode, { core: y.core, factors });
    },
  };
}

/** The whole gradient of a kernel, (height·width)×inputs×outputs. */
function gradientOf(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
  extents: readonly [number, number],
): DenseTensor<Tensor> {
  const g = sumOf(
    a,
    requireUse(pairs),
    (p) => engine.conv2dFilterGradient(p.x, p.d, extents, geometryOf(p)),
  );
  const [n, m] = g.shape.slice(2) as [number, number];
  const pixels = extents[0] * extents[1];
  return { shape: [pixels, n, m], data: a.reshape(g, pixels, n * m) };
}

/**
 * F of a kernel that is known in full. Outputs, the last mode, come first in every contraction:
 * theirs is one product, that of the inputs between them needs transposes of what is left.
 *
 * @param f F, (height·width)×inputs×outputs.
 */
export function wholeTuckerField(
  engine: Engine,
  a: Algebra<Tensor>,
  f: DenseTensor<Tensor>,
): LocalTuckerField<Tensor> {
  const transpose = true;
  const contract: LocalTuckerField<Tensor>["contract"] = ([w, b, c]) =>
    engine.tidy(() => {
      const right = c === undefined ? f : modeProduct(a, f, c, OUT, { transpose });
      const both = b === undefined ? right : modeProduct(a, right, b, IN, { transpose });
      return withWindow(a, both, w);
    });
  return {
    contract,
    along(mode, others) {
      if (mode !== OUT) return contractAlong(a, { contract }, mode, others);
      return engine.tidy(() => {
        const open = modeProducts(a, others.core, others.factors);
        const [rows, s] = [f.shape[WINDOW]! * f.shape[IN]!, open.shape[OUT]!];
        const left = a.reshape(f.data, rows, f.shape[OUT]!);
        return a.multiply(left, a.reshape(open.data, rows, s), { transposeLeft: true });
      });
    },
  };
}

/** Gradients in the channel bases from what chains have kept; nothing where one has not. */
function factorGradients(
  engine: Engine,
  a: Algebra<Tensor>,
  pairs: readonly CapturedPair[],
): Pick<LocalTuckerField<Tensor>, "factorGradient"> {
  if (!pairs.every((p) => p.dxu && p.z)) return {};
  return {
    factorGradient(mode) {
      if (mode === WINDOW) return undefined;
      return engine.tidy(() =>
        sumOf(
          a,
          requireUse(pairs),
          (p) =>
            mode === IN ? channelProduct(engine, p.x, p.dxu!) : channelProduct(engine, p.d, p.z!),
        )
      );
    },
  };
}

/** Xᵀ of what the small kernel sends back to the inputs: n×s from a kernel …×s×q and images of q. */
function alongInputs(engine: Engine, p: CapturedPair, kernel: Tensor, dv: Tensor): Tensor {
  const [height, width] = p.x.shape.slice(1) as [number, number];
  const geometry = geometryOf(p);
  const z = engine.conv2dTranspose(dv, kernel, null, [height, width], geometry, "identity");
  return channelProduct(engine, p.x, z);
}

/** Dᵀ of what the small kernel makes of the inputs: n×s from a kernel …×r×s and images of r. */
function alongOutputs(engine: Engine, p: CapturedPair, kernel: Tensor, xu: Tensor): Tensor {
  return channelProduct(
    engine,
    p.d,
    engine.conv2d(xu, kernel, null, geometryOf(p), "identity"),
  );
}

/** Σ over pixels of the outer products of channels. */
function channelProduct(engine: Engine, x: Tensor, y: Tensor): Tensor {
  return engine.matMul(rowsOf(engine, x), rowsOf(engine, y), { transposeLeft: true });
}

/** T ×₀ Bᵀ, or T ×₀ B; nothing where the window has no basis or an identity of its own. */
function withWindow(
  a: Algebra<Tensor>,
  t: DenseTensor<Tensor>,
  basis: Tensor | undefined,
  transposeLeft = true,
): DenseTensor<Tensor> {
  if (basis === undefined || isWindowBasis(basis)) return t;
  const data = a.multiply(basis, t.data, { transposeLeft });
  return { shape: [a.rows(data), ...t.shape.slice(1)], data };
}
