import { type Algebra, columnSquares, rowSquares } from "../core/mod.ts";
import { forMatrices, vectorLimits, type VectorSettings } from "./base_rule.ts";
import { accumulate, countOf, decayLimits, momentLimits } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode adafactor}. */
export type AdafactorSettings = VectorSettings & {
  /** How fast means of squares grow longer: the decay of step t is 1 − t to minus this. */
  readonly exponent: number;
  /** Root mean square that a direction is cut down to. */
  readonly clip: number;
  /** Decay of the first moment, β₁; 0: there is none. */
  readonly momentum: number;
  /** Whether the rate is a share of the root mean square of the weight. */
  readonly relative: boolean;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** State of a matrix. */
type AdafactorState<M> = {
  /** Updates taken. */
  readonly count: number;
  /** Means of squares of the rows, m×1. */
  readonly rows: M;
  /** Those of the columns, 1×n. */
  readonly columns: M;
  /** First moment of the directions, where there is one. */
  readonly first?: M;
};

/** Added to squares, so that nothing is divided by zero. */
const FLOOR = 1e-30;

/** Root mean square of a weight that a relative rate takes it to have at least. */
const SMALLEST_WEIGHT = 1e-3;

/**
 * Adafactor (Shazeer, Stern: ICML 2018): Adam's second moment by its means over rows and columns.
 * V = R Cᵀ / mean R, D = G / √V, no longer than `clip` in root mean square, W ← (1 − ηλ) W − η D.
 *
 * State: m + n, and m n more with momentum. V is never formed: rows and columns without gradient,
 * as of black pixels and dead units, multiply to less than float32 can hold.
 */
export const adafactor: Optimizer<AdafactorSettings> = defineOptimizer({
  name: "adafactor",
  description: "Adam's second moment by means over rows and columns (Adafactor)",
  defaults: {
    exponent: 0.8,
    clip: 1,
    momentum: 0,
    relative: false,
    base: "adam",
    baseRate: 1,
    weightDecay: 0,
  },
  limits: {
    ...vectorLimits,
    exponent: { above: 0, max: 1, description: "decay of squares at step t: 1 − t^−exponent" },
    clip: { above: 0, description: "root mean square that a direction is cut down to" },
    momentum: momentLimits("decay of the first moment, β₁; 0: there is none"),
    relative: { description: "rates as shares of the root mean square of the weight" },
    weightDecay: decayLimits,
  },
  rule(s, makeBase) {
    return forMatrices(makeBase(), async (a, x, flow, { rate, decay }, state) => {
      const count = countOf(state);
      const beta = 1 - count ** -s.exponent;
      const { rows, columns } = meanSquares(a, flow, beta, state as AdafactorState<typeof x>);
      const scaled = await divided(a, flow, rows, columns);
      const direction = a.scale(1 / Math.max(1, await rootMeanSquare(a, scaled) / s.clip), scaled);
      const first = s.momentum > 0
        ? accumulate(a, s.momentum, 1 - s.momentum, direction, state)
        : undefined;
      const length = s.relative ? Math.max(SMALLEST_WEIGHT, await rootMeanSquare(a, x)) : 1;
      return {
        value: a.lincomb(1 - rate * decay, x, rate * length, first ?? direction),
        state: { count, rows, columns, ...(first === undefined ? {} : { first }) },
      };
    }, s.baseRate);
  },
});

/** Running means of squares along both sides. */
function meanSquares<M>(
  a: Algebra<M>,
  flow: M,
  beta: number,
  before: AdafactorState<M> | undefined,
): Pick<AdafactorState<M>, "rows" | "columns"> {
  const [m, n] = [a.rows(flow), a.cols(flow)];
  const mean = (sums: M, count: number, old: M | undefined) =>
    a.lincomb(beta, old ?? a.zerosLike(sums), (1 - beta) / count, sums);
  return {
    rows: mean(rowSquares(a, flow), n, before?.rows),
    columns: mean(columnSquares(a, flow), m, before?.columns),
  };
}

/** G / √(R Cᵀ / mean R), by rows and columns one after the other. */
async function divided<M>(a: Algebra<M>, flow: M, rows: M, columns: M): Promise<M> {
  const [r, c] = [await a.read(rows), await a.read(columns)].map((x) => x.map((v) => v + FLOOR));
  const mean = r!.reduce((sum, x) => sum + x, 0) / r!.length;
  return a.weighted(flow, {
    rows: r!.map((x) => Math.sqrt(mean / x)),
    columns: c!.map((x) => 1 / Math.sqrt(x)),
  });
}

async function rootMeanSquare<M>(a: Algebra<M>, x: M): Promise<number> {
  return await a.norm(x) / Math.sqrt(a.rows(x) * a.cols(x));
}
