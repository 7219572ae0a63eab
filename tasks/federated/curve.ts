/**
 * What a federated method reached, round by round.
 *
 * @module
 */

import { aNumber, aRecord, aText, type Expectation, listOf } from "../../core/mod.ts";

/** A method over rounds; entry i is what was found at the i-th measurement. */
export interface FederatedCurve {
  /** Registry name of the federated method. */
  readonly method: string;
  /** Rounds done. */
  readonly rounds: readonly number[];
  /** What was measured: a loss, or a share. */
  readonly values: readonly number[];
  /** Largest rank of a weight; nothing of dense ones. */
  readonly ranks: readonly number[];
  /** Bytes sent so far. */
  readonly bytes: readonly number[];
  /** √ of the mean of ‖x_c − x̄‖² over clients. */
  readonly drift: readonly number[];
  /** Numbers that a client holds at most: weights, what it compares, what it trains. */
  readonly held: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** {@linkcode FederatedCurve} as a file must hold it. */
export const federatedCurve: Expectation<FederatedCurve> = aRecord<FederatedCurve>({
  method: aText,
  rounds: listOf(aNumber),
  values: listOf(aNumber),
  ranks: listOf(aNumber),
  bytes: listOf(aNumber),
  drift: listOf(aNumber),
  held: aNumber,
  seconds: aNumber,
});

/** Methods on one problem. */
export interface FederatedResult {
  /** What was learnt, for people. */
  readonly title: string;
  /** What is measured, for people: "excess loss". */
  readonly measure: string;
  /** Whether more of it is better, or less. */
  readonly better: string;
  /** Values that are looked for, in the order in which they are reached. */
  readonly targets: readonly number[];
  /** The methods. */
  readonly curves: readonly FederatedCurve[];
}

/** {@linkcode FederatedResult} as a file must hold it. */
export const federatedResult: Expectation<FederatedResult> = aRecord<FederatedResult>({
  title: aText,
  measure: aText,
  better: aText,
  targets: listOf(aNumber),
  curves: listOf(federatedCurve),
});

/**
 * Rounds until a value is reached, and the bytes that were sent until then.
 *
 * @returns Undefined where it is not reached.
 */
export function reached(
  { rounds, values, bytes }: FederatedCurve,
  target: number,
  better: string,
): { readonly rounds: number; readonly bytes: number } | undefined {
  const at = values.findIndex((v) => better === "more" ? v >= target : v <= target);
  return at < 0 ? undefined : { rounds: rounds[at]!, bytes: bytes[at]! };
}
