/**
 * Pooling.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";
import {
  checkWindow,
  extentsOf,
  type Pair,
  pairOf,
  windowGeometry,
  type WindowOptions,
} from "./geometry.ts";

/**
 * Settings of {@linkcode maxPool} and {@linkcode averagePool}.
 *
 * @example Windows that overlap
 * ```ts
 * import { averagePool, type PoolOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: PoolOptions = { size: 3, strides: 2, padding: "same" };
 * assertEquals(averagePool(options).weights, []);
 * ```
 */
export interface PoolOptions extends WindowOptions {
  /** Height and width of the window. */
  readonly size: Pair;
}

/**
 * Largest entry of each window; strides are the window's size by default, padding "valid".
 *
 * @throws {RangeError} When a size or a stride is not a positive integer.
 *
 * @example A small classifier of images
 * ```ts
 * import { conv2d, fit, globalAveragePool, maxPool, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const kernel = conv2d({ name: "kernel", inputs: 1, outputs: 2, size: 3 });
 * const network = sequential([kernel, maxPool({ size: 2 }), globalAveragePool()]);
 * const x = { data: new Float32Array(4 * 36).map((_, i) => Math.sin(i)), shape: [4, 6, 6, 1] };
 * using model = await fit(network, { x, y: [0, 1, 1, 0] }, { epochs: 1, backend: "cpu" });
 * assertEquals((await model.predict(x)).shape, [4, 2]);
 * ```
 */
export function maxPool({ size, strides = size, padding = "valid" }: PoolOptions): Layer {
  const window = pairOf(size);
  checkWindow("max pool", window, { strides, padding });
  return {
    weights: [],
    forward(pass, x) {
      const extents = extentsOf("max pool", x);
      return pass.engine.maxPool(x, window, windowGeometry(window, extents, { strides, padding }));
    },
  };
}

/**
 * Mean of the entries of each window that lie inside the image; strides are the window's size by
 * default, padding "valid".
 *
 * @throws {RangeError} When a size or a stride is not a positive integer.
 *
 * @example A small classifier of images
 * ```ts
 * import { averagePool, conv2d, fit, globalAveragePool, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const kernel = conv2d({ name: "kernel", inputs: 1, outputs: 2, size: 3 });
 * const network = sequential([averagePool({ size: 2 }), kernel, globalAveragePool()]);
 * const x = { data: new Float32Array(4 * 36).map((_, i) => Math.sin(i)), shape: [4, 6, 6, 1] };
 * using model = await fit(network, { x, y: [0, 1, 1, 0] }, { epochs: 1, backend: "cpu" });
 * assertEquals((await model.predict(x)).shape, [4, 2]);
 * ```
 */
export function averagePool({ size, strides = size, padding = "valid" }: PoolOptions): Layer {
  const window = pairOf(size);
  checkWindow("average pool", window, { strides, padding });
  return {
    weights: [],
    forward(pass, x) {
      const geometry = windowGeometry(window, extentsOf("average pool", x), { strides, padding });
      return pass.engine.averagePool(x, window, geometry);
    },
  };
}

/**
 * Mean of each channel: images to batch×channels.
 *
 * @example No weights
 * ```ts
 * import { globalAveragePool } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(globalAveragePool().weights, []);
 * ```
 */
export function globalAveragePool(): Layer {
  return {
    weights: [],
    forward(pass, x) {
      extentsOf("global average pool", x);
      return pass.engine.globalAveragePool(x);
    },
  };
}
