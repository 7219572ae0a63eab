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
  /** Processes on this machine. */
  readonly neighbours: number;
  /** Whose `mpiexec` it was. */
  readonly family: MpiFamily;
}

/** Variables by which launchers number the processes that they start. */
const VARIABLES: readonly (readonly [MpiFamily, string, string, string])[] = [
  ["Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"],
  ["MPICH", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"],
];

/** The job of this process; undefined where no launcher started it. */
export function launchOf(variable: (name: string) => string | undefined): Launch | undefined {
  for (const [family, sizeName, rankName, localName] of VARIABLES) {
    const [size, rank] = [variable(sizeName), variable(rankName)];
    if (size !== undefined && rank !== undefined) {
      const neighbours = Number(variable(localName) ?? size);
      return { family, size: Number(size), rank: Number(rank), neighbours };
    }
  }
}
