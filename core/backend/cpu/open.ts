/**
 * Opens the plain JavaScript backend; the only file of it that loads the engine package.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../engine.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { correctDepthwise } from "../tfjs/depthwise.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";

/** Selects TensorFlow.js' own `cpu` backend. */
export async function openCpu(): Promise<Engine> {
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
