/**
 * What a convolution with a Tucker kernel costs: as a chain of three small convolutions, or with the
 * kernel put together.
 *
 * @module
 */

import type { ExecutionCost, ExecutionPlan } from "./parameter.ts";

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
 * Floating-point operations of a large convolution in the time of a byte of the chain's images. It
 * fits steps of 64 to 512 channels and ranks of 1/8 to 2/5 of them on two cores, where a kernel of
 * 3×3 runs by Winograd's algorithm: small products wait for memory.
 */
const FLOPS_PER_BYTE = 64;
/** Bytes of a number. */
const BYTES = 4;

/**
 * Counts both ways and takes the cheaper one, each byte counted as 64 operations.
 *
 * A training step of the chain has the forward map, the backward pass with the core's gradient, a
 * K-flow in each channel mode, and the core's gradient in bases of twice the ranks. With the whole
 * kernel it has the three convolutions of a dense step, and products with the bases that do not
 * depend on the number of pixels.
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
  const [chain, reconstructed] = [chainCost(shape), reconstructedCost(shape)];
  const choice = time(chain) <= time(reconstructed) ? "chain" : "reconstructed";
  return { choice, chain, reconstructed };
}

function time({ flops, bytes }: ExecutionCost): number {
  return flops + FLOPS_PER_BYTE * bytes;
}

function chainCost(shape: ChainShape): ExecutionCost {
  const { window, channels, ranks, training = true } = shape;
  const [read, written] = pixelsOf(shape);
  const inputs = read * channels[0] * ranks[0];
  const outputs = written * channels[1] * ranks[1];
  const core = written * window[0] * window[1] * ranks[0] * ranks[1];
  const small = read * ranks[0] + written * ranks[1];
  const large = read * channels[0] + written * channels[1];
  if (!training) {
    return { flops: 2 * (inputs + core + outputs), bytes: BYTES * (large + 2 * small) };
  }
  // Bases: forward, backward, K-flow, and twice the columns for the core in augmented bases.
  // Core: forward, both derivatives, both K-flows, four times its size in augmented bases.
  const flops = 2 * (5 * inputs + 5 * outputs + 9 * core);
  return { flops, bytes: BYTES * (5 * large + 14 * small) };
}

function reconstructedCost(shape: ChainShape): ExecutionCost {
  const { window, channels: [n, m], ranks: [r, q], training = true } = shape;
  const [read, written] = pixelsOf(shape);
  const entries = window[0] * window[1];
  const dense = written * entries * n * m;
  const assembly = entries * (r * q * m + r * n * m);
  const large = read * n + written * m;
  if (!training) return { flops: 2 * (dense + assembly), bytes: BYTES * large };
  // The gradient's contractions with every basis but one, twice, and with the augmented ones.
  const contractions = entries * n * m * (3 * r + q) + 4 * entries * r * q * (n + m);
  return { flops: 2 * (3 * dense + assembly + contractions), bytes: BYTES * 3 * large };
}

/** Pixels of a batch that are read and written. */
function pixelsOf({ pixels = [1024, 1024], batch = 128 }: ChainShape): [number, number] {
  return [batch * pixels[0], batch * pixels[1]];
}
