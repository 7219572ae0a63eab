/**
 * Binomial checkpointing: which states to keep, and when, so that a sweep backwards over many time
 * steps repeats as few of them as possible with the memory there is.
 *
 * Griewank and Walther, "Algorithm 799: revolve", ACM Transactions on Mathematical Software 26
 * (2000). With s snapshots and r repetitions of a step, β(s, r) = C(s + r, s) states are visited.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";

/** What to do next. States are numbered 0 … count − 1; the first is there at the start. */
export type ScheduleAction =
  /** Keep the working state, number `at`. */
  | { readonly type: "save"; readonly at: number }
  /** Make the state that was saved last, number `at`, the working state; `last` use of it. */
  | { readonly type: "load"; readonly at: number; readonly last: boolean }
  /** Advance the working state from number `from` to `to`, one step each. */
  | { readonly type: "advance"; readonly from: number; readonly to: number }
  /** Visit the working state, number `at`: it comes in descending order, each number once. */
  | { readonly type: "visit"; readonly at: number };

/**
 * Lists what to do to visit the states count − 1, …, 1, 0, each once and in this order, with at
 * most `snapshots` saved at a time and the fewest possible steps forward.
 *
 * A visit may destroy the working state.
 *
 * @param count Number of states, at least 1.
 * @param snapshots Most states saved at a time, at least 1.
 * @throws {RangeError} When a number is not a positive whole one.
 */
export function* binomialSchedule(count: number, snapshots: number): Generator<ScheduleAction> {
  checkSchedule(count, snapshots);
  const saved: number[] = [];
  let end = count;
  let at: number | undefined = 0;
  while (end > 0) {
    const begin: number = saved.at(-1) ?? 0;
    const last = end - begin === 1;
    if (at !== begin) yield { type: "load", at: begin, last };
    if (last) {
      saved.pop();
      at = begin;
    } else {
      if (saved.length === 0) yield* save(saved, begin);
      at = begin + stride(end - begin, snapshots - saved.length + 1);
      yield { type: "advance", from: begin, to: at };
    }
    if (at === end - 1) {
      yield { type: "visit", at };
      at = undefined;
      end--;
    } else {
      yield* save(saved, at);
    }
  }
}

function* save(saved: number[], at: number): Generator<ScheduleAction> {
  saved.push(at);
  yield { type: "save", at };
}

/**
 * How far to advance from a saved state before the next one is saved, so that the rest costs least.
 *
 * @param count States from the saved one to the last, at least 2.
 * @param snapshots Places for the saved one and others.
 */
function stride(count: number, snapshots: number): number {
  const repetitions = repetitionsFor(count, snapshots);
  // Any number between the two bounds is optimal; the largest saves the fewest states.
  return Math.min(
    binomial(snapshots, repetitions - 1),
    count - binomial(snapshots - 1, repetitions - 1),
  );
}

/** Smallest r with β(snapshots, r) ≥ count. */
function repetitionsFor(count: number, snapshots: number): number {
  let r = 0;
  while (binomial(snapshots, r) < count) r++;
  return r;
}

/** β(s, r) = C(s + r, s), and 0 for negative r. */
function binomial(s: number, r: number): number {
  if (r < 0) return 0;
  let value = 1;
  for (let k = 1; k <= Math.min(s, r); k++) value = value * (s + r - k + 1) / k;
  return Math.round(value);
}

/**
 * Fewest steps forward that visit `count` states backwards with `snapshots` saved at a time:
 * r (count) − C(s + r, s + 1) with the smallest r for which C(s + r, s) ≥ count.
 *
 * @param count Number of states: that of time steps plus one where the last state is visited too.
 * @param snapshots Most states saved at a time.
 * @throws {RangeError} When a number is not a positive whole one.
 *
 * @example With as many snapshots as steps, each step is taken once
 * ```ts
 * import { forwardSteps } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(forwardSteps(101, 100), 100);
 * assertEquals(forwardSteps(101, 10), 225);
 * assertEquals(forwardSteps(101, 1), 5050);
 * ```
 */
export function forwardSteps(count: number, snapshots: number): number {
  checkSchedule(count, snapshots);
  const r = repetitionsFor(count, snapshots);
  return r * count - binomial(snapshots + 1, r - 1);
}

function checkSchedule(count: number, snapshots: number): void {
  checkInteger("plan a sweep backwards", "the number of states", count);
  checkInteger("plan a sweep backwards", "snapshots", snapshots);
}
