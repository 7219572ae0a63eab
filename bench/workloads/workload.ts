import type { Engine, Tensor } from "../../core/mod.ts";

/** Work that a worker repeats. */
export interface Workload {
  /** Does it once. */
  step(): Promise<void> | void;
  /** Waits until everything asked for is done, on backends that queue; absent: nothing to do. */
  finish?(): Promise<void>;
  /** Numbers that it keeps from step to step, where that is of interest. */
  readonly numbers?: number;
  /** Floating-point operations of one step, where that is well defined. */
  readonly flops?: number;
}

/** A family of workloads, chosen by the first word of a request. */
export interface WorkloadKind {
  /** The first word. */
  readonly name: string;
  /** What the following words mean. */
  readonly usage: string;
  /** Makes the work on an open engine; `words` are those after the first. */
  create(engine: Engine, words: readonly string[]): Promise<Workload> | Workload;
}

/** Repeatable numbers in [−1, 1): a multiplicative congruential generator is enough for timing. */
export function numbers(count: number, seed = 1): Float32Array {
  const out = new Float32Array(count);
  let x = seed % 2147483647 || 1;
  for (let i = 0; i < count; i++) {
    x = (x * 48271) % 2147483647;
    out[i] = x / 1073741823.5 - 1;
  }
  return out;
}

/** A tensor of repeatable numbers that outlives every scope. */
export function fixed(engine: Engine, shape: readonly number[], scale = 1, seed = 1): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = numbers(size, seed).map((x) => x * scale);
  return engine.keep(engine.tensor(data, shape));
}

/** Reads whole numbers from words. */
export function integers(words: readonly string[], count: number, usage: string): number[] {
  const values = words.slice(0, count).map(Number);
  if (values.length === count && values.every((v) => Number.isInteger(v) && v > 0)) return values;
  throw new RangeError(`Cannot read the workload: expected "${usage}", got "${words.join(" ")}"`);
}
