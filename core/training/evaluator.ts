/**
 * Who answers the points of a step: one forward and backward pass, or several whose answers are
 * summed.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import type { Random } from "../random.ts";
import { representationOf } from "./format.ts";
import { type Layer, Pass } from "./pass.ts";
import type { Batch, Task } from "./task.ts";
import type { CapturedPair, Evidence, Points } from "./weight.ts";

/** Loss and evidence at some points. */
export interface Evaluation {
  /** Mean loss over the batch. */
  readonly loss: number;
  /** Evidence of the weights whose gradients were wanted, by name. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Frees the gradient pairs. */
  dispose(): void;
  /** Where others hold parts of the batch: how to ask them. */
  readonly together?: Together;
}

/** How members who hold a part of the batch each come to the same answers. */
export interface Together {
  /** Which weights are under way: what those ask for is exchanged in rounds. */
  readonly rounds: {
    /** Says which weights may ask from here on. */
    enter(names: readonly string[]): void;
    /** Says that a weight asks no more. */
    leave(name: string): void;
  };
  /** The mean of a number over the batch, each member giving that of its part. */
  mean(value: number): Promise<number>;
}

/**
 * Answers the points of a step.
 *
 * @param points Where all weights are.
 * @param moving Names of those whose gradients are wanted.
 */
export type Evaluator = (points: Points, moving: ReadonlySet<string>) => Promise<Evaluation>;

/**
 * Answers by one forward and backward pass on a batch: derivatives of *minus* the loss, with what
 * the network itself adds to it, the gradient flow of training.
 *
 * @param random Source of what layers draw, the same in every evaluation.
 */
export function batchEvaluator(
  engine: Engine,
  network: Layer,
  loss: Task["loss"],
  batch: Batch,
  random?: Random,
): Evaluator {
  return async (points, moving) => {
    const options = { training: true, moving, ...(random ? { random } : {}) };
    const pass = new Pass(engine, network, points, options);
    const wanted = network.weights.filter((spec) => moving.has(spec.name));
    const anchors = wanted.flatMap((spec) => {
      const { anchor, anchors = [] } = representationOf(spec);
      return anchor === undefined ? [] : [anchor, ...anchors].map((key) => ({ spec, key }));
    });
    try {
      const f = (): Tensor => engine.scale(-1, wholeLoss(network, pass, loss(pass, batch)));
      const at = anchors.map(({ spec, key }) => points.get(spec.name)![key]!);
      const { value, gradients } = engine.gradients(f, at);
      const evidence = new Map(wanted.map(({ name }) => {
        const [first, ...others] = anchors.flatMap(({ spec, key }, i) =>
          spec.name === name ? [[key, gradients[i]!] as const] : []
        );
        return [name, {
          gradient: first?.[1] ?? seen(pass, points, name),
          pairs: pass.pairs(name),
          ...(others.length > 0 ? { gradients: Object.fromEntries(others) } : {}),
        }];
      }));
      return { loss: -(await engine.read(value))[0]!, evidence, dispose: () => pass.dispose() };
    } catch (error) {
      pass.dispose();
      throw error;
    }
  };
}

/** A loss with what the network itself wants. */
function wholeLoss(network: Layer, pass: Pass, loss: Tensor): Tensor {
  const own = network.penalty?.(pass);
  return own ? pass.engine.add(loss, own) : loss;
}

/** What a pass saw of a statistic; where it saw nothing, that stays as it is. */
function seen(pass: Pass, points: Points, name: string): Tensor {
  return pass.observed(name) ?? points.get(name)!.value!;
}

/**
 * Answers with the weighted sum of what others answer: the parts of a batch, each by somebody.
 *
 * @param parts Evaluators with their shares; shares add up to 1.
 */
export function summedEvaluator(
  engine: Engine,
  parts: readonly { readonly evaluator: Evaluator; readonly share: number }[],
): Evaluator {
  return async (points, moving) => {
    const answers: Evaluation[] = [];
    const dispose = (): void => answers.forEach((a) => a.dispose());
    try {
      for (const { evaluator } of parts) answers.push(await evaluator(points, moving));
    } catch (error) {
      dispose();
      throw error;
    }
    const loss = parts.reduce((sum, { share }, i) => sum + share * answers[i]!.loss, 0);
    const evidence = [...moving].map((name) => {
      const scaled = parts.map(({ share }, i) =>
        scaledEvidence(engine, share, answers[i]!.evidence.get(name)!)
      );
      return [name, scaled.reduce((a, b) => addedEvidence(engine, a, b))] as const;
    });
    return { loss, evidence: new Map(evidence), dispose };
  };
}

/** Evidence of a loss that is multiplied by a factor. */
export function scaledEvidence(engine: Engine, factor: number, e: Evidence): Evidence {
  const scale = (t: Tensor): Tensor => engine.scale(factor, t);
  const pair = (p: CapturedPair): CapturedPair => ({
    ...p,
    d: scale(p.d),
    dv: scale(p.dv),
    ...(p.dxu ? { dxu: scale(p.dxu) } : {}),
  });
  return {
    ...e,
    gradient: scale(e.gradient),
    pairs: e.pairs.map(pair),
    ...further(e, (_, t) => scale(t)),
  };
}

/** Evidence of the sum of two losses: fields of pairs are sums already. */
function addedEvidence(engine: Engine, a: Evidence, b: Evidence): Evidence {
  return {
    gradient: engine.add(a.gradient, b.gradient),
    pairs: [...a.pairs, ...b.pairs],
    ...further(a, (name, t) => engine.add(t, b.gradients![name]!)),
  };
}

/** Derivatives in further anchors, changed. */
function further(
  { gradients }: Evidence,
  change: (name: string, t: Tensor) => Tensor,
): Pick<Evidence, "gradients"> {
  if (!gradients) return {};
  const entries = Object.entries(gradients).map(([name, t]) => [name, change(name, t)] as const);
  return { gradients: Object.fromEntries(entries) };
}
