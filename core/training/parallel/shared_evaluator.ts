/**
 * Several processes that answer together: each by a pass over its part of the batch.
 *
 * @module
 */

import type { Engine, Tensor } from "../../backend/mod.ts";
import type { Communicator } from "../../comm/mod.ts";
import type { Evaluation, Evaluator } from "../evaluator.ts";
import type { Evidence } from "../weight.ts";
import { Rounds } from "./rounds.ts";

/** What members agree upon in each step beside its gradients. */
export interface Agreement {
  /** Whether this one was asked to stop. */
  readonly wishes: () => boolean;
  /** Hears whether one of them was. */
  readonly heard: (stops: boolean) => void;
}

/**
 * Answers with the mean over all members of what each answers for its part. Losses are exchanged
 * with the answer, and of gradients what movers form of them, when they do: skinny projections of
 * factorised weights, whole gradients of dense ones. All members get the same bits.
 *
 * @param own Answers for this member's part.
 * @param share Its part of the batch; shares add up to 1.
 */
export function sharedEvaluator(
  engine: Engine,
  comm: Communicator,
  own: Evaluator,
  share: number,
  { wishes, heard }: Agreement,
): Evaluator {
  const rounds = new Rounds(engine, comm, share);
  return async (points, moving) => {
    const answer = await own(points, moving);
    try {
      const told = new Float64Array([share * answer.loss, wishes() ? 1 : 0]);
      const [loss, stops] = await comm.allReduce(told);
      heard(stops! > 0);
      return shared(answer, loss!, rounds, (value) => meanOf(comm, share * value));
    } catch (error) {
      answer.dispose();
      throw error;
    }
  };
}

/** The evidence of a part, which knows how to ask the others. */
function shared(
  { evidence, dispose }: Evaluation,
  loss: number,
  rounds: Rounds,
  mean: (value: number) => Promise<number>,
): Evaluation {
  const asked = ([name, e]: [string, Evidence]): [string, Evidence] => [
    name,
    { ...e, mean: (part: Tensor) => rounds.mean(name, part) },
  ];
  return { loss, evidence: new Map([...evidence].map(asked)), dispose, together: { rounds, mean } };
}

async function meanOf(comm: Communicator, part: number): Promise<number> {
  return (await comm.allReduce(new Float64Array([part])))[0]!;
}
