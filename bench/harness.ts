/**
 * Interleaved measurement: all variants take turns, so that what disturbs the machine disturbs
 * them alike, and medians are compared.
 *
 * @module
 */

/** One thing to measure. */
export interface Variant {
  /** Name in tables and in the history. */
  readonly name: string;
  /** Does the work `count` times and returns the seconds that took in all. */
  run(count: number): Promise<number>;
}

/** Settings of {@linkcode measure}. */
export interface MeasureOptions {
  /** Rounds, in each of which every variant has one turn; default 15. */
  readonly rounds?: number;
  /** Aim for the length of a turn in seconds, which decides how often the work is done. */
  readonly turnSeconds?: number;
  /** Rest between turns in seconds, for the idle threads of the last one to fall asleep. */
  readonly rest?: number;
}

/** Seconds of one piece of work over all turns. */
export interface Timing {
  /** Middle value. */
  readonly median: number;
  /** Three quarters of the turns were faster. */
  readonly p75: number;
  /** Fastest turn. */
  readonly min: number;
}

const DEFAULTS: Required<MeasureOptions> = { rounds: 15, turnSeconds: 0.1, rest: 0.03 };

/**
 * Measures variants in alternating order after a warm-up that also finds how often each one fits
 * into a turn.
 *
 * @param variants What to measure; names must differ.
 * @returns Timings by name, in the order of the variants.
 */
export async function measure(
  variants: readonly Variant[],
  options: MeasureOptions = {},
): Promise<Map<string, Timing>> {
  const { rounds, turnSeconds, rest } = { ...DEFAULTS, ...options };
  const counts: number[] = [];
  for (const v of variants) counts.push(await warmUp(v, turnSeconds));
  const samples = variants.map((): number[] => []);
  const order = variants.map((_, i) => i);
  for (let round = 0; round < rounds; round++) {
    for (const i of order) {
      await pause(rest);
      samples[i]!.push(await variants[i]!.run(counts[i]!) / counts[i]!);
    }
    order.reverse();
  }
  return new Map(variants.map((v, i) => [v.name, timing(samples[i]!)]));
}

/** Runs a variant until it is warm; returns how often it fits into one turn, at least once. */
async function warmUp(v: Variant, turnSeconds: number): Promise<number> {
  let count = 1;
  let seconds = await v.run(1);
  for (let spent = seconds; spent < 3 * turnSeconds;) {
    count = Math.max(1, Math.min(count * 10, Math.round(turnSeconds * count / seconds)));
    seconds = Math.max(await v.run(count), 1e-9);
    spent += Math.max(seconds, turnSeconds / 20);
  }
  return Math.max(1, Math.round(turnSeconds * count / seconds));
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Summarises samples; quantiles are taken at the nearest rank. */
export function timing(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
  return { median: at(0.5), p75: at(0.75), min: at(0) };
}

/** A variant that calls a function of this process. */
export function timed(name: string, work: () => unknown): Variant {
  return {
    name,
    async run(count: number): Promise<number> {
      const start = performance.now();
      for (let i = 0; i < count; i++) await work();
      return (performance.now() - start) / 1000;
    },
  };
}
