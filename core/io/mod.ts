/**
 * Formats and artefacts: safetensors, records, run folders, the events of a run, reports.
 *
 * @module
 */

export * from "./atomic.ts";
export * from "./environment.ts";
export * from "./events.ts";
export * from "./expectation.ts";
export * from "./files.ts";
export * from "./json.ts";
export { FolderLock, lockFolder } from "./lock.ts";
export * from "./metrics.ts";
export * from "./parts.ts";
export * from "./record.ts";
export * from "./report/mod.ts";
export * from "./run_config.ts";
export * from "./run_folder.ts";
export * from "./safetensors.ts";
export * from "./summary.ts";
export * from "./tensorboard/mod.ts";
