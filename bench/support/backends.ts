import { backends } from "../../core/mod.ts";
import type { BenchOptions } from "./definition.ts";

/** Backends that a bench will measure, and those left out with the reason. */
export interface Usable {
  /** Registry names. */
  readonly names: readonly string[];
  /** `name: reason`. */
  readonly notes: readonly string[];
}

/** Reasons found so far, undefined for backends that work; benches ask for the same ones. */
const reasons = new Map<string, Promise<string | undefined>>();

/**
 * Sorts out which backends work here. The one that was asked for must work; of the others, those
 * that only run on software adapters are left out, as nobody would choose them for speed.
 *
 * @param wanted Registry names the bench looks at.
 */
export async function usableBackends(
  options: Pick<BenchOptions, "backend">,
  wanted: readonly string[],
): Promise<Usable> {
  if (options.backend !== undefined) return { names: [options.backend], notes: [] };
  const names: string[] = [];
  const notes: string[] = [];
  for (const name of wanted) {
    if (!reasons.has(name)) reasons.set(name, reasonAgainst(name));
    const reason = await reasons.get(name);
    if (reason === undefined) names.push(name);
    else notes.push(`${name}: ${reason}`);
  }
  return { names, notes };
}

/** Undefined where a backend works and is worth measuring. */
async function reasonAgainst(name: string): Promise<string | undefined> {
  const backend = backends.get(name);
  return refusal() ?? await backend.reservation?.() ?? await backend.probe();
}

/** What engines that load files need and this process was not given; asks nobody. */
export function refusal(): string | undefined {
  for (const name of ["read", "env"] as const) {
    const { state } = Deno.permissions.querySync({ name });
    if (state !== "granted") return `--allow-${name} is not granted`;
  }
}
