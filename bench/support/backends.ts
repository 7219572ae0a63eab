import { backends } from "../../core/mod.ts";
import type { BenchOptions } from "./bench.ts";

/** Backends that a bench will measure, and those left out with the reason. */
export interface Usable {
  /** Registry names. */
  readonly names: readonly string[];
  /** `name: reason`. */
  readonly notes: readonly string[];
}

/**
 * Sorts out which backends work here. The one that was asked for must work; of the others, those
 * that only run on software adapters are left out, as nobody would choose them for speed.
 *
 * @param wanted Registry names the bench looks at.
 */
export async function usableBackends(
  options: BenchOptions,
  wanted: readonly string[],
): Promise<Usable> {
  if (options.backend !== undefined) return { names: [options.backend], notes: [] };
  const names: string[] = [];
  const notes: string[] = [];
  for (const name of wanted) {
    const backend = backends.get(name);
    const reason = await backend.probe() ?? await backend.reservation?.();
    if (reason === undefined) names.push(name);
    else notes.push(`${name}: ${reason}`);
  }
  return { names, notes };
}
