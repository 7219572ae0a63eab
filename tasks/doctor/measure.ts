/**
 * How fast a backend multiplies matrices.
 *
 * @module
 */

import type { Engine, Tensor } from "../../core/backend/mod.ts";

/** GFLOP/s of a product in its four transposed forms. */
export interface ProductRates {
  /** A B. */
  readonly plain: number;
  /** Aᵀ B, which gives weight gradients. */
  readonly left: number;
  /** A Bᵀ, which gives input gradients. */
  readonly right: number;
  /** Aᵀ Bᵀ. */
  readonly both: number;
}

/** Settings of {@linkcode measureProducts}. */
export interface MeasureOptions {
  /** Extent of the square matrices; default 512. */
  readonly size?: number;
  /** Milliseconds for each form after the warm-up, at least one run; default 400. */
  readonly budget?: number;
}

/** Milliseconds that one timed run should last at least, to rise above the clock and read-back. */
const RUN = 20;

/**
 * Multiplies two square matrices again and again and takes the median.
 *
 * @param engine The backend.
 * @param options Size and time.
 */
export async function measureProducts(
  engine: Engine,
  options: MeasureOptions = {},
): Promise<ProductRates> {
  const { size = 512, budget = 400 } = options;
  const entries = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
  return await engine.scope(async () => {
    const a = engine.tensor(entries, [size, size]);
    const b = engine.tensor(entries, [size, size]);
    const rate = async (transposeLeft: boolean, transposeRight: boolean) => {
      const multiply = () => engine.matMul(a, b, { transposeLeft, transposeRight });
      return 2e-6 * size ** 3 / await medianTime(engine, multiply, budget);
    };
    return {
      plain: await rate(false, false),
      left: await rate(true, false),
      right: await rate(false, true),
      both: await rate(true, true),
    };
  });
}

/** Milliseconds of one call: the median of the runs that fit the budget, after one to warm up. */
async function medianTime(engine: Engine, f: () => Tensor, budget: number): Promise<number> {
  await timeRun(engine, f, 1);
  const once = await timeRun(engine, f, 1);
  if (once >= budget) return once;
  const calls = Math.max(1, Math.round(RUN / once));
  const times: number[] = [];
  const start = performance.now();
  while (times.length === 0 || performance.now() - start < budget) {
    times.push(await timeRun(engine, f, calls) / calls);
  }
  return times.sort((x, y) => x - y)[times.length >> 1]!;
}

/** Milliseconds until the last of several results can be read: some backends only queue work. */
async function timeRun(engine: Engine, f: () => Tensor, calls: number): Promise<number> {
  const start = performance.now();
  await engine.scope(async () => {
    for (let i = 1; i < calls; i++) f().dispose();
    await engine.read(engine.slice(f(), [0, 0], [1, 1]));
  });
  return performance.now() - start;
}
