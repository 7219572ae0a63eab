import { join } from "node:path";
import { readRun } from "../../core/mod.ts";
import type { Cell } from "../sweep/cells.ts";
import { formatCount, renderTable } from "../terminal/mod.ts";

/** What the runs of a study of attention came to: sizes, losses in nats, time, and cache. */
export async function kindsTable(folder: string, cells: readonly Cell[]): Promise<string> {
  const rows: string[][] = [];
  for (const cell of cells) {
    const { summary } = await readRun(join(folder, cell.folder));
    if (!summary) continue;
    rows.push([
      Object.values(cell.values).join(" "),
      formatCount(summary.parameters),
      summary.testLoss.toFixed(3),
      `${(1000 * summary.secondsPerStep).toFixed(1)} ms`,
      formatCount(Number(summary.cacheBytesPerToken)),
    ]);
  }
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["parameters", "loss, nats", "step", "cache, bytes a token"].map(right);
  return `\n${renderTable(["attention, seed", ...heads], rows)}\n`;
}
