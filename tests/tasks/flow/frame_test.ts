import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { channel } from "../../../tasks/flow/mod.ts";
import { fillFrame, fillFrameAdjoint, frame, parabola } from "../../../tasks/flow/frame.ts";
import { slot } from "../../../tasks/flow/grid.ts";
import { Random } from "../../../core/mod.ts";

const place = channel({ resolution: 6, reynolds: 20, length: 8 });
const f = frame(place);
const random = new Random(3);
const numbers = (): Float64Array =>
  Float64Array.from({ length: place.grid.size }, () => random.uniform() - 0.5);

Deno.test("walls send back what comes", () => {
  const { grid: g } = place;
  const state = numbers();
  fillFrame(f, state);
  assertEquals(state[slot(g, 2, 5, 0)], state[slot(g, 4, 5, 1)]);
  assertEquals(state[slot(g, 5, 4, 0)], state[slot(g, 7, 5, 1)]);
  assertEquals(state[slot(g, 8, 4, g.ny + 1)], state[slot(g, 6, 5, g.ny)]);
});

Deno.test("the inlet has the velocity of the inflow", () => {
  const { grid: g, inflow } = place;
  const state = parabola(place);
  fillFrame(f, state);
  for (const i of [1, 5, 8]) {
    for (const y of [3, 9]) {
      assertAlmostEquals(state[slot(g, i, 0, y)]!, state[slot(g, i, 1, y)]!, 1e-16);
    }
  }
  assertAlmostEquals(inflow(g.ny / 2), 1.5 * place.velocity, 1e-15);
  assertEquals(inflow(0), 0);
});

Deno.test("the adjoint of the frame is its transposed, apart from what nobody reads", () => {
  // Filling twice gives the part that is linear, without the constants of the inflow.
  const [v, l] = [numbers(), numbers()];
  const zero = new Float64Array(v.length);
  fillFrame(f, zero);
  // Slots that leave the lattice are not read after the frame is filled.
  for (const k of f.leaving) l[k] = 0;
  const clean = v.slice();
  for (const c of [f.walls, f.inlet, f.outlet]) for (const k of c.to) clean[k] = 0;
  const filled = clean.slice();
  fillFrame(f, filled);
  const forward = l.reduce((sum, x, k) => sum + x * (filled[k]! - zero[k]!), 0);
  fillFrameAdjoint(f, l);
  const back = l.reduce((sum, x, k) => sum + x * clean[k]!, 0);
  assertAlmostEquals(back, forward, 1e-11);
});

Deno.test("channel() refuses what its lattice cannot carry", () => {
  assertThrows(
    () => channel({ resolution: 10 }),
    RangeError,
    "Cannot simulate Reynolds number 100 with 10 cells across the diameter: expected at least 15",
  );
  assertThrows(
    () => channel({ resolution: 20, velocity: 0.3 }),
    RangeError,
    "Cannot simulate a mean velocity of 0.3 cells per step: expected at most 0.12",
  );
});
