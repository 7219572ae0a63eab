/**
 * The course of a training.
 *
 * @module
 */

import { type Measure, type MetricLine, testKey } from "../../core/mod.ts";
import { formatMeasure, formatNumber, renderTable } from "../terminal/mod.ts";
import { type Displayed, showsItself } from "./notebook.ts";
import { type Plot, plot } from "./plot.ts";

/** Rows that a printed history has at most. */
const ROWS = 12;

/**
 * What was measured after each pass through the examples.
 *
 * @example Loss of every epoch
 * ```ts
 * import { fit, perceptron } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data = { x: [0, 1, 2], y: [0, 2, 4] };
 * using model = await fit(perceptron({ sizes: [1, 1] }), data, { epochs: 3, backend: "cpu" });
 * assertEquals(model.history.lines.map((line) => line.epoch), [1, 2, 3]);
 * ```
 */
export class History {
  /** The measurements, in order. */
  readonly lines: readonly MetricLine[];
  readonly #measures: readonly Measure[];

  /** Keeps measurements of `measures`. */
  constructor(lines: readonly MetricLine[], measures: readonly Measure[]) {
    this.lines = lines;
    this.#measures = measures;
  }

  /** The loss in training and on the test examples, drawn over the epochs. */
  plot(): Plot {
    const points = (pick: (line: MetricLine) => number | undefined) =>
      this.lines.flatMap((line) => {
        const y = pick(line);
        return y === undefined ? [] : [[line.epoch, y] as const];
      });
    const curves = { training: points((l) => l.loss), test: points((l) => l.testLoss) };
    const positive = Object.values(curves).flat().every(([, y]) => y > 0);
    const yScale = positive ? "log" : "linear";
    return plot(curves, { title: "Loss", xTitle: "epoch", yTitle: "loss", yScale });
  }

  /** A table of some measurements, the first and the last among them. */
  toString(): string {
    const last = this.lines.length - 1;
    const stride = Math.max(1, Math.ceil(last / (ROWS - 1)));
    const shown = this.lines.filter((_, i) => i % stride === 0 || i === last);
    const right = (title: string) => ({ title, align: "right" as const });
    return renderTable(
      ["epoch", "loss", "test loss", ...this.#measures.map((m) => m.name)].map(right),
      shown.map((line) => [
        String(line.epoch),
        formatNumber(line.loss),
        formatNumber(line.testLoss ?? NaN),
        ...this.#measures.map((m) => formatMeasure({ ...m, value: line[testKey(m.name)] ?? NaN })),
      ]),
    );
  }

  static {
    showsItself(this, async (history): Promise<Displayed> => {
      const text = history.toString();
      if (history.lines.length < 2) return { "text/plain": text };
      return { "text/plain": text, "image/svg+xml": await history.plot().svg() };
    });
  }
}
