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

/** Settings of {@linkcode maxPool} and {@linkcode averagePool}. */
export interface PoolOptions extends WindowOptions {
  /** Height and width of the window. */
  readonly size: Pair;
}

/**
 * Largest entry of each window; strides are the window's size by default, padding "valid".
 *
 * @throws {RangeError} When a size or a stride is not a positive integer.
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

/** Mean of each channel: images to batch×channels. */
export function globalAveragePool(): Layer {
  return {
    weights: [],
    forward(pass, x) {
      extentsOf("global average pool", x);
      return pass.engine.globalAveragePool(x);
    },
  };
}
