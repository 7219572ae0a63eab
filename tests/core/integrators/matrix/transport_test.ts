import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { type Matrix, transposed } from "../../../../core/algebra/mod.ts";
import { embed, type MomentSlots, transportSlots } from "../../../../core/integrators/mod.ts";
import { embedMoments, transportMoments } from "../../../../core/integrators/transport.ts";
import type { LowRank } from "../../../../core/geometry/mod.ts";
import { Random } from "../../../../core/random.ts";
import type { Moments } from "../../../../optimizers/mod.ts";
import {
  gaussian,
  host,
  inner,
  minus,
  norm,
  orthonormal,
  plus,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../../../support/matrices.ts";
import { carrying, momentsIn } from "../../../support/moments.ts";

/** The factors dK = ξ V, dL = ξᵀ U, dS = Uᵀ ξ V of a tangent vector at y. */
function factorsOf(y: LowRank<Matrix>, xi: Matrix): { k: Matrix; l: Matrix; s: Matrix } {
  const k = times(xi, y.v);
  return { k, l: times(transposed(xi), y.u), s: times(transposed(y.u), k) };
}

/** ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ. */
function tangentOf(y: LowRank<Matrix>, f: { k: Matrix; l: Matrix; s: Matrix }): Matrix {
  const [vt, lt] = [transposed(y.v), transposed(f.l)];
  return minus(plus(times(f.k, vt), times(y.u, lt)), times(y.u, f.s, vt));
}

function firstSlots(f: { k: Matrix; l: Matrix; s: Matrix }): MomentSlots<Matrix> {
  const slot = (first: Matrix) => ({ count: 7, first });
  return { k: slot(f.k), l: slot(f.l), s: slot(f.s) };
}

function firsts(slots: MomentSlots<Matrix>): { k: Matrix; l: Matrix; s: Matrix } {
  const { k, l, s } = momentsIn(slots);
  return { k: k!.first!, l: l!.first!, s: s!.first! };
}

const RANKS: readonly [from: number, to: number][] = [[3, 3], [3, 5], [5, 2], [1, 1], [4, 9]];

async function pair(
  seed: number,
  [r, q]: readonly [number, number],
): Promise<{ from: LowRank<Matrix>; to: LowRank<Matrix>; random: Random }> {
  const random = new Random(seed);
  const sigma = (n: number) => Array.from({ length: n }, (_, i) => 10 ** -i);
  const from = await randomLowRank(random, 16, 11, sigma(r));
  return { from, to: await randomLowRank(random, 16, 11, sigma(q)), random };
}

for (const ranks of RANKS) {
  const way = `from rank ${ranks[0]} to rank ${ranks[1]}`;

  Deno.test(`transportSlots() projects momentum on the new tangent space, ${way}`, async () => {
    for (const seed of [1, 2, 3]) {
      const { from, to, random } = await pair(seed, ranks);
      const xi = tangentProjection(from, gaussian(random, 16, 11));
      const moved = firsts(
        await transportSlots(host, carrying, firstSlots(factorsOf(from, xi)), from, to),
      );
      const wanted = tangentProjection(to, xi);
      assertLess(relativeError(tangentOf(to, moved), wanted), 1e-13);
      const factors = factorsOf(to, wanted);
      for (const slot of ["k", "l", "s"] as const) {
        assertLess(relativeError(moved[slot], factors[slot]), 1e-13, slot);
      }
    }
  });

  Deno.test(`transported momentum is tangent and no longer than before, ${way}`, async () => {
    const { from, to, random } = await pair(4, ranks);
    const xi = tangentProjection(from, gaussian(random, 16, 11));
    const moved = tangentOf(
      to,
      firsts(await transportSlots(host, carrying, firstSlots(factorsOf(from, xi)), from, to)),
    );
    assertLess(relativeError(tangentProjection(to, moved), moved), 1e-13);
    assertLess(norm(moved), norm(xi) * (1 + 1e-13));
  });
}

Deno.test("transportSlots() to the same matrix in other bases keeps the tangent vector", async () => {
  const { from, random } = await pair(5, [4, 4]);
  const [q, r] = [await orthonormal(random, 4, 4), await orthonormal(random, 4, 4)];
  const to = { u: times(from.u, q), s: times(transposed(q), from.s, r), v: times(from.v, r) };
  const xi = tangentProjection(from, gaussian(random, 16, 11));
  const moved = firsts(
    await transportSlots(host, carrying, firstSlots(factorsOf(from, xi)), from, to),
  );
  assertLess(relativeError(tangentOf(to, moved), xi), 1e-13);
});

Deno.test("transportSlots() keeps counts and leaves its arguments untouched", async () => {
  const { from, to, random } = await pair(6, [3, 4]);
  const slots = firstSlots(factorsOf(from, tangentProjection(from, gaussian(random, 16, 11))));
  const before = structuredClone({ slots, from, to });
  const after = await transportSlots(host, carrying, slots, from, to);
  assertEquals(Object.values(after).map((m) => m.count), [7, 7, 7]);
  assertEquals({ slots, from, to }, before);
  assertEquals(await transportSlots(host, carrying, {}, from, to), {});
});

Deno.test("transportSlots() keeps second moments non-negative and first ones in proportion", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { from, to, random } = await pair(seed, RANKS[seed % RANKS.length]!);
    const r = from.u.cols;
    const shapes = { k: [16, r], l: [11, r], s: [r, r] } as const;
    const slots = Object.fromEntries(
      Object.entries(shapes).map(([slot, [m, n]]) => {
        const first = gaussian(random, m, n);
        return [slot, { count: 3, first, second: host.square(first) }];
      }),
    );
    const moved = momentsIn(await transportSlots(host, carrying, slots, from, to));
    for (const [slot, m] of Object.entries(moved)) {
      assert(m.second!.data.every((v) => v >= 0), slot);
      // |Σ aᵢ mᵢ|² ≤ n Σ aᵢ² mᵢ²: a first moment never towers over a vanished second one.
      const terms = slot === "s" ? r * r : r;
      m.first!.data.forEach((x, i) =>
        assertLess(x * x, terms * m.second!.data[i]! * (1 + 1e-12) + 1e-300)
      );
    }
  }
});

Deno.test("transportMoments() is the identity without matrices", () => {
  const m = {
    count: 2,
    first: gaussian(new Random(1), 3, 2),
    second: gaussian(new Random(2), 3, 2),
  };
  assertEquals(transportMoments(host, carrying, m, undefined, undefined), m);
  assertEquals(transportMoments(host, carrying, { count: 4 }, host.identity(3), undefined), {
    count: 4,
  });
});

Deno.test("transportMoments() changes coordinates: A m B, and back by orthogonal A and B", async () => {
  const random = new Random(9);
  const [left, right] = [await orthonormal(random, 4, 4), await orthonormal(random, 5, 5)];
  const m = {
    count: 1,
    first: gaussian(random, 4, 5),
    second: host.square(gaussian(random, 4, 5)),
  };
  const there = transportMoments(host, carrying, m, left, right) as Moments<Matrix>;
  assertLess(relativeError(there.first!, times(left, m.first, right)), 1e-14);
  const back = transportMoments(
    host,
    carrying,
    there,
    transposed(left),
    transposed(right),
  ) as Moments<Matrix>;
  assertLess(relativeError(back.first!, m.first), 1e-14);
  const sum = (x: Matrix) => x.data.reduce((a, b) => a + b, 0);
  assertAlmostEquals(sum(there.second!), sum(m.second), 1e-12);
});

Deno.test("transportMoments() of second moments is exact for permutations and signs", () => {
  const random = new Random(10);
  const second = host.square(gaussian(random, 3, 2));
  const left = host.from([0, -1, 0, 0, 0, 1, 1, 0, 0], 3, 3);
  const { second: moved } = transportMoments(
    host,
    carrying,
    { count: 1, second },
    left,
    undefined,
  ) as Moments<Matrix>;
  const row = (x: Matrix, i: number) => [...x.data.subarray(2 * i, 2 * i + 2)];
  assertEquals([0, 1, 2].map((i) => row(moved!, i)), [1, 2, 0].map((i) => row(second, i)));
});

const size = fc.integer({ min: 1, max: 6 });

Deno.test("embed() puts the matrix in the corner and zeros around it", () => {
  fc.assert(fc.property(size, size, fc.nat(4), fc.nat(4), (p, q, below, beside) => {
    const x = gaussian(new Random(p * 10 + q), p, q);
    const big = embed(host, x, p + below, q + beside);
    assertEquals([big.rows, big.cols], [p + below, q + beside]);
    assertAlmostEquals(norm(big), norm(x), 1e-14);
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < q; j++) assertEquals(big.data[i * big.cols + j], x.data[i * q + j]);
    }
  }));
});

Deno.test("embedMoments() gives new directions no momentum and the mean second moment", () => {
  fc.assert(fc.property(size, size, fc.nat(4), fc.nat(4), (p, q, below, beside) => {
    const random = new Random(p * 100 + q);
    const m = {
      count: 5,
      first: gaussian(random, p, q),
      second: host.square(gaussian(random, p, q)),
    };
    const { count, first, second } = embedMoments(
      host,
      carrying,
      m,
      p + below,
      q + beside,
    ) as Moments<Matrix>;
    assertEquals(count, 5);
    assertEquals(first, embed(host, m.first, p + below, q + beside));
    const entry = (i: number, j: number) => second!.data[i * (q + beside) + j]!;
    const old = (i: number, j: number) => m.second.data[i * q + j]!;
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [rows, cols] = [[...Array(p).keys()], [...Array(q).keys()]];
    for (let i = 0; i < p + below; i++) {
      for (let j = 0; j < q + beside; j++) {
        const wanted = mean(
          (i < p ? [i] : rows).flatMap((a) => (j < q ? [j] : cols).map((b) => old(a, b))),
        );
        assertAlmostEquals(entry(i, j), wanted, 1e-13);
      }
    }
  }));
});

Deno.test("the projection of transport is orthogonal: what it drops is normal", async () => {
  const { from, to, random } = await pair(12, [4, 4]);
  const xi = tangentProjection(from, gaussian(random, 16, 11));
  const moved = tangentOf(
    to,
    firsts(await transportSlots(host, carrying, firstSlots(factorsOf(from, xi)), from, to)),
  );
  const any = tangentProjection(to, gaussian(random, 16, 11));
  assertAlmostEquals(inner(minus(xi, moved), any), 0, 1e-12);
});

Deno.test("transportSlots() to bases that have grown leaves new directions the mean second moment", async () => {
  const random = new Random(13);
  const from = await randomLowRank(random, 16, 11, [3, 2, 1]);
  const more = async (u: Matrix) =>
    host.hstack([u, (await host.complement(u, gaussian(random, u.rows, 2)))!]);
  const to = { u: await more(from.u), s: embed(host, from.s, 5, 5), v: await more(from.v) };
  const one = (rows: number, cols: number) => {
    const first = gaussian(random, rows, cols);
    return { count: 3, first, second: host.square(first) };
  };
  const slots = { k: one(16, 3), l: one(11, 3), s: one(3, 3) };
  const moved = momentsIn(await transportSlots(host, carrying, slots, from, to));
  const sides = { k: [16, 5], l: [11, 5], s: [5, 5] } as const;
  for (const [slot, [rows, cols]] of Object.entries(sides)) {
    const wanted = embedMoments(host, carrying, slots[slot as "k"], rows, cols) as Moments<Matrix>;
    assertLess(relativeError(moved[slot]!.second!, wanted.second!), 1e-13, slot);
    assertLess(relativeError(moved[slot]!.first!, wanted.first!), 1e-13, slot);
  }
});
