import { assertAlmostEquals, assertEquals } from "@std/assert";
import { channel, vorticity } from "../../../tasks/flow/mod.ts";
import { parabola } from "../../../tasks/flow/frame.ts";

Deno.test("vorticity() of the inflow is the slope of its profile, with the sign of its turn", () => {
  const place = channel({ resolution: 8, reynolds: 50, length: 8 });
  const { width, height, values } = vorticity(place, parabola(place));
  assertEquals([width, height], [place.grid.nx, place.grid.ny]);
  // u = 6 U η (1 − η): −du/dy = −6 U (1 − 2η) / height, in units of U / diameter.
  const y = 5;
  const expected = -6 * (1 - 2 * (y + 0.5) / height) / height * place.diameter;
  assertAlmostEquals(values[y * width + 20]!, expected, 1e-12);
  assertAlmostEquals(values[(height - 1 - y) * width + 20]!, -expected, 1e-12);
});
