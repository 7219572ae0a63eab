import { assert, assertAlmostEquals, assertLess } from "@std/assert";
import { Random } from "../../../core/mod.ts";
import { collide, collideAdjoint, plainKernel } from "../../../tasks/flow/plain_kernel.ts";
import {
  type FlowKernelKind,
  flowKernels,
  grid,
  type Relaxation,
} from "../../../tasks/flow/mod.ts";
import { CX, CY, DIRECTIONS } from "../../../tasks/flow/lattice.ts";

const random = new Random(7);
const numbers = (n: number, scale: number): Float64Array =>
  Float64Array.from({ length: n }, () => scale * (2 * random.uniform() - 1));

const g = grid(10, 7);
const relaxation = {
  even: numbers(g.pitch, 0.4).map((v) => 1.5 + v),
  odd: numbers(g.pitch, 0.4).map((v) => 0.6 + v),
};

Deno.test("a collision keeps mass and momentum", () => {
  const before = numbers(DIRECTIONS, 0.1);
  const after = before.slice();
  collide(after, 1.7, 0.4);
  for (const along of [CX.map(() => 1), CX, CY]) {
    const moment = (h: Float64Array): number => h.reduce((sum, v, i) => sum + along[i]! * v, 0);
    assertAlmostEquals(moment(after), moment(before), 1e-15);
  }
});

Deno.test("a collision leaves equilibria alone, for any rates", () => {
  const [rho, ux, uy] = [0.03, 0.08, -0.05];
  const weights = [4 / 9, ...Array(4).fill(1 / 9), ...Array(4).fill(1 / 36)] as number[];
  const equilibrium = Float64Array.from(weights, (w, i) => {
    const cu = CX[i]! * ux + CY[i]! * uy;
    return w * (rho + 3 * cu + 4.5 * cu * cu - 1.5 * (ux * ux + uy * uy));
  });
  const after = equilibrium.slice();
  collide(after, 1.9, 0.3);
  after.forEach((v, i) => assertAlmostEquals(v, equilibrium[i]!, 1e-16));
});

Deno.test("the adjoint of a collision is the transposed of its derivative", () => {
  const [h, v, l] = [numbers(DIRECTIONS, 0.2), numbers(DIRECTIONS, 1), numbers(DIRECTIONS, 1)];
  // Central differences of a polynomial of degree two are exact for any step.
  const [above, below] = [1, -1].map((s) => h.map((x, i) => x + s * v[i]!));
  collide(above!, 1.7, 0.4);
  collide(below!, 1.7, 0.4);
  const forward = l.reduce((sum, x, i) => sum + x * (above![i]! - below![i]!) / 2, 0);
  collideAdjoint(h, l, 1.7, 0.4);
  assertAlmostEquals(l.reduce((sum, x, i) => sum + x * v[i]!, 0), forward, 1e-13);
});

/** Rates of which the first columns are equal, as those before the sponge are. */
function equalUpTo(columns: number): Relaxation {
  const flat = (rates: Float64Array): Float64Array =>
    rates.map((v, x) => x <= columns ? rates[1]! : v);
  return { even: flat(relaxation.even), odd: flat(relaxation.odd) };
}

/** A step and its adjoint, held against the reference. */
function agree(kind: FlowKernelKind, rates: Relaxation): void {
  const [ours, plain] = [kind, plainKernel].map((k) => k.create(g, rates, 4));
  for (const state of [0, 2]) {
    const values = numbers(g.size, 0.1);
    for (const kernel of [ours!, plain!]) kernel.states[state]!.set(values);
  }
  for (const kernel of [ours!, plain!]) {
    kernel.step(0, 1);
    kernel.adjoint(0, 2, 3);
  }
  for (const state of [1, 3]) {
    const worst = ours!.states[state]!.reduce(
      (most, v, k) => Math.max(most, Math.abs(v - plain!.states[state]![k]!)),
      0,
    );
    assertLess(worst, 1e-15);
  }
}

for (const kind of flowKernels.list()) {
  for (const equal of [1, 2, 3, 4, 5, 8, g.nx]) {
    Deno.test(`${kind.name}: as the reference where ${equal} columns have equal rates`, () => {
      assert(kind.available());
      agree(kind, equalUpTo(equal));
    });
  }

  Deno.test(`${kind.name}: the adjoint of a step is the transposed of its derivative`, () => {
    const kernel = kind.create(g, relaxation, 4);
    const [h, v] = [numbers(g.size, 0.1), numbers(g.size, 1)];
    const inside = kernel.states[3]!.map(() => 0);
    const after = [1, -1].map((s) => {
      kernel.states[0]!.set(h.map((x, k) => x + s * v[k]!));
      kernel.states[1]!.fill(0);
      kernel.step(0, 1);
      return kernel.states[1]!.slice();
    });
    const l = numbers(g.size, 1).map((x, k) => after[0]![k] === 0 ? 0 : x);
    const forward = l.reduce((sum, x, k) => sum + x * (after[0]![k]! - after[1]![k]!) / 2, 0);
    kernel.states[0]!.set(h);
    kernel.states[2]!.set(l);
    kernel.states[3]!.set(inside);
    kernel.adjoint(0, 2, 3);
    const back = kernel.states[3]!.reduce((sum, x, k) => sum + x * v[k]!, 0);
    assertAlmostEquals(back, forward, 1e-11);
  });
}
