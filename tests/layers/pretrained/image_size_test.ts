import { assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { asVit, type Config, forImagesOf } from "../../../layers/mod.ts";

const PLACES = "vit.embeddings.position_embeddings";
const { config } = asVit({ image: [12, 12, 1], patch: 4, classes: 2 });

/** A model of 3×3 patches whose places are numbers, with another one beside them. */
function folderOf(cells: readonly number[]) {
  const data = Float32Array.from([9, -9, ...cells.flatMap((x) => [x, 2 * x])]);
  return { config, tensors: { [PLACES]: { shape: [1, cells.length + 1, 2], data } } };
}

const grid = [1, 2, -1, 0, 3, 5, 4, -2, 1];

/** Of PyTorch 2: interpolate(x, size, mode="bicubic", align_corners=False). */
const EXPECTED = {
  8: [1.1006012, 0.9932098, 2.0734406, 1.3122253],
  16: [
    ...[1.010304, 1.9886196, 0.8119344, -1.671756, -0.3136747, 2.0016024, 3.5798528, 3.2836874],
    ...[1.3332253, 0.9968855, 2.354034, 4.4266214, 4.7641411, -0.3014672, -1.9821179, 0.9333746],
  ],
};

for (const [side, cells] of Object.entries(EXPECTED)) {
  Deno.test(`places are interpolated as PyTorch does, from 12×12 to ${side}×${side}`, () => {
    const { config: c, tensors } = forImagesOf(Number(side), folderOf(grid));
    assertEquals(c.image_size, Number(side));
    const { shape, data } = tensors[PLACES]!;
    assertEquals(shape, [1, cells.length + 1, 2]);
    assertEquals([...data.slice(0, 2)].map(Number), [9, -9], "the class keeps its place");
    cells.forEach((x, i) => {
      assertAlmostEquals(Number(data[2 + 2 * i]), x, 1e-6);
      assertAlmostEquals(Number(data[3 + 2 * i]), 2 * x, 2e-6);
    });
  });
}

Deno.test("places stay as they are for images of as many patches", () => {
  for (const side of [12, 15]) {
    const { tensors } = forImagesOf(side, folderOf(grid));
    assertEquals(tensors[PLACES]!.data, folderOf(grid).tensors[PLACES]!.data);
  }
});

Deno.test("a damaged table is left to whoever reads it, in the sizes of the file", () => {
  const damaged = folderOf(grid.slice(1));
  const { config: c, tensors } = forImagesOf(8, damaged);
  assertEquals(c, config);
  assertStrictEquals(tensors, damaged.tensors);
});

Deno.test("images that no vision transformer can see are refused", () => {
  const refused = (side: number, config: Config, message: string) =>
    assertThrows(() => forImagesOf(side, { config, tensors: {} }), RangeError, message);
  refused(8, { model_type: "bert" }, 'expected the type "vit", got "bert"');
  refused(3, config, "expected at least a patch, 4×4");
  refused(1.5, config, "the side");
});
