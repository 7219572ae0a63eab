/**
 * The sub-flows of a Tucker tensor: one for each basis, one for the core.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { foldCyclic, type TuckerTensor, unfoldCyclic } from "../../tensors/mod.ts";
import type { Advanced, Moments, MomentSlots } from "../types.ts";
import type { SplitBasis, TuckerFieldAt } from "../../geometry/fields/types.ts";
import type { TuckerFlow, TuckerPoint, TuckerStepOptions } from "./types.ts";

/**
 * A Tucker tensor seen from one mode: its unfolding is U S Vᵀ with V = (⊗ U_j) Q orthonormal, where
 * the thin QR factorisation of the core's unfolding, C_(k)ᵀ = Q Sᵀ, gives Q and S. No inverse.
 */
export interface ModeView<M> {
  /** Mode, from 0. */
  readonly mode: number;
  /** S, r_k×s with s = min(r_k, ∏ r_j). */
  readonly s: M;
  /** Q, (∏ r_j)×s, rows in the cyclic order of {@linkcode unfoldCyclic}. */
  readonly q: M;
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

/** K-flow of a mode: K = U S moves with V fixed, dK/dt = F(K Vᵀ)_(k) V. */
export function modeFlow<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  view: ModeView<M>,
  known?: TuckerFieldAt<M>,
): TuckerFlow<M> {
  const { mode, turn } = view;
  const others = y.factors.map((u, k) => k === mode ? undefined : u);
  const core = (): TuckerTensor<M>["core"] => foldRows(a, a.transpose(view.q), y, mode);
  /** Of the field at the point itself only. */
  const turned = (f: TuckerFieldAt<M>): M | undefined => {
    const gradient = turn && f === known ? f.factorGradient?.(mode) : undefined;
    return gradient && a.multiply(gradient, turn!);
  };
  return {
    slot: `k${mode}`,
    start: () => a.multiply(y.factors[mode]!, view.s),
    point: (k) => ({ core: core(), factors: y.factors.map((u, j) => j === mode ? k : u) }),
    project: (f) =>
      turned(f) ??
        (f.along
          ? f.along(mode, { core: core(), factors: others })
          : a.multiply(unfoldCyclic(a, f.contract(others), mode), view.q)),
    ...(known ? { known } : {}),
  };
}

/**
 * Core flow (Galerkin): the core moves with all bases fixed, dC/dt = F(C ×ₖ Uₖ) ×ₖ Uₖᵀ.
 *
 * @param y The point; with the blocks of its bases where they have grown.
 */
export function coreFlow<M>(
  y: TuckerTensor<M> & { readonly split?: readonly (SplitBasis<M> | undefined)[] },
  known?: TuckerFieldAt<M>,
): TuckerFlow<M> {
  return {
    slot: "s",
    start: () => y.core.data,
    point: (s) => ({ ...y, core: { ...y.core, data: s } }),
    project: (f) => f.contract(y.factors, y.split).data,
    ...(known ? { known } : {}),
  };
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

/** Advances one sub-flow with the step's stepper and the moments of its slot. */
export function advanceFlow<M>(
  a: Algebra<M>,
  flow: TuckerFlow<M>,
  dt: number,
  o: TuckerStepOptions<M>,
  moments: MomentSlots<M> = o.moments ?? {},
): AsyncGenerator<TuckerPoint<M>, Advanced<M>, TuckerFieldAt<M>> {
  return o.stepper.advance(a, flow, dt, moments[flow.slot]);
}

/** Where the K-flows of a step end, by mode; undefined where there is none. */
export type AdvancedModes<M> = readonly (Advanced<M> | undefined)[];

/**
 * Advances the K-flow of every mode that can turn from the same point.
 *
 * @param views The point seen from those modes.
 * @param known F at `y`.
 * @param spanOnly Whether only the spans of the results are used.
 */
export async function* advanceModes<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  known: TuckerFieldAt<M>,
  dt: number,
  o: TuckerStepOptions<M>,
  spanOnly = false,
): AsyncGenerator<TuckerPoint<M>, AdvancedModes<M>, TuckerFieldAt<M>> {
  const out: (Advanced<M> | undefined)[] = y.factors.map(() => undefined);
  for (const view of views) {
    const flow = modeFlow(a, y, view, known);
    out[view.mode] = yield* advanceFlow(a, spanOnly ? { ...flow, spanOnly } : flow, dt, o);
  }
  return out;
}

/** The moments that K-flows have kept, by slot. */
export function momentsOfModes<M>(ks: AdvancedModes<M>): MomentSlots<M> {
  const out: Record<string, Moments<M>> = {};
  ks.forEach((k, mode) => {
    if (k?.moments) out[`k${mode}`] = k.moments;
  });
  return out;
}
