/**
 * How examples are spread over clients.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import type { Random } from "../random.ts";
import { Registry } from "../registry.ts";
import { type Tunable, tunable } from "../tunable.ts";

/** A way to spread examples over clients. */
export interface Partition extends Tunable<Partition> {
  /**
   * Numbers of the examples of each client; everyone has one, and no example is given twice.
   *
   * @param labels Class of each example.
   * @param clients How many clients there are.
   * @param random What is drawn from.
   */
  divide(labels: ArrayLike<number>, clients: number, random: Random): readonly Uint32Array[];
}

/**
 * Partitions by name.
 *
 * @example Two shards of one class each
 * ```ts
 * import { choose, divided, partitions, Random } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shards = choose(partitions, "shards:perClient=1");
 * const parts = divided(shards, [0, 1, 0, 1], 2, new Random(1));
 * assertEquals(parts.map((p) => [...p]).sort(), [[0, 2], [1, 3]]);
 * ```
 */
export const partitions: Registry<Partition> = new Registry("partition");

/** Parts of one size, drawn at random: all clients see the same distribution. */
export const equalPartition: Partition = partitions.add({
  name: "equal",
  description: "parts of one size, drawn at random",
  divide: (labels, clients, random) => cut(random.permutation(labels.length), clients),
});

/** Draws before a Dirichlet partition gives up. */
const DRAWS = 1000;

/**
 * The share of each class that a client has is drawn from a Dirichlet distribution (Hsu, Qi, Brown,
 * arXiv 1909.06335): few classes for each client where α is small, all alike where it is large.
 */
export const dirichletPartition: Partition = tunable(partitions, {
  name: "dirichlet",
  description: "shares of each class by a Dirichlet distribution: unlike where alpha is small",
  defaults: { alpha: 0.3, least: 10 },
  limits: {
    alpha: { above: 0, description: "concentration α" },
    least: { integer: true, min: 1, description: "examples of a client; drawn anew below that" },
  },
  make: ({ alpha, least }) => ({
    divide(labels, clients, random) {
      const wanted = Math.min(least, Math.max(1, Math.floor(labels.length / clients / 2)));
      for (let draw = 0; draw < DRAWS; draw++) {
        const parts = byShares(labels, clients, alpha, random.fork(draw));
        if (parts.every((p) => p.length >= wanted)) return parts;
      }
      throw new RangeError(
        `Cannot divide ${labels.length} examples among ${clients} clients: expected a draw of ` +
          `alpha=${alpha} with ${wanted} for each, found none in ${DRAWS}; take a larger alpha`,
      );
    },
  }),
});

/** Examples sorted by class, cut into pieces that are dealt out (McMahan et al., AISTATS 2017). */
export const shardPartition: Partition = tunable(partitions, {
  name: "shards",
  description: "examples sorted by class and cut into pieces, some of them for each client",
  defaults: { perClient: 2 },
  limits: { perClient: { integer: true, min: 1, description: "pieces of each client" } },
  make: ({ perClient }) => ({
    divide(labels, clients, random) {
      const order = [...Array(labels.length).keys()].sort((i, j) => labels[i]! - labels[j]!);
      const shards = cut(Uint32Array.from(order), clients * perClient);
      const dealt = random.permutation(shards.length);
      return Array.from(
        { length: clients },
        (_, c) =>
          joined(Array.from({ length: perClient }, (_, i) => shards[dealt[c * perClient + i]!]!)),
      );
    },
  }),
});

/**
 * Spreads examples over clients, after a look at what the partition returned.
 *
 * @throws {RangeError} When there are fewer examples than clients, or the partition leaves a client
 * without, gives one twice, or one that there is not.
 */
export function divided(
  partition: Partition,
  labels: ArrayLike<number>,
  clients: number,
  random: Random,
): readonly Uint32Array[] {
  checkInteger("divide examples", "the number of clients", clients, {
    least: 1,
    most: labels.length,
  });
  const parts = partition.divide(labels, clients, random);
  const refuse = (expected: string, got: unknown): never => {
    throw new RangeError(
      `Cannot use partition "${partition.name}": expected ${expected}, got ${got}`,
    );
  };
  if (parts.length !== clients) refuse(`${clients} parts`, parts.length);
  const seen = new Uint8Array(labels.length);
  for (const [client, part] of parts.entries()) {
    if (part.length === 0) refuse(`an example or more for client ${client}`, "none");
    for (const i of part) {
      if (!(i < labels.length)) refuse(`numbers below ${labels.length}`, i);
      if (seen[i]!++ > 0) refuse("each example once", `number ${i} twice`);
    }
  }
  return parts;
}

/** Pieces whose lengths differ by one at most. */
function cut(items: Uint32Array, pieces: number): Uint32Array[] {
  const at = (i: number): number => Math.floor(i * items.length / pieces);
  return Array.from({ length: pieces }, (_, i) => items.slice(at(i), at(i + 1)));
}

function joined(pieces: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(pieces.flatMap((p) => [...p]));
}

function byShares(
  labels: ArrayLike<number>,
  clients: number,
  alpha: number,
  random: Random,
): Uint32Array[] {
  const parts: number[][] = Array.from({ length: clients }, () => []);
  const classes = Map.groupBy(Array(labels.length).keys(), (i) => labels[i]!);
  for (const [label, members] of [...classes].sort(([x], [y]) => x - y)) {
    const own = random.fork(`class ${label}`);
    own.shuffle(members);
    const draws = Array.from({ length: clients }, () => logGamma(alpha, own));
    const largest = Math.max(...draws);
    const shares = draws.map((x) => Math.exp(x - largest));
    const total = shares.reduce((x, y) => x + y, 0);
    let [from, sum] = [0, 0];
    shares.forEach((share, client) => {
      sum += share / total;
      const to = client === clients - 1 ? members.length : Math.round(sum * members.length);
      parts[client]!.push(...members.slice(from, to));
      from = Math.max(from, to);
    });
  }
  return parts.map((p) => Uint32Array.from(p));
}

/**
 * Logarithm of a gamma variable of shape α: of small shapes the variable itself would be zero
 * (Marsaglia, Tsang: A simple method for generating gamma variables, 2000).
 */
function logGamma(alpha: number, random: Random): number {
  if (alpha < 1) {
    return logGamma(alpha + 1, random) + Math.log(1 - random.uniform()) / alpha;
  }
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const bound = 0.5 * x * x + d - d * v + d * Math.log(v);
    if (Math.log(1 - random.uniform()) < bound) return Math.log(d * v);
  }
}
