/**
 * Kinds of report: what a page says about a run.
 *
 * @module
 */

import { type Plugin, Registry } from "../../registry.ts";
import type { RunData } from "../run_folder.ts";
import type { Page } from "./page.ts";

/** A kind of report. */
export interface ReportKind extends Plugin {
  /** Makes the page of a run, finished or not. */
  build(run: RunData): Promise<Page>;
}

/** Every kind of report; a run names its own in config.json. */
export const reports: Registry<ReportKind> = new Registry<ReportKind>("report");
