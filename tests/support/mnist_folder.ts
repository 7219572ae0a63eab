/** Folders with a few images in the format of MNIST. */

import { join } from "node:path";
import { encodeIdx } from "./idx.ts";

/**
 * Writes a folder of random images, each class with a bright row of its own.
 *
 * @param folder Made where it is missing.
 * @param count Training images; there are 20 for tests.
 * @param shift Added to every label, modulo 10: the same images, other labels.
 */
export async function writeMnistFolder(folder: string, count: number, shift = 0): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [split, n] of [["train", count], ["t10k", 20]] as const) {
    const images = Uint8Array.from(
      { length: n * 784 },
      (_, i) => Math.floor(i % 784 / 28) === Math.floor(i / 784) % 10 ? 200 : (i * 7919) % 50,
    );
    const labels = Array.from({ length: n }, (_, i) => (i + shift) % 10);
    const write = (kind: string, bytes: Uint8Array): Promise<void> =>
      Deno.writeFile(join(folder, `${split}-${kind}-ubyte`), bytes);
    await write("images-idx3", encodeIdx([n, 28, 28], images));
    await write("labels-idx1", encodeIdx([n], labels));
  }
}
