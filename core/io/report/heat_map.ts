/**
 * Matrices of counts as shaded cells.
 *
 * @module
 */

import { renderChart } from "./chart.ts";
import type { Panel } from "./page.ts";
import { seriesColor } from "./style.ts";

/** Above so many classes, the cells are too small for numbers. */
const MAX_NUMBERED = 20;
/** Longer class names would run into each other side by side. */
const MAX_LEVEL_NAME = 3;

/**
 * Draws a confusion matrix: right answers in blue, wrong ones in orange, each shaded by its share
 * of the row, the wrong ones on a scale of their own, so that rare errors can be seen.
 *
 * @param counts Examples by true class (row) and predicted class (column), n×n.
 * @param names Names of the n classes.
 * @returns The drawing.
 * @throws {RangeError} When `counts` is not n×n.
 */
export async function confusionMatrix(
  counts: readonly (readonly number[])[],
  names: readonly string[],
): Promise<Panel> {
  checkSquare(counts, names.length);
  const values = shade(counts).map((cell) => ({
    ...cell,
    predicted: names[cell.column],
    actual: names[cell.row],
  }));
  const numbered = names.length <= MAX_NUMBERED;
  const encoding = {
    x: axis("predicted", "predicted class", names, "top"),
    y: axis("actual", "true class", names, "left"),
  };
  const layer = [cells(), ...(numbered ? [numbers()] : [])];
  const svg = await renderChart({ width: 460, height: 440, data: { values }, encoding, layer });
  const description = `Confusion matrix of ${names.length} classes: rows are true classes, ` +
    "columns predicted ones";
  return { svg, description };
}

/** A cell of a shaded confusion matrix. */
export interface ShadedCell {
  /** True class. */
  readonly row: number;
  /** Predicted class. */
  readonly column: number;
  /** Examples. */
  readonly count: number;
  /** Whether the answer is right. */
  readonly right: boolean;
  /** Darkness from 0 to 1. */
  readonly shade: number;
}

/**
 * Shades a confusion matrix.
 *
 * @param counts Examples by true class and predicted class.
 * @returns Cells in row-major order.
 */
export function shade(counts: readonly (readonly number[])[]): ShadedCell[] {
  const totals = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const share = (i: number, j: number): number => counts[i]![j]! / Math.max(1, totals[i]!);
  const wrong = counts.flatMap((row, i) => row.map((_, j) => i === j ? 0 : share(i, j)));
  const worst = Math.max(...wrong, Number.MIN_VALUE);
  return counts.flatMap((row, i) =>
    row.map((count, j) => ({
      row: i,
      column: j,
      count,
      right: i === j,
      shade: i === j ? share(i, j) : share(i, j) / worst,
    }))
  );
}

function checkSquare(counts: readonly (readonly number[])[], n: number): void {
  if (counts.length === n && counts.every((row) => row.length === n)) return;
  throw new RangeError(
    `Cannot draw a confusion matrix: expected ${n}×${n} counts for ${n} class names, ` +
      `got rows of ${counts.map((row) => row.length).join(", ")}`,
  );
}

function axis(field: string, title: string, names: readonly string[], orient: string): unknown {
  const slanted = orient === "top" && names.some((name) => name.length > MAX_LEVEL_NAME);
  const labels = {
    labelAngle: slanted ? -45 : 0,
    labelLimit: 120,
    labelOverlap: names.length > MAX_NUMBERED,
  };
  return {
    field,
    type: "nominal",
    sort: names,
    axis: { title, orient, ticks: false, domain: false, ...labels },
    scale: { paddingInner: 0.06, paddingOuter: 0.03 },
  };
}

function cells(): unknown {
  return {
    mark: { type: "rect", cornerRadius: 2 },
    encoding: {
      color: {
        condition: { test: "datum.right", value: seriesColor(0) },
        value: seriesColor(1),
      },
      fillOpacity: {
        field: "shade",
        type: "quantitative",
        scale: { domain: [0, 1], range: [0.05, 0.85] },
        legend: null,
      },
    },
  };
}

function numbers(): unknown {
  return {
    transform: [{ filter: "datum.count > 0" }],
    mark: { type: "text", fontSize: 11 },
    encoding: {
      text: { field: "count", type: "quantitative", format: ",d" },
      color: {
        condition: { test: "datum.shade > 0.55", value: "var(--page)" },
        value: "var(--text)",
      },
    },
  };
}
