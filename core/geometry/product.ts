import { fixedRank } from "./fixed_rank.ts";
import { stiefel } from "./stiefel.ts";
import type { Check, Manifold, ManifoldKind, Retraction, Transport } from "./types.ts";

/** A manifold whose types of points, vectors and ambient elements are its own business. */
export type AnyManifold<M> = Manifold<M, unknown, unknown, unknown>;

/** A product of manifolds: points, vectors and ambient elements are lists with one entry each. */
export type ProductManifold<M> = Manifold<
  M,
  readonly unknown[],
  readonly unknown[],
  readonly unknown[]
>;

/**
 * The product of manifolds, with the sum of their metrics. It moves each entry by the retraction
 * and the transport that come first on the factor; the exponential, the logarithm and the distance
 * are there where every factor has them.
 *
 * @param parts The factors, one or more.
 * @throws {RangeError} When there are none.
 */
export function productManifold<M>(parts: readonly AnyManifold<M>[]): ProductManifold<M> {
  if (parts.length === 0) throw new RangeError("Cannot make a product of no manifolds: name one");
  const each = <X>(f: (part: AnyManifold<M>, i: number) => X | Promise<X>): Promise<X[]> =>
    inTurn(parts, f);
  const inner = async (x: List, xi: List, eta: List): Promise<number> =>
    total(await each((p, i) => p.inner(x[i], xi[i], eta[i])));
  return {
    name: "product",
    description: parts.map((p) => p.description).join(" × "),
    dimension: total(parts.map((p) => p.dimension)),
    induced: parts.every((p) => p.induced),
    quotient: parts.some((p) => p.quotient),
    retractions: retractionsOf(parts, each),
    transports: transportsOf(parts, each),
    check: (x) => worst(parts, (p, i) => p.check(x[i])),
    checkTangent: (x, xi) => worst(parts, (p, i) => p.checkTangent(x[i], xi[i])),
    project: (x, z) => each((p, i) => p.project(x[i], z[i])),
    gradient: (x, g) => each((p, i) => p.gradient(x[i], g[i])),
    inner,
    norm: async (x, xi) => Math.hypot(...await each((p, i) => p.norm(x[i], xi[i]))),
    lincomb: (alpha, xi, beta, eta) => parts.map((p, i) => p.lincomb(alpha, xi[i], beta, eta[i])),
    scale: (alpha, xi) => parts.map((p, i) => p.scale(alpha, xi[i])),
    ...closedForms(parts, each),
    gap: async (x, y) => Math.hypot(...await each((p, i) => p.gap(x[i], y[i]))),
    randomPoint: (random) => each((p) => p.randomPoint(random)),
    async randomTangent(x, random) {
      const xi = await each((p, i) => p.randomTangent(x[i], random));
      return parts.map((p, i) => p.scale(1 / Math.sqrt(parts.length), xi[i]));
    },
    toDense: (x) => parts.flatMap((p, i) => p.toDense(x[i])),
    tangentToDense: async (x, xi) => (await each((p, i) => p.tangentToDense(x[i], xi[i]))).flat(),
    fromDense: (z) => parts.map((p, i) => p.fromDense([z[i]!])),
  };
}

type List = readonly unknown[];
type Each<M> = <X>(f: (part: AnyManifold<M>, i: number) => X | Promise<X>) => Promise<X[]>;

/** One factor after the other: scopes of tensors must not be interleaved. */
async function inTurn<M, X>(
  parts: readonly AnyManifold<M>[],
  f: (part: AnyManifold<M>, i: number) => X | Promise<X>,
): Promise<X[]> {
  const results: X[] = [];
  for (const [i, part] of parts.entries()) results.push(await f(part, i));
  return results;
}

function retractionsOf<M>(
  parts: readonly AnyManifold<M>[],
  each: Each<M>,
): Retraction<List, List>[] {
  const exp: Retraction<List, List> = {
    name: "exp",
    order: Infinity,
    retract: (x, xi) => each((p, i) => p.exp!(x[i], xi[i])),
  };
  return [
    {
      name: "componentwise",
      order: Math.min(...parts.map((p) => p.retractions[0]!.order)),
      retract: (x, xi) => each((p, i) => p.retractions[0]!.retract(x[i], xi[i])),
    },
    ...(parts.every((p) => p.exp) ? [exp] : []),
  ];
}

function transportsOf<M>(
  parts: readonly AnyManifold<M>[],
  each: Each<M>,
): Transport<List, List>[] {
  const isometries = parts.map((p) => p.transports.find((t) => t.isometric));
  const isometric: Transport<List, List> = {
    name: "isometric",
    isometric: true,
    transport: (x, y, xi) => each((_p, i) => isometries[i]!.transport(x[i], y[i], xi[i])),
  };
  return [
    {
      name: "componentwise",
      isometric: parts.every((p) => p.transports[0]!.isometric),
      transport: (x, y, xi) => each((p, i) => p.transports[0]!.transport(x[i], y[i], xi[i])),
    },
    ...(isometries.every((t) => t) ? [isometric] : []),
  ];
}

function closedForms<M>(
  parts: readonly AnyManifold<M>[],
  each: Each<M>,
): Pick<ProductManifold<M>, "exp" | "log" | "distance"> {
  const forms: Required<Pick<ProductManifold<M>, "exp" | "log" | "distance">> = {
    exp: (x, xi) => each((p, i) => p.exp!(x[i], xi[i])),
    log: (x, y) => each((p, i) => p.log!(x[i], y[i])),
    distance: async (x, y) => Math.hypot(...await each((p, i) => p.distance!(x[i], y[i]))),
  };
  return {
    ...(parts.every((p) => p.exp) ? { exp: forms.exp } : {}),
    ...(parts.every((p) => p.log) ? { log: forms.log } : {}),
    ...(parts.every((p) => p.distance) ? { distance: forms.distance } : {}),
  };
}

async function worst<M>(
  parts: readonly AnyManifold<M>[],
  check: (part: AnyManifold<M>, i: number) => Promise<Check>,
): Promise<Check> {
  for (const [i, part] of parts.entries()) {
    const { ok, reason } = await check(part, i);
    if (!ok) return { ok, reason: `factor ${i}: ${reason}` };
  }
  return { ok: true };
}

function total(xs: readonly number[]): number {
  return xs.reduce((s, x) => s + x, 0);
}

/** The product of a Stiefel manifold and a manifold of rank-r matrices, in the registry. */
export const productKind: ManifoldKind = {
  name: "product",
  description: "lists with one entry on each of several manifolds; here frames × rank-r matrices",
  example: { shape: [8, 6], ranks: [2] },
  create: (a, size) => {
    const frames = stiefel(a, { shape: [size.shape[0]!, size.ranks?.[0] ?? 1] });
    return productManifold([frames, fixedRank(a, size)]);
  },
};
