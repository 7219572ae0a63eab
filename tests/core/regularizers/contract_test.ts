import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  clamp,
  type Matrix,
  Random,
  type Regularizer,
  regularizers,
  regularizerSettings,
  spectral,
  strengthSchedules,
} from "../../../core/mod.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { gaussian, host, inner, minus, norm, orthonormal, times } from "../../support/matrices.ts";

/** What is claimed of a regularizer; all are invariant under orthogonal factors. */
interface Row {
  readonly name: string;
  /** R(S) as its definition has it, without singular values. */
  readonly plain: (s: Matrix) => number | Promise<number>;
  /** R(cS) = cᵏ R(S). */
  readonly degree?: number;
}

const ROWS: readonly Row[] = [
  { name: "spectral", plain: spread, degree: 2 },
  {
    name: "orthogonality",
    plain: (s) => norm(minus(gram(s), host.identity(s.cols))) ** 2 / 2,
  },
  {
    name: "nuclear-norm",
    plain: async (s) => (await host.svd(s)).sigma.reduce((a, b) => a + b, 0),
    degree: 1,
  },
  { name: "lipschitz", plain: async (s) => Math.log((await host.svd(s)).sigma[0]!) },
  { name: "weight-decay", plain: (s) => norm(s) ** 2 / 2, degree: 2 },
];

function gram(s: Matrix): Matrix {
  return host.multiply(s, s, { transposeLeft: true });
}

function spread(s: Matrix): number {
  const g = gram(s);
  return norm(minus(g, host.scale(norm(s) ** 2 / s.cols, host.identity(s.cols))));
}

async function term(r: Regularizer, s: Matrix): Promise<{ value: number; gradient: Matrix }> {
  const { value, gradient } = await r.term!(host, s, r.defaults);
  return { value, gradient: gradient ?? host.zerosLike(s) };
}

const seeds = fc.integer({ min: 0, max: 2 ** 30 });
const cores = fc.tuple(seeds, fc.integer({ min: 2, max: 7 }), fc.integer({ min: 0, max: 4 }));

/** A tall or square core of a seed. */
function coreOf([seed, cols, more]: [number, number, number]): Matrix {
  return gaussian(new Random(seed), cols + more, cols);
}

Deno.test("every regularizer with a term has a row in this table", () => {
  const withTerm = regularizers.list().filter((r) => r.term).map((r) => r.name);
  assertEquals(ROWS.map((r) => r.name).toSorted(), withTerm.toSorted());
});

for (const { name, plain, degree } of ROWS) {
  const r = regularizers.get(name);

  Deno.test(`${name}: its way down is along its gradient, on diagonal cores, too`, async () => {
    const diagonal = host.diagonal(Float64Array.of(3, 2, 0.5, 0.1));
    for (const s of [diagonal, coreOf([3, 4, 2])]) {
      const { gradient, descent } = await r.term!(host, s, r.defaults);
      if (name === "spectral" && s === diagonal) assert(descent);
      if (!descent) continue;
      assertAlmostEquals(descent.slope, norm(gradient!), 1e-12);
      const wanted = host.lincomb(1, s, -0.3, gradient!);
      assertLess(norm(minus(descent.at(0.3), wanted)), 1e-12);
    }
  });

  Deno.test(`${name}: its value is that of the definition`, async () => {
    await fc.assert(fc.asyncProperty(cores, async (core) => {
      const s = coreOf(core);
      assertAlmostEquals((await term(r, s)).value, await plain(s), 1e-10 * (1 + norm(s) ** 4));
    }));
  });

  Deno.test(`${name}: its gradient is the slope of the definition`, async () => {
    await fc.assert(
      fc.asyncProperty(cores, seeds, async (core, seed) => {
        const s = coreOf(core);
        const d = gaussian(new Random(seed), s.rows, s.cols);
        const at = async (h: number) => await plain(host.lincomb(1, s, h, d));
        const h = 1e-5;
        const slope = (await at(h) - await at(-h)) / (2 * h);
        const { gradient } = await term(r, s);
        assertAlmostEquals(inner(gradient, d), slope, 1e-5 * (1 + Math.abs(slope)));
      }),
      // Two equal leading singular values are a kink of some; seeds keep them apart.
      { seed: 5, numRuns: 40 },
    );
  });

  Deno.test(`${name}: orthogonal factors change nothing but turn the gradient`, async () => {
    await fc.assert(
      fc.asyncProperty(cores, async (core) => {
        const s = coreOf(core);
        const random = new Random(core[0]).fork("factors");
        const [q, p] = [
          await orthonormal(random, s.rows, s.rows),
          await orthonormal(random, s.cols, s.cols),
        ];
        const [a, b] = [await term(r, s), await term(r, times(q, s, p))];
        assertAlmostEquals(b.value, a.value, 1e-9 * (1 + Math.abs(a.value)));
        const turned = times(q, a.gradient, p);
        assertLess(norm(minus(b.gradient, turned)), 1e-7 * (1 + norm(turned)));
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  Deno.test(`${name}: a diagonal core needs no factorisation and gives the same`, async () => {
    const values = [3, -1, 0.5, 2];
    const s = host.diagonal(values);
    const perturbed = host.lincomb(1, s, 1e-14, gaussian(new Random(1), 4, 4));
    const noSvd = { ...host, svd: () => Promise.reject(new Error("factored")) };
    const fast = await r.term!(Object.setPrototypeOf(noSvd, host), s, r.defaults);
    const slow = await term(r, perturbed);
    assertAlmostEquals(fast.value, slow.value, 1e-10);
    assertLess(norm(minus(fast.gradient!, slow.gradient)), 1e-10);
  });

  if (degree !== undefined) {
    Deno.test(`${name}: R(cS) = c^${degree} R(S), and ⟨∇R, S⟩ = ${degree} R`, async () => {
      await fc.assert(fc.asyncProperty(cores, async (core) => {
        const s = coreOf(core);
        const { value, gradient } = await term(r, s);
        const scaled = await term(r, host.scale(3, s));
        assertAlmostEquals(scaled.value, 3 ** degree * value, 1e-9 * (1 + scaled.value));
        assertAlmostEquals(inner(gradient, s), degree * value, 1e-9 * (1 + value));
      }));
    });
  }
}

await testAlgebras("spectral: value and gradient as in float64", async (a, { relative }) => {
  const s = gaussian(new Random(4), 9, 6);
  const wanted = await term(spectral, s);
  const { value, gradient } = await spectral.term!(a, a.from(s.data, 9, 6), {});
  assertAlmostEquals(value, wanted.value, 20 * relative * wanted.value);
  const found = host.from(await a.read(gradient!), 9, 6);
  assertLess(norm(minus(found, wanted.gradient)), 50 * relative * norm(wanted.gradient));
});

Deno.test("spectral: ‖∇R‖ ≤ 2‖S‖₂, and κ ≤ exp(R / (√2 σ_r²))", async () => {
  await fc.assert(fc.asyncProperty(cores, async (core) => {
    const s = coreOf(core);
    const { sigma } = await host.svd(s);
    const { value, gradient } = await term(spectral, s);
    assertLess(norm(gradient), 2 * sigma[0]! * (1 + 1e-10));
    const smallest = sigma.at(-1)!;
    const bound = value / (Math.SQRT2 * smallest ** 2);
    assertLess(Math.log(sigma[0]! / smallest), bound * (1 + 1e-10) + 1e-12);
  }));
});

Deno.test("spectral: is 0 without a gradient on multiples of orthogonal matrices only", async () => {
  const q = await orthonormal(new Random(2), 6, 6);
  const flat = await spectral.term!(host, host.scale(2.5, q), {});
  assertLess(flat.value, 1e-13);
  assertEquals(flat.gradient, undefined);
  assertEquals((await spectral.term!(host, host.zeros(3, 3), {})).gradient, undefined);
  const tilted = host.lincomb(1, q, 1e-5, gaussian(new Random(3), 6, 6));
  const near = await spectral.term!(host, tilted, {});
  assert(near.gradient && near.value > 1e-6 && near.value < 1e-3);
});

Deno.test("clamp: bounds the condition number, and leaves alone what obeys already", async () => {
  await fc.assert(fc.asyncProperty(cores, async (core) => {
    const s = coreOf(core);
    for (const condition of [1, 2, 9]) {
      const out = await clamp.project!(host, s, { condition }) ?? s;
      const { sigma } = await host.svd(out);
      assertLess(sigma[0]! / sigma.at(-1)!, condition * (1 + 1e-9));
    }
  }));
  const s = host.diagonal([1, 1.5, 2]);
  assertEquals(await clamp.project!(host, s, { condition: 9 }), undefined);
});

Deno.test("strength schedules stay between 0 and 1", () => {
  for (const schedule of strengthSchedules.list()) {
    for (let k = 0; k <= 10; k++) {
      const factor = schedule.at(k / 10);
      assert(factor >= 0 && factor <= 1, schedule.name);
    }
  }
  assertEquals(strengthSchedules.get("rising").at(0.25), 0.5);
  assertAlmostEquals(strengthSchedules.get("fading").at(0.5), 0.5, 1e-15);
});

Deno.test("regularizerSettings() refuses unknown names and numbers below 0", () => {
  const unknown = assertThrows(() => regularizerSettings(clamp, { conditoin: 3 }), RangeError);
  assertEquals(
    unknown.message,
    'Cannot set "conditoin" of regularizer "clamp": did you mean "condition"',
  );
  const negative = assertThrows(() => regularizerSettings(clamp, { condition: -3 }), RangeError);
  assertEquals(
    negative.message,
    'Cannot set "condition" of regularizer "clamp": expected a number ≥ 1, got -3',
  );
});
