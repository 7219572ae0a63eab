/**
 * Ranks for a method of fixed rank under which each weight has as many parameters as in another
 * run: comparisons at equal compression.
 *
 * @module
 */

import {
  type Layer,
  representationOf,
  type RunData,
  weightFormats,
  type WeightSpec,
} from "../../core/mod.ts";
import { dense } from "../methods.ts";
import { UsageError } from "../usage_error.ts";

/**
 * The network with start ranks that match the sizes of a finished run, weight by weight.
 *
 * @param network In a format of fixed rank.
 * @param run A run of the same network in a format of adaptive ranks.
 * @throws {UsageError} When the run has no result, or one of another network.
 */
export function withRanksOf(network: Layer, run: RunData): Layer {
  const ranks = run.summary?.ranks;
  if (!ranks || Object.keys(ranks).length === 0) {
    throw new UsageError(
      `Cannot take ranks from ${run.path}: expected a finished run with ranks, got none`,
    );
  }
  const weights = network.weights.map((spec) => {
    const found = Object.entries(ranks).filter(([key]) => key.split("/")[0] === spec.name);
    if (found.length === 0) return spec;
    const rank = matchedRank(spec, found.map(([, r]) => r));
    return { ...spec, rank, minRank: rank, maxRank: rank };
  });
  const odd = strangers(network, ranks);
  if (odd.length > 0) {
    throw new UsageError(
      `Cannot take ranks from ${run.path}: expected a run of the same network, ` +
        `got no match for ${odd.join(", ")}`,
    );
  }
  return { ...network, weights };
}

/** Ranks without a weight, and factorised weights without a rank. */
function strangers({ weights }: Layer, ranks: Readonly<Record<string, number>>): string[] {
  const ranked = new Set(Object.keys(ranks).map((key) => key.split("/")[0]!));
  const names = new Set(weights.map(({ name }) => name));
  const factorised = weights.filter(({ format }) =>
    format !== dense.format && representationOf({ format }).anchor !== undefined
  );
  return [
    ...[...ranked].filter((name) => !names.has(name)),
    ...factorised.map(({ name }) => name).filter((name) => !ranked.has(name)),
  ].slice(0, 3);
}

/** The rank, the same for all modes, under which the size is nearest to that of the given ranks. */
function matchedRank(spec: WeightSpec, ranks: readonly number[]): number {
  const wanted = sizeOf(spec, ranks);
  // Formats of kernels by modes name another one for matrices.
  const modes = spec.shape.length > 2 && weightFormats.get(spec.format).matrices ? 2 : 1;
  const gap = (r: number): number =>
    Math.abs(sizeOf(spec, new Array<number>(modes).fill(r)) - wanted);
  const largest = Math.max(...spec.shape.slice(-2));
  const all = Array.from({ length: largest }, (_, i) => i + 1);
  return all.reduce((best, r) => gap(r) < gap(best) ? r : best);
}

/** Numbers of a matrix of one rank, or of a kernel with ranks of its last modes. */
function sizeOf({ shape }: WeightSpec, ranks: readonly number[]): number {
  const modes = ranks.length;
  const rest = product(shape.slice(0, -modes));
  if (modes === 1) return ranks[0]! * (rest + shape.at(-1)!);
  const extents = shape.slice(-modes);
  const kept = extents.map((n, k) => Math.min(n, ranks[k]!));
  // A square basis is multiplied into the core.
  const bases = extents.map((n, k) => kept[k]! < n ? n * kept[k]! : 0);
  return bases.reduce((sum, size) => sum + size, rest * product(kept));
}

function product(extents: readonly number[]): number {
  return extents.reduce((all, n) => all * n, 1);
}
