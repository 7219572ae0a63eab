import type { Tensor } from "../../backend/mod.ts";
import type { RuleState } from "../../integrators/mod.ts";
import type { WeightMotion } from "../method.ts";
import type { Moved, Mover, Moving } from "../mover.ts";
import { regularisedGradient } from "../regularize.ts";
import type { Updated } from "../rule.ts";
import type { Evidence, StateTree } from "../weight.ts";

/**
 * Every variable of a weight by the optimizer rule, all at once: dense weights, and the naive
 * training of factors that integrators are compared with, whose steps shrink and grow with the
 * singular values of the other factors.
 */
export const byRule: Mover = {
  name: "optimizer",
  description: "all variables at once, by the optimizer rule",
  waits: true,
  moves: (representation) => representation.asVariables !== undefined,

  async *update({ representation, spec, state, motion }: Moving) {
    const { method } = motion;
    const reading = representation.asVariables!(method, spec, state);
    const evidence = yield reading.point;
    const flows = await meanFlows(evidence, reading.gradients(evidence));
    const known = (state.moments ?? {}) as Readonly<Record<string, RuleState<Tensor>>>;
    const next: Record<string, Tensor> = {};
    const moments: Record<string, StateTree> = {};
    for (const [name, x] of Object.entries(reading.start)) {
      const flow = name === reading.whole
        ? await regularisedGradient(method, spec, flows[name]!, x)
        : flows[name]!;
      const rate = motion.rate * (reading.rates?.[name] ?? 1);
      const decay = reading.undecayed?.includes(name) ? 0 : motion.decay;
      const moved = await updated({ ...motion, rate, decay }, x, flow, known[name]);
      next[name] = moved.value;
      if (moved.state) moments[name] = moved.state;
    }
    const kept = Object.keys(moments).length > 0 ? { moments } : {};
    return { state: { ...reading.store(next), ...kept } } satisfies Moved;
  },
};

/** Flows of the whole batch, where this is the evidence of a part. */
async function meanFlows(
  { mean }: Evidence,
  flows: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  if (!mean) return flows;
  const means: Record<string, Tensor> = {};
  for (const [name, flow] of Object.entries(flows)) means[name] = await mean(flow);
  return means;
}

/** One update, for rules that want matrices of kernels and vectors as such. */
async function updated(
  { method: { algebra: a, engine, rule }, rate, decay }: WeightMotion,
  x: Tensor,
  flow: Tensor,
  state: RuleState<Tensor> | undefined,
): Promise<Updated<Tensor>> {
  const step = { rate, decay, vector: x.shape.length < 2 };
  if (!rule.matrices || x.shape.length === 2) return await rule.update(a, x, flow, step, state);
  const columns = x.shape.at(-1) ?? 1;
  const asMatrix = (t: Tensor): Tensor => a.reshape(t, x.size / columns, columns);
  const next = await rule.update(a, asMatrix(x), asMatrix(flow), step, state);
  return { ...next, value: engine.reshape(next.value, x.shape) };
}
