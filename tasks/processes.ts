/**
 * Several processes that run one command: `mpiexec -n 4 deno task train mnist --comm mpi`.
 *
 * @module
 */

import {
  alone,
  checkInteger,
  checkNumber,
  type Communicator,
  openMpi,
  suggest,
} from "../core/mod.ts";
import type { TextSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** What a recipe knows of the other processes. */
export interface Processes {
  /** All of them; one on its own where nobody asked for more. */
  readonly comm: Communicator;
  /** Parts of each batch; absent: as many as processes, or as a resumed run began. */
  readonly parts?: number;
}

/** The options of this module, with what their values are. */
const OPTIONS: Readonly<Record<string, string>> = {
  "--comm": "none or mpi",
  "--comm-limit": "seconds",
  "--parts": "a number",
};

/** Who speaks: what carries the messages, by the value of `--comm`. */
const CARRIERS = ["none", "mpi"];

/** Seconds by which each process speaks later of an error that all of them have. */
const STAGGER = 1;

/** What was typed about other processes, and the other arguments. */
export interface ProcessArguments {
  /** The other arguments. */
  readonly rest: readonly string[];
  /** Value of `--comm`. */
  readonly comm: string;
  /** Seconds that a process waits for the others; absent: the default. */
  readonly limit?: number;
  /** Parts of each batch. */
  readonly parts?: number;
}

/**
 * Takes `--comm none|mpi`, `--comm-limit SECONDS` and `--parts N` out of the arguments.
 *
 * @throws {UsageError} When a value is missing or wrong.
 */
export function processArguments(args: readonly string[]): ProcessArguments {
  const rest: string[] = [];
  const found = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = args[i]!.split(/=(.*)/) as [string, string?];
    if (!Object.hasOwn(OPTIONS, flag)) {
      rest.push(args[i]!);
      continue;
    }
    const value = inline ?? args[++i];
    if (value === undefined || value === "") {
      throw new UsageError(`Cannot read ${flag}: expected ${OPTIONS[flag]}, got nothing`);
    }
    if (found.has(flag)) throw new UsageError(`Cannot read ${flag}: it is given twice, drop one`);
    found.set(flag, value);
  }
  const comm = found.get("--comm") ?? "none";
  if (!CARRIERS.includes(comm)) {
    throw new UsageError(`Cannot read --comm: ${suggest(comm, CARRIERS)}`);
  }
  const [limit, parts] = ["--comm-limit", "--parts"].map((flag) => found.get(flag));
  return {
    rest,
    comm,
    ...(limit === undefined ? {} : { limit: aNumber("--comm-limit", limit) }),
    ...(parts === undefined ? {} : { parts: aCount("--parts", parts) }),
  };
}

function aNumber(flag: string, text: string): number {
  const value = Number(text);
  checkNumber("run several processes", flag, value, { above: 0 });
  return value;
}

function aCount(flag: string, text: string): number {
  const value = Number(text);
  checkInteger("run several processes", flag, value);
  return value;
}

/**
 * Runs a job as one of the processes that were started together. All but the first write nothing.
 * When one fails, its launcher ends the others; of an error that all have, the first one tells.
 *
 * @param sink Where the first one writes.
 */
export async function withProcesses<T>(
  { comm: carrier, limit, parts }: ProcessArguments,
  sink: TextSink,
  job: (processes: Processes, sink: TextSink) => Promise<T>,
): Promise<T> {
  const divided = parts === undefined ? {} : { parts };
  if (carrier === "none") return await job({ comm: alone(), ...divided }, sink);
  const { comm, notice, close } = await openMpi(limit === undefined ? {} : { limit });
  const own = comm.rank === 0 ? sink : silent(sink);
  own.write(notice === undefined ? `${comm.description}\n` : `Warning: ${notice}\n`);
  try {
    const result = await job({ comm, ...divided }, own);
    await close();
    return result;
  } catch (error) {
    // Who ends first ends the others.
    await new Promise((go) => setTimeout(go, 1000 * STAGGER * comm.rank));
    throw error;
  }
}

/** A place where nothing is written. */
function silent(sink: TextSink): TextSink {
  return { ...sink, isTerminal: false, write: () => {} };
}
