/**
 * Opens the plain JavaScript backend; the only file of it that loads the engine package.
 *
 * @module
 */

import type { Engine } from "../engine.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { correctDepthwise } from "../tfjs/depthwise.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { loadTfjs } from "../tfjs/packages.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";

/** Selects TensorFlow.js' own `cpu` backend. */
export async function openCpu(): Promise<Engine> {
  const tf = await loadTfjs();
  registerKernels(tf, "cpu");
  correctAveragePooling(tf, "cpu");
  correctDepthwise(tf, "cpu");
  await tf.setBackend("cpu");
  // Its first use would print an advertisement for another backend.
  Object.assign(tf.backend(), { firstUse: false });
  return new TfjsEngine({
    tf,
    backend: "cpu",
    description: `plain JavaScript (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    readsAtOnce: true,
  });
}
