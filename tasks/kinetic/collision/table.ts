/**
 * What networks came to, for people.
 *
 * @module
 */

import { formatDuration, formatPercent } from "../../terminal/mod.ts";
import type { CollisionRecord } from "./result.ts";

/** Heads and rows of the table of networks. */
export function collisionTable(
  { trained, judged }: CollisionRecord,
): [heads: { title: string; align: "left" | "right" }[], rows: string[][]] {
  const heads = [
    { title: "", align: "left" as const },
    ...["error", "|∫Q|", "drift", "inflow", "pulse", "branch", "time"].map((title) => (
      { title, align: "right" as const }
    )),
  ];
  return [
    heads,
    judged.map((j, k) => [
      j.label,
      j.error.toPrecision(3),
      ...[j.defect, j.relaxation.drifts.at(-1)!, j.inflowError, j.pulseError]
        .map((v) => v.toExponential(1)),
      formatPercent(trained[k]!.branch / trained[k]!.fullBranch, 0),
      formatDuration(trained[k]!.seconds),
    ]),
  ];
}

/** What the columns of {@linkcode collisionTable} mean. */
export const COLUMNS_TEXT =
  "Errors are mean relative errors of Q on densities of least entropy that no network has seen, " +
  "|∫Q| the mean mass that it makes there. Drift is the mean |∫f − 1| after a relaxation to time 5. " +
  "Inflow and pulse are the mean squared errors of φ/|V| in a slab, " +
  "against the exact operator. Branch is what the branch stores of what it would store in full.";

/** The numbers of every network. */
export function summaryOf({ trained, judged }: CollisionRecord): Record<string, unknown>[] {
  return judged.map((j, k) => ({
    label: j.label,
    error: j.error,
    defect: j.defect,
    naiveError: j.naiveError,
    drift: j.relaxation.drifts.at(-1)!,
    relaxationError: j.relaxation.errors.at(-1)!,
    inflowError: j.inflowError,
    inflowDefect: j.inflow.defect,
    pulseError: j.pulseError,
    pulseDefect: j.pulse.defect,
    parameters: trained[k]!.parameters,
    branch: trained[k]!.branch,
    fullBranch: trained[k]!.fullBranch,
    seconds: trained[k]!.seconds,
  }));
}
