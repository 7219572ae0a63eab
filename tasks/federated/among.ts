/**
 * Who holds the data of a federated run: clients within this process, or in others of its job.
 *
 * @module
 */

import {
  type ClientRequest,
  type Clients,
  disposeStates,
  homeOf,
  imageClassification,
  initialStates,
  inTime,
  type Layer,
  NetworkFederation,
  parseAugmentation,
  remoteClients,
  serveClients,
  simulatedClients,
  type Task,
  type Tensor,
  type WeightStates,
} from "../../core/mod.ts";
import { correctionOf, type FederatedMethod, formOf } from "./methods.ts";
import type { FederatedJob } from "./job.ts";

/** What learns, and what is learnt. */
export function subjectOf(
  { subject, dataset, options }: FederatedJob,
  method: FederatedMethod,
): { readonly network: Layer; readonly task: Task } {
  return {
    network: subject.network(dataset, formOf(method).format),
    task: imageClassification(dataset, parseAugmentation(options.augmentation)),
  };
}

/** The network of a method, ready for rounds. */
export function federationOf(
  job: FederatedJob,
  method: FederatedMethod,
  { network, task }: ReturnType<typeof subjectOf>,
  states: WeightStates,
): NetworkFederation {
  const { method: moving, looks, options: { seed, batch } } = job;
  const correction = correctionOf(method);
  return new NetworkFederation(
    { method: moving, network, task, correction, seed, batch, looks },
    states,
  );
}

/** Clients, and how to let them go. */
export interface Reached extends Clients<Tensor> {
  /** Ends what they do. */
  readonly end?: () => Promise<void>;
}

/** The clients of a job, as its first process reaches them. */
export function clientsOf(
  { participation, subsets, processes: { comm } }: FederatedJob,
  among: NetworkFederation,
  names: readonly string[],
): Reached {
  const late = inTime<Tensor>(participation);
  const answers = (client: number, request: ClientRequest<Tensor>) => late(client, request);
  if (comm.size === 1) {
    const holders = subsets.map((subset, client) => among.holder(client, subset));
    return simulatedClients(among.federation, holders, answers);
  }
  const sizes = subsets.map((s) => s.length);
  return remoteClients(among.federation, comm, names, sizes, answers);
}

/** Serves the first process of a job with the clients that live in this one, until it ends. */
export async function serve(job: FederatedJob, method: FederatedMethod): Promise<void> {
  const { processes: { comm }, subsets, options: { seed } } = job;
  const subject = subjectOf(job, method);
  const states = await initialStates(job.method, subject.network, seed);
  const among = federationOf(job, method, subject, states);
  const own = [...subsets.entries()].filter(([client]) => homeOf(client, comm.size) === comm.rank);
  const holders = own.map(([client, subset]) => [client, among.holder(client, subset)] as const);
  await job.method.engine.scope(() =>
    serveClients(among.federation, comm, among.shared(states), new Map(holders))
  );
  disposeStates(states, {});
}

/** Tells all processes of a job whether it goes on; what the first one says counts. */
export async function allGoOn(
  { processes: { comm } }: FederatedJob,
  goesOn: boolean,
): Promise<boolean> {
  return (await comm.broadcast(Int32Array.of(goesOn ? 1 : 0)))[0] === 1;
}
