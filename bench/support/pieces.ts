/**
 * Benches as `deno bench` wants them.
 *
 * @module
 */

import { type Engine, openEngine } from "../../core/mod.ts";
import { makeWorkload } from "../workloads/mod.ts";
import type { Workload } from "../workloads/workload.ts";
import { refusal, usableBackends } from "./backends.ts";
import type { Bench, Piece, Pieces } from "./definition.ts";

/** Repetitions of work that takes milliseconds to seconds, unless the piece says more. */
export const FEW = 10;

/** Runs before those that count, where repetitions are few. */
const WARM_UP = 2;

/** Works everywhere and is slow: taken only where nothing else works, as seldom as Deno can. */
const LAST_RESORT = "cpu";

/** What {@linkcode makeWorkload} reads, by table and by the name in it. */
export type Works = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Settings of {@linkcode onBackends}. */
export interface OnBackendsOptions {
  /** Repetitions that are measured; default as many as fit into Deno's half second. */
  readonly repetitions?: number;
  /** Whether backends share tables, for a bench that compares them; default false. */
  readonly together?: boolean;
  /** Whether plain JavaScript would take minutes, and is left out, too; default false. */
  readonly heavy?: boolean;
}

/**
 * The same work on every backend that works here; on plain JavaScript where none does. The first
 * work of a table is what the others are compared with.
 *
 * @param wanted Registry names the bench looks at.
 */
export async function onBackends(
  wanted: readonly string[],
  works: Works,
  { together = false, heavy = false, ...options }: OnBackendsOptions = {},
): Promise<Pieces> {
  const { names, notes } = await usableBackends({}, wanted);
  const backends = names.length > 0 || heavy ? names : [LAST_RESORT];
  const repetitions = names.length > 0 ? options : { repetitions: 1 };
  const piece = (group: string, backend: string, label: string, work: string): Piece => ({
    ...repetitions,
    group: together ? group : `${group}, ${backend}`,
    name: `${backend} ${label}`,
    baseline: label === Object.keys(works[group]!)[0] && (!together || backend === backends[0]),
    start: async () => await makeWorkload(await engineOf(backend), work),
  });
  const pieces = Object.entries(works).flatMap(([group, table]) =>
    backends.flatMap((backend) =>
      Object.entries(table).map(([label, work]) => piece(group, backend, label, work))
    )
  );
  const missing = refusal();
  return { pieces, notes: missing ? [`${wanted.join(", ")}: ${missing}; use -A`] : notes };
}

const engines = new Map<string, Promise<Engine>>();

/** Opens a backend once; several can be open at a time. */
function engineOf(backend: string): Promise<Engine> {
  const found = engines.get(backend);
  if (found) return found;
  const opened = openEngine(backend).then(({ engine }) => engine);
  engines.set(backend, opened);
  return opened;
}

/**
 * Registers the pieces of a bench with `Deno.bench`, which does nothing outside of `deno bench`.
 * What was left out is told on standard error after the table; standard output may be JSON. Where
 * nothing is left, one row says why.
 *
 * @returns The bench.
 */
export async function registered(bench: Bench): Promise<Bench> {
  const { pieces, notes } = await bench.pieces();
  let running = false;
  for (const piece of pieces) register(bench.name, piece, () => running = true);
  for (const note of notes) {
    Deno.bench({ name: `${bench.name} (skipped: ${note})`, ignore: true, fn() {} });
  }
  // Deno prints no row of what is ignored, and a table without rows says nothing.
  if (pieces.length === 0) {
    const name = `${bench.name} nothing to measure: ${notes.join("; ")}`;
    Deno.bench({ name, group: `${bench.name}: left out`, n: 1, warmup: 0, fn() {} });
  }
  globalThis.addEventListener("unload", () => {
    if (running && notes.length > 0) console.error(`${bench.name} left out ${notes.join("; ")}`);
  });
  return bench;
}

function register(bench: string, piece: Piece, onStart: () => void): void {
  let work: Workload | undefined;
  Deno.bench({
    name: `${bench} ${piece.name}`,
    group: `${bench}: ${piece.group}`,
    baseline: piece.baseline ?? false,
    ...piece.repetitions !== undefined && {
      n: piece.repetitions,
      warmup: Math.min(WARM_UP, piece.repetitions),
    },
    async fn(timer) {
      // The first call is one of the warm-up and counts nothing.
      if (!work) {
        onStart();
        work = await piece.start();
      }
      if (piece.cleanUp) timer.start();
      await work.step();
      await work.finish?.();
      if (!piece.cleanUp) return;
      timer.end();
      await piece.cleanUp();
    },
  });
}
