/** Designs from files: what they change, and what they may not say. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  type DesignChoice,
  designedSetup,
  designText,
  readDesign,
} from "../../../tasks/kinetic/design.ts";
import { halfLattice, hohlraum, lattice, planeSource } from "../../../tasks/kinetic/mod.ts";
import { inFolder } from "../../support/command_line.ts";

/** The absorbers of the lattice as boxes on a lattice that has none. */
function absorbersAsBoxes(): DesignChoice {
  const places = [0, 1, 2, 3, 4].flatMap((k) => [0, 1, 2, 3, 4].map((l) => [k, l] as const));
  const absorbing = places.filter(([k, l]) =>
    (k + l) % 2 === 0 && !(k === 2 && (l === 2 || l === 4))
  );
  const boxes = absorbing.map(([k, l]): NonNullable<DesignChoice["boxes"]>[number] => ({
    x: [k - 2.5, k - 1.5],
    y: [l - 2.5, l - 1.5],
    absorption: 10,
  }));
  return { parameters: { absorber: 0 }, boxes };
}

Deno.test("a lattice whose blocks come out of a file is the lattice", () =>
  inFolder(async (folder) => {
    const path = join(folder, "design.json");
    await Deno.writeTextFile(path, JSON.stringify(absorbersAsBoxes()));
    const design = await readDesign(path);
    assertEquals(await readDesign(designText(design)), design);
    assertEquals(designedSetup(lattice, 21, {}, design), lattice.setup(21));
    assertEquals(designText(await readDesign("")), "");
  }));

Deno.test("parameters of a file take the place of defaults, and boxes lie on top of one another", () => {
  const design: DesignChoice = {
    parameters: { capsuleX: 0.1 },
    boxes: [
      { x: [-0.65, 0.65], y: [0.6, 0.65], absorption: 7, scattering: 0 },
      { x: [0.6, 0.65], y: [0.6, 0.65], source: 2 },
    ],
  };
  const setup = designedSetup(hohlraum, 26, hohlraum.defaults, design);
  assertEquals([setup.absorption.at(-1), setup.scattering.at(-1), setup.source.at(-1)], [7, 0, 2]);
  const moved = hohlraum.setup(26, { capsuleX: 0.1 });
  assertEquals(setup.regions, moved.regions);
  assertEquals(setup.absorption.slice(0, 26 * 25), moved.absorption.slice(0, 26 * 25));
  const slab = designedSetup(planeSource, 30, {}, {
    boxes: [{ x: [0.5, 1.5], y: [-0.5, 0.5], absorption: 1 }],
  });
  assertEquals([slab.absorption[0], slab.absorption.at(-1), slab.exact], [0, 1, undefined]);
});

Deno.test("what a design cannot say is refused in one sentence that tells where", async () => {
  const refused = (text: string, message: string) =>
    assertRejects(() => readDesign(text), Error, message);
  await refused("missing.json", "Cannot read missing.json");
  await refused("{", "Cannot read --design: expected JSON text");
  await refused('{"parameter": {}}', 'expected fields of a design, got "parameter"; did you mean');
  await refused('{"boxes": [{"x": [0, 1]}]}', 'expected a list "boxes.0.y", got undefined');
  await refused('{"boxes": [{"x": [0, 1], "y": [0, 1], "sigma": 1}]}', 'got "sigma"; known are');
  await refused('{"parameters": {"absorber": "10"}}', 'expected a number "parameters.absorber"');
  const lay = (design: DesignChoice, chosen = {}) => () =>
    designedSetup(halfLattice, 7, chosen, design);
  const box = { x: [0, 0.5], y: [0, 1] } as const;
  assertThrows(lay({ parameters: { absorbers: 1 } }), RangeError, 'did you mean "absorber"');
  assertThrows(
    lay({ parameters: { absorber: 1 } }, { absorber: 2 }),
    RangeError,
    'expected one value of "absorber", got 2 and, in the file, 1',
  );
  assertThrows(lay({ boxes: [{ ...box, x: [0, 0.6] }] }), RangeError, "edges along x on faces");
  assertThrows(lay({ boxes: [{ ...box, x: [3, 4] }] }), RangeError, "up to 3.5, got 4");
  assertThrows(lay({ boxes: [{ ...box, y: [1, 0] }] }), RangeError, '"y" to be a begin and an end');
  assertThrows(
    lay({ boxes: [{ ...box, absorption: -1 }] }),
    RangeError,
    '"absorption" to be at least 0, got -1',
  );
});
