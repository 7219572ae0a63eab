/**
 * Vision transformers for images of another size than those that they have learnt from.
 *
 * @module
 */

import { checkInteger, type ModelFolder, type TensorData } from "../../core/mod.ts";
import { ConfigReader } from "./config.ts";

/** The table of places in the files of such models: that of the class, then cells row by row. */
const PLACES = "vit.embeddings.position_embeddings";

/**
 * A folder of a vision transformer as if it had learnt from images of another size: between places
 * of patches it is interpolated bicubically, as PyTorch does (a = −0.75, borders repeated); that of
 * the class stays. Damaged tables are left to whoever reads them.
 *
 * @param side Height and width of the images.
 * @throws {RangeError} When it is no vision transformer, or a patch would not fit.
 *
 * @example Four patches become nine
 * ```ts
 * import { asVit, forImagesOf } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const { config } = asVit({ image: [8, 8, 3], patch: 4, classes: 2 });
 * const places = { shape: [1, 5, 1], data: Float32Array.of(7, 1, 1, 1, 1) };
 * const tensors = { "vit.embeddings.position_embeddings": places };
 * const larger = forImagesOf(12, { config, tensors });
 * assertEquals(larger.config.image_size, 12);
 * assertEquals(Object.values(larger.tensors)[0]!.shape, [1, 10, 1]);
 * ```
 */
export function forImagesOf(side: number, { config, tensors }: ModelFolder): ModelFolder {
  const action = `read a model for images of ${side}×${side}`;
  checkInteger(action, "the side", side);
  if (config.model_type !== "vit") {
    throw new RangeError(
      `Cannot ${action}: expected the type "vit", got ${JSON.stringify(config.model_type)}`,
    );
  }
  const c = new ConfigReader(config);
  const [before, patch] = [c.integer("image_size"), c.integer("patch_size")];
  if (side < patch) {
    throw new RangeError(`Cannot ${action}: expected at least a patch, ${patch}×${patch}`);
  }
  const [from, to] = [before, side].map((n) => Math.floor(n / patch)) as [number, number];
  const table = Object.hasOwn(tensors, PLACES) ? tensors[PLACES] : undefined;
  const width = table?.shape[2] ?? 0;
  if (table?.shape.join() !== [1, from ** 2 + 1, width].join()) return { config, tensors };
  return {
    config: { ...config, image_size: side },
    tensors: { ...tensors, [PLACES]: resized(table, [from, to], width) },
  };
}

/** A table of places for a grid of other extents. */
function resized(
  { data }: TensorData,
  [from, to]: readonly [number, number],
  width: number,
): TensorData {
  const out = new Float32Array((to ** 2 + 1) * width);
  for (let k = 0; k < width; k++) out[k] = Number(data[k]);
  const taps = Array.from({ length: to }, (_, i) => tapsOf((i + 0.5) * from / to - 0.5, from));
  taps.forEach((rows, i) =>
    taps.forEach((columns, j) => {
      const at = (1 + i * to + j) * width;
      for (const [row, a] of rows) {
        for (const [column, b] of columns) {
          const place = (1 + row * from + column) * width;
          for (let k = 0; k < width; k++) out[at + k]! += a * b * Number(data[place + k]);
        }
      }
    })
  );
  return { shape: [1, to ** 2 + 1, width], data: out };
}

/** The four numbers that a cubic between numbers is made of, by index and weight. */
function tapsOf(x: number, count: number): [number, number][] {
  const first = Math.floor(x) - 1;
  return [0, 1, 2, 3].map((i) => [
    Math.max(0, Math.min(count - 1, first + i)),
    cubic(Math.abs(x - first - i)),
  ]);
}

/** The kernel of cubic convolution (R. Keys, IEEE Trans. ASSP 29, 1981) at a distance of up to 2. */
function cubic(x: number, a = -0.75): number {
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x ** 2 + 1 : a * (((x - 5) * x + 8) * x - 4);
}
