/** The entropy closure by Newton's method, against figures of an independent implementation. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  isRealisable,
  momentsOf,
  momentSystem,
  NewtonClosure,
  NotRealisable,
  quadratures,
  solveMoments,
} from "../../../../tasks/kinetic/mod.ts";
import { gaussLegendre } from "../../../../core/mod.ts";

const { nodes, weights } = gaussLegendre(100);
const rule = { x: nodes, y: new Float64Array(100), weights, total: 2 };
const slab = (degree: number) =>
  momentSystem({ dimension: 1, degree, functions: "monomials" }, rule);

function assertDigits(found: ArrayLike<number>, expected: readonly number[], digits: number): void {
  expected.forEach((value, k) => {
    assertAlmostEquals(found[k]!, value, 1.01 * 10 ** -digits, `number ${k}`);
  });
}

Deno.test("the full regularisation has the published multipliers", () => {
  const rows = [
    [-0.9999, -1.5398779, -2.6699802, -0.4991534649],
    [-0.3999, -0.7543770, -0.9084770, -1.5362355357],
    [0.6001, -0.9205688, 1.4187865, -1.3042320408],
  ] as const;
  for (const [u, first, second, value] of rows) {
    const { alpha, entropy } = solveMoments(slab(1), [1, u], "full", 0.1);
    // Published by an optimiser that stops earlier.
    assertDigits([alpha[0]! / 2, alpha[1]! / 2], [first / 2, second / 2], 7);
    assertDigits([entropy], [value], 10);
  }
});

Deno.test("no and partial regularisation in a slab have the reference multipliers", () => {
  const rows: [gamma: number, u: number, alpha: number[], h: number][] = [
    [0, 0.3, [-0.84022519, 0.95314947], -1.5542803512],
    [0, 0.6, [-1.51656971, 2.40050377], -1.0762674465],
    [0, 0.9, [-7.69741453, 9.99999959], 0.3025850951],
    [0.1, 0.3, [-0.77575200, 0.70980952], -1.5880006236],
    [0.1, 0.6, [-1.05977796, 1.53688636], -1.2557471324],
    [0.1, 0.9, [-1.67707307, 2.66047948], -0.6365490893],
    [0.01, 0.3, [-0.83058494, 0.92051556], -1.5586670188],
    [0.01, 0.6, [-1.42603540, 2.24677520], -1.1032102778],
    [0.01, 0.9, [-4.35876376, 6.18010298], 0.0123605583],
    // No f > 0 has these moments.
    [0.1, 1.05, [-2.18246592, 3.41038160], -0.1831003782],
  ];
  for (const [gamma, u, expected, h] of rows) {
    const kind = gamma === 0 ? "none" : "partial";
    const { alpha, entropy } = solveMoments(slab(1), [1, u], kind, gamma);
    assertDigits(alpha, expected, 8);
    assertDigits([entropy], [h], 10);
  }
  const { alpha } = solveMoments(slab(1), [1, 0.6], "none");
  assertAlmostEquals(1 / Math.tanh(alpha[1]!) - 1 / alpha[1]!, 0.6, 1e-13);
});

Deno.test("three moments in a slab have the reference multipliers", () => {
  const rows: [gamma: number, u: number[], alpha: number[], h: number][] = [
    [0, [0.3, 0.4], [-0.9561093023, 0.8640209381, 0.3703932962], -1.5487457024],
    [0.01, [0.3, 0.4], [-0.9415476690, 0.8413331540, 0.3506799010], -1.5530298517],
    [0, [0.5, 0.5], [-1.4209571906, 1.4099208797, 0.9170850603], -1.2574542206],
  ];
  for (const [gamma, u, expected, h] of rows) {
    const { alpha, entropy } = solveMoments(slab(2), [1, ...u], "partial", gamma);
    assertDigits(alpha, expected, 10);
    assertDigits([entropy], [h], 10);
  }
});

Deno.test("harmonics in the plane have the reference multipliers, masses and pressures", () => {
  const o = quadratures.get("product").ordinates(8);
  const f = o.x.map((x, q) => Math.exp(1.5 * x + 0.4 * o.y[q]! - 0.6 * x * o.y[q]!));
  const mass = f.reduce((sum, v, q) => sum + v * o.weights[q]!, 0);
  const rows: [degree: number, gamma: number, alpha: number[], mass: number, p: number[]][] = [
    [1, 0, [0.3352778271, 2.1061321333], 1, [0.4104732224]],
    [1, 0.01, [0.3234948666, 2.0321144986], 0.9915896824, [0.4025773742]],
    [2, 0, [0.5788810036, 2.1708037637, -0.3883251825, 0, 0], 1, [
      0.4120379828,
      -0.0105970934,
    ]],
    [2, 0.01, [0.5286093571, 2.0453761859, -0.3459485851, -0.0314754580, 0.0436304405], ...[
      0.9908948240,
      [0.4081281832],
    ] as [number, number[]]],
  ];
  for (const [degree, gamma, expected, total, pressures] of rows) {
    const system = momentSystem({ dimension: 2, degree, functions: "harmonics" }, o);
    const u = momentsOf(system, f.map((v) => v / mass));
    if (degree === 2) {
      assertDigits(u, [
        ...[0.3989422804, 0.0469489983, 0.2949219599],
        ...[-0.0163735352, -0.0571765433, 0.0885954100],
      ], 10);
    }
    const { alpha } = solveMoments(system, u, "partial", gamma);
    assertDigits(alpha.subarray(1), expected, 10);
    const c = system.constant;
    const square = alpha.subarray(1).reduce((sum, a) => sum + a * a, 0);
    const found = o.x.map((_, q) => {
      let exponent = c * alpha[0]! - gamma / 2 * c * square;
      for (let k = 1; k < system.count; k++) {
        exponent += alpha[k]! * system.values[k * o.x.length + q]!;
      }
      return u[0]! * Math.exp(exponent);
    });
    const moment = (g: (x: number, y: number) => number): number =>
      found.reduce((sum, v, q) => sum + o.weights[q]! * v * g(o.x[q]!, o.y[q]!), 0);
    assertDigits([moment(() => 1)], [total], 10);
    assertDigits([moment((x) => x * x), moment((x, y) => x * y)], pressures, 10);
  }
});

Deno.test("moments that no f has end in one message, and are closed with γ > 0", () => {
  assertThrows(
    () => solveMoments(slab(1), [2, 2.1], "none"),
    NotRealisable,
    "expected moments of some f > 0, got (1.05) times the first one; take a regularisation γ > 0",
  );
  assertThrows(() => solveMoments(slab(1), [0, 0], "partial", 1), RangeError, "u₀");
  for (const [u, possible] of [[[1, 0.3, 0.4], true], [[1, 0.5, 0.2], false]] as const) {
    assertEquals(isRealisable(slab(2), u), possible);
    assert(Number.isFinite(solveMoments(slab(2), u, "partial", 1e-3).entropy));
  }
});

Deno.test("the regularised entropy lies below the other one and falls with γ", () => {
  const u = [1, 0.5, 0.5];
  const values = [0, 1e-3, 1e-2, 1e-1, 1].map((gamma) =>
    solveMoments(slab(2), u, "partial", gamma).entropy
  );
  values.slice(1).forEach((value, k) => assert(value < values[k]!));
});

Deno.test("the closure of all multipliers is the derivative of its extended entropy", () => {
  const [system, gamma] = [slab(2), 0.05];
  const closure = new NewtonClosure(system, gamma, { regularisation: "full" });
  const u = [0.4, 0.1, 0.2];
  const found = { alpha: new Float64Array(2), offset: new Float64Array(1) };
  closure.close(Float64Array.of(0.25, 0.5), found);
  const square = found.alpha.reduce((sum, a) => sum + a * a, 0);
  const first = Math.log(u[0]!) + found.offset[0]! - gamma / 2 * square;
  const extended = (v: readonly number[]): number =>
    v[0]! * solveMoments(system, [1, v[1]! / v[0]!, v[2]! / v[0]!], "full", gamma).entropy +
    v[0]! * Math.log(v[0]!);
  [first, ...found.alpha].forEach((value, k) => {
    const at = (h: number): number => extended(u.map((v, i) => i === k ? v + h : v));
    const slope = (8 * (at(1e-3) - at(-1e-3)) - at(2e-3) + at(-2e-3)) / 12e-3;
    assertAlmostEquals(slope, value, 1e-8);
  });
  const [alpha, steps] = [found.alpha.slice(), closure.steps];
  closure.close(Float64Array.of(0.25, 0.5), found);
  assertEquals(closure.steps, steps, "a search that starts at its end");
  assertEquals(found.alpha, alpha);
  assertThrows(
    () => new NewtonClosure(system, 0, { regularisation: "full" }),
    RangeError,
    'regularisation "full": expected γ > 0, got 0',
  );
});
