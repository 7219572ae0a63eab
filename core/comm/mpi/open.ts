/**
 * Joining the MPI job that this process was started into.
 *
 * @module
 */

import { checkNumber } from "../../checks.ts";
import { alone } from "../alone.ts";
import { DEFAULT_LIMIT } from "../in_process.ts";
import { Member } from "../member.ts";
import { CommError, type Communicator } from "../types.ts";
import { MpiCarrier } from "./carrier.ts";
import { type Launch, launchOf } from "./launch.ts";
import { loadMpi, MPI_HINT, MPI_VARIABLE, type MpiLibrary } from "./library.ts";
import { Waiter } from "./waiting.ts";

/** Settings of {@linkcode openMpi}. */
export interface MpiOptions {
  /** Seconds that a process waits for the others in one operation; default 300. */
  readonly limit?: number;
}

/** A job that was joined. */
export interface MpiJob {
  /** All processes of the job. */
  readonly comm: Communicator;
  /** Why it is a job of one, where that may be a mistake. */
  readonly notice?: string;
  /** Sets how many seconds this process waits from here on: phases of a program may differ. */
  setLimit(seconds: number): void;
  /** Leaves the job; to be called once by every process, when it has nothing more to say. */
  close(): Promise<void>;
}

/** Threads of which one at a time calls MPI. */
const SERIALIZED = 2;

/**
 * Joins the job of `mpiexec -n N`. A process that was not started so is a job of one, and a notice
 * says so.
 *
 * @throws {CommError} When the process belongs to a job that it cannot join: without a library, or
 * with one of another family.
 *
 * @example A process on its own
 * ```ts
 * import { openMpi } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { comm, close } = await openMpi();
 * assertEquals(comm.rank < comm.size, true);
 * await close();
 * ```
 */
export async function openMpi({ limit = DEFAULT_LIMIT }: MpiOptions = {}): Promise<MpiJob> {
  checkNumber("join a job", "limit", limit, { above: 0 });
  const launch = launchOf((name) => Deno.env.get(name));
  if (!launch) {
    const description = "one process: it was not started by mpiexec";
    const nothing = { setLimit() {}, close: () => Promise.resolve() };
    return { comm: alone(description), notice: description, ...nothing };
  }
  const library = loadMpi();
  if (typeof library === "string") {
    throw new CommError(
      `Cannot join the job of ${launch.size} processes: ${library}; ${MPI_HINT}`,
    );
  }
  return await joined(library, launch, limit);
}

/** Whether this process has joined its job: MPI begins and ends once. */
let begun = false;

async function joined(
  library: MpiLibrary,
  launch: Launch,
  limit: number,
): Promise<MpiJob> {
  const { functions, handles } = library;
  if (!begun) {
    const code = functions.MPI_Init_thread(null, null, SERIALIZED, new Int32Array(1));
    if (code !== 0) throw new CommError(`Cannot join the job: ${library.title} gave code ${code}`);
    begun = true;
  }
  const waiter = new Waiter(functions, limit, launch.rank, launch.neighbours);
  const carrier = new MpiCarrier(library, handles.world, waiter, launch.neighbours);
  if (carrier.size !== launch.size) {
    throw new CommError(
      `Cannot join the job: mpiexec of ${launch.family} started ${launch.size} processes, ` +
        `${library.title} (${library.path}) sees ${carrier.size}; install the library of that ` +
        `mpiexec, or set ${MPI_VARIABLE} to it`,
    );
  }
  // Where one finds no library, the others hear of it before they depend on it.
  await carrier.barrier();
  return {
    comm: new Member(carrier),
    setLimit(seconds) {
      checkNumber("wait for others", "limit", seconds, { above: 0 });
      waiter.limit = seconds;
    },
    async close() {
      await carrier.barrier();
      functions.MPI_Finalize();
    },
  };
}
