/**
 * The machine and the versions that a result was computed with.
 *
 * @module
 */

import { cpus } from "node:os";
import { missingPermission } from "../permissions.ts";

/**
 * Describes machine and runtime, for config.json and reports. Holds no user or host name.
 *
 * @returns Texts by key: operating system, processor, cores and versions.
 */
export function describeEnvironment(): Record<string, string> {
  return {
    system: `${Deno.build.os} ${Deno.build.arch}`,
    processor: processor(),
    cores: String(navigator.hardwareConcurrency),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

/** Name of the processor, or why it is not known. */
function processor(): string {
  const missing = missingPermission("sys");
  return missing ? `unknown: ${missing}` : cpus()[0]?.model ?? "unknown";
}
