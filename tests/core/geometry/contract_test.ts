/** Every manifold through the properties that it claims, over five seeds and on every algebra. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { type Algebra, hostAlgebra } from "../../../core/algebra/mod.ts";
import {
  type AnyManifold,
  diagnose,
  frameRetractions,
  lowRankRetractions,
  type ManifoldKind,
  manifolds,
  tuckerRetractions,
} from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { hostDense, inner, norm } from "./support.ts";

interface Row {
  readonly name: string;
  /** Dimension at the example size, worked out by hand. */
  readonly dimension: number;
  /** Orders of the retractions by name, those of the exponential excepted. */
  readonly orders: Readonly<Record<string, 1 | 2>>;
  /** Transports by name, and whether they keep inner products. */
  readonly transports: Readonly<Record<string, boolean>>;
  /** Closed forms. */
  readonly forms: readonly ("exp" | "log" | "distance")[];
}

const ROWS: readonly Row[] = [
  {
    name: "euclidean",
    dimension: 35,
    orders: {},
    transports: { identity: true },
    forms: ["exp", "log", "distance"],
  },
  {
    name: "stiefel",
    dimension: 18,
    orders: { qr: 1, polar: 2, cayley: 1 },
    transports: { projection: false, rotation: true },
    forms: ["exp"],
  },
  {
    name: "stiefel-canonical",
    dimension: 18,
    orders: { qr: 1, polar: 1, cayley: 2 },
    transports: { projection: false, rotation: true },
    forms: ["exp", "log"],
  },
  {
    name: "grassmann",
    dimension: 18,
    orders: { qr: 2, polar: 2, cayley: 2 },
    transports: { projection: false, parallel: true },
    forms: ["exp", "log", "distance"],
  },
  {
    name: "fixed-rank",
    dimension: 48,
    orders: { svd: 2, splitting: 2, orthographic: 2 },
    transports: { projection: false, rotation: true },
    forms: [],
  },
  {
    name: "tucker",
    dimension: 30,
    orders: { "st-hosvd": 2 },
    transports: { projection: false, rotation: true },
    forms: [],
  },
  {
    name: "product",
    dimension: 37,
    orders: { componentwise: 1 },
    transports: { componentwise: false, isometric: true },
    forms: [],
  },
];

const SEEDS = [1, 2, 3, 4, 5];

Deno.test("every registered manifold has a row in the contract table", () => {
  assertEquals(ROWS.map((r) => r.name).sort(), manifolds.names().sort());
});

Deno.test("every registered retraction has a place in the contract table", () => {
  const known = new Set(ROWS.flatMap((r) => Object.keys(r.orders)));
  const registered = [
    ...frameRetractions.names(),
    ...lowRankRetractions.names(),
    ...tuckerRetractions.names(),
  ];
  assertEquals(registered.filter((name) => !known.has(name)), []);
});

for (const row of ROWS) {
  const kind: ManifoldKind = manifolds.get(row.name);

  await testAlgebras(`${row.name} passes every diagnostic at five points`, async (a) => {
    for (const seed of SEEDS) {
      const found = await diagnose(a, kind.create(a, kind.example), new Random(seed));
      assertEquals(found.filter((f) => !f.ok), [], `seed ${seed}`);
      assert(found.length > 5);
    }
  });

  await testAlgebras(`${row.name} has the retractions and transports of its row`, async (a) => {
    const manifold = kind.create(a, kind.example);
    const own = manifold.retractions.filter((r) => r.order !== Infinity);
    assertEquals(Object.fromEntries(own.map((r) => [r.name, r.order])), row.orders);
    const transports = manifold.transports.map((t) => [t.name, t.isometric]);
    assertEquals(Object.fromEntries(transports), row.transports);
    assertEquals(manifold.dimension, row.dimension);
    const forms = (["exp", "log", "distance"] as const).filter((f) => manifold[f]);
    assertEquals(forms, row.forms);
    await Promise.resolve();
  });

  await testAlgebras(`${row.name} spans as many directions as its dimension`, async (a, tol) => {
    // Gram-Schmidt on random tangent vectors leaves nothing of one more than the dimension.
    const manifold = kind.create(a, kind.example);
    const random = new Random(1);
    const x = await manifold.randomPoint(random);
    const flat: number[][] = [];
    for (let i = 0; i < manifold.dimension + 2; i++) {
      const xi = await manifold.randomTangent(x, random);
      flat.push(
        (await hostDense(a, await manifold.tangentToDense(x, xi))).flatMap((m) => [...m.data]),
      );
    }
    const { sigma } = await singularValues(flat);
    const d = manifold.dimension;
    assertLess(sigma[0]! / sigma[Math.min(d, sigma.length) - 1]!, 1e4);
    if (sigma.length > d) assertLess(sigma[d]!, 100 * tol.relative * sigma[0]!);
  });

  await testAlgebras(`${row.name}: ⟨grad, ξ⟩ in its metric is ⟨g, ξ⟩ in space`, async (a, tol) => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { manifold, x, g, dense } = await gradientCase(a, kind, random);
      const gradient = await manifold.gradient(x, manifold.fromDense(g));
      const xi = await manifold.randomTangent(x, random);
      const across = await hostDense(a, await manifold.tangentToDense(x, xi));
      const wanted = across.reduce((s, m, i) => s + inner(m, dense[i]!), 0);
      const size = Math.hypot(...dense.map(norm));
      assertAlmostEquals(await manifold.inner(x, gradient, xi), wanted, 20 * tol.relative * size);
    }
  });

  await testAlgebras(`${row.name}: the metric is an inner product`, async (a, tol) => {
    const manifold = kind.create(a, kind.example);
    const random = new Random(3);
    const x = await manifold.randomPoint(random);
    const [xi, eta, zeta] = [
      await manifold.randomTangent(x, random),
      await manifold.randomTangent(x, random),
      await manifold.randomTangent(x, random),
    ];
    const pair = (p: unknown, q: unknown) => manifold.inner(x, p, q);
    const mixed = await pair(manifold.lincomb(2, xi, -3, eta), zeta);
    const apart = 2 * await pair(xi, zeta) - 3 * await pair(eta, zeta);
    assertAlmostEquals(mixed, apart, 20 * tol.relative);
    assertAlmostEquals(await pair(xi, eta), await pair(eta, xi), 20 * tol.relative);
    assertAlmostEquals(await pair(xi, xi), 1, 20 * tol.relative);
    assertAlmostEquals(await manifold.norm(x, manifold.scale(-2, xi)), 2, 20 * tol.relative);
  });

  await testAlgebras(`${row.name} does not change what it is given`, async (a) => {
    const manifold = kind.create(a, kind.example);
    const random = new Random(9);
    const x = await manifold.randomPoint(random);
    const [xi, eta] = [
      await manifold.randomTangent(x, random),
      await manifold.randomTangent(x, random),
    ];
    const read = async () => [
      ...await hostDense(a, manifold.toDense(x)),
      ...await hostDense(a, await manifold.tangentToDense(x, xi)),
    ];
    const before = await read();
    for (const r of manifold.retractions) await r.retract(x, xi);
    const y = await manifold.retractions[0]!.retract(x, manifold.scale(0.3, eta));
    for (const t of manifold.transports) await t.transport(x, y, xi);
    await manifold.log?.(x, y);
    await manifold.gap(x, y);
    assertEquals(await read(), before);
  });

  await testAlgebras(`${row.name} tells points and tangent vectors from others`, async (a) => {
    const manifold = kind.create(a, kind.example);
    const random = new Random(6);
    const x = await manifold.randomPoint(random);
    const xi = await manifold.randomTangent(x, random);
    assertEquals(await manifold.check(x), { ok: true });
    assertEquals(await manifold.checkTangent(x, xi), { ok: true });
    const other = kind.create(a, { ...kind.example, shape: kind.example.shape.map((n) => n + 1) });
    const stranger = await other.randomPoint(random);
    const fault = await manifold.check(stranger);
    assertEquals(fault.ok, false);
    assert(/must be \d+×\d+, got \d+×\d+/.test(fault.reason!), fault.reason);
    const vector = await other.randomTangent(stranger, random);
    assertEquals((await manifold.checkTangent(x, vector)).ok, false);
  });

  if (row.forms.includes("log")) {
    await testAlgebras(`${row.name}: log() undoes exp() within reach`, async (a, tol) => {
      for (const seed of SEEDS) {
        const random = new Random(seed);
        const manifold = kind.create(a, kind.example);
        const x = await manifold.randomPoint(random);
        for (const t of [1e-3, 0.5, 1.4]) {
          const xi = manifold.scale(t, await manifold.randomTangent(x, random));
          const y = await manifold.exp!(x, xi);
          const back = await manifold.log!(x, y);
          const rest = await manifold.norm(x, manifold.lincomb(1, back, -1, xi));
          assertLess(rest, 50 * tol.relative);
          assertLess(await manifold.gap(await manifold.exp!(x, back), y), 50 * tol.relative);
        }
      }
    });
  }

  if (row.forms.includes("distance")) {
    await testAlgebras(`${row.name}: the distance is symmetric and |log|`, async (a, tol) => {
      for (const seed of SEEDS) {
        const random = new Random(seed);
        const manifold = kind.create(a, kind.example);
        const [x, y, z] = [
          await manifold.randomPoint(random),
          await manifold.randomPoint(random),
          await manifold.randomPoint(random),
        ];
        const distance = await manifold.distance!(x, y);
        const close = 50 * tol.relative * distance;
        assertAlmostEquals(await manifold.distance!(y, x), distance, close);
        assertAlmostEquals(await manifold.norm(x, await manifold.log!(x, y)), distance, close);
        assertAlmostEquals(await manifold.distance!(x, x), 0, 50 * tol.relative);
        const around = await manifold.distance!(x, z) + await manifold.distance!(z, y);
        assert(distance <= around + close);
      }
    });
  }

  if (row.forms.includes("exp")) {
    await testAlgebras(`${row.name}: exp(s + t) is exp(t) after exp(s)`, async (a, tol) => {
      // The velocity at s is −d/dr exp(x', r ·): a geodesic may be continued from where it is.
      const random = new Random(4);
      const manifold = kind.create(a, kind.example);
      const x = await manifold.randomPoint(random);
      const xi = await manifold.randomTangent(x, random);
      const at = (t: number) => manifold.exp!(x, manifold.scale(t, xi));
      const h = a.epsilon ** 0.2 / 4;
      const [before, mid, after] = [await at(0.4 - h), await at(0.4), await at(0.4 + h)];
      const [p, q] = [manifold.toDense(before), manifold.toDense(after)];
      const chord = q.map((m, i) => a.lincomb(1 / (2 * h), m, -1 / (2 * h), p[i]!));
      const velocity = await manifold.project(mid, manifold.fromDense(chord));
      const error = Math.max(h * h, tol.relative / h);
      assertAlmostEquals(await manifold.norm(mid, velocity), 1, 2 * error);
      const far = await manifold.exp!(mid, manifold.scale(0.6, velocity));
      assertLess(await manifold.gap(far, await at(1)), 2 * error);
    });
  }

  for (const [name, order] of Object.entries(row.orders)) {
    if (order === 2) continue;
    Deno.test(`${row.name}: ${name} is of first order and no more`, async () => {
      const a = hostAlgebra();
      const manifold = kind.create(a, kind.example);
      const retractions = manifold.retractions.filter((r) => r.name === name)
        .map((r) => ({ ...r, order: 2 }));
      const found = await diagnose(a, { ...manifold, retractions }, new Random(2));
      assertEquals(found.filter((f) => !f.ok).length, 1);
    });
  }
}

/** A manifold, a point and an ambient gradient there. */
async function gradientCase<M>(a: Algebra<M>, kind: ManifoldKind, random: Random): Promise<{
  manifold: AnyManifold<M>;
  x: unknown;
  g: M[];
  dense: Awaited<ReturnType<typeof hostDense>>;
}> {
  const manifold = kind.create(a, kind.example);
  const x = await manifold.randomPoint(random);
  const g = manifold.toDense(x).map((m) => {
    const size = a.rows(m) * a.cols(m);
    return a.from(random.fillNormal(new Float64Array(size)), a.rows(m), a.cols(m));
  });
  return { manifold, x, g, dense: await hostDense(a, g) };
}

async function singularValues(rows: readonly number[][]): Promise<{ sigma: Float64Array }> {
  const a = hostAlgebra();
  return await a.svd(a.from(rows.flat(), rows.length, rows[0]!.length));
}
