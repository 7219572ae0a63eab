/**
 * What people read on a terminal: progress, tables, numbers.
 *
 * @module
 */

export * from "./format.ts";
export * from "./listener.ts";
export * from "./progress.ts";
export * from "./sink.ts";
export * from "./table.ts";
