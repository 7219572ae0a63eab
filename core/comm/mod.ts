/**
 * Communicators: several members run one program, each with a part of the work, and exchange what
 * the others need. One member alone, several within a process, or processes of an MPI job.
 *
 * @module
 */

export { alone } from "./alone.ts";
export { type MembersOptions, runMembers } from "./in_process.ts";
export { type MpiJob, type MpiOptions, openMpi } from "./mpi/open.ts";
export { findMpi, type FoundMpi, MPI_HINT } from "./mpi/library.ts";
export { allReduceTensor, broadcastTensor } from "./tensors.ts";
export { type CommKind, Traffic, type TrafficCount } from "./traffic.ts";
export { type CommData, CommError, type Communicator, type Reduction } from "./types.ts";
