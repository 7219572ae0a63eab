/**
 * The report of a training run.
 *
 * @module
 */

import { join } from "node:path";
import {
  checked,
  type Page,
  type ReportKind,
  type RunData,
  type Section,
  trainingSummary,
} from "../../core/io/mod.ts";
import { comparisonTable, leadOf, tilesOf } from "./comparison.ts";
import { curveFigures } from "./curves.ts";
import { confusionSection } from "./errors.ts";
import { executionTable } from "./executions.ts";
import { rankFigures, rankTable } from "./ranks.ts";
import { settingsSection } from "./settings.ts";

/** Curves, ranks, spectra, mistakes and settings of a classifier next to its dense twin. */
export const trainingReport: ReportKind = {
  name: "training",
  description: "curves, ranks, singular values, confusion matrix, table against the dense twin",
  async build(run: RunData): Promise<Page> {
    for (const { summary, path } of [run, ...run.baseline ? [run.baseline] : []]) {
      if (summary) checked(trainingSummary, summary, join(path, "summary.json"));
    }
    const { recipe, seed } = run.config;
    return {
      title: `${recipe}: training report`,
      lead: leadOf(run),
      tiles: tilesOf(run),
      sections: await sectionsOf(run),
      footer: `Recipe ${recipe}, seed ${seed}. This page is rebuilt from the files beside it by ` +
        "“deno task report” and the name of their folder.",
    };
  },
};

async function sectionsOf(run: RunData): Promise<Section[]> {
  const table = comparisonTable(run);
  const factors = [rankTable(run), executionTable(run)];
  const sections: Section[] = [
    { heading: "Result", tables: table ? [table] : [] },
    { heading: "Training", figures: await curveFigures(run) },
    {
      heading: "Low rank",
      figures: await rankFigures(run),
      tables: factors.filter((t) => t !== undefined),
    },
  ];
  const confusion = await confusionSection(run.summary);
  if (confusion) sections.push(confusion);
  return [...sections.filter(hasContent), settingsSection(run.config)];
}

function hasContent({ tables = [], figures = [] }: Section): boolean {
  return tables.length + figures.length > 0;
}
