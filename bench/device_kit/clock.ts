/**
 * Measuring within a given time, whatever the work does.
 *
 * @module
 */

import type { Worker } from "../support/worker_client.ts";

/** Seconds of one piece of work. */
export interface Seconds {
  /** Middle of the turns. */
  readonly median: number;
  /** Fastest turn. */
  readonly min: number;
}

/** Seconds that a turn should take, unless told. */
const TURN = 0.3;
/** Turns, where there is time for them. */
const TURNS = 5;
const MOST_STEPS = 200;

/** The worker took more time than it was given; it is gone. */
export class OutOfTime extends Error {
  override name = "OutOfTime";
}

/**
 * Measures a workload.
 *
 * @param seconds Time for all of it; a worker that takes longer is ended.
 * @param turn Seconds that a turn should take; default 0.3.
 * @throws {OutOfTime} When the time is over before the first turn is.
 * @throws {Error} When the work fails.
 */
export async function clock(
  worker: Worker,
  workload: string,
  seconds: number,
  turn: number = TURN,
): Promise<Seconds> {
  const begin = performance.now();
  const left = (): number => seconds - (performance.now() - begin) / 1000;
  const run = async (steps: number): Promise<number> => {
    const answer = await within(left(), worker, worker.ask({ workload, steps }));
    return answer.seconds! / steps;
  };
  await run(1); // shaders and caches
  const one = await run(1);
  const steps = Math.max(1, Math.min(MOST_STEPS, Math.round(turn / one)));
  const turns: number[] = [];
  while (turns.length < TURNS && (turns.length === 0 || 2 * steps * one < left())) {
    turns.push(await run(steps));
  }
  turns.sort((a, b) => a - b);
  return { median: turns[Math.floor(turns.length / 2)]!, min: turns[0]! };
}

/** What a promise gives, unless the time is over before; then the worker ends. */
async function within<T>(seconds: number, worker: Worker, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      worker.kill();
      reject(new OutOfTime(`no answer within its time`));
    }, 1000 * Math.max(0, seconds));
  });
  try {
    work.catch(() => {}); // ends with the worker
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
