/**
 * A Tucker tensor seen from one of its modes: as a matrix with orthonormal bases.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import {
  combineTensors,
  type DenseTensor,
  embedTensor,
  foldCyclic,
  type TuckerTensor,
  unfoldCyclic,
} from "../tensors/mod.ts";
import { contractAlong } from "./fields/tucker.ts";
import type { TuckerFieldAt } from "./fields/types.ts";

/** An orthonormal basis of the rows of the core's unfolding. */
export interface ModeRows<M> {
  /** Mode, from 0. */
  readonly mode: number;
  /** Q, (∏ r_j)×s, rows in the cyclic order of {@linkcode unfoldCyclic}. */
  readonly q: M;
}

/**
 * A Tucker tensor seen from one mode: its unfolding is U S Vᵀ with V = (⊗ U_j) Q orthonormal, where
 * the thin QR factorisation of the core's unfolding, C_(k)ᵀ = Q Sᵀ, gives Q and S. No inverse.
 */
export interface ModeView<M> extends ModeRows<M> {
  /** S, r_k×s with s = min(r_k, ∏ r_j). */
  readonly s: M;
  /** T with Q = C_(k)ᵀ T, r_k×s, where it is known. */
  readonly turn?: M;
}

/**
 * Condition in the Frobenius norm, for each row of an unfolding, up to which T is used: for
 * coordinates that last, and for those that are forgotten after the step.
 */
const MOST_CONDITION = { lasting: 8, passing: 64 } as const;

/**
 * The tensor seen from a mode. By the Cholesky factorisation C_(k) C_(k)ᵀ = RᵀR it is S = Rᵀ and
 * Q = C_(k)ᵀ R⁻¹, with which what a backward pass knows of the gradient in the basis gives the
 * K-flow. That divides by the singular values; where one of them is small, or the algebra has no
 * such factor, it is the QR factorisation.
 *
 * @param use How long the coordinates are needed; default "lasting".
 */
export async function viewMode<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  mode: number,
  use: "lasting" | "passing" = "lasting",
): Promise<ModeView<M>> {
  const gram = a.inverseFactor && gramOf(a, y.core, mode);
  const factor = gram && a.inverseFactor!(gram);
  if (!factor || !(factor.condition <= MOST_CONDITION[use] * a.rows(gram))) {
    const { q, r } = await a.qr(a.transpose(unfoldCyclic(a, y.core, mode)));
    return { mode, s: a.transpose(r), q };
  }
  const turn = factor.inverse;
  return {
    mode,
    turn,
    // Both are seldom asked for, and Q is a product over the whole core.
    get s() {
      return a.multiply(gram, turn);
    },
    get q() {
      return a.multiply(unfoldCyclic(a, y.core, mode), turn, { transposeLeft: true });
    },
  };
}

/** C_(k) C_(k)ᵀ. */
function gramOf<M>(a: Algebra<M>, t: TuckerTensor<M>["core"], mode: number): M {
  if (mode < t.shape.length - 1) {
    const rows = unfoldCyclic(a, t, mode);
    return a.multiply(rows, rows, { transposeRight: true });
  }
  const n = t.shape[mode]!;
  const rows = a.reshape(t.data, a.rows(t.data) * a.cols(t.data) / n, n);
  return a.conjugate(a.multiply(rows, rows, { transposeLeft: true }));
}

/**
 * The tensor seen from every mode that can turn: a basis of n_k columns spans everything, its flow
 * would change nothing but the representation. So window modes of convolutions cost nothing.
 *
 * @param passing Whether the coordinates are forgotten after the step, so that the cheaper ones do:
 * they may turn by much where the tensor changes by little. Default false.
 */
export async function viewModes<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  passing = false,
): Promise<ModeView<M>[]> {
  const modes = [...y.factors.entries()].filter(([, u]) => a.cols(u) < a.rows(u));
  return await Promise.all(
    modes.map(([mode]) => viewMode(a, y, mode, passing ? "passing" : "lasting")),
  );
}

/**
 * F₍ₖ₎ V of the view Y₍ₖ₎ = U S Vᵀ: n_k×s, what moves K = U S.
 *
 * @param f F, contracted with the other factors.
 * @param own Whether F is that at `y` itself, so that what it knows of the gradient in the factor
 * serves. Default false.
 */
export async function projectMode<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  view: ModeRows<M> & Pick<ModeView<M>, "turn">,
  f: TuckerFieldAt<M>,
  own = false,
): Promise<M> {
  const { mode, turn } = view;
  const gradient = own && turn ? await f.factorGradient?.(mode) : undefined;
  if (gradient) return a.multiply(gradient, turn!);
  const core = foldRows(a, a.transpose(view.q), y, mode);
  const factors = y.factors.map((u, k) => k === mode ? undefined : u);
  return await contractAlong(a, f, mode, { core, factors });
}

/**
 * Folds rows in the coordinates of the other bases into a tensor.
 *
 * @param rows m×(∏ r_j), columns in cyclic order.
 * @returns The core's shape with m in that mode.
 */
export function foldRows<M>(
  a: Algebra<M>,
  rows: M,
  y: TuckerTensor<M>,
  mode: number,
): TuckerTensor<M>["core"] {
  return foldCyclic(a, rows, mode, y.core.shape.map((r, k) => k === mode ? a.rows(rows) : r));
}

/**
 * The core that joins what the core has become with what each mode has gained: S in the block of
 * the old bases, Wₖ Qₖᵀ in the block that is new in mode k alone, zeros elsewhere.
 *
 * @param y The old point.
 * @param views The old point seen from the modes that gain.
 * @param s The block of the old bases.
 * @param gains For each mode the coordinates Wₖ in its new directions, p_k×s_k; undefined where it
 * has none.
 */
export function assembleCore<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeRows<M>[],
  s: DenseTensor<M>,
  gains: readonly (M | undefined)[],
): DenseTensor<M> {
  const r = y.core.shape;
  const shape = r.map((n, k) => n + (gains[k] === undefined ? 0 : a.rows(gains[k]!)));
  return views.reduce((core, { mode, q }) => {
    const gain = gains[mode];
    if (gain === undefined) return core;
    const block = foldRows(a, a.multiply(gain, q, { transposeRight: true }), y, mode);
    const offsets = r.map((n, k) => k === mode ? n : 0);
    return combineTensors(a, 1, core, 1, embedTensor(a, block, shape, offsets));
  }, embedTensor(a, s, shape));
}

/**
 * S ×ₖ Uₖ + Σₖ Kₖ ×ₖ Dₖ ×_{j≠k} Uⱼ, where Kₖ has the unfolding Qₖᵀ, as one tensor with the factors
 * [Uₖ | Dₖ].
 *
 * @param views The point seen from the modes that have a Dₖ.
 * @param s S, in the shape of the core.
 * @param turns Dₖ by mode, n_k×s_k; undefined where there is none.
 */
export function turnedTucker<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeRows<M>[],
  s: DenseTensor<M>,
  turns: readonly (M | undefined)[],
): TuckerTensor<M> {
  const gains = turns.map((d) => d === undefined ? undefined : a.identity(a.cols(d)));
  const core = assembleCore(a, y, views, s, gains);
  const factors = y.factors.map((u, k) => turns[k] === undefined ? u : a.hstack([u, turns[k]!]));
  return { core, factors };
}
