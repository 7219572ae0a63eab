import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { Random } from "../../../core/mod.ts";
import { channel, circle, fourier, porousBody } from "../../../tasks/flow/mod.ts";
import {
  addLeftover,
  parameterGradient,
  throwBack,
  throwBackAdjoint,
} from "../../../tasks/flow/porous_body.ts";
import { plainKernel } from "../../../tasks/flow/plain_kernel.ts";
import { CX, CY, DIRECTIONS } from "../../../tasks/flow/lattice.ts";

const place = channel({ resolution: 6, reynolds: 20, length: 8 });
const random = new Random(5);
const numbers = (n: number): Float64Array =>
  Float64Array.from({ length: n }, () => random.uniform() - 0.5);

Deno.test("porousBody() stops the fluid inside and leaves it alone outside", () => {
  const body = porousBody(place, circle);
  assert(body.degree.every((b) => b > 0 && b <= 0.5));
  assert(body.degree.filter((b) => b === 0.5).length > 5);
  assert(body.cells.length < Math.PI * (place.diameter / 2 + 1) ** 2 + 10);
});

Deno.test("the degrees are smooth in the shape: their slopes are their derivatives", () => {
  const design = [0.05, -0.03, 0.02, 0.01];
  const body = porousBody(place, fourier.create(design));
  const h = 1e-6;
  const weights = numbers(place.grid.plane);
  const weighed = (x: readonly number[]): number => {
    const { cells, degree } = porousBody(place, fourier.create(x));
    return degree.reduce((sum, b, k) => sum + b * weights[cells[k]!]!, 0);
  };
  const gradient = parameterGradient(body, Float64Array.from(body.cells, (c) => weights[c]!));
  gradient.forEach((slope, k) => {
    const [above, below] = [h, -h].map((s) => weighed(design.map((v, j) => v + (j === k ? s : 0))));
    assertAlmostEquals(slope, (above! - below!) / (2 * h), 1e-7);
  });
});

Deno.test("the force on the body is the momentum that the fluid loses", () => {
  const body = porousBody(place, circle);
  const kernel = plainKernel.create(place.grid, place.relaxation, 2);
  kernel.states[0]!.set(numbers(place.grid.size).map((v) => 0.1 * v));
  kernel.step(0, 1);
  const momentum = (along: readonly number[]): number => {
    let sum = 0;
    for (const cell of body.cells) {
      for (let i = 0; i < DIRECTIONS; i++) {
        sum += along[i]! * kernel.states[1]![cell + i * body.plane]!;
      }
    }
    return sum;
  };
  const before = [momentum(CX), momentum(CY)];
  const force = throwBack(body, kernel.states[0]!, kernel.states[1]!);
  assertAlmostEquals(force[0], before[0]! - momentum(CX), 1e-13);
  assertAlmostEquals(force[1], before[1]! - momentum(CY), 1e-13);
});

Deno.test("throwBackAdjoint() and addLeftover() are the transposed of throwBack()", () => {
  const body = porousBody(place, circle);
  const { size } = place.grid;
  const seed = [0.3, -0.7] as const;
  const [from, to, l] = [numbers(size), numbers(size), numbers(size)];
  const value = (x: Float64Array, y: Float64Array): number => {
    const target = y.slice();
    const [drag, lift] = throwBack(body, x, target);
    return l.reduce((sum, v, k) => sum + v * target[k]!, 0) + seed[0] * drag + seed[1] * lift;
  };
  const adjoint = l.slice();
  const leftover = throwBackAdjoint(body, from, adjoint, seed, new Float64Array(body.cells.length));
  const toFrom = new Float64Array(size);
  addLeftover(body, leftover, toFrom);
  // throwBack() is linear in both states together.
  const product = adjoint.reduce((sum, v, k) => sum + v * to[k]! + toFrom[k]! * from[k]!, 0);
  assertAlmostEquals(product, value(from, to), 1e-11);
});

Deno.test("porousBody() refuses bodies that touch the walls", () => {
  assertThrows(
    () => porousBody(place, fourier.create([3, 3, 3, 3, 3, 3])),
    RangeError,
    "Cannot place the body: expected at most",
  );
});
