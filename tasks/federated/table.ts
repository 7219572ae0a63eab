/**
 * The table of federated methods, for terminals and pages.
 *
 * @module
 */

import { formatBytes } from "../terminal/mod.ts";
import { type FederatedCurve, type FederatedResult, reached } from "./curve.ts";

/** Headings and rows. */
export interface MethodTable {
  /** Of the columns. */
  readonly columns: readonly string[];
  /** A row for each method. */
  readonly rows: readonly (readonly string[])[];
}

/** Where each method ended, and how soon it reached what is looked for. */
export function methodTable(result: FederatedResult): MethodTable {
  const { measure, targets } = result;
  const heads = targets.map((t) => `to ${targetText(result, t)}`);
  return {
    columns: [
      ...["method", measure, "rank", "per round", "holds"],
      ...heads,
      ...(targets.length > 0 ? ["sent then"] : []),
    ],
    rows: result.curves.map((curve) => rowOf(result, curve)),
  };
}

function rowOf(result: FederatedResult, curve: FederatedCurve): string[] {
  const { targets, better } = result;
  const { method, rounds, values, ranks, bytes, held } = curve;
  const ways = targets.map((t) => reached(curve, t, better));
  return [
    method,
    valueText(result, values.at(-1) ?? NaN),
    String(ranks.at(-1) ?? "full"),
    formatBytes((bytes.at(-1) ?? NaN) / (rounds.at(-1) ?? NaN)),
    `${Math.round(held).toLocaleString("en")}`,
    ...ways.map((way) => way ? String(way.rounds) : "never"),
    ...(targets.length > 0 ? [ways.at(-1) ? formatBytes(ways.at(-1)!.bytes) : "never"] : []),
  ];
}

/** A value for people: shares in percent. */
export function valueText({ better }: FederatedResult, value: number): string {
  return better === "more" ? `${(100 * value).toFixed(2)} %` : value.toExponential(1);
}

/** A value that is looked for: few digits do. */
function targetText(result: FederatedResult, value: number): string {
  return result.better === "more" ? valueText(result, value) : value.toExponential();
}
