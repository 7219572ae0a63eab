/**
 * What a convolution with a Tucker kernel costs: as a chain of three small convolutions, or with the
 * kernel put together.
 *
 * @module
 */

import type { ExecutionCost, ExecutionPlan } from "../../representation.ts";

/** Shape of a convolution whose channels have bases. */
export interface ChainShape {
  /** Height and width of the kernel. */
  readonly window: readonly [number, number];
  /** Channels of input and output. */
  readonly channels: readonly [number, number];
  /** Ranks of input and output. */
  readonly ranks: readonly [number, number];
  /** Pixels of an image that are read and written; default: 1,024 of both. */
  readonly pixels?: readonly [number, number];
  /** Images in a batch; default 128. */
  readonly batch?: number;
  /** Whether a training step is counted, or the forward map alone; default true. */
  readonly training?: boolean;
}

/**
 * Floating-point operations in the time of a byte of an image: 90 GFLOP/s and 10 GB/s on each of two
 * cores. With it the counts below are within a third of the times of layers of 64 to 512 channels
 * on images of 2×2 to 32×32, full ones and ones with ranks of 2/7 of that.
 */
const FLOPS_PER_BYTE = 9;
/** Bytes of a number. */
const BYTES = 4;
/** Pixels along a side of a tile that Winograd's algorithm writes, and products for one of them. */
const TILE = 4;
const TILE_PRODUCTS = 36;
/** Pixels read and written, and images, where nothing is said of them. */
const DEFAULT_PIXELS: readonly [number, number] = [1024, 1024];
const BATCH = 128;

/**
 * Counts both ways and takes the cheaper one, each byte counted as 9
 * operations.
 *
 * A training step of the chain has its forward map and backward pass. What integrators ask of the
 * gradient then comes from images again: a K-flow in each channel mode, and the gradient of a core
 * in bases of twice the ranks. Or the whole gradient is formed, which is a convolution as large as
 * those of a dense step, and all projections are products that do not depend on the number of
 * pixels. With the whole kernel a step has the three convolutions of a dense one, and the latter.
 *
 * @example A kernel of low ranks runs as a chain, one of nearly full ranks does not
 * ```ts
 * import { planExecution } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = { window: [3, 3], channels: [256, 256] } as const;
 * assertEquals(planExecution({ ...layer, ranks: [48, 48] }).choice, "chain");
 * assertEquals(planExecution({ ...layer, ranks: [200, 200] }).choice, "reconstructed");
 * ```
 */
export function planExecution(shape: ChainShape): ExecutionPlan {
  const [whole, assembly] = [convolution(shape, shape.channels), assembled(shape)];
  if (shape.training === false) return cheaper(chainForward(shape), sum(whole, assembly));
  const [projected, formed] = [projections(shape), sum(whole, contractions(shape))];
  const gradient = time(projected) <= time(formed) ? "projected" : "formed";
  const chain = sum(
    chainForward(shape),
    chainBackward(shape),
    {
      projected,
      formed,
    }[gradient],
  );
  const reconstructed = sum(whole, whole, whole, assembly, contractions(shape));
  return { ...cheaper(chain, reconstructed), gradient };
}

function cheaper(chain: ExecutionCost, reconstructed: ExecutionCost): ExecutionPlan {
  const choice = time(chain) <= time(reconstructed) ? "chain" : "reconstructed";
  return { choice, chain, reconstructed };
}

function time({ flops, bytes }: ExecutionCost): number {
  return flops + FLOPS_PER_BYTE * bytes;
}

function sum(...costs: readonly ExecutionCost[]): ExecutionCost {
  const of = (key: keyof ExecutionCost) => costs.reduce((total, cost) => total + cost[key], 0);
  return { flops: of("flops"), bytes: of("bytes") };
}

/** Images times a matrix. */
function product(pixels: number, inputs: number, outputs: number): ExecutionCost {
  return { flops: 2 * pixels * inputs * outputs, bytes: BYTES * pixels * (inputs + outputs) };
}

/**
 * One convolution, or one of its gradients, with so many channels: by Winograd's algorithm where
 * that runs, otherwise as a product with patches, of which images smaller than the window fill a
 * part.
 */
function convolution(
  shape: ChainShape,
  [inputs, outputs]: readonly [number, number],
): ExecutionCost {
  const { window: [height, width], pixels: [one] = DEFAULT_PIXELS, batch = BATCH } = shape;
  const [read, written] = pixelsOf(shape);
  const images = BYTES * (read * inputs + written * outputs);
  const tiles = height === 3 && width === 3 && read === written ? tilesOf(one) : undefined;
  if (tiles !== undefined) {
    const rows = TILE_PRODUCTS * tiles * batch;
    const bytes = images + BYTES * rows * (inputs + outputs);
    return { flops: 2 * rows * inputs * outputs, bytes };
  }
  const taps = Math.min(height * width, one);
  const patches = taps > 1 ? BYTES * written * taps * inputs : 0;
  return { flops: 2 * written * taps * inputs * outputs, bytes: images + patches };
}

/** Tiles of a square image; undefined where they would hold more padding than they save products. */
function tilesOf(pixels: number): number | undefined {
  const tiles = Math.ceil(Math.sqrt(pixels) / TILE) ** 2;
  return TILE_PRODUCTS * tiles < 0.6 * 9 * pixels ? tiles : undefined;
}

/** x U, the small convolution, z Vᵀ. */
function chainForward(shape: ChainShape): ExecutionCost {
  const { channels, ranks } = shape;
  const [read, written] = pixelsOf(shape);
  return sum(
    product(read, channels[0], ranks[0]),
    convolution(shape, ranks),
    product(written, ranks[1], channels[1]),
  );
}

/** d V, the small convolution's gradient in its images, and that in x: the same work backwards. */
const chainBackward = chainForward;

/** Xᵀ, Dᵀ and the new columns of x Û and d V̂; the gradient of a core of twice the ranks. */
function projections(shape: ChainShape): ExecutionCost {
  const { channels, ranks: [r, q] } = shape;
  const [read, written] = pixelsOf(shape);
  const inputs = product(read, channels[0], r);
  const outputs = product(written, channels[1], q);
  return sum(inputs, inputs, outputs, outputs, convolution(shape, [2 * r, 2 * q]));
}

/** The whole gradient against all bases but one, twice, and against bases of twice the ranks. */
function contractions(
  { window: [height, width], channels: [n, m], ranks: [r, q] }: ChainShape,
): ExecutionCost {
  const entries = height * width;
  const along = 2 * n * m * q + 2 * n * r * q;
  const grown = 2 * n * m * q + 4 * n * r * q;
  return { flops: 2 * entries * (along + grown), bytes: 3 * BYTES * entries * n * m };
}

/** The whole kernel, from its factors. */
function assembled(
  { window: [height, width], channels: [n, m], ranks: [r, q] }: ChainShape,
): ExecutionCost {
  const entries = height * width;
  return { flops: 2 * entries * (r * q * m + r * n * m), bytes: BYTES * entries * n * m };
}

/** Pixels of a batch that are read and written. */
function pixelsOf({ pixels = DEFAULT_PIXELS, batch = BATCH }: ChainShape): [number, number] {
  return [batch * pixels[0], batch * pixels[1]];
}
