/**
 * The one line that tells how far a run is.
 *
 * @module
 */

import { formatDuration, formatNumber, formatPercent } from "./format.ts";
import { displayWidth } from "./table.ts";

/** What a progress line shows. */
export interface Progress {
  /** What runs, such as `epoch 3/10`. */
  readonly label: string;
  /** Work done. */
  readonly done: number;
  /** All of the work; absent when unknown. */
  readonly total?: number | undefined;
  /** Work per second; absent while unknown. */
  readonly rate?: number | undefined;
  /** Training loss. */
  readonly loss?: number | undefined;
  /** Training accuracy as a fraction. */
  readonly accuracy?: number | undefined;
  /** Sum of the ranks. */
  readonly totalRank?: number | undefined;
}

const MIN_BAR = 4;
const MAX_BAR = 24;
/** Losses from 0.001 on take as much, so that what follows stands still. */
const LOSS_WIDTH = 7;

/**
 * Draws label, bar, percentage, remaining time, rate, loss, accuracy and total rank, and leaves
 * out the last ones where the line is too short.
 *
 * @param progress What to show.
 * @param width Most characters, at least 1.
 * @returns One line.
 */
export function progressLine(progress: Progress, width: number): string {
  const details = progressDetails(progress);
  const line = (bar: string): string =>
    [progress.label, bar, ...details].filter((s) => s !== "").join("  ");
  while (details.length > 0 && displayWidth(line(drawBar(progress, MIN_BAR))) > width) {
    details.pop();
  }
  const room = width - displayWidth(line(drawBar(progress, MIN_BAR)));
  const bar = room < 0 ? "" : drawBar(progress, Math.min(MAX_BAR, MIN_BAR + room));
  return cut(line(bar), width);
}

/**
 * The parts of a progress line behind the bar, most important first.
 *
 * @param progress What to show.
 * @returns Short texts.
 */
export function progressDetails(progress: Progress): string[] {
  const { done, total, rate, loss, accuracy, totalRank } = progress;
  const parts: string[] = [];
  if (rate && total !== undefined) parts.push(`${remaining((total - done) / rate)} left`);
  if (loss !== undefined) parts.push(`loss ${formatNumber(loss, 3).padEnd(LOSS_WIDTH)}`);
  if (accuracy !== undefined) parts.push(`acc ${formatPercent(accuracy)}`);
  if (totalRank !== undefined) parts.push(`rank ${totalRank}`);
  if (rate) parts.push(`${formatNumber(rate, 3)}/s`);
  return parts;
}

/** Measures a rate that follows changes within a few seconds. */
export class RateMeter {
  #time: number | undefined;
  #done = 0;
  #rate: number | undefined;

  /**
   * Takes a reading.
   *
   * @param done Work done so far.
   * @param milliseconds Time of the reading, on any clock.
   * @returns Work per second; undefined until two readings are there.
   */
  update(done: number, milliseconds: number): number | undefined {
    const elapsed = (milliseconds - (this.#time ?? milliseconds)) / 1000;
    if (elapsed > 0) {
      const now = (done - this.#done) / elapsed;
      const weight = this.#rate === undefined ? 1 : 1 - Math.exp(-elapsed / 3);
      this.#rate = (1 - weight) * (this.#rate ?? 0) + weight * now;
    }
    if (elapsed > 0 || this.#time === undefined) {
      this.#time = milliseconds;
      this.#done = done;
    }
    return this.#rate;
  }

  /** Leaves out the time until `milliseconds`, in which other work was done. */
  skip(milliseconds: number): void {
    if (this.#time !== undefined) this.#time = milliseconds;
  }
}

function remaining(seconds: number): string {
  return seconds < 60 ? `${Math.ceil(seconds)} s` : formatDuration(seconds);
}

/** Bar and percentage; nothing where the total is unknown. */
function drawBar({ done, total }: Progress, width: number): string {
  if (total === undefined) return "";
  const share = Math.min(1, done / Math.max(total, 1));
  const eighths = Math.round(8 * width * share);
  const partial = eighths % 8 > 0 ? " ▏▎▍▌▋▊▉"[eighths % 8]! : "";
  const filled = "█".repeat(Math.floor(eighths / 8)) + partial;
  return `▕${filled.padEnd(width, " ")}▏` + `${Math.floor(100 * share)} %`.padStart(5);
}

function cut(text: string, width: number): string {
  return displayWidth(text) <= width
    ? text
    : [...text].slice(0, Math.max(0, width - 1)).join("") + "…";
}
