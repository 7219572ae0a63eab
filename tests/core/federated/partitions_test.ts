/** Every partition is one, whatever the labels. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  choose,
  dirichletPartition,
  divided,
  equalPartition,
  type Partition,
  partitions,
  Random,
  shardPartition,
} from "../../../core/mod.ts";

const labels = Uint8Array.from({ length: 400 }, (_, i) => (i * 7) % 5);

/** How far the classes of a client are from those of all, as a share, at the most. */
const ROWS: Record<string, { least: number; most: number }> = {
  equal: { least: 0, most: 0.2 },
  dirichlet: { least: 0.2, most: 0.8 },
  shards: { least: 0.3, most: 0.8 },
};

/** Largest share of one class in the examples of a client, less that in all. */
function unlikeness(parts: readonly Uint32Array[]): number {
  return Math.max(...parts.map((part) => {
    const counts = new Float64Array(5);
    for (const i of part) counts[labels[i]!]!++;
    return Math.max(...counts) / part.length - 1 / 5;
  }));
}

Deno.test("the table has a row for every partition", () => {
  assertEquals(Object.keys(ROWS), partitions.names());
});

for (const partition of partitions.list()) {
  const { name } = partition;
  for (const clients of [1, 3, 8]) {
    Deno.test(`${name} gives each example to one of ${clients} clients`, () => {
      const parts = divided(partition, labels, clients, new Random(1));
      const all = parts.flatMap((p) => [...p]).sort((x, y) => x - y);
      assertEquals(all, [...labels.keys()]);
      assertEquals(parts.length, clients);
    });
  }

  Deno.test(`${name} is a function of the stream that it draws from`, () => {
    const once = divided(partition, labels, 4, new Random(1));
    assertEquals(divided(partition, labels, 4, new Random(1)), once);
    assert(String(divided(partition, labels, 4, new Random(2))) !== String(once));
  });

  Deno.test(`${name} spreads classes as it says`, () => {
    const found = unlikeness(divided(partition, labels, 5, new Random(3)));
    assert(ROWS[name]!.least <= found && found <= ROWS[name]!.most, `${found}`);
  });
}

Deno.test("parts of the equal partition differ by one example at most", () => {
  const sizes = divided(equalPartition, labels.subarray(0, 10), 3, new Random(1))
    .map((p) => p.length);
  assertEquals(sizes, [3, 3, 4]);
});

Deno.test("a large alpha makes clients alike, a small one gives them few classes", () => {
  const [alike, unlike] = [100, 0.05].map((alpha) => {
    const partition = choose(partitions, `dirichlet:alpha=${alpha},least=1`);
    return unlikeness(divided(partition, labels, 4, new Random(1)));
  });
  assertLess(alike!, 0.15);
  assert(unlike! > 0.5);
});

Deno.test("shares of a Dirichlet distribution have its mean and variance", () => {
  const [clients, alpha, classes] = [4, 0.5, 400];
  const many = Uint16Array.from({ length: 100 * classes }, (_, i) => i % classes);
  const parts = divided(
    choose(partitions, `dirichlet:alpha=${alpha},least=1`),
    many,
    clients,
    new Random(5),
  );
  const shares = Array.from({ length: classes }, () => 0);
  for (const i of parts[1]!) shares[many[i]!]! += 0.01;
  const mean = shares.reduce((x, y) => x + y, 0) / classes;
  const variance = shares.reduce((x, y) => x + (y - mean) ** 2, 0) / classes;
  assertAlmostEquals(mean, 1 / clients, 0.05);
  assertAlmostEquals(variance, (1 / 4) * (3 / 4) / (clients * alpha + 1), 0.012);
});

Deno.test("clients have as many classes as shards, or one more", () => {
  const parts = divided(shardPartition.tuned!({ perClient: 1 }), labels, 5, new Random(1));
  assertEquals(parts.map((p) => new Set([...p].map((i) => labels[i])).size), [1, 1, 1, 1, 1]);
});

Deno.test("what cannot be divided is refused", () => {
  assertThrows(
    () => divided(equalPartition, [0, 1], 3, new Random(1)),
    RangeError,
    "Cannot divide examples: expected the number of clients to be an integer ≥ 1 and ≤ 2, got 3",
  );
  assertThrows(
    () => divided(dirichletPartition.tuned!({ alpha: 1e-4, least: 20 }), labels, 7, new Random(1)),
    RangeError,
    "Cannot divide 400 examples among 7 clients: expected a draw of alpha=0.0001 with 20",
  );
});

const BROKEN: readonly [parts: number[][], message: string][] = [
  [[[0, 1]], "expected 2 parts, got 1"],
  [[[0, 1], []], "expected an example or more for client 1, got none"],
  [[[0, 1], [1]], "expected each example once, got number 1 twice"],
  [[[0], [9]], "expected numbers below 3, got 9"],
];

for (const [parts, message] of BROKEN) {
  Deno.test(`a partition is named in one line: ${message}`, () => {
    const broken: Partition = {
      name: "broken",
      description: "",
      divide: () => parts.map((p) => Uint32Array.from(p)),
    };
    assertThrows(
      () => divided(broken, [0, 1, 0], 2, new Random(1)),
      RangeError,
      `Cannot use partition "broken": ${message}`,
    );
  });
}
