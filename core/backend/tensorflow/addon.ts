/**
 * Loads TensorFlow's native addon and the engine package's layer over it.
 *
 * The package's own entry point looks for the addon inside the package and drags an installer in;
 * here its two parts that matter, the backend class and the kernels, are loaded by themselves.
 *
 * @module
 */

import { createRequire } from "node:module";
import { resolve } from "node:path";
import util from "node:util";
import type { Tf, TfTensor } from "../tfjs/types.ts";
import { importFromPackage, PACKAGE_NAME } from "./packages.ts";

/** The parts of the native addon that rankflow uses. */
export interface TensorflowBinding {
  /** Version of libtensorflow. */
  readonly TF_Version: string;
  /** Element type code of float32. */
  readonly TF_FLOAT: number;
  /** Element type code of int32. */
  readonly TF_INT32: number;
  /** Attribute type code of booleans. */
  readonly TF_ATTR_BOOL: number;
  /** Attribute type code of element types. */
  readonly TF_ATTR_TYPE: number;
  /** Attribute type code of strings. */
  readonly TF_ATTR_STRING: number;
  /** Whether tensors live on a CUDA device. */
  isUsingGpuDevice(): boolean;
}

/** An attribute of a TensorFlow operation. */
export interface OpAttribute {
  /** Name in TensorFlow's operation registry. */
  readonly name: string;
  /** Attribute type code of the binding. */
  readonly type: number;
  /** Value. */
  readonly value: boolean | number | string;
}

/** The backend object, with its door to every TensorFlow operation. */
export interface TensorflowBackend {
  /** The native addon. */
  readonly binding: TensorflowBinding;
  /** Runs a TensorFlow operation by name; the tensors belong to the current scope. */
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly unknown[],
    outputs: number,
  ): TfTensor[];
}

/** Settings that TensorFlow reads from the environment when its library starts. */
const DEFAULTS: Readonly<Record<string, string>> = {
  // Its start-up notes are for developers of TensorFlow; errors still show.
  TF_CPP_MIN_LOG_LEVEL: "2",
  // As shipped it takes the whole device memory at once.
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  // TF32 products have 10 bits of mantissa: bases would lose their orthogonality.
  NVIDIA_TF32_OVERRIDE: "0",
};

/**
 * Loads the native addon. Environment variables of the user go before our settings.
 *
 * @param file The addon.
 * @param threads Threads within one operation; all cores when undefined.
 * @throws {Error} When it cannot be loaded.
 */
export function loadBinding(file: string, threads: number | undefined): TensorflowBinding {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (!Deno.env.has(name)) Deno.env.set(name, value);
  }
  if (threads !== undefined) Deno.env.set("TF_NUM_INTRAOP_THREADS", String(threads));
  try {
    return createRequire(import.meta.url)(resolve(file)) as TensorflowBinding;
  } catch (error) {
    throw new Error(
      `Cannot load the TensorFlow addon ${file}: ${(error as Error).message}; ` +
        "run deno task setup:tensorflow again",
    );
  }
}

/** Registers TensorFlow's kernels and its backend under the name `tensorflow`. */
export async function registerTensorflow(tf: Tf, binding: TensorflowBinding): Promise<void> {
  restoreUtil();
  const { NodeJSKernelBackend } = await importFromPackage("dist/nodejs_kernel_backend.js");
  await importFromPackage("dist/register_all_kernels.js");
  const make = NodeJSKernelBackend as new (binding: unknown, packageName: string) => never;
  tf.registerBackend("tensorflow", () => new make(binding, PACKAGE_NAME), 3);
}

/** Puts back a function that the package calls and Node's current API no longer has. */
function restoreUtil(): void {
  const legacy = util as unknown as { isNullOrUndefined?: (x: unknown) => boolean };
  legacy.isNullOrUndefined ??= (x) => x === null || x === undefined;
}
