/**
 * The event files of a run folder, which TensorBoard reads.
 *
 * @module
 */

import { join } from "node:path";
import { unwritable } from "../files.ts";
import type { MetricLine } from "../metrics.ts";
import {
  type Picture,
  pictureValue,
  restartEvent,
  summaryEvent,
  type SummaryValue,
  versionEvent,
} from "./event.ts";
import { metricValues } from "./metric_values.ts";
import { concat } from "./protobuf.ts";
import { tfRecord } from "./tfrecord.ts";

/** Names of event files begin with this; TensorBoard reads them in the order of their names. */
const STEM = "events.out.tfevents.";

/**
 * Writes what a process adds to a run's metrics into an event file of its own, which the first line
 * makes. A run that is resumed begins another file: its first event takes back what the files before
 * it say of the steps that are repeated.
 */
export class EventLog {
  readonly #folder: string;
  readonly #earlier: readonly MetricLine[];
  #file: string | undefined;

  /**
   * Makes no file yet.
   *
   * @param folder The run folder.
   * @param earlier Lines that the folder has: those that stay are told where it has no event file.
   */
  constructor(folder: string, earlier: readonly MetricLine[]) {
    this.#folder = folder;
    this.#earlier = earlier;
  }

  /**
   * Adds a line of metrics.jsonl.
   *
   * @throws {Error} When the file cannot be written.
   */
  append(line: MetricLine): void {
    this.#file ??= this.#begin(line.step);
    write(this.#file, line.step, metricValues(line));
  }

  #begin(step: number): string {
    const names = fileNames(this.#folder);
    const number = names.length === 0 ? 1 : Number(names.at(-1)!.slice(STEM.length)) + 1;
    const file = join(this.#folder, STEM + String(number).padStart(6, "0"));
    const time = Date.now() / 1000;
    const events = names.length > 0 ? [versionEvent(time), restartEvent(time, step)] : [
      versionEvent(time),
      ...this.#earlier.filter((line) => line.step < step)
        .map((line) => summaryEvent(time, line.step, metricValues(line))),
    ];
    writeRecords(file, events);
    return file;
  }
}

/**
 * Adds pictures to the last event file of a run folder; where there is none, to a new one.
 *
 * @param folder The run folder.
 * @param step Steps done.
 * @throws {Error} When the file cannot be written.
 */
export function logPictures(folder: string, step: number, pictures: readonly Picture[]): void {
  const last = fileNames(folder).at(-1);
  const file = join(folder, last ?? `${STEM}000001`);
  if (last === undefined) writeRecords(file, [versionEvent(Date.now() / 1000)]);
  write(file, step, pictures.map(pictureValue));
}

/** Event files of the folder in their order; those of other programs are left alone. */
function fileNames(folder: string): string[] {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  return names.filter((name) => /^events\.out\.tfevents\.\d{6,}$/.test(name)).sort();
}

function write(file: string, step: number, values: readonly SummaryValue[]): void {
  writeRecords(file, [summaryEvent(Date.now() / 1000, step, values)]);
}

/** With a single write, so that a reader sees whole records. */
function writeRecords(file: string, events: readonly Uint8Array[]): void {
  try {
    Deno.writeFileSync(file, concat(...events.map(tfRecord)), { append: true });
  } catch (error) {
    throw unwritable(file, error);
  }
}
