/** The integrators of Tucker tensors with what theory claims for each, in one table. */

import type { Matrix } from "../../core/algebra/mod.ts";
import { augmentedBug, bug, type Integrator, parallelBug } from "../../core/integrators/mod.ts";
import {
  augmentedTuckerBug,
  parallelTuckerBug,
  tuckerBug,
  type TuckerIntegrator,
} from "../../core/integrators/tucker/mod.ts";
import { combineTensors, modeProducts, type TuckerTensor, unfold } from "../../core/tensors/mod.ts";
import { host, projector, times } from "../support/matrices.ts";
import { full, type HostTensor, plainFold } from "../support/tensors.ts";
import type { FullRankScope } from "./matrix_rows.ts";

/** A Tucker tensor on the host. */
export type HostTucker = TuckerTensor<Matrix>;

/** One Euler step before truncation in dense form: Y₁ = Y₀ + dt × this. */
export interface TuckerIdentity {
  /** As people write it. */
  readonly formula: string;
  /** The same as a tensor. */
  dense(y: HostTucker, f: HostTensor, after: HostTucker): HostTensor | Promise<HostTensor>;
}

/** What is claimed for one integrator. */
export interface TuckerRow {
  readonly item: TuckerIntegrator;
  /** The matrix integrator that it is at order 2. */
  readonly matrix: Integrator;
  /** Reproduces A(t₁) exactly when A has the working ranks and F = ΔA / dt. */
  readonly exact: boolean;
  /** Order measured on a flow that is tangent to the manifold, with RK4 sub-flows. */
  readonly order: number;
  /** Present where one Euler step is known in closed form; such steps descend. */
  readonly identity?: TuckerIdentity;
  /** Where one Euler step at full ranks equals the plain one, F depending on Y. */
  readonly fullRankIsPlain: FullRankScope;
  /** ‖Y₁‖² and what truncation took make ‖Y₀‖² where F is orthogonal to Y. */
  readonly norm: boolean;
}

/** F ×ₖ Ûₖ Ûₖᵀ. */
export function latentProjection(f: HostTensor, after: HostTucker): HostTensor {
  return modeProducts(host, f, after.factors.map(projector));
}

/** P(Y) F by its definition: the core's part, and each mode's part off its basis. */
export async function tuckerTangentProjection(y: HostTucker, f: HostTensor): Promise<HostTensor> {
  let sum = latentProjection(f, y);
  for (const [mode, u] of y.factors.entries()) {
    const off = host.lincomb(1, host.identity(u.rows), -1, projector(u));
    // V spans the row space of the unfolding of Y itself.
    const { q, sigma } = await host.svd(unfold(host, full(y), mode));
    const v = host.columns(q, 0, sigma.filter((s) => s > 1e-13 * sigma[0]!).length);
    const part = times(off, unfold(host, f, mode), projector(v));
    const others = y.factors.map((w, k) => k === mode ? undefined : projector(w));
    const folded = modeProducts(host, plainFold(part, mode, f.shape), others);
    sum = combineTensors(host, 1, sum, 1, folded);
  }
  return sum;
}

/** Every registered integrator, in the order of the registry. */
export const TUCKER_ROWS: readonly TuckerRow[] = [
  { item: tuckerBug, matrix: bug, exact: true, order: 1, fullRankIsPlain: "square", norm: false },
  {
    item: augmentedTuckerBug,
    matrix: augmentedBug,
    exact: true,
    // The flow is tangent to the manifold, so the Galerkin step is of order 2 there.
    order: 2,
    identity: {
      formula: "F ×ₖ Ûₖ Ûₖᵀ",
      dense: (_y, f, after) => latentProjection(f, after),
    },
    fullRankIsPlain: "all",
    norm: true,
  },
  {
    item: parallelTuckerBug,
    matrix: parallelBug,
    exact: false,
    order: 1,
    identity: { formula: "P(Y₀) F", dense: tuckerTangentProjection },
    fullRankIsPlain: "all",
    norm: false,
  },
];
