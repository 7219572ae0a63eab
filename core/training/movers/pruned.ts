import type { Tensor } from "../../backend/mod.ts";
import { checkInteger } from "../../checks.ts";
import { truncateCore } from "../../geometry/mod.ts";
import { clampedRank } from "../../integrators/mod.ts";
import { bounds, matrixShape } from "../representation/matrix_factors.ts";
import type { TrainingMethod } from "../method.ts";
import type { Mover } from "../mover.ts";
import type { WeightSpec } from "../weight.ts";
import { byRule } from "./rule.ts";

/** Settings of {@linkcode pruned}. */
export interface PrunedOptions {
  /** Steps from one truncation to the next. */
  readonly period: number;
}

/**
 * Whole weights by the optimizer rule, truncated every so many steps and at the end of the run as
 * its truncation says (Trained Rank Pruning: Xu et al., arXiv 2004.14566, with `energy` and the
 * tolerance 0.1). Momentum is left as it is. The nuclear norm that belongs to it is a regularizer.
 */
export function pruned({ period }: PrunedOptions): Mover {
  checkInteger("prune ranks", "period", period);
  return {
    ...byRule,
    name: "rank-pruning",
    description: `by the optimizer rule, truncated every ${period} steps`,
    moves: (representation) => byRule.moves(representation) && representation.anchor === "value",

    async *update(weight) {
      const { spec, state: before, moment, motion: { method } } = weight;
      const count = ((before.count ?? 0) as number) + 1;
      const { state } = yield* byRule.update(weight);
      const isDue = count % period === 0 || moment.final;
      if (!isDue) return { state: { ...state, count } };
      const { value, rank, discarded } = await truncated(method, spec, state.value as Tensor);
      return { state: { ...state, value, rank, count }, discarded };
    },
  };
}

/** A weight of lower rank; itself where the rule keeps it whole. */
async function truncated(
  method: TrainingMethod,
  spec: WeightSpec,
  value: Tensor,
): Promise<{ readonly value: Tensor; readonly rank: number; readonly discarded: number }> {
  const { algebra: a, engine } = method;
  const t = bounds(spec, method.truncation);
  const [rows, cols] = matrixShape(spec);
  const { left, right, singularValues, discarded } = await truncateCore(
    a,
    a.reshape(value, rows, cols),
    (sigma) => clampedRank(sigma, t),
  );
  const rank = singularValues.length;
  if (rank === Math.min(rows, cols)) return { value, rank, discarded };
  const scaled = a.weighted(left, { columns: singularValues });
  const whole = a.multiply(scaled, right, { transposeRight: true });
  return { value: engine.reshape(whole, spec.shape), rank, discarded };
}
