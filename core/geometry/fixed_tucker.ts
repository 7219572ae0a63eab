import type { Algebra } from "../algebra/mod.ts";
import type { Random } from "../random.ts";
import {
  addTucker,
  type DenseTensor,
  denseTensor,
  sizeOf,
  tuckerNorm,
  type TuckerTensor,
  tuckerToDense,
  unfoldCyclic,
} from "../tensors/mod.ts";
import { denseTensorField, tuckerField } from "./fields/tucker.ts";
import type { TuckerFieldAt } from "./fields/types.ts";
import {
  checkFrame,
  checkShape,
  checkSmall,
  firstFault,
  gaussianMatrix,
  gram,
  outside,
  positiveQr,
  requirePositive,
} from "./matrices.ts";
import { tuckerRetractions } from "./tucker_retractions.ts";
import {
  combineTucker,
  innerTucker,
  projectTucker,
  tangentTucker,
  type TuckerTangent,
  turnTucker,
} from "./tucker_tangent.ts";
import type { Check, Manifold, ManifoldKind, ManifoldSize } from "./types.ts";

/** The manifold of tensors of fixed multilinear rank in Tucker format. */
export type FixedTucker<M> = Manifold<M, TuckerTensor<M>, TuckerTangent<M>, TuckerFieldAt<M>>;

/**
 * The n₀×n₁×⋯ tensors whose unfoldings have the ranks r₀, r₁, …, with the metric of the surrounding
 * space. The full tensor is never formed, except by the functions named dense; those give the
 * unfolding of mode 0.
 *
 * @param size `shape` of order ≥ 2 and `ranks`, one for each mode.
 * @throws {RangeError} When a rank exceeds its extent or the product of the other ranks.
 */
export function fixedTucker<M>(a: Algebra<M>, size: ManifoldSize): FixedTucker<M> {
  const [shape, ranks] = tuckerSizes(size);
  const vector = (core: DenseTensor<M>, turns: readonly M[]): TuckerTangent<M> => ({ core, turns });
  const norm = async (xi: TuckerTangent<M>): Promise<number> =>
    Math.sqrt(await innerTucker(a, xi, xi));
  const scale = (alpha: number, xi: TuckerTangent<M>): TuckerTangent<M> =>
    combineTucker((p) => a.scale(alpha, p), xi, xi);
  return {
    name: "tucker",
    description: `${shape.join("×")} tensors of ranks ${ranks.join(", ")}`,
    dimension: sizeOf(ranks) + ranks.reduce((sum, r, k) => sum + r * (shape[k]! - r), 0),
    induced: true,
    quotient: false,
    retractions: tuckerRetractions.list().map(({ name, order, retract }) => ({
      name,
      order,
      retract: (x, xi) => retract(a, x, xi),
    })),
    transports: [
      {
        name: "projection",
        isometric: false,
        transport: async (x, y, xi) =>
          projectTucker(a, y, tuckerField(a, await tangentTucker(a, x, xi))),
      },
      { name: "rotation", isometric: true, transport: (x, y, xi) => turnTucker(a, x, y, xi) },
    ],
    check: (x) => checkPoint(a, x, shape, ranks),
    checkTangent: (x, xi) => checkVector(a, x, xi, shape, ranks),
    project: (x, z) => projectTucker(a, x, z),
    gradient: (x, g) => projectTucker(a, x, g),
    inner: (_x, xi, eta) => innerTucker(a, xi, eta),
    norm: (_x, xi) => norm(xi),
    lincomb: (alpha, xi, beta, eta) =>
      combineTucker((p, q) => a.lincomb(alpha, p, beta, q), xi, eta),
    scale,
    gap: (x, y) => tuckerNorm(a, addTucker(a, 1, x, -1, y)),
    async randomPoint(random) {
      const factors: M[] = [];
      for (const [k, n] of shape.entries()) {
        factors.push(await positiveQr(a, gaussianMatrix(a, random, n, ranks[k]!)));
      }
      return { core: gaussianCore(a, random, ranks), factors };
    },
    async randomTangent(x, random) {
      const turns = x.factors.map((u, k) =>
        outside(a, u, gaussianMatrix(a, random, shape[k]!, ranks[k]!))
      );
      const xi = vector(gaussianCore(a, random, ranks), turns);
      return scale(1 / await norm(xi), xi);
    },
    toDense: (x) => [tuckerToDense(a, x).data],
    tangentToDense: async (x, xi) => [tuckerToDense(a, await tangentTucker(a, x, xi)).data],
    fromDense: ([z]) => denseTensorField(a, { shape, data: z! }),
  };
}

function gaussianCore<M>(
  a: Algebra<M>,
  random: Random,
  ranks: readonly number[],
): DenseTensor<M> {
  return denseTensor(a, random.fillNormal(new Float64Array(sizeOf(ranks))), ranks);
}

function tuckerSizes(size: ManifoldSize): [shape: readonly number[], ranks: readonly number[]] {
  const { shape, ranks = [] } = size;
  requirePositive("shape", shape, Math.max(2, shape.length));
  requirePositive("ranks", ranks, shape.length);
  ranks.forEach((r, k) => {
    const others = sizeOf(ranks) / r;
    if (r <= Math.min(shape[k]!, others)) return;
    throw new RangeError(
      `Cannot make a manifold of ${shape.join("×")} tensors of ranks ${ranks.join(", ")}: ` +
        `the rank of mode ${k} must be <= ${Math.min(shape[k]!, others)}`,
    );
  });
  return [shape, ranks];
}

function checkPoint<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  shape: readonly number[],
  ranks: readonly number[],
): Promise<Check> {
  const modes = [...shape.keys()];
  return firstFault([
    ...modes.map((k) => () => checkFrame(a, `factor ${k}`, x.factors[k]!, shape[k]!, ranks[k]!)),
    () => checkShape(a, "the core, unfolded,", x.core.data, ranks[0]!, sizeOf(ranks.slice(1))),
    ...modes.map((k) => () => checkRank(a, x, k, ranks[k]!)),
  ]);
}

async function checkRank<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  k: number,
  r: number,
): Promise<Check> {
  const { sigma } = await a.svd(unfoldCyclic(a, x.core, k));
  const rank = sigma.filter((s) => s > a.epsilon * sigma[0]!).length;
  if (rank === r) return { ok: true };
  return {
    ok: false,
    reason: `the rank of mode ${k} must be ${r}, got ${rank} to working precision`,
  };
}

function checkVector<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  xi: TuckerTangent<M>,
  shape: readonly number[],
  ranks: readonly number[],
): Promise<Check> {
  const modes = [...shape.keys()];
  const core = sizeOf(ranks.slice(1));
  return firstFault([
    () => checkShape(a, "the core of the tangent vector", xi.core.data, ranks[0]!, core),
    ...modes.map((k) => () =>
      checkShape(a, `part ${k} of the tangent vector`, xi.turns[k]!, shape[k]!, ranks[k]!)
    ),
    async () => {
      let inside = 0;
      for (const k of modes) {
        inside = Math.hypot(inside, await a.norm(gram(a, x.factors[k]!, xi.turns[k]!)));
      }
      const size = Math.sqrt(await innerTucker(a, xi, xi));
      return checkSmall(a, "orthogonality to the factors", inside, size);
    },
  ]);
}

/** Tensors of one multilinear rank, in the registry. */
export const fixedTuckerKind: ManifoldKind = {
  name: "tucker",
  description: "tensors of one multilinear rank in Tucker format, embedded metric",
  example: { shape: [6, 5, 4], ranks: [2, 3, 2] },
  create: fixedTucker,
};
