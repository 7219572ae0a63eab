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
import { collisionReport } from "./collision.ts";
import { convergenceReport } from "./convergence.ts";
import { federatedReport } from "./federated.ts";
import { flowReport } from "./flow.ts";
import { pretrainReport } from "./pretrain.ts";
import { robustReport } from "./robust.ts";
import { shapeReport } from "./shape.ts";
import { sweepReport } from "./sweep.ts";
import { trainingReport } from "./training.ts";
import { closureReport } from "./closure.ts";
import { transportReport } from "./transport.ts";
import { windowingReport } from "./windowing.ts";

reports.add(trainingReport);
reports.add(collisionReport);
reports.add(convergenceReport);
reports.add(federatedReport);
reports.add(flowReport);
reports.add(pretrainReport);
reports.add(robustReport);
reports.add(shapeReport);
reports.add(transportReport);
reports.add(closureReport);
reports.add(windowingReport);
reports.add(sweepReport);

export {
  closureReport,
  collisionReport,
  convergenceReport,
  federatedReport,
  flowReport,
  pretrainReport,
  robustReport,
  shapeReport,
  sweepReport,
  trainingReport,
  transportReport,
  windowingReport,
};

/**
 * Makes report.html of a run folder.
 *
 * @param folder The run folder.
 * @param kind Registry name of the kind of report; default that which {@linkcode reportOf} tells.
 * @returns Path of the page.
 * @throws {Error} When the folder holds no run, a damaged one, or asks for an unknown kind.
 */
export async function writeReport(folder: string, kind?: string): Promise<string> {
  return (await makeReport(folder, kind)).path;
}

/** Registry name of the kind of report that a run's config.json names, by default "training". */
export function reportOf({ config }: Pick<RunData, "config">): string {
  return config.report ?? trainingReport.name;
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

async function makeReport(
  folder: string,
  kind?: string,
): Promise<{ path: string; page: Page; run: RunData }> {
  const run = await readRun(folder);
  const report = reports.get(kind ?? reportOf(run));
  const page = await report.build(run);
  checkPage(report.name, page);
  return { path: await saveReport(folder, buildPage(page)), page, run };
}

/** Refuses what is no page: whoever adds a kind of report may be mistaken. */
function checkPage(name: string, page: Page): void {
  const { title, lead, sections } = (page ?? {}) as Partial<Page>;
  if (typeof title === "string" && typeof lead === "string" && Array.isArray(sections)) return;
  throw new RangeError(
    `Cannot use report "${name}": expected it to return a page with title, lead and sections, ` +
      `got one with ${Object.keys(page ?? {}).join(", ") || "nothing"}`,
  );
}

async function picturesOf({ sections }: Page): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const figure of sections.flatMap(({ figures = [] }) => figures)) {
    pictures.push({ tag: `report/${figure.title}`, ...await figureImage(figure) });
  }
  return pictures;
}
