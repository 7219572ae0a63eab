import { type Engine, openEngine } from "../core/mod.ts";
import type { TextSink } from "./terminal/mod.ts";

/**
 * Opens the backend that options name and tells which one it is, and why better ones were passed
 * over.
 */
export async function openBackend(
  { backend, threads }: { readonly backend: string; readonly threads: number },
  sink: TextSink,
): Promise<{ engine: Engine; backend: string }> {
  const opened = await openEngine(backend, threads > 0 ? { threads } : {});
  const { engine, chosen, passedOver, ignored } = opened;
  for (const { name, reason } of passedOver) sink.write(`Passed over ${name}: ${reason}\n`);
  sink.write(`Backend ${chosen}: ${engine.description}\n`);
  for (const key of ignored) sink.write(`Warning: --${key} makes no difference to ${chosen}\n`);
  return { engine, backend: chosen };
}
