/** What is measured of a manifold at five random points, by the diagnostics that users have. */

import { hostAlgebra } from "../../core/algebra/mod.ts";
import { diagnose, type Finding, type ManifoldKind } from "../../core/geometry/mod.ts";
import { Random } from "../../core/random.ts";
import { SEEDS } from "./matrix_measures.ts";

/** A retraction or transport of a manifold. */
export interface Part {
  readonly name: string;
  /** What was measured of it, in words. */
  readonly text: string;
}

/** What is known of one manifold. */
export interface ManifoldFacts {
  readonly name: string;
  /** Largest error of idempotence and self-adjointness of the projection, relative. */
  readonly projection: number;
  /** Smallest slope of f(R(t ξ)) − f − t ⟨grad, ξ⟩: 2 for a true gradient. */
  readonly gradient: number;
  readonly retractions: readonly Part[];
  readonly transports: readonly Part[];
  readonly geodesicMaps: readonly string[];
  /** Whether every diagnostic held at every point. */
  readonly holds: boolean;
}

/** Runs the diagnostics on the example of a kind in float64. */
export async function manifoldFacts(kind: ManifoldKind): Promise<ManifoldFacts> {
  const a = hostAlgebra();
  const manifold = kind.create(a, kind.example);
  const found: Finding[] = [];
  for (const seed of SEEDS) found.push(...await diagnose(a, manifold, new Random(seed)));
  const of = (part: string): Finding[] => found.filter((f) => f.property.startsWith(part));
  const retractions = manifold.retractions.map(({ name, order }) => ({
    name,
    text: order === Infinity ? "geodesic" : retractionOrder(of(`retraction ${name}:`)),
  }));
  const transports = manifold.transports.map(({ name, isometric }) => {
    const holds = of(`transport ${name}:`).every((f) => f.ok);
    return { name, text: holds ? isometric ? "isometric" : "tangent" : "fails" };
  });
  return {
    name: kind.name,
    projection: Math.max(
      ...[...of("projecting twice"), ...of("projection is self")].map((f) => f.measured),
    ),
    gradient: Math.min(...of("f(R(").map((f) => f.measured)),
    retractions,
    transports,
    geodesicMaps: (["exp", "log", "distance"] as const).filter((form) => manifold[form]),
    holds: found.every((f) => f.ok),
  };
}

/** Errors of order p + 1 make a retraction one of order p; the second slope is measured for two. */
function retractionOrder(found: readonly Finding[]): string {
  const slopes = found.filter((f) => f.unit === "slope");
  const last = slopes.at(-1)!.property;
  const smallest = Math.min(
    ...slopes.filter((f) => f.property === last).map((f) => f.measured),
  );
  return smallest === Infinity
    ? "order 2, tangentially exact"
    : `order ${(smallest - 1).toFixed(1)}`;
}
