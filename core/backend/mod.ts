/**
 * Backends: where tensors live and what computes with them, chosen by name.
 *
 * Importing this loads no engine; {@linkcode openEngine} loads the one that is taken.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import { Registry } from "../registry.ts";
import { blas } from "./blas/mod.ts";
import { cpu } from "./cpu/mod.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import type { Engine } from "./engine.ts";
import { tensorflow } from "./tensorflow/mod.ts";
import { wasm } from "./wasm/mod.ts";
import { webgpu } from "./webgpu/mod.ts";

export type * from "./backend.ts";
export type * from "./engine.ts";
export type * from "./sequences.ts";

/**
 * Every backend, in the order in which `auto` tries them.
 *
 * @example Those that there are
 * ```ts
 * import { backends } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(backends.names(), ["tensorflow", "webgpu", "blas", "wasm", "cpu"]);
 * ```
 */
export const backends: Registry<Backend> = new Registry<Backend>("backend");

for (const backend of [tensorflow, webgpu, blas, wasm, cpu]) backends.add(backend);

/** A backend that `auto` did not take. */
export interface PassedOver {
  /** Registry name. */
  readonly name: string;
  /** Why, in one line. */
  readonly reason: string;
}

/**
 * What {@linkcode openEngine} found.
 *
 * @example What was chosen, and why not the others
 * ```ts
 * import { type OpenedEngine, openEngine, type PassedOver } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const opened: OpenedEngine = await openEngine("cpu", { threads: 1 });
 * const others: readonly PassedOver[] = opened.passedOver;
 * assertEquals([opened.chosen, others], ["cpu", []]);
 * ```
 */
export interface OpenedEngine {
  /** The engine, selected and ready. */
  readonly engine: Engine;
  /** Registry name of its backend. */
  readonly chosen: string;
  /** The better ones that do not work here, best first; empty when a backend was named. */
  readonly passedOver: readonly PassedOver[];
  /** Settings that were given and make no difference to this backend. */
  readonly ignored: readonly (keyof BackendOptions)[];
}

/**
 * Opens a backend by name, or the first that works.
 *
 * @param name Registry name, or "auto" for the first of {@linkcode backends} that works.
 * @param options Settings of the backend.
 * @throws {RangeError} When there is no backend of that name, or an option makes no sense.
 * @throws {Error} When the named backend does not work here; says why and what to install.
 *
 * @example A sum on the plain backend
 * ```ts
 * import { openEngine } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const sum = await engine.scope(async () => {
 *   const x = engine.tensor(Float32Array.of(1, 2, 3), [3]);
 *   return (await engine.read(engine.sum(x)))[0];
 * });
 * assertEquals(sum, 6);
 * ```
 */
export async function openEngine(
  name: string = "auto",
  options: BackendOptions = {},
): Promise<OpenedEngine> {
  const { threads = 1, memoryLimit = Infinity } = options;
  checkInteger("open a backend", "threads", threads);
  if (memoryLimit !== Infinity) {
    checkNumber("open a backend", "memoryLimit", memoryLimit, { above: 0 });
  }
  if (name === "auto") return await openFirst(options);
  const backend = backends.get(name);
  const reason = await backend.probe();
  if (reason !== undefined) {
    throw new Error(`Cannot open backend "${name}": ${reason}; ${backend.hint}`);
  }
  const ignored = ignoredBy(backend, options);
  return { engine: await backend.open(options), chosen: name, passedOver: [], ignored };
}

async function openFirst(options: BackendOptions): Promise<OpenedEngine> {
  const passedOver: PassedOver[] = [];
  for (const backend of backends.list()) {
    const found = await tryOpen(backend, options);
    if (typeof found !== "string") {
      const ignored = ignoredBy(backend, options);
      return { engine: found, chosen: backend.name, passedOver, ignored };
    }
    passedOver.push({ name: backend.name, reason: found });
  }
  const reasons = passedOver.map((p) => `${p.name}: ${p.reason}`).join("; ");
  throw new Error(`Cannot open any backend: ${reasons}`);
}

function ignoredBy({ ignores = [] }: Backend, options: BackendOptions): OpenedEngine["ignored"] {
  return ignores.filter((key) => options[key] !== undefined);
}

/** The engine, or one line that says why not. */
async function tryOpen(backend: Backend, options: BackendOptions): Promise<Engine | string> {
  if (!backend.automatic) return "only taken when named";
  const reason = await backend.reservation?.() ?? await backend.probe();
  if (reason !== undefined) return reason;
  try {
    return await backend.open(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
