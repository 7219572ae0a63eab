/**
 * What threads can be asked to do. Helpers load this table too, so what it imports loads no engine.
 *
 * @module
 */

import { PIECE_NUMBERS } from "../team/protocol.ts";
import * as patch from "./conv/patch_tasks.ts";
import { joinTask } from "./conv/pixel_tasks.ts";
import * as unrolled from "./conv/unrolled.ts";
import * as winograd from "./conv/winograd_tasks.ts";
import { gemmTask } from "./gemm_task.ts";
import type { Hand, Task } from "./hand.ts";
import * as norm from "./norm_tasks.ts";
import * as pool from "./pool_tasks.ts";

/** Tasks by name. */
const TASKS: Readonly<Record<string, Task>> = {
  "gemm": gemmTask,
  "transpose": ({ simd }, [to, from, rows, columns]) => {
    simd.transpose!(to!, from!, rows!, columns!);
  },
  "affine": norm.affineTask,
  "grad": norm.gradTask,
  "grad-sums": norm.gradSumsTask,
  "max-pool": pool.maxPoolTask,
  "max-pool-grad": pool.maxPoolGradTask,
  "moments": norm.momentsTask,
  "norm-grad": norm.normGradTask,
  "norm-sums": norm.normSumsTask,
  "patch-forward": patch.forwardTask,
  "patch-filter-gradient": patch.filterGradientTask,
  "patch-input-gradient": patch.inputGradientTask,
  "pixel-join": joinTask,
  "repeat-rows": norm.repeatTask,
  "unrolled-block": unrolled.blockTask,
  "unrolled-sum": unrolled.sumTask,
  "winograd-planes": winograd.planesTask,
  "winograd-tiles": winograd.tilesTask,
  "winograd-block": winograd.blockTask,
  "winograd-filter": winograd.filterTask,
  "winograd-filter-gradient": winograd.filterGradientTask,
};

const NAMES: readonly string[] = Object.keys(TASKS);
const FUNCTIONS: readonly Task[] = Object.values(TASKS);

/** Writes down a piece: the number of its task, how many numbers follow, and these. */
export function describePiece(
  into: Float64Array,
  start: number,
  task: string,
  numbers: readonly number[],
): void {
  if (numbers.length > PIECE_NUMBERS - 2) {
    throw new RangeError(
      `Cannot describe a piece of "${task}": expected at most ${PIECE_NUMBERS - 2} numbers, got ` +
        `${numbers.length}`,
    );
  }
  into[start] = NAMES.indexOf(task);
  into[start + 1] = numbers.length;
  into.set(numbers, start + 2);
}

/** Does the piece that is written down at an index. */
export function doPiece(hand: Hand, numbers: Float64Array, start: number): void {
  const first = start + 2;
  const own = Array.from(numbers.subarray(first, first + numbers[start + 1]!));
  FUNCTIONS[numbers[start]!]!(hand, own);
}

/** Does a piece on this thread. */
export function doTask(hand: Hand, task: string, numbers: readonly number[]): void {
  TASKS[task]!(hand, numbers);
}
