/**
 * Federated training: methods, and least-squares problems on which they are compared.
 *
 * @module
 */

export { type FederatedCurve, type FederatedResult } from "./curve.ts";
export { correctionOf, type FederatedMethod, federatedMethods, formOf } from "./methods.ts";
