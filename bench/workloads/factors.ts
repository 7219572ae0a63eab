import type { Engine, GradientPair, Tensor } from "../../core/mod.ts";
import { BATCH, makeBatch, RATE, WIDTHS } from "./network.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Variables by position; a step replaces all of them. */
type Variables = Tensor[];

/** Plain SGD on factors: no orthonormal bases, no integrator; what low-rank training costs least. */
export const factors: WorkloadKind = {
  name: "factors",
  usage: "factors 2|3 rank",
  create(engine, words) {
    const [count, rank] = integers(words, 2, this.usage) as [number, number];
    if (count === 2) return twoFactors(engine, rank);
    if (count === 3) return threeFactors(engine, rank);
    throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
  },
};

const HIDDEN = WIDTHS.length - 2;

/** First factors, second factors, classifier, biases. */
function start(engine: Engine, rank: number): Variables {
  const first = WIDTHS.slice(0, HIDDEN).map((m) => fixed(engine, [m, rank], 1 / Math.sqrt(m)));
  const second = WIDTHS.slice(1, -1).map((n) => fixed(engine, [rank, n], 1 / Math.sqrt(rank), 2));
  const last = fixed(engine, [WIDTHS.at(-2)!, WIDTHS.at(-1)!], 0.05);
  const biases = WIDTHS.slice(1).map((n) => fixed(engine, [n], 0));
  return [...first, ...second, last, ...biases];
}

/** Runs `update` on the variables again and again, freeing what it replaces. */
function descend(
  engine: Engine,
  variables: Variables,
  update: (v: Variables) => { next: Variables; loss: Tensor },
): Workload {
  let current = variables;
  return {
    async step(): Promise<void> {
      const before = current;
      const { next, loss } = engine.tidy(() => update(before));
      for (const t of [...next, loss]) engine.keep(t);
      current = next;
      for (const t of before) t.dispose();
      await engine.read(loss);
      loss.dispose();
    },
  };
}

function twoFactors(engine: Engine, rank: number): Workload {
  const { x, y: labels } = makeBatch(engine, BATCH);
  return descend(engine, start(engine, rank), (v) => {
    const biases = v.slice(2 * HIDDEN + 1);
    const { value, gradients } = engine.gradients(() => {
      let h = x;
      for (let i = 0; i < HIDDEN; i++) {
        h = engine.linear(engine.matMul(h, v[i]!), v[HIDDEN + i]!, biases[i]!, "relu");
      }
      const logits = engine.linear(h, v[2 * HIDDEN]!, biases.at(-1)!, "identity");
      return engine.softmaxCrossEntropy(logits, labels);
    }, v);
    return { next: v.map((t, i) => engine.lincomb(1, t, -RATE, gradients[i]!)), loss: value };
  });
}

/** U, V of every layer from the captured pair: G V Sᵀ = Xᵀ (D V Sᵀ), Gᵀ U S = Dᵀ (X U S). */
function threeFactors(engine: Engine, rank: number): Workload {
  const { x, y: labels } = makeBatch(engine, BATCH);
  const v0 = start(engine, rank);
  const cores = v0.slice(0, HIDDEN).map(() => fixed(engine, [rank, rank], 1 / Math.sqrt(rank)));
  for (let i = HIDDEN; i < 2 * HIDDEN; i++) {
    const flat = v0[i]!;
    v0[i] = engine.keep(engine.transpose(flat));
    flat.dispose();
  }
  return descend(engine, [...v0, ...cores], (v) => {
    const last = 2 * HIDDEN;
    const biases = v.slice(last + 1, last + 2 + HIDDEN);
    const s = v.slice(-HIDDEN);
    const pairs: GradientPair[] = [];
    const direct = [v[last]!, ...biases, ...s];
    const { value, gradients } = engine.gradients(() => {
      let h = x;
      for (let i = 0; i < HIDDEN; i++) {
        const w = { u: v[i]!, s: s[i]!, v: v[HIDDEN + i]! };
        h = engine.lowRankLinear(h, w, biases[i]!, "relu", (pair) => void (pairs[i] = pair));
      }
      const logits = engine.linear(h, v[last]!, biases.at(-1)!, "identity");
      return engine.softmaxCrossEntropy(logits, labels);
    }, direct);
    const gu = pairs.map((p, i) =>
      engine.matMul(p.x, engine.matMul(p.dv, s[i]!, { transposeRight: true }), {
        transposeLeft: true,
      })
    );
    const gv = pairs.map((p, i) =>
      engine.matMul(p.d, engine.matMul(p.xu, s[i]!), { transposeLeft: true })
    );
    const all = [...gu, ...gv, ...gradients];
    const next = v.map((t, i) => engine.lincomb(1, t, -RATE, all[i]!));
    for (const p of pairs) for (const t of [p.x, p.d, p.xu, p.dv]) t.dispose();
    return { next, loss: value };
  });
}
