/**
 * Backends: what opens an engine, where it can.
 *
 * @module
 */

import type { Engine } from "./engine.ts";

/** Settings of a backend that people may set. */
export interface BackendOptions {
  /** Threads for backends that have them; default: all cores the process may use. */
  readonly threads?: number;
  /** Upper limit of tensor memory in bytes; default: what the backend can address. */
  readonly memoryLimit?: number;
}

/**
 * A way to run tensors, found by name in the `backends` registry.
 *
 * @example A backend of one's own
 * ```ts
 * import { type Backend, type BackendOptions, backends, openEngine } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const plain = backends.get("cpu");
 * const mine: Backend = {
 *   name: "mine",
 *   description: "the plain one under another name",
 *   automatic: false,
 *   hint: "nothing to install",
 *   probe: () => Promise.resolve(undefined),
 *   open: (options: BackendOptions) => plain.open(options),
 * };
 * backends.add(mine);
 * assertEquals((await openEngine("mine")).chosen, "mine");
 * ```
 */
export interface Backend {
  /** Registry name. */
  readonly name: string;
  /** One line: what it is. */
  readonly description: string;
  /** Whether `auto` may take it at all; false where it must be named. */
  readonly automatic: boolean;
  /** What to install to make it work, one line. */
  readonly hint: string;
  /** Settings that make no difference to it; those that it cannot keep it refuses. */
  readonly ignores?: readonly (keyof BackendOptions)[];
  /**
   * One line that says why `auto` should pass it over here although it works when named, such as a
   * software adapter; undefined where it should not. Absent means never.
   */
  reservation?(): Promise<string | undefined>;
  /** Undefined when it would work here, or one line that says why not. Cheap; loads no engine. */
  probe(): Promise<string | undefined>;
  /** Loads and selects it. Throws one clear error where that fails. */
  open(options: BackendOptions): Promise<Engine>;
}
