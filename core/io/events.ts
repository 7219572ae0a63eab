/**
 * The logger seam: library code tells what happens by {@linkcode RunEvent}s, tasks print them.
 *
 * @module
 */

import type { MetricLine } from "./metrics.ts";
import type { Summary, SummaryMeasure } from "./summary.ts";

/** A run begins, or goes on after a resume. */
export interface RunStart {
  /** Marks the kind of event. */
  readonly type: "start";
  /** What runs, for people, such as "low rank" or "dense baseline". */
  readonly label: string;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps done before this start; 0 unless resumed. */
  readonly firstStep: number;
  /** What is measured, the measure that decides first. */
  readonly measures: readonly SummaryMeasure[];
}

/** A training step is done. */
export interface RunStep {
  /** Marks the kind of event. */
  readonly type: "step";
  /** Steps done since the beginning of the run, counted from 1. */
  readonly step: number;
  /** Epoch under way, counted from 1. */
  readonly epoch: number;
  /** Training loss; absent on steps that did not read it back. */
  readonly loss?: number;
  /** Sum of the ranks of all low-rank parameters. */
  readonly totalRank?: number;
}

/** An epoch is done and evaluated. */
export interface RunEpoch {
  /** Marks the kind of event. */
  readonly type: "epoch";
  /** What was measured; also the line in metrics.jsonl. */
  readonly metrics: MetricLine;
}

/** A checkpoint is on the disk. */
export interface RunCheckpoint {
  /** Marks the kind of event. */
  readonly type: "checkpoint";
  /** The file. */
  readonly path: string;
  /** Steps done when it was taken. */
  readonly step: number;
}

/** Something a person should know. */
export interface RunMessage {
  /** Marks the kind of event. */
  readonly type: "message";
  /** Whether the run may be worse for it. */
  readonly level: "info" | "warning";
  /** One sentence or a few lines. */
  readonly text: string;
}

/** A file is being fetched. */
export interface RunDownload {
  /** Marks the kind of event. */
  readonly type: "download";
  /** Name of the file. */
  readonly file: string;
  /** Bytes received so far. */
  readonly received: number;
  /** Bytes expected; absent when the server does not say. */
  readonly total?: number;
}

/** Why a run ended. */
export type RunEndReason = "finished" | "stopped-early" | "interrupted" | "diverged";

/** A run ends. */
export interface RunEnd {
  /** Marks the kind of event. */
  readonly type: "end";
  /** Why. */
  readonly reason: RunEndReason;
  /** Steps done. */
  readonly step: number;
  /** Wall-clock seconds since the start event. */
  readonly seconds: number;
  /** The result; absent when the run did not come to one. */
  readonly summary?: Summary;
}

/** Everything that a run tells. */
export type RunEvent =
  | RunStart
  | RunStep
  | RunEpoch
  | RunCheckpoint
  | RunMessage
  | RunDownload
  | RunEnd;

/**
 * Receives the events of a run, synchronously and in order.
 *
 * @example What a run tells
 * ```ts
 * import {
 *   fit, type Listener, perceptron, type RunCheckpoint, type RunDownload, type RunEnd, type
 *   RunEndReason, type RunEpoch, type RunEvent, type RunMessage, type RunStart, type RunStep,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const told = {
 *   start: (e: RunStart) => seen.push(`${e.steps} steps`),
 *   step: (e: RunStep) => seen.push(`step ${e.step}`),
 *   epoch: (e: RunEpoch) => seen.push(`epoch ${e.metrics.epoch}`),
 *   checkpoint: (e: RunCheckpoint) => seen.push(e.path),
 *   message: (e: RunMessage) => seen.push(e.text),
 *   download: (e: RunDownload) => seen.push(e.file),
 *   end: (e: RunEnd) => seen.push(e.reason satisfies RunEndReason),
 * };
 * const progress: Listener = (event: RunEvent) => (told[event.type] as Listener)(event);
 * const data = { x: [0, 1, 2, 3], y: [0, 1, 2, 3] };
 * using model = await fit(perceptron({ sizes: [1, 1] }), data, { epochs: 1, progress, backend: "cpu" });
 * assertEquals([seen[0], seen.at(-1), model.engine.backend], ["1 steps", "finished", "cpu"]);
 * ```
 */
export type Listener = (event: RunEvent) => void;

/**
 * One listener that passes events on to several, in order.
 *
 * @param listeners Receivers.
 * @returns A listener.
 */
export function fanOut(...listeners: readonly Listener[]): Listener {
  return (event) => listeners.forEach((listener) => listener(event));
}
