/**
 * The packages of TensorFlow.js: fetched and loaded when a backend opens and not before.
 *
 * @module
 */

import { importPackage } from "../../import_package.ts";
import type { Tf } from "./types.ts";

/** Loads the umbrella package; the core alone registers no gradients. */
export function loadTfjs(): Promise<Tf> {
  return importPackage("npm:@tensorflow/tfjs@4.22.0");
}

/** Loads the umbrella package with the backend `wasm` registered. */
export async function loadTfjsWithWasm(): Promise<Tf> {
  const tf = await loadTfjs();
  await importPackage("npm:@tensorflow/tfjs-backend-wasm@4.22.0");
  return tf;
}

/** Loads what the package of the backend `webgpu` exports. */
export function loadTfjsWebgpu<T>(): Promise<T> {
  return importPackage("npm:@tensorflow/tfjs-backend-webgpu@4.22.0");
}
