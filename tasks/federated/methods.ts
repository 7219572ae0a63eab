/**
 * Federated methods: what form the weights have, and what is done against the drift of clients.
 *
 * @module
 */

import { choose, type Correction, corrections, type Plugin, Registry } from "../../core/mod.ts";
import { type Method, methods } from "../methods.ts";

/** A way to train where data are spread over clients. */
export interface FederatedMethod extends Plugin {
  /** Registry name of the training method: the form of the weights. */
  readonly method: string;
  /** The correction, with its settings as people type them. */
  readonly correction: string;
}

/**
 * Federated methods by name.
 *
 * @example One by its name
 * ```ts
 * import { federatedMethods } from "@rankflow/rankflow/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(federatedMethods.get("fedlin").correction, "full");
 * ```
 */
export const federatedMethods: Registry<FederatedMethod> = new Registry("federated method");

federatedMethods.add({
  name: "fedlrt",
  description: "U S Vᵀ in shared bases, clients move cores; full correction (FeDLRT)",
  method: "low-rank",
  correction: "full",
});
federatedMethods.add({
  name: "fedlrt-simplified",
  description: "the same with the correction of the old block of each core, in two exchanges",
  method: "low-rank",
  correction: "simplified",
});
federatedMethods.add({
  name: "fedlrt-uncorrected",
  description: "the same without correction",
  method: "low-rank",
  correction: "none",
});
federatedMethods.add({
  name: "fedlrt-tucker",
  description: "kernels as Tucker tensors in shared bases; simplified correction",
  method: "tucker",
  correction: "simplified",
});
federatedMethods.add({
  name: "fedavg",
  description: "full weights, averaged after local steps (FedAvg)",
  method: "dense",
  correction: "none",
});
federatedMethods.add({
  name: "fedlin",
  description: "full weights, local gradients shifted to the mean one (FedLin)",
  method: "dense",
  correction: "full",
});
federatedMethods.add({
  name: "fedprox",
  description: "full weights, pulled to where the round began (FedProx)",
  method: "dense",
  correction: "proximal",
});
federatedMethods.add({
  name: "factor-averaging",
  description: "naive: factors of matrices averaged one by one, which averages no weights",
  method: "factor-matrix",
  correction: "none",
});

/** The form of the weights of a federated method. */
export function formOf({ method }: FederatedMethod): Method {
  return methods.get(method);
}

/** The correction of a federated method. */
export function correctionOf({ correction }: FederatedMethod): Correction {
  return choose(corrections, correction);
}
