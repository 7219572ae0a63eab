/**
 * Event files that TensorBoard reads.
 *
 * @module
 */

export * from "./event_log.ts";
export type { Picture } from "./event.ts";
