import { assertAlmostEquals } from "@std/assert";
import { channel } from "../../../tasks/flow/mod.ts";
import { slot } from "../../../tasks/flow/grid.ts";
import { pressureDrop, pressureProbe } from "../../../tasks/flow/pressure.ts";

/** A state of given density by place in diameters from the centre of the body. */
function stateOf(
  place: ReturnType<typeof channel>,
  density: (x: number, y: number) => number,
): Float64Array {
  const { grid: g, center, diameter } = place;
  const state = new Float64Array(g.size);
  for (let y = 1; y <= g.ny; y++) {
    for (let x = 1; x <= g.nx; x++) {
      const rho = density((x - center[0]) / diameter, (y - 0.5 - center[1]) / diameter);
      // Any split among the directions has the same density.
      state[slot(g, 0, x, y)] = 0.75 * rho;
      state[slot(g, 5, x, y)] = 0.25 * rho;
    }
  }
  return state;
}

for (const resolution of [15, 16, 24.3]) {
  const place = channel({ resolution, length: 8 });
  const probe = pressureProbe(place);
  const unit = 3 * place.velocity ** 2;

  Deno.test(`pressureDrop() is exact for parabolas, ${resolution} cells per diameter`, () => {
    const state = stateOf(
      place,
      (x, y) => unit * (7 - 2 * x + 3 * x * x * (x < 0 ? 1 : 0) + 5 * y),
    );
    // Front at x = −½, back at x = ½.
    assertAlmostEquals(pressureDrop(probe, state), 7 + 1 + 0.75 - (7 - 1), 1e-9);
  });

  Deno.test(`pressureDrop() does not see the skin, ${resolution} cells per diameter`, () => {
    const skin = 1 / place.diameter;
    const state = stateOf(place, (x, y) => Math.hypot(x, y) < 0.5 + skin / 2 ? 100 : unit * x);
    assertAlmostEquals(pressureDrop(probe, state), -1, 1e-9);
  });

  Deno.test(`pressureDrop() does not see a level, ${resolution} cells per diameter`, () => {
    assertAlmostEquals(pressureDrop(probe, stateOf(place, () => 1)) * unit, 0, 1e-12);
  });
}
