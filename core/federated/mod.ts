/**
 * Federated training: a server that holds a model, clients that hold data.
 *
 * @module
 */

export {
  type Correction,
  corrections,
  fullCorrection,
  type LocalStep,
  noCorrection,
  proximal,
  simplifiedCorrection,
} from "./corrections.ts";
export { hostFederation } from "./host.ts";
export { type Growth, matrixFlow, type SharedMatrix, sharedMatrix } from "./matrix_weight.ts";
export { NetworkFederation, type NetworkFederationOptions } from "./network.ts";
export {
  dirichletPartition,
  divided,
  equalPartition,
  type Partition,
  partitions,
  shardPartition,
} from "./partitions.ts";
export { inTime, participantsOf, type Participation } from "./participation.ts";
export { matricesFlow, sharedMatrices } from "./plain_weight.ts";
export {
  federatedRound,
  type RoundOptions,
  type RoundOutcome,
  type RoundTraffic,
} from "./server.ts";
export { simulatedClients } from "./simulated.ts";
export { homeOf, type RemoteClients, remoteClients, serveClients } from "./remote.ts";
export { type SharedTucker, sharedTucker, tuckerFlow } from "./tucker_weight.ts";
export type {
  ClientAnswer,
  ClientMemory,
  ClientRequest,
  Clients,
  Federation,
  Flow,
  Holder,
  Parts,
  Sample,
  Seen,
  SharedWeight,
  SharedWeights,
  WeightPlan,
} from "./types.ts";
