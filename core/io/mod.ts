/**
 * Formats and artefacts: safetensors, records, run folders, the events of a run, reports.
 *
 * @module
 */

export { writeAtomic } from "./atomic.ts";
export * from "./environment.ts";
export * from "./events.ts";
export {
  aBase64,
  aBoolean,
  aCount,
  aNumber,
  anything,
  aRecord,
  arrayOf,
  aText,
  byName,
  checked,
  type Expectation,
  isRecord,
  listOf,
  oneOf,
  optional,
  orNull,
  someOf,
  threeOf,
} from "./expectation.ts";
export { fileInfo, makeFolder, readBytes, readText, reasonOf, unlessMissing } from "./files.ts";
export * from "./json.ts";
export { type MetricLine, readMetrics, testFields, type TestKey, testKey } from "./metrics.ts";
export { requireNewFolder } from "./new_folder.ts";
export * from "./parts.ts";
export * from "./record.ts";
export * from "./report/mod.ts";
export {
  dataDifferences,
  type DatasetIdentity,
  differences,
  type RunConfig,
  weightDifferences,
} from "./run_config.ts";
export * from "./run_folder.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type TensorArray,
  type TensorData,
  type TensorFile,
  writeSafetensors,
} from "./safetensors.ts";
export * from "./adapter_folder/mod.ts";
export * from "./model_folder/mod.ts";
export { firstMeasure, type Summary, type SummaryMeasure, trainingSummary } from "./summary.ts";
export * from "./tensorboard/mod.ts";
