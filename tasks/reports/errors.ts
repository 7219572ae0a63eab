/**
 * The part of a training report on wrong answers: the confusion matrix.
 *
 * @module
 */

import { confusionMatrix, type Figure, type Section, type Summary } from "../../core/io/mod.ts";
import { formatCount } from "../terminal/format.ts";

/**
 * Draws the confusion matrix and names the most frequent mistakes.
 *
 * @param summary Result of the run.
 * @returns A section; undefined when the result has no confusion matrix.
 */
export async function confusionSection(summary: Summary | undefined): Promise<Section | undefined> {
  const counts = summary?.confusion;
  if (!counts) return undefined;
  const names = summary.classNames ?? counts.map((_, i) => String(i));
  const panel = await confusionMatrix(counts, names);
  const figure: Figure = {
    title: "Confusion matrix of the test set",
    panels: [panel],
    caption: "Rows are true classes, columns predicted ones. Blue: right answers; orange: wrong " +
      "ones, on a scale of their own. Shades are shares of the row, numbers are counts.",
  };
  return { heading: "Mistakes", text: [mistakes(counts, names)], figures: [figure] };
}

/**
 * Names the most frequent mistakes.
 *
 * @param counts Examples by true class and predicted class.
 * @param names Names of the classes.
 * @returns A sentence.
 */
export function mistakes(
  counts: readonly (readonly number[])[],
  names: readonly string[],
): string {
  const wrong = counts
    .flatMap((row, i) => row.map((count, j) => ({ count, actual: names[i], read: names[j], i, j })))
    .filter(({ count, i, j }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count);
  const total = wrong.reduce((sum, { count }) => sum + count, 0);
  const all = counts.flat().reduce((a, b) => a + b, 0);
  const share = `${formatCount(total)} of ${formatCount(all)} test examples are classified wrongly`;
  if (total === 0) return `${share}.`;
  const worst = wrong.slice(0, 3).map((w) =>
    `${w.actual} taken for ${w.read} (${formatCount(w.count)})`
  );
  return `${share}; the most frequent mistakes: ${worst.join(", ")}.`;
}
