/**
 * The tables that end a study of robustness, at 80 columns.
 *
 * @module
 */

import type { Spread } from "../sweep/results.ts";
import { formatPercent, renderTable, type TableColumn } from "../terminal/mod.ts";
import {
  accuracyUnder,
  attackGrid,
  over,
  type RobustGroup,
  type RobustResult,
  worstCondition,
} from "./result.ts";

/** Columns of radii that fit beside the names. */
const MOST_COLUMNS = 6;

/** Clean accuracy, size and conditioning of every network; then a table for each attack. */
export function robustTables(groups: readonly RobustGroup[]): string {
  const grid = attackGrid(groups.flatMap((g) => g.results));
  return [sizes(groups), ...grid.map((entry) => attackTable(groups, entry))].join("\n\n");
}

const right = (title: string): TableColumn => ({ title, align: "right" });

function sizes(groups: readonly RobustGroup[]): string {
  const columns = ["network", "test", "saved", "κ", "Lipschitz"];
  const rows = groups.map((g) => [
    g.label,
    percentText(over(g, (r) => r.testAccuracy)),
    formatPercent(over(g, (r) => r.compression / 100).mean, 1),
    conditionText(g),
    over(g, (r) => r.lipschitz).mean.toPrecision(3),
  ]);
  return renderTable(columns.map((c, j) => j === 0 ? c : right(c)), rows);
}

function attackTable(
  groups: readonly RobustGroup[],
  { attack, epsilons }: { attack: string; epsilons: readonly number[] },
): string {
  const shown = epsilons.slice(0, MOST_COLUMNS);
  const rows = groups.map((g) => [
    g.label,
    ...shown.map((epsilon) =>
      percentText(over(g, (r: RobustResult) => accuracyUnder(r, attack, epsilon)))
    ),
  ]);
  return renderTable([attack, ...shown.map((e) => right(`ε ${e}`))], rows);
}

/** Mean and spread in percent. */
export function percentText({ mean, deviation }: Spread): string {
  if (!Number.isFinite(mean)) return "–";
  const spread = deviation > 0 ? ` ± ${(100 * deviation).toFixed(1)}` : "";
  return `${(100 * mean).toFixed(1)}${spread}`;
}

/** The largest condition number of a core, mean over seeds. */
export function conditionText(group: RobustGroup): string {
  const { mean } = over(group, worstCondition);
  return Number.isFinite(mean) ? mean.toFixed(2) : "–";
}
