/**
 * The kinds of report that tasks bring along, and the making of a report.
 *
 * @module
 */

import { buildPage, readRun, reports, saveReport } from "../../core/io/mod.ts";
import { convergenceReport } from "./convergence.ts";
import { flowReport } from "./flow.ts";
import { robustReport } from "./robust.ts";
import { shapeReport } from "./shape.ts";
import { sweepReport } from "./sweep.ts";
import { trainingReport } from "./training.ts";
import { windowingReport } from "./windowing.ts";

reports.add(trainingReport);
reports.add(convergenceReport);
reports.add(flowReport);
reports.add(robustReport);
reports.add(shapeReport);
reports.add(windowingReport);
reports.add(sweepReport);

export {
  convergenceReport,
  flowReport,
  robustReport,
  shapeReport,
  sweepReport,
  trainingReport,
  windowingReport,
};

/**
 * Makes report.html of a run folder, of the kind that its config.json names, by default
 * "training".
 *
 * @param folder The run folder.
 * @returns Path of the page.
 * @throws {Error} When the folder holds no run, a damaged one, or asks for an unknown kind.
 */
export async function writeReport(folder: string): Promise<string> {
  const run = await readRun(folder);
  const kind = reports.get(run.config.report ?? trainingReport.name);
  return await saveReport(folder, buildPage(await kind.build(run)));
}
