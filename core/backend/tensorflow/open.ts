/**
 * Opens the `tensorflow` backend; loads the engine package and libtensorflow.
 *
 * @module
 */

import type { BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";
import { correctDepthwise } from "../tfjs/depthwise.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { loadTfjs } from "../tfjs/packages.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import type { Tf } from "../tfjs/types.ts";
import { loadBinding, registerTensorflow, type TensorflowBackend } from "./addon.ts";
import { addonFile, addonFolder } from "./addon_folder.ts";
import { tensorflowKernels } from "./kernels.ts";
import { tensorflowLinalg } from "./linalg.ts";
import { probeAddon } from "./probe.ts";

/**
 * Loads TensorFlow and selects it. The number of threads is settled by the first call of a
 * process.
 *
 * @throws {Error} When the addon is missing or cannot be loaded.
 * @throws {RangeError} When a memory limit is asked for.
 */
export async function openTensorflow(options: BackendOptions): Promise<Engine> {
  if (options.memoryLimit !== undefined) {
    throw new RangeError(
      'Cannot limit the memory of backend "tensorflow": expected no memoryLimit, ' +
        `got ${options.memoryLimit}; TensorFlow has no such setting`,
    );
  }
  const tf = await loadTfjs();
  const backend = await selected(tf, options.threads);
  const gpu = backend.binding.isUsingGpuDevice();
  return new TfjsEngine({
    tf,
    backend: "tensorflow",
    description: `TensorFlow ${backend.binding.TF_Version} on ${gpu ? "CUDA" : "the CPU"}`,
    deterministic: !gpu,
    linalg: tensorflowLinalg(tf, backend),
  });
}

async function selected(tf: Tf, threads: number | undefined): Promise<TensorflowBackend> {
  const fresh = !tf.findBackendFactory("tensorflow");
  if (fresh) await register(tf, threads);
  await tf.setBackend("tensorflow");
  const backend = tf.backend() as unknown as TensorflowBackend;
  if (fresh) {
    correctDepthwise(tf, "tensorflow");
    registerKernels(tf, "tensorflow", tensorflowKernels(tf, backend));
  }
  return backend;
}

/** Done once per process: the library cannot be unloaded. */
async function register(tf: Tf, threads: number | undefined): Promise<void> {
  const reason = await probeAddon();
  if (reason) throw new Error(`Cannot open backend "tensorflow": ${reason}`);
  await registerTensorflow(tf, loadBinding(addonFile(addonFolder()), threads));
}
