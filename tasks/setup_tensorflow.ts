/**
 * The command `setup:tensorflow`.
 *
 * @module
 */

import { openEngine } from "../core/backend/mod.ts";
import { addonFolder, buildAddon, installAddon } from "../core/backend/tensorflow/mod.ts";
import { parseOptions } from "./options.ts";
import { textSink } from "./terminal/sink.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode setupTensorflow} with their defaults. */
const defaults = {
  libtensorflow: "", // folder of an unpacked TensorFlow wheel; empty: the package's own script
};

/**
 * Installs the native addon of the `tensorflow` backend, or builds it against the TensorFlow wheel
 * in `--libtensorflow DIR`, into the user's cache folder, and multiplies two matrices with it.
 *
 * @param args Arguments after the command.
 * @returns Exit code 0.
 * @throws {UsageError} When an option is wrong, or the addon cannot be had; one line says why.
 */
export async function setupTensorflow(args: string[]): Promise<number> {
  const { libtensorflow } = parseOptions(args, defaults);
  const sink = textSink();
  const folder = addonFolder();
  try {
    sink.write(libtensorflow ? "Compiling the addon …\n" : "Installing the addon …\n");
    const file = libtensorflow
      ? await buildAddon({ libtensorflow, folder })
      : await installAddon(folder);
    sink.write(`${file}\n`);
    sink.write(`${await tryOut()}: the backend "tensorflow" works\n`);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  return 0;
}

/** Opens the backend and checks a product with it; returns its description. */
async function tryOut(): Promise<string> {
  const { engine } = await openEngine("tensorflow");
  const product = await engine.scope(() => {
    const a = engine.tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
    return engine.read(engine.matMul(a, a, { transposeLeft: true }));
  });
  if (product.join() === "10,14,14,20") return engine.description;
  throw new Error(
    `Cannot use the TensorFlow addon: expected the product 10,14,14,20, got ${product.join()}`,
  );
}
