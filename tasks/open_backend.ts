import { type Communicator, type Engine, openEngine } from "../core/mod.ts";
import type { TextSink } from "./terminal/mod.ts";

/**
 * Opens the backend that options name and tells which one it is, and why better ones were passed
 * over.
 *
 * @param comm Other processes that want cores, too.
 */
export async function openBackend(
  { backend, threads }: { readonly backend: string; readonly threads: number },
  sink: TextSink,
  comm?: Communicator,
): Promise<{ engine: Engine; backend: string }> {
  const own = threads > 0 ? threads : shareOfCores(comm);
  const opened = await openEngine(backend, own === undefined ? {} : { threads: own });
  const { engine, chosen, passedOver, ignored } = opened;
  for (const { name, reason } of passedOver) sink.write(`Passed over ${name}: ${reason}\n`);
  sink.write(`Backend ${chosen}: ${engine.description}\n`);
  for (const key of threads > 0 ? ignored : []) {
    sink.write(`Warning: --${key} makes no difference to ${chosen}\n`);
  }
  return { engine, backend: chosen };
}

/** Threads that do not take another process of this machine its cores; undefined for one. */
function shareOfCores(comm: Communicator | undefined): number | undefined {
  if (comm === undefined || comm.neighbours === 1) return undefined;
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / comm.neighbours));
}
