/**
 * Lines of metrics.jsonl as TensorBoard shows them.
 *
 * @module
 */

import type { MetricLine } from "../metrics.ts";
import { histogramValue, scalarValue, type SummaryValue } from "./event.ts";

/** Names of what a line may hold; the part before the slash is a group on TensorBoard's page. */
const SCALARS = {
  loss: "loss/train",
  learningRate: "progress/learning rate",
  epoch: "progress/epoch",
  secondsPerStep: "progress/seconds per step",
} as const satisfies Partial<Record<keyof MetricLine, string>>;

/**
 * What a line measured: scalars, ranks with their sum, what truncations discarded, and histograms
 * of the singular values.
 */
export function metricValues(line: MetricLine): SummaryValue[] {
  const { ranks = {}, discarded = {}, singularValues = {} } = line;
  const total = Object.values(ranks).reduce((sum, rank) => sum + rank, 0);
  return [
    ...Object.entries(SCALARS).flatMap(([key, tag]) => {
      const value = line[key as keyof typeof SCALARS];
      return value === undefined ? [] : [scalarValue(tag, value)];
    }),
    ...Object.entries(line).flatMap(([key, value]) => {
      const measure = /^test([A-Z].*)$/.exec(key)?.[1];
      if (measure === undefined) return [];
      const name = measure.slice(0, 1).toLowerCase() + measure.slice(1);
      return [scalarValue(`${name}/test`, value as number)];
    }),
    ...scalars("rank", Object.keys(ranks).length > 1 ? { ...ranks, "sum of all": total } : ranks),
    ...scalars("discarded", discarded),
    ...Object.entries(singularValues).flatMap(([name, values]) => {
      const finite = values.filter(Number.isFinite);
      return finite.length === 0 ? [] : [histogramValue(`singular values/${name}`, finite)];
    }),
  ];
}

function scalars(group: string, values: Readonly<Record<string, number>>): SummaryValue[] {
  return Object.entries(values).map(([name, value]) => scalarValue(`${group}/${name}`, value));
}
