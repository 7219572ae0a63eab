/**
 * The kinds of report that tasks bring along, and the making of a report.
 *
 * @module
 */

import {
  buildPage,
  figureImage,
  logPictures,
  type Page,
  type Picture,
  readRun,
  reports,
  type RunData,
  saveReport,
} from "../../core/io/mod.ts";
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
  return (await makeReport(folder)).path;
}

/**
 * Makes report.html as {@linkcode writeReport} does, then adds its figures to the run's event file
 * for TensorBoard.
 *
 * @param folder The run folder.
 * @returns Path of the page and, where the figures could not be drawn, the reason.
 * @throws {Error} As {@linkcode writeReport} does.
 */
export async function writeReportAndPictures(
  folder: string,
): Promise<{ path: string; missing?: string }> {
  const { path, page, run } = await makeReport(folder);
  try {
    const pictures = await picturesOf(page);
    logPictures(folder, run.metrics.at(-1)?.step ?? 0, pictures);
    return { path };
  } catch (error) {
    return { path, missing: error instanceof Error ? error.message : String(error) };
  }
}

async function makeReport(folder: string): Promise<{ path: string; page: Page; run: RunData }> {
  const run = await readRun(folder);
  const kind = reports.get(run.config.report ?? trainingReport.name);
  const page = await kind.build(run);
  return { path: await saveReport(folder, buildPage(page)), page, run };
}

async function picturesOf({ sections }: Page): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const figure of sections.flatMap(({ figures = [] }) => figures)) {
    pictures.push({ tag: `report/${figure.title}`, ...await figureImage(figure) });
  }
  return pictures;
}
