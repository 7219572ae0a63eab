/**
 * What the program that started this process says about the job.
 *
 * @module
 */

/** Libraries that agree on nothing but the names of their functions. */
export type MpiFamily = "MPICH" | "Open MPI";

/** A job that this process was started into. */
export interface Launch {
  /** Processes. */
  readonly size: number;
  /** Number of this one. */
  readonly rank: number;
  /** Whose `mpiexec` it was. */
  readonly family: MpiFamily;
}

/** Variables by which launchers number the processes that they start. */
const VARIABLES: readonly (readonly [MpiFamily, string, string])[] = [
  ["Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"],
  ["MPICH", "PMI_SIZE", "PMI_RANK"],
];

/** The job of this process; undefined where no launcher started it. */
export function launchOf(variable: (name: string) => string | undefined): Launch | undefined {
  for (const [family, sizeName, rankName] of VARIABLES) {
    const [size, rank] = [variable(sizeName), variable(rankName)];
    if (size !== undefined && rank !== undefined) {
      return { family, size: Number(size), rank: Number(rank) };
    }
  }
}
